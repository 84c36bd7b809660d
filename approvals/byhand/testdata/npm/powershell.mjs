// Runs the part of PowerShell that hallpass writes scripts in, on the syntax trees of tree-sitter-powershell, with cmdlets
// that the caller gives. What it does not know is an error, never passed over. It has the rules of PowerShell that scripts
// trip over: output that is collected and unrolled, one item that is no list, comparisons without case, dynamic scope.
import { createHash } from "node:crypto";

export class Thrown extends Error {}
class Char { constructor(c) { this.c = c; } }
class Block { constructor(node, scope) { this.node = node; this.scope = scope; } }
class Return { constructor(out) { this.out = out; } }
const CONTINUE = Symbol("continue");

// plain is the tree as plain values, without comments: the parser's own nodes are slow to walk again and again.
const plain = (n, source) => ({
  type: n.type, text: source.slice(n.startIndex, n.endIndex), row: n.startPosition.row + 1,
  kids: n.children.filter((c) => c.type !== "comment").map((c) => plain(c, source)),
});
const kids = (n) => n.kids;
const of = (n, type) => n.kids.find((c) => c.type === type);
const unknown = (n, what = n.type) => { throw new Error(`line ${n.row}: this is not known here: ${what}: ${n.text.slice(0, 60)}`); };

