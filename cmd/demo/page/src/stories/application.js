// The main story goes on: AgilePoint NX can use a certificate now, and needs no account any more. Registered without a credential,
// consented to, granted one site, and only then armed; at its end disarmed at once.
import {get, go, perform, set} from '../store.js';
import {begin} from '../story.js';
import {general, mine, past, vote, waitsFor} from './deeds.js';

// A new story makes a new application: what an administrator has consented to stays with the old one.
const name = () => `agilepoint-nx-${1 + get().base}`;
const command = () => `app ${name()} in contracts with ${get().world.certificate} for 30d because AgilePoint NX can use a certificate now`;
const byHand = async (verb) => {
  await go('U0BO', {place: 'C0IDENTITY', chat: 'slack'});
  await perform({do: 'command', channel: 'C0IDENTITY', text: `${verb} ${get().request} ${mine().prints}`});
};

export const steps = [
  {
    say: 'You are Ana. The new AgilePoint NX can sign in with a certificate: no user, no password, no exemption.',
    why: 'The best way out of the MFA problem is not to need one. She pastes the public half; a private key would be refused.',
    label: 'Type the request', mark: 'next',
    act: async () => { await go('U0ANA', {place: general, chat: 'slack'}); set({typed: command()}); },
    done: () => get().typed !== '' || Boolean(mine()),
  },
  {
    say: '“contracts” stands in the rules file: one permission, and one SharePoint site that it may write to.',
    why: 'Nobody can ask for more than the rules file has; permissions for all sites or all mailboxes cannot even stand there.',
    label: 'Send it', mark: 'send',
    act: () => perform({do: 'command', channel: general, text: get().typed || command()}).then(() => set({typed: ''})),
    done: () => Boolean(mine()),
  },
  {
    say: 'Cleo, of security, has the card: what it may do, with which certificate, until when.',
    why: 'Her vote counts for exactly this certificate and these permissions.',
    label: 'Be Cleo', mark: 'U0CLEO',
    act: () => go('U0CLEO', {place: 'C0SECURITY', chat: 'slack'}),
    done: () => get().me === 'U0CLEO' || !waitsFor('security'),
  },
  {
    say: 'She approves.',
    why: 'No change without an approval.',
    label: 'Approve', mark: 'approve',
    act: async () => { if (get().me !== 'U0CLEO') await go('U0CLEO', {place: 'C0SECURITY', chat: 'slack'}); await vote(); },
    done: () => past('pending'),
  },
  {
    say: 'hallpass registers the application, without anything to sign in with. Watch the right side.',
    why: 'Whatever stops on the way, nothing can sign in as it before all the rest is as it was approved.',
    label: 'Push a minute', mark: '1m',
    act: () => perform({do: 'push', to: '1m'}),
    done: () => Boolean(mine()?.hand) || past('pending', 'approved'),
  },
  {
    say: 'An administrator has to consent. Bo has the card, with the link, and clicks in the admin center.',
    why: 'hallpass holds no permission to consent by itself: who took it over could give itself everything.',
    label: 'Consent as Bo', mark: 'next',
    act: async () => { await go('U0BO', {place: 'C0IDENTITY', chat: 'slack'}); await perform({do: 'consent', to: name()}); await perform({do: 'push', to: '1m'}); },
    done: () => get().world.tenant.apps.some((a) => a.name === name() && a.entries.includes('may Sites.Selected')),
  },
  {
    say: 'Nobody has to say so: within five minutes hallpass sees the consent in Entra ID, and whether it is wider than approved.',
    why: 'A wider consent would stop everything here, and tell security.',
    label: 'Push ten minutes', mark: 'next',
    act: () => perform({do: 'push', to: '10m'}),
    done: () => Boolean(mine()?.prints) || past('pending', 'approved'),
  },
  {
    say: 'The site is next. Bo runs the script from his card, and pastes its last line.',
    why: 'What Graph lets only a person do is a person\'s word, and called “attested”, never “verified”.',
    label: 'Paste it as Bo', mark: 'next',
    act: () => byHand('done'),
    done: () => !mine()?.hand,
  },
  {
    say: 'Now, last of all, the certificate goes in.',
    why: 'A secret, an owner or a permission that somebody adds by hand would be an alarm from now on.',
    label: 'Push a minute', mark: '1m',
    act: () => perform({do: 'push', to: '1m'}),
    done: () => past('pending', 'approved'),
  },
  {
    say: 'In force. Five weeks later its end has come: the certificate is taken out within seconds, and the application disabled.',
    why: 'An application that nobody remembers is worse than an account that nobody remembers.',
    label: 'Push five weeks', mark: 'next',
    act: async () => { await perform({do: 'push', to: '672h'}); await perform({do: 'push', to: '168h'}); await perform({do: 'push', to: '1m'}); },
    done: () => past('pending', 'approved', 'active') && get().world.tenant.apps.some((a) => a.name === name() && a.entries.includes('disabled')),
  },
  {
    say: 'Its role on the site is useless by now. Bo takes it away as well, and is reminded until he has.',
    why: 'What a person has put somewhere, a person has to take out, and hallpass does not forget it.',
    label: 'Take it away as Bo', mark: 'next',
    act: () => byHand('undone'),
    done: () => past('pending', 'approved', 'active', 'ending'),
  },
  {
    say: 'Ended. The application is deleted in a week, unless somebody asks for it again.',
    why: 'Now try your own: the same with a private key, a second certificate for the same name, or /hallpass alone.',
    label: 'Next: trust an address', mark: 'next',
    act: () => begin('address'),
    done: () => false,
  },
];
