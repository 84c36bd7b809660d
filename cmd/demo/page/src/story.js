// The stories: each is one request's whole life. A step is done when the world says so, whoever did it and however, so that
// the visitor can follow the marks, press the story's button, or wander off and come back.
import {get, go, set, signIns} from './store.js';
import {steps as address} from './stories/address.js';
import {steps as application} from './stories/application.js';
import {general, mine} from './stories/deeds.js';
import {steps as fence} from './stories/fence.js';

// tales are the stories that can be told, by name.
export const tales = {
  fence: {title: 'A service account, fenced', steps: fence},
  application: {title: 'From the account to an application', steps: application},
  address: {title: 'An address, trusted', steps: address},
};

// steps are those of the story that is told.
export const steps = () => (tales[get().tale] || tales.fence).steps;

// begin starts a story, for a request that is not there yet.
export async function begin(tale) {
  set({...now(), tale, step: 0, request: '', base: get().world.requests.length, typed: ''});
  await go('U0ANA', {place: general, chat: 'slack', room: 'app'});
}

// now is when a step begins.
const now = () => ({since: Date.parse(get().world.now), signed: signIns(get().world)});

// lost says that the story's request went another way, by the visitor's own hand.
export const lost = () => ['denied', 'cancelled', 'lapsed'].includes(mine()?.state) && mine().state;

// advance moves the story on as far as the world has come.
export function advance() {
  const {step, world, request, base} = get();
  if (step < 0 || !world?.own) return;
  if (!request && world.requests.length > base) { // the request that appears now is the story's
    set({request: world.requests[base].id});
  }
  if (!lost() && steps()[step].done()) set({...now(), step: step + 1});
}