export const text = (v) => {
  if (v === null || v === undefined) return "";
  if (v instanceof Char) return v.c;
  if (Array.isArray(v)) return v.map(text).join(" ");
  if (typeof v === "boolean") return v ? "True" : "False";
  if (typeof v === "object") throw new Error("an object is used as text");
  return String(v);
};
const truth = (v) => (Array.isArray(v) ? (v.length === 1 ? truth(v[0]) : v.length > 1) : Boolean(v));
const each = (v) => (v === null || v === undefined ? [] : Array.isArray(v) ? v : [v]);
const collected = (out) => (out.length === 0 ? null : out.length === 1 ? out[0] : out); // what commands put out, as a value
const same = (a, b, cased) => {
  if (Array.isArray(a)) throw new Error("a list is compared: that selects from it");
  if (a === null || b === null) return a === b;
  if (typeof a === "number") return a === Number(text(b));
  if (typeof a === "boolean") return a === truth(b);
  const [x, y] = [text(a), text(b)];
  return cased ? x === y : x.toLowerCase() === y.toLowerCase();
};
const escape = (s) => s.replace(/[\\*+?|{}[\]()^$.#\s]/g, (c) => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" }[c] ?? (c === "}" || c === "]" ? c : `\\${c}`)));

const statics = {
  "regex.escape": (s) => escape(text(s)),
  "regex.ismatch": (s, p) => new RegExp(text(p)).test(text(s)),
  "regex.replace": (s, p, r) => { if (text(r).includes("$")) throw new Error("a $ in what replaces"); return text(s).replace(new RegExp(text(p), "g"), text(r)); },
  "security.cryptography.sha256.create": () => ({ computehash: (bytes) => [...createHash("sha256").update(Buffer.from(bytes)).digest()] }),
  "convert.frombase64string": (s) => [...Buffer.from(text(s), "base64")],
};
const values = {
  "environment.newline": "\r\n",
  "text.encoding.utf8": { getbytes: (s) => [...Buffer.from(text(s), "utf8")], getstring: (bytes) => Buffer.from(bytes).toString("utf8") },
};
const strings = {
  tochararray: (s) => [...s].length === s.length ? [...s].map((c) => new Char(c)) : Array.from({ length: s.length }, (_, i) => new Char(s[i])),
  trim: (s) => s.trim(), trimend: (s) => s.trimEnd(), contains: (s, part) => s.includes(text(part)), endswith: (s, end) => s.endsWith(text(end)),
  substring: (s, from, n) => {
    if (from < 0 || from > s.length || (n !== undefined && from + n > s.length)) throw new Thrown("ArgumentOutOfRangeException");
    return n === undefined ? s.slice(from) : s.slice(from, from + n);
  },
};

// run runs a script, whose tree the parser gave. Cmdlets are functions, by name in lower case, of their parameters by name in lower case and their
// positional arguments; they return what they put out, as a list. It gives what the script puts out.
export function run(tree, source, parameters, cmdlets) {
  const functions = new Map();
  const root = { vars: new Map([["true", true], ["false", false], ["null", null]]), up: null };
  for (const [k, v] of Object.entries(parameters)) root.vars.set(k.toLowerCase(), v);
  const find = (scope, name) => { for (let s = scope; s; s = s.up) if (s.vars.has(name)) return s.vars.get(name); return null; };

  function exec(n, scope, out) {
    switch (n.type) {
      case "program": case "statement_list": case "script_block": case "script_block_body":
        for (const c of kids(n)) exec(c, scope, out);
        return;
      case "statement_block":
        for (const c of kids(n)) if (c.type !== "{" && c.type !== "}") exec(c, scope, out);
        return;
      case "param_block": case "empty_statement":
        return;
      case "function_statement": {
        const names = (of(n, "function_parameter_declaration") ? params(of(n, "function_parameter_declaration")) : []);
        functions.set(of(n, "function_name").text.toLowerCase(), { names, body: of(n, "script_block") });
        return;
      }
      case "if_statement": {
        if (truth(ev(of(n, "pipeline"), scope))) return exec(of(n, "statement_block"), scope, out);
        for (const c of of(n, "elseif_clauses") ? kids(of(n, "elseif_clauses")) : []) {
          if (truth(ev(of(c, "pipeline"), scope))) return exec(of(c, "statement_block"), scope, out);
        }
        if (of(n, "else_clause")) exec(of(of(n, "else_clause"), "statement_block"), scope, out);
        return;
      }
      case "foreach_statement": {
        const name = of(n, "variable").text.slice(1).toLowerCase();
        for (const item of each(ev(of(n, "pipeline"), scope))) {
          scope.vars.set(name, item);
          if (loop(of(n, "statement_block"), scope, out)) continue;
        }
        return;
      }
      case "for_statement":
        for (ev(of(n, "for_initializer"), scope); truth(ev(of(n, "for_condition"), scope)); ev(of(n, "for_iterator"), scope)) {
          loop(of(n, "statement_block"), scope, out);
        }
        return;
      case "flow_control_statement": {
        const [word, value] = kids(n);
        if (word.type === "continue") throw CONTINUE;
        if (word.type === "throw") throw new Thrown(text(ev(value, scope)));
        if (word.type !== "return") unknown(n);
        const back = [];
        if (value) exec(value, scope, back);
        throw new Return(back);
      }
    }
    const value = ev(n, scope, true);
    if (value !== undefined) out.push(...(Array.isArray(value) ? value : [value])); // a list is put out item by item
  }

  function loop(block, scope, out) {
    try { exec(block, scope, out); } catch (e) { if (e !== CONTINUE) throw e; return true; }
    return false;
  }

  function params(n) {
    return kids(of(n, "parameter_list")).filter((c) => c.type === "script_parameter").map((p) => ({
      name: of(p, "variable").text.slice(1).toLowerCase(), type: of(p, "attribute_list")?.text.toLowerCase(),
    }));
  }

  // body runs a block or a function in a scope of its own and gives what it puts out.
  function body(node, scope, vars) {
    const out = [];
    try { exec(node, { vars: new Map(vars), up: scope }, out); } catch (e) {
      if (!(e instanceof Return)) throw e;
      out.push(...e.out);
    }
    return out;
  }

  function command(n, scope, input) {
    const name = of(n, "command_name").text.toLowerCase();
    const named = {}, positional = [];
    let waits = "";
    for (const c of of(n, "command_elements") ? kids(of(n, "command_elements")) : []) {
      if (c.type === "command_argument_sep") continue;
      if (c.type === "command_parameter") {
        if (waits) named[waits] = true;
        waits = c.text.slice(1).toLowerCase();
        continue;
      }
      const value = c.type === "generic_token" ? c.text : ev(c, scope);
      if (waits) { named[waits] = value; waits = ""; } else positional.push(value);
    }
    if (waits) named[waits] = true;
    if (functions.has(name)) {
      const f = functions.get(name);
      if (Object.keys(named).length || positional.length > f.names.length) unknown(n, "arguments of " + name);
      return body(f.body, scope, f.names.map((p, i) => [p.name, p.type === "[string]" ? text(positional[i]) : positional[i]]));
    }
    switch (name) {
      case "where-object": return input.filter((x) => truth(collected(body(positional[0].node, scope, [["_", x]]))));
      case "foreach-object": return input.flatMap((x) => body(positional[0].node, scope, [["_", x]]));
      case "write-output": return positional.flatMap((v) => (Array.isArray(v) ? v : [v]));
    }
    if (!cmdlets[name]) unknown(n, "the cmdlet " + name);
    return cmdlets[name](named, positional);
  }

  // ev gives the value of an expression; undefined for a statement that puts out nothing, where that is asked for.
  function ev(n, scope, statement = false) {
    const c = kids(n);
    switch (n.type) {
      case "assignment_expression": {
        const name = c[0].text.slice(1).toLowerCase();
        if (!/^\$\w+$/.test(c[0].text)) unknown(n);
        let v = ev(c[2], scope) ?? null;
        if (c[1].text === "+=") v = add(find(scope, name), v); else if (c[1].text !== "=") unknown(n);
        scope.vars.set(name, v);
        return undefined;
      }
      case "post_increment_expression": {
        const name = c[0].text.slice(1).toLowerCase();
        scope.vars.set(name, find(scope, name) + 1);
        return undefined;
      }
      case "command": { const out = command(n, scope, []); return statement && out.length === 0 ? undefined : collected(out); }
      case "pipeline_chain": {
        if (c.length === 1) return ev(c[0], scope, statement);
        let out = c[0].type === "command" ? command(c[0], scope, []) : each(ev(c[0], scope));
        for (const next of c.slice(1)) if (next.type === "command") out = command(next, scope, out); else if (next.type !== "|") unknown(next);
        return statement && out.length === 0 ? undefined : collected(out);
      }
      case "parenthesized_expression": return ev(c[1], scope);
      case "array_expression": { const out = []; for (const x of c.slice(1, -1)) exec(x, scope, out); return out; }
      case "script_block_expression": return new Block(of(n, "script_block"), scope);
      case "variable": {
        const name = n.text.slice(1).toLowerCase();
        if (!/^\w+$/.test(name)) unknown(n);
        return find(scope, name);
      }
      case "verbatim_string_characters": return n.text.slice(1, -1).replaceAll("''", "'");
      case "decimal_integer_literal": return Number(n.text);
      case "$_": return find(scope, "_");
    }
    if (c.length === 1) return ev(c[0], scope, statement);
    switch (n.type) {
      case "array_literal_expression": return c.filter((x) => x.type !== ",").map((x) => ev(x, scope));
      case "expression_with_unary_operator": if (c[0].text === "-not") return !truth(ev(c[1], scope)); if (c[0].text === "-") return -ev(c[1], scope); break;
      case "cast_expression": return cast(n, c[0].text.toLowerCase(), ev(c[1], scope));
      case "member_access": return member(n, c, scope);
      case "invokation_expression": return invoke(n, c, scope);
      case "element_access": {
        const [list, index] = [ev(c[0], scope), ev(c[2], scope)];
        const at = (i) => (typeof list === "string" ? new Char(list[i]) : list[i] ?? null);
        return Array.isArray(index) ? index.map(at) : at(index);
      }
    }
    if (c.length === 3 && /expression$/.test(n.type)) return binary(n, c, scope);
    return unknown(n);
  }

  function cast(n, type, v) {
    switch (type) {
      case "[string]": return text(v);
      case "[char]": return new Char(String.fromCharCode(v));
    }
    return unknown(n);
  }

  const typeName = (n) => n.text.slice(1, -1).toLowerCase().replace(/^system\./, "");

  function member(n, c, scope) {
    const name = c[2].text.toLowerCase();
    if (c[0].type === "type_literal") {
      const v = values[`${typeName(c[0])}.${name}`];
      return v === undefined ? unknown(n) : v;
    }
    const v = ev(c[0], scope);
    if (v === null) return null;
    if (name === "count" || name === "length") {
      if (Array.isArray(v) || typeof v === "string" && name === "length") return v.length;
      if (name === "count") return 1;
    }
    if (Array.isArray(v)) return v.flatMap((x) => x?.[name] ?? []);
    if (typeof v !== "object" || !(name in v)) return unknown(n, "the member " + name);
    return v[name];
  }

  function invoke(n, c, scope) {
    const name = c[2].text.toLowerCase();
    const list = of(c[3], "argument_expression_list");
    const args = list ? kids(list).filter((x) => x.type !== ",").map((x) => ev(x, scope)) : [];
    if (c[0].type === "type_literal") {
      const f = statics[`${typeName(c[0])}.${name}`];
      return f ? f(...args) : unknown(n);
    }
    const v = ev(c[0], scope);
    if (v === null) throw new Thrown("You cannot call a method on a null-valued expression.");
    if (typeof v === "string" && strings[name]) return strings[name](v, ...args);
    if (typeof v === "number" && name === "tostring" && args[0] === "x2") return v.toString(16).padStart(2, "0");
    if (typeof v === "object" && typeof v[name] === "function") return v[name](...args);
    return unknown(n, "the method " + name);
  }

  function add(a, b) {
    if (Array.isArray(a)) return [...a, ...(Array.isArray(b) ? b : [b])];
    if (typeof a === "number") return a + Number(text(b));
    if (a === null) return b;
    if (typeof a === "string") return a + text(b);
    throw new Error("this cannot be added to");
  }

  function binary(n, [l, op, r], scope) {
    switch (op.text.toLowerCase()) {
      case "-and": return truth(ev(l, scope)) && truth(ev(r, scope));
      case "-or": return truth(ev(l, scope)) || truth(ev(r, scope));
    }
    const [a, b] = [ev(l, scope), ev(r, scope)];
    switch (op.text.toLowerCase()) {
      case "-eq": return same(a, b, false);
      case "-ne": return !same(a, b, false);
      case "-ceq": return same(a, b, true);
      case "-cne": return !same(a, b, true);
      case "-lt": return a < b;
      case "-gt": return a > b;
      case "-ge": return a >= b;
      case "+": return add(a, b);
      case "-": return a - b;
      case "..": return Array.from({ length: b - a + 1 }, (_, i) => a + i);
      case "-join": return each(a).map(text).join(text(b));
      case "-split": return text(a).split(new RegExp(text(b), "i"));
    }
    return unknown(op);
  }

  return body(plain(tree.rootNode, source), root, []);
}
