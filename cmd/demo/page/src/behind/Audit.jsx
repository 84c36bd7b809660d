import {moment, stamp} from '../words.js';

// acts are the log's words for what somebody did, as a sentence goes on after a name.
const acts = {
  opened: 'asked', approve: 'approved', deny: 'denied', refused: 'was refused', cancel: 'cancelled', renew: 'asked to renew',
  revoke: 'ended it early', woke: 'looked at it', bound: 'is known in chat from now on',
  take: 'does it by hand', done: 'says that it is made', undone: 'says that it is taken away',
};

// Audit is the audit log as it grows, newest first.
export function Audit({audit, now}) {
  return (
    <section className="audit">
      <h2>Audit log</h2>
      {audit.length === 0 && <small>Nothing happened yet.</small>}
      <ol>
        {audit.map((e) => (
          <li key={e.seq} title={`#${e.seq}, ${moment(e.at)}${e.hash ? `\nhash ${e.hash}\nafter ${e.prev}` : ''}`}>
            <time>{stamp(e.at, now)}</time>
            <span>
              <b>{e.request}</b> {e.name || 'hallpass'} {acts[e.act] || e.act}
              {e.to && e.from !== e.to && <> → <b>{e.to}</b></>}{e.detail?.what && <>: {e.detail.what}</>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
