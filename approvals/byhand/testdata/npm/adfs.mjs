// Runs scripts for AD FS against a farm that is emulated here. Reads a JSON array of {script, apply, farm} from standard
// input and writes for each what it put out, what it threw, what it saved, how often it wrote, and the farm afterwards.
import { readFileSync } from "node:fs";
import v8 from "node:v8";
import { Language, Parser } from "web-tree-sitter";
import { Thrown, run, text } from "./powershell.mjs";

v8.setFlagsFromString("--liftoff-only"); // the grammar is large: optimising it takes seconds, using it does not
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load("node_modules/tree-sitter-powershell/tree-sitter-powershell.wasm"));
const results = [];
for (const { script, apply, farm } of JSON.parse(readFileSync(0, "utf8"))) {
  const got = { out: [], thrown: "", saved: {}, writes: 0, farm };
  const trust = (identifier) => farm.trusts.find((t) => t.identifiers.includes(identifier));
  const shown = (t) => ({ name: t.name, identifier: t.identifiers, accesscontrolpolicyname: t.policy || null, additionalauthenticationrules: t.rules || null });
  const cmdlets = {
    "get-adfsadditionalauthenticationrule": () => [{ additionalauthenticationrules: farm.everywhere || null }],
    "get-adfsrelyingpartytrust": ({ identifier }) => { const t = trust(identifier); return t ? [shown(t)] : []; },
    "set-adfsrelyingpartytrust": ({ targetidentifier, additionalauthenticationrules }) => {
      const t = trust(targetidentifier);
      if (!t) throw new Thrown("no such trust");
      if (t.fails) throw new Thrown("MSIS7612");
      t.rules = additionalauthenticationrules;
      got.writes++;
      return [];
    },
    "set-content": ({ path, value, encoding }) => {
      if (encoding !== "UTF8") throw new Error("the encoding is " + encoding);
      if (!/^[A-Za-z0-9-]+\.txt$/.test(path)) throw new Error("it saves in " + path);
      got.saved[path] = value;
      return [];
    },
    "get-date": () => [{ touniversaltime: () => ({ tostring: () => "20261125T100000Z" }) }],
  };
  try {
    got.out = run(parser.parse(script), script, { Apply: apply }, cmdlets).map(text);
  } catch (e) {
    if (!(e instanceof Thrown)) throw e;
    got.thrown = e.message;
  }
  results.push(got);
}
process.stdout.write(JSON.stringify(results));
