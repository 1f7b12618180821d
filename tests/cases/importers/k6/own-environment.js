import http from 'k6/http';
import { check, sleep, fail } from 'k6';
import { Rate } from 'k6/metrics';
const env = __ENV.ENVIRONMENT || 'dev';
let BASE_URL;
switch (env) {
  case 'prod': BASE_URL = 'http://prod.example'; break;
  case 'dev': BASE_URL = 'http://rich.example'; break;
  default: throw new Error('bad env');
}
let API = 'http://rich.example';
if (__ENV.API === 'two') { API = 'http://rich.example'; } else if (__ENV.API) { API = __ENV.API; }
const THRESHOLD = Number(__ENV.P95 || 500);
const USERS = parseInt(__ENV.USERS, 10) || 3;
const DEBUG = __ENV.DEBUG === 'true';
const PROFILES = { smoke: { vus: 1, duration: '5s' }, load: { stages: [{ duration: '1m', target: 20 }] } };
export const options = { ...PROFILES[__ENV.PROFILE || 'smoke'], thresholds: { http_req_duration: [`p(95)<${THRESHOLD}`] }, tags: { env } };
const creds = { user: __ENV.USERNAME || 'ada', pass: __ENV.PASSWORD || 'secret-1' };
function url(path, query) {
  const q = query ? '?' + Object.entries(query).filter(([, v]) => v !== undefined && v !== null).map(([k, v]) => k + '=' + encodeURIComponent(v)).join('&') : '';
  return `${BASE_URL}/${path.replace(/^\//, '')}${q}`;
}
export default function () {
  const r = http.post(url('/login'), { username: creds.user, password: creds.pass });
  if (r.status !== 200) { fail('login ' + r.status); }
  const h = { headers: { Authorization: `Bearer ${r.json('token')}` } };
  http.get(url('items', { page: 1, q: 'a b', none: undefined, n: null }), h);
  http.get(`${API}/health`);
  for (let i = 0; i < USERS; i++) { http.get(url(`users/${i}`), h); }
  if (DEBUG) { console.log(r.body); http.get(`${API}/debug`); }
  const loc = http.post(`${API}/things`, '{}', { headers: { 'Content-Type': 'application/json' } });
  const id = loc.headers['Location'].split('/').pop();
  http.get(`${API}/things/${id}`);
  const path = loc.json('links.self').replace('http://rich.example', '');
  http.get(`${API}${path}`);
  const rid = loc.headers['X-Request-Id'].substring(3);
  http.get(`${API}/req/${rid}?n=${loc.json('items').length}`);
  const items = loc.json('items');
  const any = items[Math.floor(Math.random() * items.length)];
  http.get(`${API}/any?ok=${any.id > 10 ? 1 : 0}`);
  const tags = loc.json('tags').join('-');
  http.get(`${API}/tags?t=${tags}&first=${loc.json('tags')[0]}&last=${loc.json('tags').slice(-1)[0]}`);
  sleep(Number(__ENV.THINK || 0.01));
}
