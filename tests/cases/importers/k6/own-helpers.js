import http from 'k6/http';
import { check, sleep } from 'k6';
import { ApiClient, DEFAULTS, pages } from './lib/client.js';
import buildHeaders from './lib/headers.js';

export const options = { iterations: 1, vus: 1 };

const client = new ApiClient(DEFAULTS.url);

function visit(path, expected = 200) {
  const res = http.get(`${DEFAULTS.url}${path}`, { headers: buildHeaders('visit') });
  check(res, { [`${path} gives ${expected}`]: (r) => r.status === expected });
  return res;
}

const randomPause = (min, max) => sleep(Math.random() * (max - min) + min);

export default function main() {
  pages.forEach((page) => {
    visit(page);
    randomPause(0.01, 0.02);
  });
  for (let i = 1; i <= 3; i++) {
    http.get(`${DEFAULTS.url}/list?page=${i}`);
  }
  for (const [name, value] of Object.entries({ colour: 'red', size: 'xl' })) {
    client.post('/filter', { name, value });
  }
  for (let i = 0; i < 5; i++) {
    http.get(`${DEFAULTS.url}/again`);
  }
  const ids = [3, 1, 2].map((n) => n * 10).filter((n) => n > 10);
  client.post('/ids', { ids, count: ids.length, last: ids[ids.length - 1] });
}
