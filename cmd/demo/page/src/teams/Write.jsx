import {useEffect, useRef, useState} from 'react';
import {perform} from '../store.js';

// Write takes a message, or a reply in a thread. In a channel hallpass is told only of what mentions it, so the mention
// stands there already.
export function Write({chat, thread, done}) {
  const mention = chat.kind === 'personal' ? '' : '@hallpass ';
  const [text, setText] = useState(mention);
  const form = useRef(null);
  useEffect(() => { if (thread) form.current.scrollIntoView({block: 'nearest'}); }, [thread]);
  const send = async (event) => {
    event.preventDefault();
    if (!text.trim()) return;
    setText(mention);
    await perform({do: 'teams.say', channel: thread ? `${chat.id};messageid=${thread}` : chat.id, text: text.trim()});
    done?.();
  };
  return (
    <form ref={form} className="write" onSubmit={send}>
      <input id={thread ? `reply-${thread}` : 'said'} autoComplete="off" autoFocus={Boolean(thread)} aria-label={thread ? 'Reply' : 'Message'} value={text} onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => { if (e.key === 'Escape') done?.(); }}
        placeholder={thread ? 'Reply' : mention ? 'Start a post' : 'Type a message: help, list mine, ip …'} />
      <button className="send" aria-label="Send">➤</button>
    </form>
  );
}
