// The main story: AgilePoint NX and one SharePoint site. A service account is exempt from MFA, but behind a fence; asked in
// Slack, approved in Teams, reminded, taken away.
import {get, go, perform, set} from '../store.js';
import {begin} from '../story.js';
import {general, mine, past, reminded, said, signedIn, vote, voteInTeams, waitsFor} from './deeds.js';

const account = 'svc-nx@contoso.com';
// A new story takes a new address, so that both can be told apart in the log.
export const server = () => `20.50.2.${1 + get().base % 250}`;
export const elsewhere = '198.51.100.23';
const command = () => `account ${account} from ${server()} drop 20.50.9.40 for 30d because AgilePoint NX calls SharePoint`;

export const steps = [
  {
    say: 'You are Ana, an engineer. AgilePoint NX signs in to SharePoint with the account svc-nx, from a server where nobody sits.',
    why: 'Let the job run, and see on the right how Entra ID judges it.',
    label: 'Let the job run', mark: 'job',
    act: () => perform({do: 'signin', to: server()}),
    done: () => signedIn(() => true) || Boolean(mine()),
  },
  {
    say: 'Asked for MFA, with nobody there to answer. Ana asks hallpass what could be done.',
    why: 'It reads the sign-in log and the policies, and names the ways out, the safest first.',
    label: 'Ask for advice', mark: 'next',
    act: async () => { await go('U0ANA', {place: general, chat: 'slack'}); await perform({do: 'command', channel: general, text: `advise ${account}`}); },
    done: () => said('Advice on') || Boolean(mine()),
  },
  {
    say: 'NX cannot be rebuilt today. So: no MFA for this account, but only from its server, and only for 30 days.',
    why: 'A fence: from everywhere else the account is blocked. An old server still uses it; Ana says that it may stop (“drop”).',
    label: 'Type the request', mark: 'next',
    act: async () => { await go('U0ANA', {place: general, chat: 'slack'}); set({typed: command()}); },
    done: () => get().typed !== '' || Boolean(mine()),
  },
  {
    say: 'One line: what, from where, what stops, how long, why. hallpass now reads the tenant and makes a plan.',
    why: 'Nothing is asked of anybody before it is known what the change would do. Reading takes some seconds.',
    label: 'Send it', mark: 'send',
    act: () => perform({do: 'command', channel: general, text: get().typed || command()}).then(() => set({typed: ''})),
    done: () => Boolean(mine()),
  },
  {
    say: 'The account belongs to Sam, and Sam is asked first.',
    why: 'Nobody\'s account is exempt without its owner, and whoever asks, or owns, cannot approve.',
    label: 'Be Sam', mark: 'U0SAM',
    act: () => go('U0SAM', {place: 'app', chat: 'slack'}),
    done: () => get().me === 'U0SAM' || !mine()?.owner,
  },
  {
    say: 'Sam sees the account, its only address, and what will be blocked. Then: yes.',
    why: 'The card begins with one sentence that a tired person understands; the rest is behind Details.',
    label: 'Say yes', mark: 'approve',
    act: async () => { if (get().me !== 'U0SAM') await go('U0SAM', {place: 'app', chat: 'slack'}); await vote(); },
    done: () => past() && !mine().owner,
  },
  {
    say: 'Bo, of network security, decides. Bo works in Teams.',
    why: 'One request, both chats: asked in Slack, approved in Teams, and one person has one vote in both.',
    label: 'Be Bo, in Teams', mark: 'U0BO',
    act: () => go('U0BO', {place: 'C0NETSEC', chat: 'teams', room: 'netsec'}),
    done: () => (get().me === 'U0BO' && get().room === 'netsec' && get().chat === 'teams') || !waitsFor('netsec'),
  },
  {
    say: 'The same card, drawn by Microsoft\'s own library. Bo approves.',
    why: 'The vote counts for exactly this plan; the card in Slack changes with it.',
    label: 'Approve in Teams', mark: 'tapprove',
    act: async () => {
      if (get().me !== 'U0BO') await go('U0BO', {place: 'C0NETSEC', chat: 'teams', room: 'netsec'});
      await voteInTeams();
    },
    done: () => past('pending'),
  },
  {
    say: 'Now hallpass writes: first the address, read back; only then the account. Watch the right side.',
    why: 'At no moment is the account exempt without its fence. Then What If of Entra ID has to prove it.',
    label: 'Push two minutes', mark: 'next',
    act: () => perform({do: 'push', to: '2m'}),
    done: () => past('pending', 'approved'),
  },
  {
    say: 'In force, and its end is booked. Let the job run again, from its server.',
    why: 'The emulated tenant judges by its policies, as Entra ID would; hallpass has no say in it.',
    label: 'Let the job run', mark: 'job',
    act: () => perform({do: 'signin', to: server()}),
    done: () => signedIn((code) => code === 0) || past('pending', 'approved', 'active'),
  },
  {
    say: 'Let in, without MFA. Now somebody elsewhere has stolen its password.',
    why: 'This is where an ordinary exemption ends badly: it holds from anywhere.',
    label: 'An attacker tries', mark: 'attack',
    act: () => perform({do: 'signin', to: elsewhere}),
    done: () => signedIn((code) => code !== 0) || past('pending', 'approved', 'active'),
  },
  {
    say: 'Blocked by the fence. Four weeks go by, and Ana is reminded in both chats.',
    why: 'She can renew, which is approved like the first time. If she forgets, nothing bad happens:',
    label: 'Push four weeks', mark: 'next',
    act: async () => { await perform({do: 'push', to: '672h'}); await go('U0ANA', {place: 'app', chat: 'slack', room: 'app'}); },
    done: () => reminded() || past('pending', 'approved', 'active'),
  },
  {
    say: '“Still needed?” Ana could press Renew; most people forget. So let a week pass.',
    why: 'No exemption outlives its end: the promise that nobody keeps by hand.',
    label: 'Push a week', mark: '168h',
    act: () => perform({do: 'push', to: '168h'}),
    done: () => past('pending', 'approved', 'active', 'ending'),
  },
  {
    say: 'Taken away the other way round: the account, then the address. And the account is blocked: nobody answers for it any more.',
    why: 'Now try your own: /hallpass alone, ip 10.1.2.3, “An attacker tries”, or a second tab as somebody else.',
    label: 'Next: an application instead', mark: 'next',
    act: () => begin('application'),
    done: () => false,
  },
];
