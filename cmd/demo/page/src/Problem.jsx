import {set, useStore} from './store.js';

// Problem is what a chat itself tells the person.
export function Problem({of}) {
  const {problem, teller} = useStore();
  return (
    <p className="problem" role="alert" hidden={!problem || teller !== of}>
      {problem} <button aria-label="Dismiss" onClick={() => set({problem: ''})}>×</button>
    </p>
  );
}
