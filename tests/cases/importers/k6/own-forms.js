import http from 'k6/http';

export default function () {
  // An object is a form, a text is sent as it is.
  http.post('http://forms.example/contact', { name: 'Ada Lovelace', message: 'a=1&b=2', n: 7 });
  http.post('http://forms.example/raw', 'just text', { headers: { 'Content-Type': 'text/plain' } });
  http.post('http://forms.example/encoded', 'a=1&b=two', {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  http.request('PURGE', 'http://forms.example/cache');
  http.request('PUT', 'http://forms.example/item/1', JSON.stringify({ tags: ['x', 'y'], deep: { a: null } }), {
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
  });
  http.options('http://forms.example/item/1', null, { headers: { Origin: 'http://shop.example' } });
  http.head('http://forms.example/item/1');
  http.get('http://user:pass%21@forms.example/private');
  http.get('http://forms.example/theme', { cookies: { theme: 'dark', lang: 'en' }, redirects: 0 });
  const search = encodeURIComponent('größe & preis');
  http.get(`http://forms.example/search?q=${search}&dollar=${'$'}{x}`);
}
