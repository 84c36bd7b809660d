// Confirm is the small dialog before a click counts.
import {useEffect, useRef} from 'react';

export function Confirm({title, text, confirm, deny, danger, click, done}) {
  const box = useRef(null);
  useEffect(() => { box.current.showModal(); }, []);
  return (
    <dialog ref={box} className="confirm" onClose={done} onClick={(e) => e.stopPropagation()}>
      <h3>{title.text}</h3>
      <p>{text.text}</p>
      <div className="foot">
        <button onClick={() => box.current.close()}>{deny.text}</button>
        <button className={danger ? 'danger' : 'primary'} onClick={() => { box.current.close(); click(); }}>{confirm.text}</button>
      </div>
    </dialog>
  );
}
