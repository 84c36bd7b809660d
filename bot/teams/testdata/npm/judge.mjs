// Reads cards by name and writes what Microsoft's parser has against each, as a JSON object of lists.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AC = createRequire(import.meta.url)('./node_modules/adaptivecards/dist/adaptivecards.min.js');

const out = {};
for (const [name, card] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
  const parsed = new AC.AdaptiveCard();
  const context = new AC.SerializationContext(AC.Versions.v1_5);
  parsed.parse(card, context);
  out[name] = [];
  for (let i = 0; i < context.eventCount; i++) out[name].push(context.getEventAt(i).message);
  for (const e of parsed.validateProperties().validationEvents) out[name].push(e.message);
  const kept = JSON.stringify(parsed.toJSON()).length;
  if (kept < JSON.stringify(card).length / 2) out[name].push(`only ${kept} bytes of it were understood`);
}
console.log(JSON.stringify(out));
