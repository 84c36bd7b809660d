import {perform, set, useStore} from '../store.js';

// Composer takes a slash command. Alone, without text, it opens the form.
export function Composer({channel}) {
  const {typed} = useStore();
  const send = async (event) => {
    event.preventDefault();
    const text = typed.replace(/^\s*\/hallpass\b/, '').trim();
    set({typed: ''});
    await perform({do: 'command', channel: channel.id, text});
  };
  return (
    <form className="composer" onSubmit={send}>
      <label htmlFor="typed">/hallpass</label>
      <input id="typed" autoComplete="off" value={typed} placeholder="help, list mine, ip …, or nothing at all for the form"
        onChange={(e) => set({typed: e.target.value})} />
      <button className="send" aria-label="Send">➤</button>
    </form>
  );
}
