import {useSyncExternalStore} from 'react';
import {go, inTeams, unread, useStore} from './store.js';
import {Slack} from './slack/Slack.jsx';
import {Teams} from './teams/Teams.jsx';

// The chats in which one person is: side by side in a wide window, else one behind the other.
const chats = [
  {id: 'slack', name: 'Slack', Pane: Slack, ours: (id) => !inTeams(id)},
  {id: 'teams', name: 'Teams', Pane: Teams, ours: inTeams},
];

const wide = matchMedia('(min-width: 86rem)');
const useWide = () => useSyncExternalStore((changed) => {
  wide.addEventListener('change', changed);
  return () => wide.removeEventListener('change', changed);
}, () => wide.matches);

export function Chats() {
  const {chat, me, seen, world} = useStore();
  const both = useWide();
  const person = world.people.find((p) => p.id === me);
  return (
    <>
      {!both && (
        <div className="tabs" role="tablist" aria-label="Which chat">
          {chats.map(({id, name, ours}) => {
            const news = person && id !== chat ? unread(person, seen, ours) : 0;
            return (
              <button key={id} role="tab" data-chat={id} aria-selected={id === chat} onClick={() => go(me, {chat: id})}>
                {name}{news > 0 && <span className="badge" title="has something new">{news}</span>}
              </button>
            );
          })}
        </div>
      )}
      <div className="panes">{chats.filter(({id}) => both || id === chat).map(({id, Pane}) => <Pane key={id} />)}</div>
    </>
  );
}
