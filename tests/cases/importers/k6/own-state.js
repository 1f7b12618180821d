// What a module keeps from one iteration to the next, and what is thrown within an expression.
import http from 'k6/http';
import { fail } from 'k6';

const base = 'http://state.example';
let token = null;
let count = 0;

function signIn() {
  const reply = http.post(`${base}/login`, { user: 'ada' });
  if (reply.status !== 200) fail('no login');
  return reply.json('token');
}

function stock(path) {
  const reply = http.get(`${base}${path}`);
  if (reply.json('total') < 1) {
    throw new Error('nothing there');
  }
  return reply.json('total');
}

export default function () {
  if (!token) {
    token = signIn();
  }
  count++;
  http.get(`${base}/orders/${count}`, { headers: { Authorization: `Bearer ${token}` } });
  const before = count++;
  http.get(`${base}/between/${before}/${count}`);
  const text = [stock('/stock'), http.get(`${base}/after-stock`).status].join('-');
  http.get(`${base}/text/${text}`);
}
