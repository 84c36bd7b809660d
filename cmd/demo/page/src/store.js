// What the page knows: the world as the server last told it, and what this tab remembers. Each tab is one person, at one
// place in Slack and in one room in Teams, and all that stands in the address, so that two tabs can be two people.
import {useSyncExternalStore} from 'react';

const listeners = new Set();
const remembered = JSON.parse(sessionStorage.getItem('hallpass') || '{}');
const address = /^#(U0\w+)\/(\w+)(?:\/teams\/([\w-]+))?$/;
const [, me = 'U0ANA', place = 'C0GENERAL', there] = location.hash.match(address) || [];

let state = {
  me, place,
  chat: there ? 'teams' : 'slack', // which chat is in front, where there is room for one only
  room: there || 'app', // in Teams
  world: null, // what the server tells; see state.go
  lost: '', // why the server does not answer
  problem: '', // what the chat tells at once
  teller: 'slack', // which chat tells it
  fields: {}, // what Slack itself refuses in the form in front, by block
  pushing: false,
  typed: '', // what stands in the composer
  seen: {}, // the newest message that was looked at, by person and channel
  tale: 'fence', // which story is told
  step: 0, // of the story; -1: put away
  since: 0, // when the step began, by the world's clock, in milliseconds
  signed: 0, // how many sign-ins there were then
  request: '', // whose story it is
  base: 0, // how many requests there were when the story began
  ...remembered,
};

export const get = () => state;
export const useStore = () => useSyncExternalStore(subscribe, get);

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function set(change) {
  state = {...state, ...change};
  const {seen, tale, step, since, signed, request, base, boot} = state;
  sessionStorage.setItem('hallpass', JSON.stringify({seen, tale, step, since, signed, request, base, boot}));
  const {me, place, chat, room} = state;
  const hash = `#${me}/${place}${chat === 'teams' ? `/teams/${room}` : ''}`;
  if (location.hash !== hash) history.replaceState(null, '', hash);
  for (const listener of listeners) listener();
}

// share gives what is new, but with every part that has not changed taken from what was there: React then leaves those
// parts of the page alone, and a button is never replaced under the finger.
function share(old, fresh) {
  if (old === fresh || typeof old !== 'object' || typeof fresh !== 'object' || !old || !fresh) return fresh;
  if (Array.isArray(old) !== Array.isArray(fresh)) return fresh;
  let same = Object.keys(old).length === Object.keys(fresh).length;
  for (const key of Object.keys(fresh)) {
    fresh[key] = share(old[key], fresh[key]);
    same &&= fresh[key] === old[key];
  }
  return same ? old : fresh;
}

let asked = 0;
let went = 0;

async function ask(who) {
  const answer = await fetch(`/api/state?as=${encodeURIComponent(who)}`);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function take(world, change = {}) {
  if (world.boot !== state.boot) { // another start of the demo: what was remembered is of no use
    Object.assign(change, {
      boot: world.boot, seen: {}, request: '', base: world.requests.length, step: 0, since: 0, signed: signIns(world), problem: '', fields: {},
    });
  }
  if (!world.people.some((p) => p.id === (change.me || state.me))) { // an address of somebody who is not here
    Object.assign(change, {me: world.people[0].id, place: 'C0GENERAL', room: 'app'});
  }
  if (world.own && world.requests.length === 0) change.seen = welcomed(world, change.seen || state.seen);
  set({...change, world: share(state.world, world), lost: ''});
}

// signIns counts the sign-ins that the tenant has judged.
export const signIns = (world) => world.tenant.signIns[0]?.n || 0;

// welcomed takes the app's greetings in Teams as seen: before the first request there is nothing else.
function welcomed(world, seen) {
  const fresh = world.people.flatMap((p) => Object.entries(p.news)
    .filter(([id, at]) => inTeams(id) && at > (seen[`${p.id}/${id}`] || '')).map(([id, at]) => [`${p.id}/${id}`, at]));
  return fresh.length ? {...seen, ...Object.fromEntries(fresh)} : seen;
}

// inTeams tells the ids of chats in Teams from those of channels in Slack.
export const inTeams = (id) => id.includes(':');

// look notes that the person has seen a channel or chat up to a message.
export function look(id, newest) {
  const {me, seen} = state;
  const key = `${me}/${id}`;
  if (newest > (seen[key] || '')) set({seen: {...seen, [key]: newest}});
}

// unread counts the channels of one chat in which a person has something new.
export const unread = (person, seen, ours) => Object.entries(person.news)
  .filter(([id, at]) => ours(id) && at > (seen[`${person.id}/${id}`] || '')).length;

// refresh asks what there is now. Only the last question's answer counts.
export async function refresh() {
  const mine = ++asked;
  try {
    const world = await ask(state.me);
    if (mine === asked) take(world);
  } catch (e) {
    if (mine === asked) set({lost: e.message});
  }
}

// go makes this tab another person, or takes it to another place in Slack, or room in Teams. All of it changes at once with
// what is seen there: nobody ever clicks as one person on what another sees.
export async function go(me, to = {}) {
  const mine = ++went;
  try {
    const world = await ask(me);
    if (mine !== went) return;
    asked++; // what is under way is about somebody else
    take(world, {me, ...to, problem: '', fields: {}});
  } catch (e) {
    set({lost: e.message});
    return;
  }
  if (to.place === 'home') await perform({do: 'home'});
}

// start asks again and again. The next question is asked when the last is answered, so that a slow server has one.
export function start() {
  addEventListener('hashchange', () => {
    const [, who, where, room] = location.hash.match(address) || [];
    if (who) go(who, {place: where, chat: room ? 'teams' : 'slack', room: room || state.room});
  });
  const again = async () => {
    await refresh();
    setTimeout(again, state.lost ? 1000 : 500);
  };
  again();
}

// perform does something as the person that this tab is, and shows what came of it.
export async function perform(deed) {
  const teller = deed.do.startsWith('teams.') ? 'teams' : 'slack';
  if (deed.do === 'push') set({pushing: true});
  try {
    const answer = await fetch('/api/do', {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({as: state.me, ...deed}),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const {problem = '', fields = {}} = await answer.json();
    set({problem, fields, teller});
  } catch (e) {
    set({problem: `The demo does not answer: ${e.message}`, teller});
  } finally {
    if (deed.do === 'push') set({pushing: false});
  }
  await refresh();
}

// lookAtCards lets Teams make cards anew for this person, as its client does when a chat is opened. Nobody is told anything.
export async function lookAtCards(me) {
  try {
    await fetch('/api/do', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({as: me, do: 'teams.look'})});
  } catch {
    return; // the next refresh says that the demo does not answer
  }
  await refresh();
}
