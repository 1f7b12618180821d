import http from 'k6/http';
import { check, group, sleep } from 'k6';

export const options = {
  vus: 5,
  duration: '30s',
  thresholds: {
    http_req_duration: ['p(95)<500', 'avg<200'],
    http_req_failed: ['rate<0.01'],
    'http_req_duration{name:front page}': ['max<2000'],
    'http_req_duration{group:::catalogue}': [{ threshold: 'p(99) < 1500', abortOnFail: true, delayAbortEval: '10s' }],
    checks: ['rate>0.95'],
    http_reqs: ['count>=1'],
  },
};

const BASE_URL = 'http://shop.example';

export default function () {
  const res = http.get(`${BASE_URL}/`, { tags: { name: 'front page' } });
  check(res, {
    'status is 200': (r) => r.status === 200,
    'is quick': (r) => r.timings.duration < 500,
    'has a title': (r) => r.body.includes('<title>') && !r.body.includes('error'),
    'is html': (r) => r.headers['Content-Type'].includes('html'),
    'not too big': (r) => r.body.length < 100000,
  });

  group('catalogue', () => {
    const list = http.get(`${BASE_URL}/products?page=1&size=20`);
    check(list, {
      'ok or not modified': (r) => r.status === 200 || r.status === 304,
      'has items': (r) => r.json().items.length > 0,
      'first is a lamp': (r) => r.json('items.0.name') === 'Lamp',
      'has a total': (r) => r.json().total !== undefined,
      'total is a number': (r) => typeof r.json().total === 'number',
    });
    sleep(0.01);
    http.del(`${BASE_URL}/basket/7`, null, { headers: { 'X-Reason': 'changed my mind' } });
  });
}
