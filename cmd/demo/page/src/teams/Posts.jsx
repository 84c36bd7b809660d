import {useEffect} from 'react';
import {useNewest} from '../scroll.js';
import {look} from '../store.js';
import {Post} from './Post.jsx';

// Posts is what was said in a chat; in a channel each post has its replies under it.
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
          </div>
        );
      })}
    </div>
  );
}
