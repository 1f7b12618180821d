import http from 'k6/http';
import { check } from 'k6';

const base = 'http://shop.example';

export default function () {
  http.get(base + '/');
  const responses = http.batch([
    ['GET', `${base}/style.css`],
    ['GET', `${base}/app.js`, null, { tags: { name: 'script' } }],
    { method: 'POST', url: `${base}/visit`, body: { page: 'home', ref: 'a b&c' }, params: { headers: { 'X-Visit': '1' } } },
    `${base}/logo.png`,
  ]);
  check(responses[0], { 'style is there': (r) => r.status === 200 });

  const named = http.batch({
    front: `${base}/front`,
    about: { method: 'GET', url: `${base}/about` },
  });
  check(named.front, { ok: (r) => r.status == 200 });
}
