// The demo's page. All text comes in as text nodes, never as markup.
const $ = (q) => document.querySelector(q);
const el = (tag, props = {}, ...kids) => {
  const e = Object.assign(document.createElement(tag), props);
  for (const k of kids.flat()) if (k != null) e.append(k);
  return e;
};
let me = 'U0ANA', where = 'C0GENERAL', last = null, known = new Set(), shown = '', busy = 0, step = 0;

const post = async (body) => {
  busy++; document.querySelectorAll('.push button').forEach((b) => { b.disabled = true; });
  try {
    const r = await fetch('/api/do', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({as: me, ...body})});
    const out = await r.json();
    $('#problem').textContent = out.problem || '';
  } catch (e) { $('#problem').textContent = 'The demo does not answer: ' + e.message; } finally {
    busy--; if (!busy) document.querySelectorAll('.push button').forEach((b) => { b.disabled = false; });
  }
  await refresh();
};

const names = () => Object.fromEntries((last?.slack.users || []).map((u) => [u.id, u.real_name || u.name]));
const when = (unix) => new Date(unix * 1000).toLocaleString(undefined, {weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit'});

const piece = (s) => {
  if (s.type === 'date') return when(s.timestamp);
  if (s.type === 'user') return el('b', {textContent: '@' + (names()[s.user_id] || s.user_id)});
  const tag = s.style?.code ? 'code' : s.style?.bold ? 'b' : 'span';
  return el(tag, {textContent: s.text ?? ''});
};
const block = (b, ref) => {
  switch (b.type) {
    case 'header': return el('div', {className: 'bk-header', textContent: b.text.text});
    case 'rich_text': return el('div', {className: 'bk-rich'}, b.elements.map((s) => el('div', {className: s.type === 'rich_text_quote' ? 'bk-quote' : ''}, s.elements.map(piece))));
    case 'context': return el('div', {className: 'bk-context', textContent: b.elements.map((e) => e.text).join('  ')});
    case 'divider': return el('hr');
    case 'actions': return el('div', {className: 'bk-actions'}, b.elements.map((e) => el('button', {
      className: e.style || '', textContent: e.text.text,
      onclick: () => { if (!e.confirm || confirm(e.confirm.text.text)) post({do: 'click', ref: {...ref, block: b.block_id}, button: e.action_id}); },
    })));
  }
  return el('div', {textContent: '[' + b.type + ']'});
};
const message = (m) => {
  const bot = !names()[m.user] || m.blocks;
  const who = bot ? 'hallpass' : names()[m.user];
  const body = m.blocks?.length ? m.blocks.map((b) => block(b, {channel: m.channel, ts: m.ts})) : [el('div', {className: 'bk-rich', textContent: m.text})];
  return el('article', {className: 'msg' + (m.thread_ts && m.thread_ts !== m.ts ? ' thread' : '')},
    el('div', {className: 'face', textContent: who[0].toUpperCase()}),
    el('div', {}, el('div', {className: 'who'}, who + ' ', el('small', {textContent: when(parseFloat(m.ts))})),
      m.ephemeral ? el('div', {className: 'eph', textContent: 'Only visible to you'}) : null, body));
};

const field = (b, view) => {
  const e = b.element, id = 'f-' + b.block_id;
  let input;
  if (e.type === 'static_select') {
    input = el('select', {id}, e.options.map((o) => el('option', {value: o.value, textContent: o.text.text})));
  } else {
    input = el(e.multiline ? 'textarea' : 'input', {id, value: e.initial_value || '', maxLength: e.max_length || 3000, rows: 3});
  }
  input.dataset.block = b.block_id;
  const wrong = view.errors?.[b.block_id];
  return [el('label', {htmlFor: id, textContent: b.label.text + (b.optional ? ' (optional)' : '')}), input,
    b.hint ? el('div', {className: 'hint', textContent: b.hint.text}) : null, wrong ? el('div', {className: 'wrong', textContent: wrong}) : null];
};
const modal = (view) => {
  const d = $('#modal');
  const key = view ? view.id + view.hash + JSON.stringify(view.errors || {}) : '';
  if (key === shown) return;
  const kept = {};
  d.querySelectorAll('[data-block]').forEach((i) => { kept[i.dataset.block] = i.value; });
  const same = shown && view && shown.startsWith(view.id);
  shown = key;
  if (!view) { d.close(); return; }
  const submit = () => {
    const values = {};
    d.querySelectorAll('[data-block]').forEach((i) => { values[i.dataset.block] = i.value; });
    post({do: 'submit', view: view.id, values});
  };
  d.replaceChildren(el('h3', {textContent: view.title}), ...(view.blocks || []).flatMap((b) => b.type === 'input' ? field(b, view) : [block(b, {view: view.id})]).filter(Boolean),
    el('div', {className: 'foot'}, el('button', {textContent: 'Close', onclick: () => post({do: 'close'})}),
      view.submit ? el('button', {className: 'primary', textContent: view.submit, id: 'submit', onclick: submit}) : null));
  if (same) for (const i of d.querySelectorAll('[data-block]')) if (kept[i.dataset.block]) i.value = kept[i.dataset.block];
  if (!d.open) d.showModal();
};

const story = [
  ['You are Ana, an engineer. A workflow engine at 20.50.2.1 must call SharePoint.', 'Send the request', () => { me = 'U0ANA'; where = 'C0GENERAL'; return post({do: 'command', channel: where, text: 'ip 20.50.2.1 in trusted-servers for 30d because AgilePoint NX calls SharePoint'}); }],
  ['Bo, of network security, sees a card. He clicks Approve on it.', 'Be Bo', () => { me = 'U0BO'; where = 'C0NETSEC'; return refresh(); }],
  ['It needs one of security, too. Cleo clicks Approve on her card.', 'Be Cleo', () => { me = 'U0CLEO'; where = 'C0SECURITY'; return refresh(); }],
  ['Now hallpass writes the address into Entra ID and reads it back five times.', 'Push a minute', () => post({do: 'push', to: '1m'})],
  ['It is in force. Three days before its end Ana is reminded.', 'Push four weeks', async () => { await post({do: 'push', to: '672h'}); me = 'U0ANA'; await refresh(); where = dm(); return refresh(); }],
  ['Nobody renews it. At its end it is taken away, and that is verified.', 'Push a week', () => post({do: 'push', to: '168h'})],
  ['That was one request\'s whole life. Now try your own: as Ana type help, or try 10.1.2.3.', 'Again', () => { step = -1; return refresh(); }],
];
const dm = () => last?.slack.channels.find((c) => c.im === me)?.id || 'C0GENERAL';

const render = () => {
  const s = last;
  $('#clock').textContent = new Date(s.now).toLocaleString(undefined, {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit'});
  if (told !== step) { told = step; tell(); }
  $('#people').replaceChildren(...s.people.map((p) => el('button', {ariaCurrent: p.Slack === me, onclick: () => { me = p.Slack; if (!['C0GENERAL', 'home'].includes(where)) where = 'C0GENERAL'; refresh(); }}, p.Name, el('small', {textContent: p.Does}))));
  const places = [...s.slack.channels.map((c) => [c.id, c.im ? 'hallpass (direct)' : '# ' + c.name]), ['home', 'hallpass home']];
  $('#channels').replaceChildren(...places.map(([id, name]) => el('button', {ariaCurrent: id === where, textContent: name, onclick: async () => { where = id; if (id === 'home') await post({do: 'home'}); else refresh(); }})));
  $('#where').textContent = places.find(([id]) => id === where)?.[1] || '';
  // What has not changed is left alone: a button that is being clicked must not be replaced under the finger.
  const drawn = JSON.stringify([me, where, s.slack]);
  if (drawn !== painted) { painted = drawn; paint(s); }
  $('#composer').hidden = where === 'home';
  behind(s);
  modal(s.slack.modals?.at(-1));
};
let painted = '', told = -1;
const tell = () => {
  const [text, label, act] = story[step];
  $('#story').replaceChildren(el('b', {textContent: `${step + 1} of ${story.length}`}), el('span', {textContent: text}), el('button', {className: 'primary', id: 'next', textContent: label, onclick: async () => { await act(); step = (step + 1) % story.length; render(); }}));
};
const paint = (s) => {
  const list = $('#messages'), low = list.scrollTop + list.clientHeight > list.scrollHeight - 40;
  if (where === 'home') {
    list.replaceChildren(...(s.slack.home?.blocks || []).map((b) => block(b, {view: s.slack.home.id})));
  } else {
    const ms = (s.slack.channels.find((c) => c.id === where)?.messages || []).filter((m) => !m.deleted);
    const roots = ms.filter((m) => !m.thread_ts || m.thread_ts === m.ts);
    list.replaceChildren(...roots.flatMap((m) => [m, ...ms.filter((t) => t.thread_ts === m.ts && t.ts !== m.ts)]).map(message));
  }
  if (low) list.scrollTop = list.scrollHeight;
};
const behind = (s) => {
  const fresh = new Set();
  $('#tenant').replaceChildren(...[...s.tenant.locations, ...s.tenant.groups.filter((g) => g.name.includes('exempt'))].map((p) => el('div', {className: 'place'}, el('b', {textContent: p.name}),
    p.entries.length ? p.entries.map((e) => { const k = p.id + e; fresh.add(k); return el('code', {textContent: e, className: known.size && !known.has(k) ? 'new' : ''}); }) : el('small', {textContent: 'nothing'}))));
  if (!known.size) known = fresh;
  $('#due tbody').replaceChildren(...(s.due || []).filter((d) => d.lane !== 'chat').slice(0, 9).map((d) => el('tr', {className: d.claimed ? 'busy' : ''}, el('td', {textContent: d.member.replace('|', ' ').replace(/:([0-9a-f]{4})[0-9a-f-]+/, ' $1…')}), el('td', {textContent: new Date(d.at).toLocaleString()}))));
  $('#audit').replaceChildren(...(s.audit || []).slice(0, 25).map((r) => { const e = JSON.parse(r.entry); return el('li', {}, el('b', {textContent: (e.request || '') + ' ' + e.act + ' '}), el('span', {textContent: (e.name || '') + (e.from !== e.to && e.to ? ' → ' + e.to : '') + (e.detail?.what ? ': ' + e.detail.what : '')}), ' ', el('small', {textContent: new Date(e.at).toLocaleString() + '  #' + r.seq})); }));
};
const refresh = async () => {
  try { last = await (await fetch('/api/state?as=' + me)).json(); render(); } catch (e) { $('#problem').textContent = 'The demo does not answer: ' + e.message; }
};
$('#composer').addEventListener('submit', (e) => { e.preventDefault(); const t = $('#text'); const text = t.value; t.value = ''; post({do: 'command', channel: where, text}); });
document.querySelectorAll('[data-push]').forEach((b) => b.addEventListener('click', () => post({do: 'push', to: b.dataset.push})));
$('#modal').addEventListener('cancel', (e) => { e.preventDefault(); post({do: 'close'}); });
refresh(); setInterval(() => { if (!busy) refresh(); }, 1000);
