import http from 'k6/http';
import { check } from 'k6';

const API = 'http://api.example';

export function setup() {
  const res = http.post(`${API}/tenants`, JSON.stringify({ name: 'acme' }), {
    headers: { 'Content-Type': 'application/json' },
  });
  return { tenant: res.json('id'), token: res.json('token'), page: 2 };
}

export default function (data) {
  const params = { headers: { Authorization: `Bearer ${data.token}` } };
  const res = http.get(`${API}/tenants/${data.tenant}/users?page=${data.page}`, params);
  check(res, { 'is of the tenant': (r) => r.json('id') == data.tenant });
}

export function teardown(data) {
  http.del(`${API}/tenants/${data.tenant}`);
}
