import {useEffect, useRef, useState} from 'react';
import {perform} from '../store.js';
import {Logo} from '../App.jsx';
import {Card} from './Card.jsx';

// Dialog is what stands in front of the chat: a card with fields, or a text. What is wrong with a field comes as a new card.
export function Dialog({dialog}) {
  const [sending, setSending] = useState(false);
  const box = useRef(null);
  useEffect(() => { box.current.querySelector('input, textarea, select, button.x')?.focus(); }, []);
  const close = () => perform({do: 'teams.close'});
  const submit = async (button, filled) => {
    if (sending) return;
    setSending(true);
    await perform({do: 'teams.submit', button, filled});
    setSending(false);
  };
  return (
    <div className="shade">
      <div ref={box} className="modal task" role="dialog" aria-modal="true" aria-label={dialog.title || 'hallpass'} aria-busy={sending}
        onKeyDown={(e) => { if (e.key === 'Escape') close(); }}>
        <header><Logo /><h3>{dialog.title || 'hallpass'}</h3><button type="button" className="x" aria-label="Close" onClick={close}>×</button></header>
        <div className="inside">
          {dialog.note && <p className="wrong" role="alert">{dialog.note}</p>}
          {dialog.card && <Card card={dialog.card} act={submit} />}
          {dialog.message && <p className="plain">{dialog.message}</p>}
        </div>
      </div>
    </div>
  );
}
