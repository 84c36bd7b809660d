import {useEffect, useRef, useState} from 'react';
import {perform, useStore} from '../store.js';
import {Logo} from '../App.jsx';
import {Blocks} from './Blocks.jsx';
import {Field, initial} from './Field.jsx';

// Modal is the form in front. What was filled in stays when the app changes the view or refuses a field.
export function Modal({view}) {
  const {fields} = useStore();
  const [values, setValues] = useState({});
  const [sending, setSending] = useState(false);
  const box = useRef(null);
  const inputs = view.blocks.filter((b) => b.type === 'input');
  const wrong = {...view.errors, ...fields};
  useEffect(() => { box.current.querySelector('input, textarea, select, .foot button')?.focus(); }, []);

  const submit = async (event) => {
    event.preventDefault();
    setSending(true);
    const filled = {};
    for (const {block_id: id, element} of inputs) {
      const value = values[id] ?? initial(element);
      if (value !== '' || element.type === 'plain_text_input') filled[id] = value; // nothing chosen is no choice
    }
    await perform({do: 'submit', view: view.id, values: filled});
    setSending(false);
  };
  const close = () => perform({do: 'close'});
  return (
    <div className="shade">
      <form ref={box} className="modal" role="dialog" aria-modal="true" aria-label={view.title} noValidate onSubmit={submit}
        onKeyDown={(e) => { if (e.key === 'Escape') close(); }}>
        <header><Logo /><h3>{view.title}</h3><button type="button" className="x" aria-label="Close" onClick={close}>×</button></header>
        <div className="inside">
          {view.problem && <p className="wrong" role="alert">{view.problem}</p>}
          {view.blocks.map((b) => (b.type === 'input'
            ? <Field key={b.block_id} block={b} value={values[b.block_id] ?? initial(b.element)} wrong={wrong[b.block_id]}
              onChange={(v) => setValues({...values, [b.block_id]: v})} />
            : <Blocks key={b.block_id} blocks={[b]} target={{view: view.id}} />))}
        </div>
        <footer className="foot">
          <button type="button" onClick={close}>{view.close || 'Close'}</button>
          {view.submit && <button className="primary submit" disabled={sending}>{view.submit}</button>}
        </footer>
      </form>
    </div>
  );
}
