import {go, unread, useStore} from './store.js';

const colours = ['#4a154b', '#1264a3', '#b6531c', '#5f6b2b'];

// Face is a person's picture.
export function Face({people, id, name, size = ''}) {
  const i = Math.max(0, people.findIndex((p) => p.id === id));
  return (
    <svg className={`face ${size}`} viewBox="0 0 36 36" aria-hidden="true">
      <rect width="36" height="36" rx="8" fill={colours[i % colours.length]} />
      <text x="18" y="24" textAnchor="middle" fill="#fff" fontSize="17" fontWeight="700">{name[0]}</text>
    </svg>
  );
}

// People lets one be somebody else.
export function People() {
  const {world, me, seen} = useStore();
  return (
    <nav className="people" aria-label="Who you are">
      <span className="label">You are</span>
      {world.people.map((p) => {
        const news = p.id === me ? 0 : unread(p, seen, () => true);
        return (
          <button key={p.id} data-person={p.id} aria-current={p.id === me} onClick={() => go(p.id, home(p))}>
            <Face people={world.people} id={p.id} name={p.name} size="small" />
            <span><b>{p.name.split(' ')[0]}</b><small>{p.does}</small></span>
            {news > 0 && <span className="badge" title="has something new">{news}</span>}
          </button>
        );
      })}
    </nav>
  );
}

// home is where a person looks first: the approvers in their channel of each chat, the others in the general one, and in
// their own chat with hallpass.
const home = (p) => ({
  place: Object.keys(p.news).find((c) => c.startsWith('C') && c !== 'C0GENERAL') || 'C0GENERAL',
  room: rooms[p.id] || 'app',
});

const rooms = {U0BO: 'netsec', U0CLEO: 'security', U0SAM: 'security'};
