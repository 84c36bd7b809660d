import {useEffect} from 'react';
import {Bubble} from './Bubble.jsx';
import {useNewest} from '../scroll.js';
import {look} from '../store.js';

// Conversation is what was said in a channel: each message with its thread under it.
export function Conversation({channel}) {
  const messages = (channel?.messages || []).filter((m) => !m.deleted);
  const roots = messages.filter((m) => !m.thread_ts || m.thread_ts === m.ts || !messages.some((r) => r.ts === m.thread_ts));
  const newest = messages.reduce((ts, m) => (m.ts > ts ? m.ts : ts), '');
  const list = useNewest(`${messages.length} ${newest}`);
  useEffect(() => { if (channel && newest) look(channel.id, newest); }, [channel, newest]);
  return (
    <div className="messages" {...list}>
      {roots.length === 0 && (
        <p className="empty">{channel?.name ? `This is the very beginning of #${channel.name}.` : 'hallpass has not written to you yet.'}</p>
      )}
      {roots.map((m) => {
        const replies = messages.filter((r) => r.thread_ts === m.ts && r.ts !== m.ts);
        return (
          <div key={m.ts} className="thread">
            <Bubble message={m} />
            {replies.length > 0 && (
              <details className="replies" open>
                <summary>{replies.length} {replies.length === 1 ? 'reply' : 'replies'}</summary>
                {replies.map((r) => <Bubble key={r.ts} message={r} small />)}
              </details>
            )}
          </div>
        );
      })}
    </div>
  );
}
