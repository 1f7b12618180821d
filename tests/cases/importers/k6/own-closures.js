import http from 'k6/http';
import { check, group, sleep } from 'k6';
const B = 'http://rich.example';
const steps = [
  { name: 'home', run: (ctx) => ctx.get('/home') },
  { name: 'list', run(ctx) { const r = ctx.get('/list'); ctx.ids = r.json().map((x) => x.id); } },
  { name: 'detail', run: (ctx) => ctx.get(`/item/${ctx.ids[0]}`), when: (ctx) => ctx.user === 'ada' },
  { name: 'never', run: (ctx) => ctx.get('/never'), when: () => false },
];
function makeContext(user) {
  const headers = new Map([['X-User', user]]);
  let count = 0;
  return { user, ids: [], get(path) { count += 1; return http.get(B + path, { headers: { ...Object.fromEntries(headers), 'X-Count': `${count}` } }); }, get total() { return count; } };
}
const compose = (...fns) => (x) => fns.reduce((v, f) => f(v), x);
const slug = compose((s) => s.toLowerCase(), (s) => s.replace(/\s+/g, '-'), (s) => encodeURIComponent(s));
const pad = (n) => String(n).padStart(2, '0');
const format = (d) => `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
const memo = {};
function once(key, fn) { if (!(key in memo)) memo[key] = fn(); return memo[key]; }
const weighted = [[0.7, 'a'], [0.3, 'b']];
export default function () {
  const ctx = makeContext('ada');
  for (const { name, run, when = () => true } of steps) { if (!when(ctx)) continue; group(name, () => run(ctx)); }
  const day = new Date(Date.now() + 24 * 60 * 60 * 1000);
  http.get(`${B}/day/${day.toISOString().split('T')[0]}/${format(day)}`);
  const week = new Date();
  week.setDate(week.getDate() + 7);
  http.get(`${B}/week/${week.toISOString().substring(0, 10)}`);
  const fixed = new Date(2024, 1, 28);
  fixed.setDate(fixed.getDate() + 2);
  http.get(`${B}/fixed/${format(fixed)}/${new Date(1700000000000).toISOString()}`);
  http.get(`${B}/slug/${slug('Hello Big World')}/${ctx.total}`);
  const t = once('t', () => http.post(`${B}/token`).json('token'));
  once('t', () => http.post(`${B}/token2`).json('token'));
  http.get(`${B}/memo/${t}`);
  const table = { a: () => http.get(`${B}/ta`), b: () => http.get(`${B}/tb`) };
  Object.keys(table).sort((x, y) => (x < y ? 1 : -1)).forEach((k) => table[k]());
  outer: for (let i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j === 2) continue outer; if (i === 2) break outer; http.get(`${B}/ij/${i}${j}`); } }
  const [first, ...rest] = 'a,b,c'.split(',');
  http.get(`${B}/rest/${first}/${rest.length}/${[...rest, 'z'].at(-1)}/${Math.max(...[1, 5, 3])}`);
  const o = { ['k' + 1]: 1, nested: { deep: [10, 20] } };
  const { nested: { deep: [, second = 5] }, missing = 'def' } = o;
  http.get(`${B}/d/${second}/${missing}/${o.k1}/${'nested' in o}/${delete o.k1}/${o.k1 === undefined}`);
  let s = ''; for (const c of 'abc') s = c + s; for (const k in { x: 1, y: 2 }) s += k;
  http.get(`${B}/s/${s}/${[1, [2, [3]]].flat(2).join('')}/${[3, 1, 2].map((x) => x * 2).filter((x) => x > 2).reduce((p, x) => p + x, 0)}`);
  var self = this; const big = 1_000 * 2 ** 3 % 7 | 1; http.get(`${B}/n/${big}/${~~5.7}/${(0.1 + 0.2).toFixed(2)}/${1 / 4}/${5 / 2 | 0}/${'5' * '2'}/${+'3' + 4}/${'a' + 1 + 2}/${null ?? 'n'}/${0 || 'z'}/${'' ?? 'e'}`);
}
