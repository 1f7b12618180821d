import http from 'k6/http';
import { URL, URLSearchParams } from 'https://jslib.k6.io/url/1.0.0/index.js';
import { uuidv4, randomString, randomItem } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';

const kinds = ['red'];

export default function () {
  for (const id of [1, 2, 3]) {
    http.get(http.url`http://api.example/posts/${id}/comments`);
  }
  const params = { page: 3, q: 'a b' };
  const query = Object.keys(params).map((key) => `${key}=${encodeURIComponent(params[key])}`).join('&');
  http.get(`http://api.example/list?${query}`);
  const kind = randomItem(kinds);
  http.get(`http://api.example/kinds/${kind}?again=${kind}`);
  const id = uuidv4();
  http.put(`http://api.example/things/${id.length}`, null, { headers: { 'X-Same': `${id === id}` } });
}
