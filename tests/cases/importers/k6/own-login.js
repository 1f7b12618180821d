import http from 'k6/http';
import { check, fail } from 'k6';

const BASE_URL = __ENV.BASE_URL || 'http://api.example:8080';

const jsonParams = { headers: { 'Content-Type': 'application/json' } };

export default function () {
  const payload = JSON.stringify({ username: 'ada', password: 'sesame', remember: true, tries: 3 });
  const login = http.post(`${BASE_URL}/login`, payload, jsonParams);

  if (!check(login, { 'logged in': (r) => r.status === 200 && r.json('token') !== '' })) {
    fail('no token, no test');
  }

  const token = login.json('token');
  const authParams = {
    ...jsonParams,
    headers: { ...jsonParams.headers, Authorization: `Bearer ${token}` },
    timeout: '10s',
  };

  const created = http.post(`${BASE_URL}/orders`, JSON.stringify({ sku: 'A-1', by: login.json().user.id }), authParams);
  const orderId = created.json().id;
  http.get(`${BASE_URL}/orders/${orderId}`, authParams);
  http.put(`${BASE_URL}/orders/${orderId}`, JSON.stringify({ id: orderId, state: 'paid' }), authParams);
  http.patch(`${BASE_URL}/orders/${orderId}`, '{"note":"a \\"quoted\\" one"}', authParams);
  http.del(`${BASE_URL}/orders/${orderId}`, null, authParams);
}
