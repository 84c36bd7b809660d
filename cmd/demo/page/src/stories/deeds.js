// What the stories look at, and do in a person's place.
import {get, perform, refresh} from '../store.js';

export const general = 'C0GENERAL';
export const mine = () => get().world.requests.find((r) => r.id === get().request);
export const waitsFor = (group) => mine()?.state === 'pending' && mine().waits.includes(group);
export const past = (...states) => Boolean(mine()) && !states.includes(mine().state);

// said tells whether the person that this tab is has read something in Slack since this step began.
export const said = (text) => get().world.slack.channels.some((c) => c.messages.some((m) => (
  parseFloat(m.ts) * 1000 >= get().since && JSON.stringify([m.text, m.blocks]).includes(text))));

// signedIn tells whether the job, or somebody with its password, has signed in since this step began, and with what end.
export const signedIn = (good) => {
  const [last] = get().world.tenant.signIns;
  return last?.n > get().signed && good(last.code);
};

// vote presses Approve on the card of the story's request that this person has in Slack, and then in the form.
export async function vote() {
  const {world} = get();
  const view = world.slack.modals?.at(-1);
  if (view) return perform({do: 'submit', view: view.id, values: {}});
  for (const channel of world.slack.channels) {
    for (const m of channel.messages) {
      const row = m.blocks?.find((b) => b.type === 'actions'
        && b.elements.some((e) => e.action_id === 'approve' && e.value.startsWith(`${get().request}:`)));
      if (row) return perform({do: 'click', ref: {channel: m.channel, ts: m.ts, block: row.block_id}, button: 'approve'});
    }
  }
  return refresh();
}

// voteInTeams presses Approve on the card of the story's request in Teams, where that is all.
export async function voteInTeams() {
  for (const chat of get().world.teams.chats) {
    for (const m of chat.messages) {
      const action = m.card?.actions?.find((a) => a.verb === 'approve' && a.data.value.startsWith(`${get().request}:`));
      if (action) return perform({do: 'teams.click', card: {chat: chat.id, id: m.id}, button: action.title, filled: {}});
    }
  }
  return refresh();
}

// reminded says that the story's request has its reminder under the requester's card.
export const reminded = () => get().world.slack.channels.some((c) => c.im && c.messages.some((m) => {
  const text = JSON.stringify(m.blocks || '');
  return text.includes('Still needed?') && text.includes(get().request);
}));

export const refused = () => get().world.audit.some((e) => e.request === get().request && e.act === 'refused');
