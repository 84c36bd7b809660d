// Times and names in words.
const clock = {hour: '2-digit', minute: '2-digit'};
const days = (a, b) => Math.round((new Date(a).setHours(0, 0, 0, 0) - new Date(b).setHours(0, 0, 0, 0)) / 864e5);

export const time = (at) => new Date(at).toLocaleTimeString(undefined, clock);
export const moment = (at) => new Date(at).toLocaleString(undefined, {weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', ...clock});

// stamp is short: the time today, the day and the time otherwise.
export const stamp = (at, now) => (days(at, now) === 0 ? time(at)
  : new Date(at).toLocaleString(undefined, {day: 'numeric', month: 'short', ...clock}));

// until says how far away a moment is.
export function until(at, now) {
  const s = Math.round((new Date(at) - new Date(now)) / 1000);
  if (s <= 1) return 'now';
  const [n, unit] = s < 120 ? [s, 'second'] : s < 7200 ? [s / 60, 'minute'] : s < 48 * 3600 ? [s / 3600, 'hour'] : [s / 86400, 'day'];
  return `in ${Math.round(n)} ${unit}${Math.round(n) === 1 ? '' : 's'}`;
}

// slackDate fills the tokens of a date element, as Slack's client does in the reader's own zone.
export function slackDate(seconds, format, now) {
  const at = new Date(seconds * 1000);
  const day = (style, pretty) => {
    const near = {0: 'today', 1: 'tomorrow', [-1]: 'yesterday'}[days(at, now)];
    if (pretty && near) return near;
    return at.toLocaleDateString(undefined, style);
  };
  const long = {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric'};
  const plain = {day: 'numeric', month: 'long', year: 'numeric'};
  const short = {day: 'numeric', month: 'short', year: 'numeric'};
  const tokens = {
    date_num: at.toISOString().slice(0, 10), date: day(plain), date_pretty: day(plain, true), date_short: day(short),
    date_short_pretty: day(short, true), date_long: day(long), date_long_pretty: day(long, true),
    time: time(at), time_secs: at.toLocaleTimeString(),
  };
  return format.replace(/\{(\w+)\}/g, (all, token) => tokens[token] ?? all);
}
