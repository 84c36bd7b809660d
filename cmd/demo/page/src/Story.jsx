import {useEffect, useState} from 'react';
import {set, useStore} from './store.js';
import {advance, begin, lost, steps, tales} from './story.js';

// Story leads a visitor: where the story stands, one sentence why it matters, and one thing to do next. The mark rings the
// place on the page where the same can be done by hand.
export function Story() {
  const {step, tale, world, me, chat, room, typed, pushing} = useStore();
  const [acting, setActing] = useState(false);
  useEffect(advance, [step, world, me, chat, room, typed]);
  const shown = steps()[step];
  useEffect(() => {
    document.body.dataset.mark = shown?.mark || '';
  }, [shown]);
  if (!shown) {
    return (
      <section className="story away" aria-label="Story">
        <span>One request's whole life, in two minutes:</span>
        {Object.entries(tales).map(([name, {title}]) => <button key={name} onClick={() => begin(name)}>{title}</button>)}
      </section>
    );
  }
  if (lost()) {
    return (
      <section className="story" aria-label="Story">
        <p><b>The story's request was {lost()}: that is another story.</b></p>
        <button className="primary next" onClick={() => begin(tale)}>Start again</button>
      </section>
    );
  }
  const act = async () => {
    setActing(true);
    try { await shown.act(); } finally { setActing(false); }
  };
  return (
    <section className="story" aria-label="Story">
      <span className="count">{step + 1}<small>/{steps().length}</small></span>
      <p aria-live="polite"><b>{shown.say}</b> <span>{shown.why}</span></p>
      <button className="primary next" disabled={acting || pushing} onClick={act}>{shown.label}</button>
      <button className="x" aria-label="Put the story away" title="Put the story away" onClick={() => set({step: -1})}>×</button>
    </section>
  );
}
