import http from 'k6/http';
import { check, sleep } from 'k6';
const BASE_URL = 'http://rich.example';
let tokens = { access: 'expired', refresh: 'r0' };
function authHeaders(extra) { return { headers: Object.assign({ Authorization: `Bearer ${tokens.access}`, Accept: 'application/json' }, extra || {}) }; }
function refresh() {
  const res = http.post(`${BASE_URL}/auth/refresh`, JSON.stringify({ refresh_token: tokens.refresh }), { headers: { 'Content-Type': 'application/json' } });
  if (!check(res, { 'refreshed': (r) => r.status === 200 })) { return false; }
  tokens = { access: res.json('access_token'), refresh: res.json('refresh_token') };
  return true;
}
function withAuth(fn) {
  let res = fn(authHeaders());
  if (res.status === 401) {
    if (refresh()) res = fn(authHeaders());
  }
  return res;
}
function retry(fn, { times = 3, ok = (r) => r.status < 400 } = {}) {
  let last;
  for (let i = 1; i <= times; i++) {
    last = fn(i);
    if (ok(last)) return last;
    if (i < times) sleep(0.01);
  }
  return last;
}
export default function () {
  const me = withAuth((params) => http.get(`${BASE_URL}/me`, params));
  check(me, { ok: (r) => r.status === 200 }) || console.error('no me');
  const orders = withAuth((p) => http.get(`${BASE_URL}/orders`, p));
  const id = orders.json('items[0].id') || orders.json('items.0.id');
  withAuth((p) => http.del(`${BASE_URL}/orders/${id}`, null, p));
  const done = retry((n) => http.get(`${BASE_URL}/flaky?try=${n}`, { headers: { 'X-Try': `${n}` } }));
  http.get(`${BASE_URL}/after/${done.json('n')}`);
  let thing = http.get(`${BASE_URL}/missing`);
  if (thing.status === 404) { thing = http.post(`${BASE_URL}/things`, JSON.stringify({ name: 'x' })); }
  http.get(`${BASE_URL}/things/${thing.json('id')}`);
  sleep(0.1);
}
