// initial is what a field holds before anybody touched it.
export const initial = (e) => e.initial_value ?? e.initial_option?.value ?? '';

// Field is one input of a form. Kinds that hallpass does not use are named rather than guessed at.
export function Field({block, value, wrong, onChange}) {
  const {element} = block;
  const id = `field-${block.block_id}`;
  const props = {
    id, value, 'data-field': block.block_id, 'aria-invalid': Boolean(wrong), 'aria-describedby': `${id}-more`,
    onChange: (e) => onChange(e.target.value),
  };
  return (
    <div className={`field${wrong ? ' bad' : ''}`}>
      <label htmlFor={id}>{block.label.text}{block.optional && <span> (optional)</span>}</label>
      {element.type === 'static_select' && (
        <select {...props}>
          {!element.initial_option && <option value="" disabled>{element.placeholder?.text || 'Select an option'}</option>}
          {element.options.map((o) => <option key={o.value} value={o.value}>{o.text.text}</option>)}
        </select>
      )}
      {element.type === 'plain_text_input' && (element.multiline
        ? <textarea rows="3" dir="auto" maxLength={element.max_length || 3000} placeholder={element.placeholder?.text} {...props} />
        : <input dir="auto" autoComplete="off" maxLength={element.max_length || 3000} placeholder={element.placeholder?.text} {...props} />)}
      {!['static_select', 'plain_text_input'].includes(element.type) && <p className="wrong">The demo does not draw {element.type}.</p>}
      <div id={`${id}-more`}>
        {wrong && <p className="wrong" role="alert">{wrong}</p>}
        {block.hint && <p className="hint">{block.hint.text}</p>}
      </div>
    </div>
  );
}
