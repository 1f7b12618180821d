// URLs, their parameters, cookie jars and bodies without a type.
import http from 'k6/http';
import { URL, URLSearchParams } from 'https://jslib.k6.io/url/1.0.0/index.js';

export default function () {
  const search = new URLSearchParams('q=red+lamp&page=1&page=2');
  search.append('sort', 'price (low)');
  search.set('page', 3);
  search.append('tag', 'a&b');
  search.append('tag', 'c~d');
  http.get(`http://search.example/items?${search.toString()}`);
  search.delete('tag');
  http.get(`http://search.example/items?${search}&n=${search.getAll('page').length}&first=${search.get('sort').length}`);

  const url = new URL('/orders?open=yes', 'http://search.example/shop/');
  url.searchParams.set('open', 'no');
  url.searchParams.append('limit', '5');
  http.get(url.toString());
  http.get(url.href);
  http.get(`http://${url.host}${url.pathname}/first${url.search}`);

  const reply = http.get('http://search.example/token');
  const callback = new URL('http://search.example/callback');
  callback.searchParams.append('token', reply.json('token'));
  http.get(callback.toString());

  const jar = http.cookieJar();
  jar.set('http://search.example', 'theme', 'dark');
  jar.set('http://other.example', 'theme', 'light');
  http.get('http://search.example/themed');
  http.get('http://other.example/themed');
  jar.set('http://search.example', 'lang', 'en');
  jar.delete('http://search.example', 'theme');
  http.get('http://search.example/plain');
  jar.clear('http://search.example');
  http.get('http://search.example/cleared');
  const own = new http.CookieJar();
  own.set('http://search.example', 'visitor', '7');
  http.get('http://search.example/visitor', { jar: own });

  http.post('http://search.example/raw', JSON.stringify({ id: reply.json('id'), a: 1 }));
  http.post('http://search.example/raw', 'plain text');
  http.put('http://search.example/raw', search.toString());
}
