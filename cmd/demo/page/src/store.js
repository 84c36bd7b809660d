// What the page knows: the world as the server last told it, and what this tab remembers. Each tab is one person at one
// place, and both stand in the address, so that two tabs can be two people.
import {useSyncExternalStore} from 'react';

const listeners = new Set();
const remembered = JSON.parse(sessionStorage.getItem('hallpass') || '{}');
const [me = 'U0ANA', place = 'C0GENERAL'] = location.hash.slice(1).split('/').filter(Boolean);

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

export async function refresh() {
  const mine = ++asked;
  const who = state.me;
  try {
    const answer = await fetch(`/api/state?as=${encodeURIComponent(who)}`);
    if (!answer.ok) throw new Error(await answer.text());
    const world = await answer.json();
    if (mine !== asked || who !== state.me) return; // a later question is under way
    const change = {world: share(state.world, world), lost: ''};
    if (world.boot !== state.boot) { // another start of the demo: what was remembered is of no use
      Object.assign(change, {boot: world.boot, seen: {}, request: '', base: world.requests.length, step: 0, problem: '', fields: {}});
    }
    if (!world.people.some((p) => p.id === who)) change.me = world.people[0].id;
    set(change);
  } catch (e) {
    if (mine === asked) set({lost: e.message});
  }
}

// start asks again and again. The next question is asked when the last is answered, so that a slow server has one.
export function start() {
  addEventListener('hashchange', () => {
    const [who, where] = location.hash.slice(1).split('/');
    if (who && where && (who !== state.me || where !== state.place)) go(who, where);
  });
  const ask = async () => {
    await refresh();
    setTimeout(ask, state.lost ? 1000 : 500);
  };
  ask();
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

// go makes this tab another person, or takes it to another place.
export async function go(me, place) {
  set({me, place, problem: '', fields: {}});
  if (place === 'home') await perform({do: 'home'});
  else await refresh();
}
