// Parses PowerShell scripts with the grammar tree-sitter-powershell. Reads a JSON array of scripts from standard input and
// writes for each what does not parse, and the strings in single quotes in it.
import { readFileSync } from "node:fs";
import v8 from "node:v8";
import { Language, Parser } from "web-tree-sitter";

v8.setFlagsFromString("--liftoff-only"); // the grammar is large: optimising it takes seconds, using it does not
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load("node_modules/tree-sitter-powershell/tree-sitter-powershell.wasm"));
const out = [];
for (const script of JSON.parse(readFileSync(0, "utf8"))) {
  const tree = parser.parse(script);
  const wrong = [], strings = [], commands = [];
  const walk = (node) => {
    if (node.isError || node.isMissing) wrong.push(`${node.startPosition.row + 1}:${node.startPosition.column + 1}: ${node.type}: ${node.text.slice(0, 80)}`);
    if (node.type === "verbatim_string_characters") strings.push(node.text);
    if (node.type === "command_name") commands.push(node.text);
    for (const child of node.children) walk(child);
  };
  walk(tree.rootNode);
  out.push({ wrong, strings, commands: [...new Set(commands)].sort() });
}
process.stdout.write(JSON.stringify(out));
