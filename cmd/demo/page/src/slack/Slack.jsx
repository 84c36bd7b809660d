// The Slack workspace as one person sees it. The library draws Block Kit; the frames around it are ours.
import {useEffect} from 'react';
import {go, useStore} from '../store.js';
import {Composer} from './Composer.jsx';
import {Conversation} from './Conversation.jsx';
import {Home} from './Home.jsx';
import {Modal} from './Modal.jsx';
import {Problem} from '../Problem.jsx';

export function Slack() {
  const {world, me, place} = useStore();
  const {slack} = world;
  const view = slack.modals?.at(-1);
  const direct = slack.channels.find((c) => c.im === me);
  const channel = place === 'app' ? direct : slack.channels.find((c) => c.id === place);
  const there = place === 'home' || place === 'app' || channel;
  useEffect(() => { if (!there && slack.me.id === me) go(me, {place: 'C0GENERAL'}); }, [there, slack.me.id, me]);
  return (
    <div className="slack">
      <div className="window" inert={Boolean(view)}>
        <Sidebar slack={slack} direct={direct} />
        <div className="talk">
          {place === 'home' || place === 'app' ? <AppHead place={place} /> : <h2># {channel?.name}</h2>}
          {place === 'home' ? <Home view={slack.home} /> : <Conversation key={`${me}/${place}`} channel={channel} />}
          {place !== 'home' && channel && <Composer channel={channel} />}
          <Problem of="slack" />
        </div>
      </div>
      {view && <Modal key={view.id} view={view} />}
    </div>
  );
}

function Sidebar({slack, direct}) {
  const {me, place, seen, world} = useStore();
  const {news} = world.people.find((p) => p.id === me);
  const entry = (to, label, channel) => {
    const fresh = channel && to !== place && news[channel] > (seen[`${me}/${channel}`] || '');
    return (
      <button key={to} data-place={to} className={fresh ? 'fresh' : ''} onClick={() => go(me, {place: to, chat: 'slack'})}
        aria-current={to === place || (to === 'app' && place === 'home')}>{label}</button>
    );
  };
  return (
    <nav className="sidebar" aria-label="Channels">
      <b className="workspace">Contoso</b>
      <h3>Channels</h3>
      {slack.channels.filter((c) => !c.im).map((c) => entry(c.id, `# ${c.name}`, c.id))}
      <h3>Apps</h3>
      {entry('app', 'hallpass', direct?.id)}
    </nav>
  );
}

function AppHead({place}) {
  const {me} = useStore();
  return (
    <div className="apphead">
      <h2>hallpass</h2>
      <div role="tablist">
        <button role="tab" aria-selected={place === 'home'} data-place="home" onClick={() => go(me, {place: 'home', chat: 'slack'})}>Home</button>
        <button role="tab" aria-selected={place === 'app'} onClick={() => go(me, {place: 'app', chat: 'slack'})}>Messages</button>
      </div>
    </div>
  );
}
