// Retries, optional values and lists put together, as people write them.
import http from 'k6/http';
import { check, sleep } from 'k6';

const config = Object.freeze({
  base: 'http://retries.example',
  headers: Object.assign({}, { Accept: 'application/json' }, { 'X-App': ['web', 'v2'].join('/') }),
  routes: { user: (id) => `/users/${id}`, search: '/search' },
});

const url = (path, query = {}) => {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
  return config.base + path + (pairs.length ? `?${pairs.join('&')}` : '');
};

function withRetry(send, most = 3) {
  let reply;
  for (let attempt = 1; attempt <= most; attempt++) {
    reply = send(attempt);
    if (reply.status === 200) break;
    sleep(0.01 * attempt);
  }
  return reply;
}

export default function main() {
  const { base, headers } = config;
  const reply = withRetry((n) => http.get(url('/flaky', { try: n }), { headers }));
  const { id, user: { id: owner } = {}, missing = 'none' } = reply.json();
  http.get(base + config.routes.user(owner), { headers });
  http.get(url(config.routes.search, { q: 'a b', page: 1, none: null }));
  const filters = [['color', 'red'], ['size', 'XL']];
  const body = filters.reduce((all, [key, value]) => ({ ...all, [key]: value.toLowerCase() }), { id });
  const put = http.put(url(`/filters/${missing}`), JSON.stringify(body), {
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
  });
  check(put, {
    ok: (r) => [200, 201, 204].includes(r.status),
    'id is there': (r) => !!r.json('id'),
    'two items': (r) => r.json('items').length === 2,
    'type is json': (r) => r.headers['Content-Type'].indexOf('json') !== -1,
  });
  const ids = put.json('items').map((item) => item.id);
  http.post(`${base}/first`, JSON.stringify({ kind: put.json('kind') || 'small', note: `no. ${put.json('total')}` }), {
    headers: { 'Content-Type': 'application/json' },
  });
  let page = 1;
  let more = true;
  do {
    const list = http.get(`${base}/list?page=${page}&try=${page}`, { headers, tags: { name: 'list' } });
    more = list.json('n') < 3;
    page++;
  } while (more && page < 6);
  const status = put.status === 200 ? 'good' : 'bad';
  http.get(`${base}/end/${status}/${page}`);
  try {
    JSON.parse('{broken');
  } catch (error) {
    http.get(`${base}/caught`);
  } finally {
    http.get(`${base}/finally`);
  }
}
