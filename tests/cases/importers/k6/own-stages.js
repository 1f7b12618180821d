import http from 'k6/http';
import { sleep } from 'k6';

export let options = {
  stages: [
    { duration: '30s', target: 20 },
    { duration: '1m30s', target: 10 },
    { duration: '20s', target: 0 },
  ],
  thresholds: { http_req_duration: ['p(90)<400', 'med<=200'] },
  insecureSkipTLSVerify: true,
  userAgent: 'shop-test/1.0',
  noConnectionReuse: true,
  discardResponseBodies: true,
  rps: 50,
};

export default function () {
  http.get('http://shop.example/?now=1');
  sleep(Math.floor(Math.random() * 2) / 100);
}
