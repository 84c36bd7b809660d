import {perform, useStore} from '../store.js';
import {moment, stamp} from '../words.js';
import {Logo} from '../App.jsx';
import {Face} from '../People.jsx';
import {Card} from './Card.jsx';

// Post is one message: who wrote it, when, and what, as this person sees it.
export function Post({message, small}) {
  const {world, me} = useStore();
  const person = world.people.find((p) => p.name === message.author);
  const own = person?.id === me;
  const click = (button, filled) => perform({do: 'teams.click', card: {chat: message.chat, id: message.id}, button, filled});
  return (
    <article className={`bubble${small ? ' small' : ''}${own ? ' own' : ''}`}>
      {person ? <Face people={world.people} id={person.id} name={person.name} /> : <Logo />}
      <div className="body">
        <p className="who"><b>{message.author}</b><time title={moment(message.at)}>{stamp(message.at, world.now)}</time>
          {message.edited && <small> edited</small>}</p>
        {message.card ? <div className="acard"><Card card={message.card} act={click} /></div>
          : <p className="plain" dir="auto">{message.text}</p>}
        {message.note && <p className="note" role="status">{message.note}</p>}
      </div>
    </article>
  );
}
