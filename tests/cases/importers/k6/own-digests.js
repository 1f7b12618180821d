import http from 'k6/http';
import encoding from 'k6/encoding';
import { b64decode } from 'k6/encoding';
import crypto, { hmac, sha256 } from 'k6/crypto';
import { check } from 'k6';
const KEY = 'key', SECRET = 's3cr3t';
function sign(method, path, body) {
  const payload = [method, path, body].join('\n');
  return crypto.hmac('sha256', SECRET, payload, 'hex');
}
function basic(u, p) { return 'Basic ' + encoding.b64encode(`${u}:${p}`); }
export default function () {
  const body = JSON.stringify({ amount: 12.5, currency: 'EUR' });
  http.post('http://rich.example/charge', body, { headers: { 'Content-Type': 'application/json', 'X-Signature': sign('POST', '/charge', body), 'X-Hash': sha256(body, 'base64'), Authorization: basic(KEY, SECRET) } });
  const jwtHeader = encoding.b64encode(JSON.stringify({ alg: 'HS256', typ: 'JWT' }), 'rawurl');
  const jwtPayload = encoding.b64encode(JSON.stringify({ sub: 'ada', iat: 1700000000 }), 'rawurl');
  const h = crypto.createHMAC('sha256', SECRET);
  h.update(`${jwtHeader}.${jwtPayload}`);
  const jwt = `${jwtHeader}.${jwtPayload}.${h.digest('base64rawurl')}`;
  http.get('http://rich.example/me', { headers: { Authorization: `Bearer ${jwt}` } });
  const res = http.get('http://rich.example/nonce');
  const nonce = res.json('uuid');
  http.get(`http://rich.example/signed?sig=${hmac('sha256', SECRET, nonce, 'hex')}&md5=${crypto.md5(nonce, 'hex')}`);
  const decoded = b64decode('aGVsbG8=', 'std', 's');
  http.get(`http://rich.example/${decoded}`);
  const parts = 'aGVhZA.eyJzdWIiOiJhZGEifQ.c2ln'.split('.');
  const claims = JSON.parse(encoding.b64decode(parts[1], 'rawstd', 's'));
  http.get(`http://rich.example/claims/${claims.sub}`);
  const q = Object.entries({ a: 1, b: 'x y', c: [1, 2] }).map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&');
  http.get(`http://rich.example/q?${q}`);
  http.get(`http://rich.example/hex/${(255).toString(16)}/${'abc'.charCodeAt(1)}/${parseFloat('1.50').toFixed(2)}/${'a-b-c'.split('-').reverse().join('')}/${[3, 1, 2].sort().join('')}/${Number('07')}/${'Title'.padEnd(7, '.')}/${'x'.repeat(3)}`);
}
