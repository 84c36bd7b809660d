// What the page knows: the world as the server last told it, and what this tab remembers. Each tab is one person at one
// place, and both stand in the address, so that two tabs can be two people.
import {useSyncExternalStore} from 'react';

const listeners = new Set();
const remembered = JSON.parse(sessionStorage.getItem('hallpass') || '{}');
const [, me = 'U0ANA', place = 'C0GENERAL'] = location.hash.match(/^#(U0\w+)\/(\w+)$/) || [];

let state = {
  me, place,
  world: null, // what the server tells; see state.go
  lost: '', // why the server does not answer
  problem: '', // what Slack tells at once
  fields: {}, // what Slack itself refuses in the form in front, by block
  pushing: false,
  typed: '', // what stands in the composer
  seen: {}, // the newest message that was looked at, by person and channel
  step: 0, // of the story; -1: put away
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
  const {seen, step, request, base, boot} = state;
  sessionStorage.setItem('hallpass', JSON.stringify({seen, step, request, base, boot}));
  if (change.me || change.place) history.replaceState(null, '', `#${state.me}/${state.place}`);
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
    Object.assign(change, {boot: world.boot, seen: {}, request: '', base: world.requests.length, step: 0, problem: '', fields: {}});
  }
  if (!world.people.some((p) => p.id === (change.me || state.me))) { // an address of somebody who is not here
    Object.assign(change, {me: world.people[0].id, place: 'C0GENERAL'});
  }
  set({...change, world: share(state.world, world), lost: ''});
}

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

// go makes this tab another person, or takes it to another place. Both change at once with what is seen there: nobody
// ever clicks as one person on what another sees.
export async function go(me, place) {
  const mine = ++went;
  try {
    const world = await ask(me);
    if (mine !== went) return;
    asked++; // what is under way is about somebody else
    take(world, {me, place, problem: '', fields: {}});
  } catch (e) {
    set({lost: e.message});
    return;
  }
  if (place === 'home') await perform({do: 'home'});
}

// start asks again and again. The next question is asked when the last is answered, so that a slow server has one.
export function start() {
  addEventListener('hashchange', () => {
    const [who, where] = location.hash.slice(1).split('/');
    if (who && where && (who !== state.me || where !== state.place)) go(who, where);
  });
  const again = async () => {
    await refresh();
    setTimeout(again, state.lost ? 1000 : 500);
  };
  again();
}

// perform does something as the person that this tab is, and shows what came of it.
export async function perform(deed) {
  if (deed.do === 'push') set({pushing: true});
  try {
    const answer = await fetch('/api/do', {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({as: state.me, ...deed}),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const {problem = '', fields = {}} = await answer.json();
    set({problem, fields});
  } catch (e) {
    set({problem: `The demo does not answer: ${e.message}`});
  } finally {
    if (deed.do === 'push') set({pushing: false});
  }
  await refresh();
}
