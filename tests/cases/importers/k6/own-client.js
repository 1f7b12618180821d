import { sleep, group, check } from 'k6';
import { ApiClient } from './lib/api-client.js';
import { config } from './lib/environments.js';
import { randomItem, randomIntBetween, uuidv4 } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';
import { SharedArray } from 'k6/data';
import exec from 'k6/execution';

const users = new SharedArray('users', () => JSON.parse(open('./data/users.json')));
export const options = {
  scenarios: {
    browse: { executor: 'ramping-vus', startVUs: 0, stages: [{ duration: '10s', target: 5 }, { duration: '20s', target: 5 }], gracefulRampDown: '5s', exec: 'browse', tags: { kind: 'read' } },
  },
  thresholds: { http_req_failed: ['rate<0.01'], 'http_req_duration{kind:read}': ['p(95)<500', 'avg<300'], checks: ['rate>0.99'] },
};

export function browse() {
  const user = users[exec.scenario.iterationInTest % users.length];
  const api = new ApiClient({ headers: { 'X-Trace': 'suite' } }).login(user.name, user.password);
  group('catalogue', () => {
    const list = api.get('/products?limit=10&sort=price');
    check(list, { 'has items': (r) => r.json('items').length > 0, 'is json': (r) => r.headers['Content-Type'].includes('json') });
    const first = list.json('items.0.id');
    const detail = api.get(`/products/${first}`, { tags: { name: 'product detail' } });
    group('reviews', () => {
      api.get(`/products/${first}/reviews`, { headers: { 'If-None-Match': detail.headers['Etag'] } });
    });
  });
  const order = api.post('/orders', { items: [{ product: 11, quantity: 2 }], note: config.name });
  const orderId = order.json().id;
  api.put(`/orders/${orderId}`, { state: 'paid', uuid: order.json('uuid') });
  api.del(`/orders/${orderId}`);
  sleep(randomIntBetween(1, 2) / 100);
}
export function handleSummary(data) { return { 'summary.json': JSON.stringify(data, null, 2) }; }
export default browse;
