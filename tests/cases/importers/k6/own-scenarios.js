import http from 'k6/http';
import exec from 'k6/execution';
import { randomIntBetween } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';

export const options = {
  scenarios: {
    browse: { executor: 'constant-vus', exec: 'browse', vus: 3, duration: '30s' },
    buy: {
      executor: 'ramping-arrival-rate', exec: 'buy', startTime: '10s', startRate: 1, timeUnit: '1m',
      preAllocatedVUs: 5, maxVUs: 20, stages: [{ target: 30, duration: '1m' }],
      env: { PRODUCT: 'lamp' }, tags: { team: 'shop' },
    },
    api: { executor: 'constant-arrival-rate', exec: 'api', rate: 100, timeUnit: '5s', duration: '20s', preAllocatedVUs: 10 },
    grow: { executor: 'ramping-vus', exec: 'browse', startVUs: 0, stages: [{ duration: '10s', target: 5 }], gracefulRampDown: '5s' },
    once: { executor: 'per-vu-iterations', exec: 'api', vus: 2, iterations: 4, maxDuration: '1m' },
    shared: { executor: 'shared-iterations', exec: 'api', vus: 2, iterations: 10 },
  },
  thresholds: { 'http_req_duration{scenario:buy}': ['p(95)<800'] },
};

export function browse() {
  http.get('http://shop.example/browse');
}

export function buy() {
  http.post('http://shop.example/buy', { product: __ENV.PRODUCT, n: randomIntBetween(1, 1) });
}

export function api() {
  http.get(`http://shop.example/api?vu=${exec.vu.idInTest > 0}`);
}
