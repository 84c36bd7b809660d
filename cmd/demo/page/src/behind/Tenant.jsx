import {moment, stamp} from '../words.js';
import {SignIns} from './SignIns.jsx';

// Tenant is what Entra ID holds now, and who wrote last.
export function Tenant({tenant, now}) {
  const fresh = new Set(tenant.writes.filter((w) => w.added && new Date(now) - new Date(w.at) < 6e5).map((w) => `${w.place} ${w.entry}`));
  const place = (kind) => (p) => (
    <div key={p.id} className="place">
      <p><b>{p.name}</b> <small>{kind}</small></p>
      {p.entries.length === 0 && <small>empty</small>}
      {p.entries.map((e) => <code key={e} className={fresh.has(`${p.name} ${e}`) ? 'fresh' : ''}>{e}</code>)}
    </div>
  );
  return (
    <section className="tenant">
      <h2>Entra ID holds now</h2>
      <div className="places">
        {tenant.locations.map(place('named location'))}
        {tenant.groups.map(place('group'))}
        {tenant.apps.map(place('application'))}
      </div>
      <SignIns list={tenant.signIns} now={now} />
      <h3>Recent writes</h3>
      {tenant.writes.length === 0 && <small>nothing was written yet</small>}
      <ul className="writes">
        {tenant.writes.map((w) => (
          <li key={`${w.at} ${w.place} ${w.entry} ${w.added}`} className={w.added ? 'added' : 'removed'}>
            <b>{w.added ? '+' : '−'}</b> <code>{w.entry}</code> {w.added ? 'into' : 'out of'} {w.place}{' '}
            <small title={moment(w.at)}>by {w.by}, {stamp(w.at, now)}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}
