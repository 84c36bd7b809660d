import {useStore} from './store.js';
import {Clock} from './Clock.jsx';
import {People} from './People.jsx';
import {Story} from './Story.jsx';
import {Slack} from './slack/Slack.jsx';
import {Behind} from './behind/Behind.jsx';

// The chats in which one person can be, side by side.
const chats = [{id: 'slack', Pane: Slack}];

export function App() {
  const {world, lost} = useStore();
  if (!world) return <p className="wait">{lost ? `The demo does not answer: ${lost}` : 'One moment…'}</p>;
  return (
    <>
      <header className="top">
        <h1><Logo /> hallpass</h1>
        {world.review_page && <a className="review" href={world.review_page} target="_blank" rel="noreferrer">Reviewers’ pages</a>}
        <Clock />
      </header>
      {world.own ? <Story /> : <Elsewhere connected={world.slack.connected} />}
      {lost && <p className="lost" role="alert">The demo does not answer. It is asked again every second; start it again if you stopped it.</p>}
      <main>
        <section className="chats" aria-label="Chat">
          <People />
          <div className="panes">{chats.map(({id, Pane}) => <Pane key={id} />)}</div>
        </section>
        <Behind />
      </main>
    </>
  );
}

// Elsewhere stands in the story's place if hallpass is a program of its own.
function Elsewhere({connected}) {
  return (
    <section className="story quiet">
      <p><b>{connected ? 'Your hallpass is connected.' : 'Emulators only: no hallpass is connected yet.'}</b>
        <span>{connected ? 'What you do here reaches it as from Slack, and what it writes shows on the right.'
          : 'Start hallpass serve with the addresses, tokens and files that were printed, in Socket Mode.'}</span></p>
    </section>
  );
}

// Logo is hallpass' picture.
export const Logo = () => <img className="logo" src="/icon.svg" alt="" />;
