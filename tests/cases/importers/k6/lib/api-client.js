import http from 'k6/http';
import { check, fail } from 'k6';
import { Trend, Counter } from 'k6/metrics';
import config, { defaultHeaders } from './environments.js';

const durations = new Trend('client_duration', true);
const errors = new Counter('client_errors');

export class ApiClient {
  static DEFAULT_TIMEOUT = '15s';
  #token = null;
  constructor({ baseUrl = config.baseUrl, headers = {}, retries = 2 } = {}) {
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.headers = { ...defaultHeaders, ...headers };
    this.retries = retries;
  }
  set token(value) { this.#token = value; }
  get token() { return this.#token; }
  _params(extra = {}) {
    const { headers = {}, tags, ...rest } = extra;
    const auth = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    return { headers: { ...this.headers, ...auth, ...headers }, tags: { client: 'api', ...tags }, timeout: ApiClient.DEFAULT_TIMEOUT, ...rest };
  }
  request(method, path, body = null, extra) {
    const url = path.startsWith('http') ? path : `${this.baseUrl}${path}`;
    let res;
    for (let attempt = 0; attempt <= this.retries; attempt++) {
      res = http.request(method, url, body === null ? null : JSON.stringify(body), this._params(extra));
      durations.add(res.timings.duration, { method });
      if (res.status < 500) break;
      errors.add(1);
    }
    return res;
  }
  get(path, extra) { return this.request('GET', path, null, extra); }
  post(path, body, extra) { return this.request('POST', path, body, extra); }
  put(path, body, extra) { return this.request('PUT', path, body, extra); }
  del(path, extra) { return this.request('DELETE', path, null, extra); }
  login(username, password) {
    const res = this.post('/auth/login', { username, password });
    const ok = check(res, {
      'login: status is 200': (r) => r.status === 200,
      'login: has token': (r) => r.json('access_token') !== undefined,
    });
    if (!ok) fail(`login failed for ${username}: ${res.status}`);
    this.token = res.json('access_token');
    return this;
  }
}
