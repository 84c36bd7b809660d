// The story: one request's whole life. A step is done when the world says so, whoever did it and however, so that the
// visitor can follow the marks, press the story's button, or wander off and come back.
import {get, go, perform, refresh, set} from './store.js';

const general = 'C0GENERAL';
const mine = () => get().world.requests.find((r) => r.id === get().request);
const waitsFor = (group) => mine()?.state === 'pending' && mine().waits.includes(group);
const past = (...states) => Boolean(mine()) && !states.includes(mine().state);

// A new story takes a new address: the old one may still be trusted.
const command = () => {
  const address = `20.50.2.${1 + get().world.requests.length % 250}`;
  return `ip ${address} in trusted-servers for 30d because AgilePoint NX calls SharePoint`;
};

// vote presses Approve on the card of this person's channel, and then in the form.
async function vote() {
  const {world} = get();
  const view = world.slack.modals?.at(-1);
  if (view) return perform({do: 'submit', view: view.id, values: {}});
  for (const channel of world.slack.channels.filter((c) => !c.im)) {
    for (const m of channel.messages) {
      const row = m.blocks?.find((b) => b.type === 'actions'
        && b.elements.some((e) => e.action_id === 'approve' && e.value.startsWith(`${get().request}:`)));
      if (row) return perform({do: 'click', ref: {channel: m.channel, ts: m.ts, block: row.block_id}, button: 'approve'});
    }
  }
  return refresh();
}

// reminded says that the story's request has its reminder under Ana's card.
const reminded = () => get().world.slack.channels.some((c) => c.im && c.messages.some((m) => {
  const text = JSON.stringify(m.blocks || '');
  return text.includes('Still needed?') && text.includes(get().request);
}));

const refused = () => get().world.audit.some((e) => e.request === get().request && e.act === 'refused');

export const steps = [
  {
    say: 'You are Ana, an engineer. Your workflow engine must call SharePoint, and nobody sits at a server to answer MFA.',
    why: 'So its address has to be trusted. Today somebody does that by hand, and it stays for ever.',
    label: 'Type the request', mark: 'next',
    act: async () => { await go('U0ANA', general); set({typed: command()}); },
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
    act: async () => { await go('U0ANA', general); await perform({do: 'command', channel: general, text: `approve ${get().request}`}); },
    done: refused,
  },
  {
    say: 'Refused, and in the audit log. Bo, of network security, has the card in his channel.',
    why: 'The rules file says who decides: here one of network security and one of security.',
    label: 'Be Bo', mark: 'U0BO',
    act: () => go('U0BO', 'C0NETSEC'),
    done: () => get().me === 'U0BO' || !waitsFor('netsec'),
  },
  {
    say: 'Bo sees who asks, for what, until when, and why. He clicks Approve, and may make it shorter.',
    why: 'His vote counts for exactly this plan. If the plan changes, he is asked again.',
    label: 'Approve', mark: 'approve',
    act: async () => { if (get().me !== 'U0BO') await go('U0BO', 'C0NETSEC'); await vote(); },
    done: () => past() && !waitsFor('netsec'),
  },
  {
    say: 'One yes of two, and Entra ID on the right has not changed. Now Cleo, of security.',
    why: 'No change without an approval: the first of four promises.',
    label: 'Be Cleo', mark: 'U0CLEO',
    act: () => go('U0CLEO', 'C0SECURITY'),
    done: () => get().me === 'U0CLEO' || !waitsFor('security'),
  },
  {
    say: 'Cleo approves on her own copy of the card. All copies change together.',
    why: 'Nobody clicks on a card that was decided an hour ago.',
    label: 'Approve', mark: 'approve',
    act: async () => { if (get().me !== 'U0CLEO') await go('U0CLEO', 'C0SECURITY'); await vote(); },
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
    act: async () => { await perform({do: 'push', to: '672h'}); await go('U0ANA', 'app'); },
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
    label: 'Play the story again', mark: 'next',
    act: async () => { begin(); await go('U0ANA', general); },
    done: () => false,
  },
];

// begin starts the story, for a request that is not there yet.
export const begin = () => set({step: 0, request: '', base: get().world.requests.length, typed: ''});

// lost says that the story's request went another way, by the visitor's own hand.
export const lost = () => ['denied', 'cancelled', 'lapsed'].includes(mine()?.state) && mine().state;

// advance moves the story on as far as the world has come.
export function advance() {
  const {step, world, request, base} = get();
  if (step < 0 || !world?.own) return;
  if (step < 2 && !request && world.requests.length > base) { // the request that appears now is the story's
    set({request: world.requests[base].id});
  }
  if (!lost() && steps[step].done()) set({step: step + 1});
}
