// A shop in the way of page objects: tagged groups, data of files, and a token that is asked for again.
import http from 'k6/http';
import { check, group, sleep, fail } from 'k6';
import { SharedArray } from 'k6/data';
import { Trend, Counter, Rate } from 'k6/metrics';
import papaparse from 'https://jslib.k6.io/papaparse/5.1.1/index.js';
import { randomItem, randomIntBetween, uuidv4 } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';

export const options = {
  stages: [
    { duration: '30s', target: 20 },
    { duration: '1m', target: 20 },
    { duration: '10s', target: 0 },
  ],
  thresholds: {
    http_req_failed: ['rate<0.01'],
    'http_req_duration{name:GET /api/products}': ['p(95)<400', { threshold: 'p(99)<900', abortOnFail: true }],
    checks: ['rate>0.95'],
  },
  summaryTrendStats: ['avg', 'p(95)'],
};

const BASE = __ENV.BASE_URL || 'http://shop2.example';
const users = new SharedArray('users', () =>
  papaparse.parse(open('./data/products.csv'), { header: true }).data.filter((user) => user.sku),
);
const basketSize = new Trend('basket_size');
const orders = new Counter('orders');
const okay = new Rate('okay');

class Page {
  constructor(token) {
    this.token = token;
  }
  get headers() {
    return { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json', 'X-Request-Id': 'fixed' };
  }
  request(method, path, body = null, tags = {}) {
    return http.request(method, `${BASE}${path}`, body && JSON.stringify(body), {
      headers: this.headers,
      tags: { name: `${method} ${path.split('?')[0]}`, ...tags },
    });
  }
}

class ProductsPage extends Page {
  list(page = 1, { size = 20, sort } = {}) {
    const query = [`page=${page}`, `size=${size}`, sort && `sort=${sort}`].filter(Boolean).join('&');
    return this.request('GET', `/api/products?${query}`);
  }
  open(id) {
    return this.request('GET', `/api/products/${id}`, null, { name: 'GET /api/products/{id}' });
  }
}

class BasketPage extends Page {
  #items = [];
  add(id, count = 1) {
    this.#items.push({ id, count });
    return this.request('POST', '/api/basket', { items: this.#items });
  }
  order(address) {
    return this.request('POST', '/api/orders', { items: this.#items, address: { ...address, country: 'DE' } });
  }
}

export function setup() {
  const login = http.post(`${BASE}/login`, { client: 'load', scope: 'shop' });
  check(login, { 'token given': (r) => r.status === 200 && r.json('token') !== undefined });
  return { token: login.json('token'), issued: 1 };
}

export function buy(data) {
  http.get(`${BASE}/known/${users.length}/${users[0].sku}`);
  const products = new ProductsPage(data.token);
  const basket = new BasketPage(data.token);
  group('browse', () => {
    const list = products.list(2, { sort: 'price' });
    check(list, {
      'is 200': (r) => r.status === 200,
      'has items': ({ json }) => true,
      'fast enough': (r) => r.timings.duration < 800,
    }) || fail('no products');
    const first = list.json('items.0.id');
    products.open(first);
    group('basket', function () {
      const added = basket.add(first, 2);
      basketSize.add(added.json('total'));
      okay.add(added.status < 400);
    });
    sleep(0.01);
  });
  const order = basket.order({ city: 'Ulm', street: 'Main' });
  let state = order.json('state');
  let tries = 0;
  while (state !== 'done' && tries < 3) {
    tries += 1;
    state = http.get(`${BASE}/api/orders/${order.json('id')}?try=${tries}`, { headers: basket.headers }).json('state');
  }
  orders.add(1);
}

export function read(data) {
  const pages = ['home', 'terms', 'help'];
  for (const [index, page] of pages.entries()) {
    http.get(`${BASE}/pages/${page}?n=${index + 1}`);
  }
  const responses = http.batch(
    pages.slice(0, 2).map((page) => ({ method: 'GET', url: `${BASE}/print/${page}`, params: { tags: { kind: 'print' } } })),
  );
  responses.forEach((response, i) => check(response, { [`print ${pages[i]}`]: (r) => r.status == 200 }));
}

export default function (data) {
  buy(data);
  read(data);
}

export function teardown(data) {
  http.del(`${BASE}/sessions/${data.token}`, null, { headers: { Authorization: `Bearer ${data.token}` } });
}

export function handleSummary(summary) {
  return { 'summary.json': JSON.stringify(summary), stdout: uuidv4() + randomItem([1]) + randomIntBetween(1, 2) };
}
