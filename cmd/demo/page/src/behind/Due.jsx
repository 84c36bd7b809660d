import {moment, until} from '../words.js';

// Due is what hallpass will do, and when.
export function Due({due, now}) {
  return (
    <section className="due">
      <h2>Due</h2>
      {due.length === 0 && <small>Nothing. hallpass waits for people.</small>}
      <ul>
        {due.map((d) => (
          <li key={d.key}><span>{d.what}</span> <time title={moment(d.at)}>{d.busy ? 'at work' : until(d.at, now)}</time></li>
        ))}
      </ul>
    </section>
  );
}
