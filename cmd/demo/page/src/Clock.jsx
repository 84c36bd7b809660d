import {perform, useStore} from './store.js';
import {moment} from './words.js';

const pushes = [['1m', '+1 minute'], ['1h', '+1 hour'], ['24h', '+1 day'], ['168h', '+1 week'], ['next', 'to the next event']];

// Clock shows the one clock that drives everything, and pushes it.
export function Clock() {
  const {world, pushing} = useStore();
  return (
    <>
      <p className="clock" aria-live="polite">{moment(world.now)}</p>
      {world.own && (
        <div className="pushes" role="group" aria-label="Push the clock">
          {pushes.map(([to, label]) => (
            <button key={to} data-push={to} disabled={pushing} onClick={() => perform({do: 'push', to})}>{label}</button>
          ))}
          <span className="pushing" role="status">{pushing ? 'time passes…' : ''}</span>
        </div>
      )}
    </>
  );
}
