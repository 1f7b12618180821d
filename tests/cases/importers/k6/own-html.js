import http from 'k6/http';
import { check } from 'k6';
import { parseHTML } from 'k6/html';

export default function () {
  const page = http.get('http://html.example/login');
  const csrf = page.html().find('input[name=csrf]').attr('value');
  const heading = parseHTML(page.body).find('h1').text();
  const build = page.body.match(/build=(\d+)/)[1];
  const session = page.headers['X-Session'];
  check(page, {
    'has a form': (r) => r.html().find('form').size() === 1,
    'says hello': (r) => r.html('h1').text() === 'Hello',
    'has a build': (r) => /build=\d+/.test(r.body),
    'sets a cookie': (r) => r.cookies.sid[0].value !== '',
  });
  http.post('http://html.example/login', { csrf, heading, build }, { headers: { 'X-Session': session } });
  http.get(`http://html.example/after?sid=${page.cookies.sid[0].value}`);
}
