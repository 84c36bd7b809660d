import {useState} from 'react';
import {perform} from '../store.js';

// Write takes a message. In a channel hallpass is told only of what mentions it, so the mention stands there already.
export function Write({chat}) {
  const mention = chat.kind === 'personal' ? '' : '@hallpass ';
  const [text, setText] = useState(mention);
  const send = async (event) => {
    event.preventDefault();
    if (!text.trim()) return;
    setText(mention);
    await perform({do: 'teams.say', channel: chat.id, text: text.trim()});
  };
  return (
    <form className="write" onSubmit={send}>
      <input id="said" autoComplete="off" aria-label="Message" value={text} onChange={(e) => setText(e.target.value)}
        placeholder={mention ? 'Start a post' : 'Type a message: help, list mine, ip …'} />
      <button className="send" aria-label="Send">➤</button>
    </form>
  );
}
