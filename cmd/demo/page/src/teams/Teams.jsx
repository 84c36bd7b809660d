// Teams as one person sees it. Microsoft's library draws the cards; the frames around them are ours.
import {useEffect} from 'react';
import {go, lookAtCards, perform, useStore} from '../store.js';
import {Problem} from '../Problem.jsx';
import {Dialog} from './Dialog.jsx';
import {Posts} from './Posts.jsx';
import {Write} from './Write.jsx';

// slug is a chat's name in the address of the page.
const slug = (chat) => (chat.kind === 'personal' ? 'app' : chat.id.replace(/^19:|@.*$/g, ''));

export function Teams() {
  const {world, me, room} = useStore();
  const {teams} = world;
  const chat = teams.chats.find((c) => slug(c) === room) || teams.chats.find((c) => c.kind === 'personal');
  useEffect(() => { lookAtCards(me); }, [me, teams.chats]); // cards show each person their own view
  return (
    <div className="teams">
      <div className="window" inert={Boolean(teams.dialog)}>
        <Rooms teams={teams} here={chat} />
        <div className="talk">
          <h2>{chat?.teamName ? `${chat.teamName} › ${chat.name}` : 'hallpass'}</h2>
          <Posts key={`${me}/${chat?.id}`} chat={chat} />
          {chat && !chat.installed && <Install chat={chat} />}
          {chat?.installed && <Write key={`${me}/${chat.id}/write`} chat={chat} />}
          <Problem of="teams" />
        </div>
      </div>
      {teams.dialog && <Dialog dialog={teams.dialog} />}
    </div>
  );
}

function Rooms({teams, here}) {
  const {me, seen, world} = useStore();
  const news = world.people.find((p) => p.id === me)?.news || {};
  const entry = (chat, label) => {
    const fresh = chat !== here && news[chat.id] > (seen[`${me}/${chat.id}`] || '');
    return (
      <button key={chat.id} data-room={slug(chat)} className={fresh ? 'fresh' : ''} aria-current={chat === here}
        onClick={() => go(me, {chat: 'teams', room: slug(chat)})}>{label}</button>
    );
  };
  const groups = [...new Set(teams.chats.filter((c) => c.teamName).map((c) => c.teamName))];
  return (
    <nav className="sidebar" aria-label="Chats and teams">
      <b className="workspace">Teams</b>
      <h3>Chat</h3>
      {teams.chats.filter((c) => c.kind === 'personal').map((c) => entry(c, 'hallpass'))}
      {groups.map((team) => (
        <div key={team}>
          <h3>{team}</h3>
          {teams.chats.filter((c) => c.teamName === team).map((c) => entry(c, c.name || 'General'))}
        </div>
      ))}
    </nav>
  );
}

// Install adds the app, as people do from Teams' store; hallpass then says who it is.
function Install({chat}) {
  return (
    <p className="install">
      <span>The app is not installed here.</span>
      <button className="primary" onClick={() => perform({do: 'teams.install', channel: chat.id})}>Add hallpass</button>
    </p>
  );
}
