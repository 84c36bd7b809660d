// Block Kit, drawn by slack-blocks-to-jsx. Clicks are caught around it: the library puts action_id and block_id on what it
// draws and does not report clicks itself.
import {memo, useMemo, useState} from 'react';
import {Message} from 'slack-blocks-to-jsx';
import {perform, useStore} from '../store.js';
import {slackDate} from '../words.js';
import {Confirm} from './Confirm.jsx';

export function Blocks({blocks, target}) {
  const {world} = useStore();
  const [asking, setAsking] = useState(null);

  const press = (event) => {
    const button = event.target.closest('button[id]');
    const row = event.target.closest('.slack_blocks_to_jsx__actions');
    if (!button || !row) return;
    const element = blocks.find((b) => b.block_id === row.id)?.elements.find((e) => e.action_id === button.id);
    if (!element) return;
    const click = () => perform({do: 'click', ref: {...target, block: row.id}, button: button.id});
    if (element.confirm) setAsking({...element.confirm, danger: element.style === 'danger', click});
    else click();
  };
  return (
    <div className="blocks" onClick={press} dir="auto">
      <Drawn blocks={blocks} users={world.slack.users} />
      {asking && <Confirm {...asking} done={() => setAsking(null)} />}
    </div>
  );
}

// Drawn is drawn again only if what it shows has changed. The library keeps the hooks and names that it gets first.
const Drawn = memo(function Drawn({blocks, users}) {
  const data = useMemo(() => ({users: users.map((u) => ({id: u.id, name: u.real_name || u.name}))}), [users]);
  const shown = useMemo(() => blocks.map(quiet), [blocks]);
  return <Message withoutWrapper logo="" name="" blocks={shown} data={data} hooks={hooks} />;
});

const hooks = {date: (element) => <When {...element} />};

// When is a moment in the reader's own zone; "today" is by the demo's clock.
function When({timestamp, format}) {
  const {world} = useStore();
  return <span className="date">{slackDate(timestamp, format, world.now)}</span>;
}

// quiet takes out the confirmation dialogs: the library would open its own, and not say what was answered.
function quiet(block) {
  if (block.type !== 'actions') return block;
  return {...block, elements: block.elements.map(({confirm, ...rest}) => rest)};
}
