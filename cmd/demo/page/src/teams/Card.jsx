// An Adaptive Card, drawn by Microsoft's adaptivecards. It is drawn anew only if it has changed, so that what was filled in
// stays and no button is replaced under the finger. The library's Markdown stays off: what people wrote is shown as it is.
import {useLayoutEffect, useRef} from 'react';
import {AdaptiveCard} from 'adaptivecards';
import {host} from './host.js';

export function Card({card, act}) {
  const box = useRef(null);
  const doing = useRef(act);
  doing.current = act;
  useLayoutEffect(() => {
    const drawn = new AdaptiveCard();
    drawn.hostConfig = host;
    drawn.onExecuteAction = (action) => {
      const filled = Object.fromEntries(drawn.getAllInputs().map((input) => [input.id, String(input.value ?? '')]));
      doing.current(action.title, filled);
    };
    drawn.parse(structuredClone(card));
    box.current.replaceChildren(drawn.render());
  }, [card]);
  return <div ref={box} />;
}
