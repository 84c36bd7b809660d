// The story of an address that is trusted: asked in Slack, decided by two groups, reminded, taken away.
import {get, go, perform, set} from '../store.js';
import {begin} from '../story.js';
import {general, mine, past, refused, reminded, vote, waitsFor} from './deeds.js';

// A new story takes a new address: the old one may still be trusted.
const command = () => `ip 20.50.3.${1 + get().base % 250} in trusted-servers for 30d because AgilePoint NX calls SharePoint`;

export const steps = [
  {
    say: 'You are Ana, an engineer. Another way out of the MFA problem: trust the server\'s address, for everybody who signs in from there.',
    why: 'Wider than one account, so two groups decide. Today somebody does that by hand, and it stays for ever.',
    label: 'Type the request', mark: 'next',
    act: async () => { await go('U0ANA', {place: general, chat: 'slack'}); set({typed: command()}); },
    done: () => get().typed !== '' || Boolean(mine()),
  },
  {
    say: 'Ana says what, where, how long and why. One line in Slack; /hallpass alone would open a form.',
    why: 'An exemption without a reason and an end cannot even be asked for.',
    label: 'Send it', mark: 'send',
    act: () => perform({do: 'command', channel: general, text: get().typed || command()}).then(() => set({typed: ''})),
    done: () => Boolean(mine()),
  },
  {
    say: 'Ana is asked for nothing more. But what if she tries to approve it herself?',
    why: 'Whoever asks cannot decide, and neither can the owner: checked at the click, in Entra ID, not in Slack.',
    label: 'Approve as Ana', mark: 'next',
    act: async () => { await go('U0ANA', {place: general, chat: 'slack'}); await perform({do: 'command', channel: general, text: `approve ${get().request}`}); },
    done: refused,
  },
  {
    say: 'Refused, and in the audit log. Bo, of network security, has the card in his channel.',
    why: 'The rules file says who decides: here one of network security and one of security.',
    label: 'Be Bo', mark: 'U0BO',
    act: () => go('U0BO', {place: 'C0NETSEC', chat: 'slack'}),
    done: () => get().me === 'U0BO' || !waitsFor('netsec'),
  },
  {
    say: 'Bo sees who asks, for what, until when, and why. He clicks Approve, and may make it shorter.',
    why: 'His vote counts for exactly this plan. If the plan changes, he is asked again.',
    label: 'Approve', mark: 'approve',
    act: async () => { if (get().me !== 'U0BO') await go('U0BO', {place: 'C0NETSEC', chat: 'slack'}); await vote(); },
    done: () => past() && !waitsFor('netsec'),
  },
  {
    say: 'One yes of two, and Entra ID on the right has not changed. Now Cleo, of security.',
    why: 'No change without an approval: the first of four promises.',
    label: 'Be Cleo', mark: 'U0CLEO',
    act: () => go('U0CLEO', {place: 'C0SECURITY', chat: 'slack'}),
    done: () => get().me === 'U0CLEO' || !waitsFor('security'),
  },
  {
    say: 'Cleo approves on her own copy of the card. All copies change together.',
    why: 'Nobody clicks on a card that was decided an hour ago.',
    label: 'Approve', mark: 'approve',
    act: async () => { if (get().me !== 'U0CLEO') await go('U0CLEO', {place: 'C0SECURITY', chat: 'slack'}); await vote(); },
    done: () => past('pending'),
  },
  {
    say: 'Now hallpass writes the address into Entra ID and reads it back five times. Watch the right side.',
    why: 'Cards say “applied” only when it is true, and only then the 30 days begin.',
    label: 'Push a minute', mark: '1m',
    act: () => perform({do: 'push', to: '1m'}),
    done: () => past('pending', 'approved'),
  },
  {
    say: 'It is in force, and already its end is booked, under Due. Three days before, Ana is reminded.',
    why: 'She can renew, which is approved like the first time. If she forgets, nothing bad happens:',
    label: 'Push four weeks', mark: 'next',
    act: async () => { await perform({do: 'push', to: '672h'}); await go('U0ANA', {place: 'app', chat: 'slack'}); },
    done: () => reminded() || past('pending', 'approved', 'active'),
  },
  {
    say: 'Ana does nothing. She could press Renew; most people forget. So let a week pass.',
    why: 'No exemption outlives its end: the second promise, and the one that nobody keeps by hand.',
    label: 'Push a week', mark: '168h',
    act: () => perform({do: 'push', to: '168h'}),
    done: () => past('pending', 'approved', 'active', 'ending'),
  },
  {
    say: 'Taken away, and read back. That was one request\'s whole life; the audit log has every step of it.',
    why: 'Now try your own: /hallpass alone; ip 10.1.2.3; account svc-nx@contoso.com; a second tab as somebody else.',
    label: 'Play it again', mark: 'next',
    act: () => begin('address'),
    done: () => false,
  },
];
