import http from 'k6/http';

const BASE = 'http://api.example';

function login() {
  const res = http.post(`${BASE}/login`, { user: 'ada' });
  if (res.status !== 200) throw new Error('no login');
  return res.json('token');
}

function nested(res) {
  if (res.json('id') === 42) {
    if (res.json('state') === 'done') {
      http.get(`${BASE}/in`);
      return;
    }
  }
  http.get(`${BASE}/not-left`);
}

function first(res) {
  for (const key of ['total', 'id', 'n']) {
    if (res.json(key) === 42) return key;
  }
  return 'none';
}

export default function () {
  const token = login();
  http.get(`${BASE}/me`, { headers: { Authorization: `Bearer ${token}` } });
  const res = http.get(`${BASE}/jobs`);
  nested(res);
  http.get(`${BASE}/first/${first(res)}`);
  http.get(`${BASE}/page/${res.json('page') || 7}/${res.json('size') ?? 'all'}/${res.json('id') || 1}`);
  for (const word of ['a', 'b', 'c']) {
    if (res.json('state') === 'done' && word === 'b') break;
    http.get(`${BASE}/word/${word}`);
  }
  try {
    JSON.parse('nope{');
    http.get(`${BASE}/never`);
  } catch (e) {
    http.get(`${BASE}/caught`);
  }
  try {
    if (res.json('id') === 42) throw new Error('x');
    http.get(`${BASE}/not-thrown`);
  } catch (e) {
    http.get(`${BASE}/caught-too`);
  } finally {
    http.get(`${BASE}/finally`);
  }
  do {
    const next = http.get(`${BASE}/next`);
    if (next.json('id') === 42) break;
  } while (true);
  http.get(`${BASE}/end`);
}
