import {useStore} from '../store.js';
import {moment, stamp} from '../words.js';
import {Logo} from '../App.jsx';
import {Face} from '../People.jsx';
import {Blocks} from './Blocks.jsx';

// Bubble is one message: who said it, when, and what.
export function Bubble({message, small}) {
  const {world} = useStore();
  const user = world.slack.users.find((u) => u.id === message.user);
  const app = user?.is_bot;
  const name = user ? user.real_name || user.name : 'Slackbot';
  const at = parseFloat(message.ts) * 1000;
  return (
    <article className={`bubble${small ? ' small' : ''}${message.ephemeral ? ' ephemeral' : ''}`}>
      {app ? <Logo /> : <Face people={world.people} id={message.user} name={name} />}
      <div className="body">
        {message.ephemeral && <p className="only">Only visible to you</p>}
        <p className="who"><b>{name}</b>{app && <span className="app">APP</span>}<time title={moment(at)}>{stamp(at, world.now)}</time></p>
        {message.blocks?.length
          ? <Blocks blocks={message.blocks} target={{channel: message.channel, ts: message.ts}} />
          : <p className="plain" dir="auto">{plain(message.text)}</p>}
      </div>
    </article>
  );
}

// plain shows message text: the three escapes undone, and what stands between backticks as code. Other markup is not
// drawn, hallpass sends none in plain text.
const plain = (text) => text.split('`').map((part, i) => {
  const words = part.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
  return i % 2 ? <code key={i}>{words}</code> : words;
});
