import http from 'k6/http';
import buildHeaders from './headers.js';

export const DEFAULTS = Object.freeze({ url: 'http://api.example' });
export const pages = ['/', '/about', '/contact'];

export class ApiClient {
  constructor(base) {
    this.base = base;
    this.calls = 0;
  }

  post(path, body) {
    this.calls += 1;
    return http.post(this.base + path, JSON.stringify(body), {
      headers: { ...buildHeaders('client'), 'Content-Type': 'application/json', 'X-Call': String(this.calls) },
    });
  }
}
