import {useEffect, useState} from 'react';
import {useNewest} from '../scroll.js';
import {look} from '../store.js';
import {Post} from './Post.jsx';
import {Write} from './Write.jsx';

// Posts is what was said in a chat; in a channel each post has its replies under it, and can be
// replied to.
export function Posts({chat}) {
  const messages = chat?.messages || [];
  const roots = messages.filter((m) => !m.thread || m.thread === m.id || !messages.some((r) => r.id === m.thread));
  const newest = messages.reduce((id, m) => (m.id > id ? m.id : id), '');
  const list = useNewest(messages);
  useEffect(() => { if (chat && newest) look(chat.id, newest); }, [chat, newest]);
  return (
    <div className="posts" {...list}>
      {roots.length === 0 && <p className="empty">Nothing was said here yet.</p>}
      {roots.map((m) => {
        const replies = messages.filter((r) => r.thread === m.id && r.id !== m.id);
        return (
          <div key={m.id} className="post">
            <Post message={m} />
            {replies.length > 0 && <div className="replies">{replies.map((r) => <Post key={r.id} message={r} small />)}</div>}
            {chat.installed && chat.kind !== 'personal' && <Reply chat={chat} thread={m.id} />}
          </div>
        );
      })}
    </div>
  );
}

// Reply opens a line for an answer under a post.
function Reply({chat, thread}) {
  const [open, setOpen] = useState(false);
  if (!open) return <button type="button" className="reply" onClick={() => setOpen(true)}>Reply</button>;
  return <Write chat={chat} thread={thread} done={() => setOpen(false)} />;
}
