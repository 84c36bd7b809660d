import {useStore} from './store.js';
import {Clock} from './Clock.jsx';
import {People} from './People.jsx';
import {Story} from './Story.jsx';
import {Slack} from './slack/Slack.jsx';
import {Behind} from './behind/Behind.jsx';

// The chats in which one person can be, side by side or behind tabs.
const chats = [{id: 'slack', name: 'Slack', Pane: Slack}];

export function App() {
  const {world, lost} = useStore();
  if (!world) return <p className="wait">{lost ? `The demo does not answer: ${lost}` : 'One moment…'}</p>;
  return (
    <>
      <header className="top">
        <h1><Logo /> hallpass</h1>
        <Clock />
      </header>
      {world.own ? <Story /> : <Elsewhere />}
      {lost && <p className="lost" role="alert">The demo does not answer. It is asked again every second; start it again if you stopped it.</p>}
      <main>
        <section className="chats" aria-label="Chat">
          <People />
          {chats.map(({id, Pane}) => <Pane key={id} />)}
        </section>
        <Behind />
      </main>
    </>
  );
}

// Elsewhere stands in the story's place if hallpass is a program of its own.
function Elsewhere() {
  return (
    <section className="story quiet">
      <p>Emulators only: run <code>hallpass serve</code> against them, then type here. Your clicks reach it signed and
        acknowledged as Slack's would.</p>
    </section>
  );
}

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 36 36" aria-hidden="true">
      <rect width="36" height="36" rx="8" fill="#0b6e4f" />
      <path d="M9 12a3 3 0 0 1 3-3h12a3 3 0 0 1 3 3v3a3 3 0 0 0 0 6v3a3 3 0 0 1-3 3H12a3 3 0 0 1-3-3v-3a3 3 0 0 0 0-6z" fill="#fff" />
      <path d="m13.5 18.3 3.2 3.2 6-6.6" fill="none" stroke="#0b6e4f" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
