import {Blocks} from './Blocks.jsx';

// Home is the app's home tab, as the app last published it for this person.
export function Home({view}) {
  if (!view) return <div className="messages"><p className="empty">hallpass has not published a page for you yet.</p></div>;
  return <div className="messages home"><Blocks blocks={view.blocks} target={{view: view.id}} /></div>;
}
