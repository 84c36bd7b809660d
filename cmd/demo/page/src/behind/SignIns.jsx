import {perform} from '../store.js';
import {elsewhere, server} from '../stories/fence.js';
import {moment, stamp} from '../words.js';

// SignIns lets the job sign in, and shows how the tenant judged: by its own policies, which hallpass only changes.
export function SignIns({list, now}) {
  return (
    <div className="sign-ins">
      <h3>Sign-ins of svc-nx, judged by the tenant</h3>
      <p className="tries">
        <button className="job" onClick={() => perform({do: 'signin', to: server()})}>Let the job run</button>
        <button className="attack" onClick={() => perform({do: 'signin', to: elsewhere})}>An attacker tries</button>
      </p>
      <ul>
        {list.map((s) => (
          <li key={s.n} className={verdict(s.code)} title={`${moment(s.at)}${s.code ? `, AADSTS${s.code}` : ''}`}>
            <code>{s.address}</code> <b>{s.verdict}</b> <small>{stamp(s.at, now)}</small>
          </li>
        ))}
      </ul>
    </div>
  );
}

const verdict = (code) => (code === 0 ? 'in' : code === 53003 ? 'blocked' : 'asked');
