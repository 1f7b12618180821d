import http from 'k6/http';
import ws from 'k6/ws';
import { WebSocket } from 'k6/experimental/websockets';
import { check } from 'k6';

// Logs in over HTTP, and goes on over a WebSocket with what it was told.
export default function () {
  const login = http.post(
    `http://${__ENV.WEB}/graphql`,
    JSON.stringify({ query: 'mutation { login }', variables: { token: 't-7' } }),
    { headers: { 'Content-Type': 'application/json' } },
  );
  const token = login.json('data.echo.token');
  const params = { headers: { 'X-User': token, 'Sec-WebSocket-Protocol': 'chat' } };
  const res = ws.connect(`ws://${__ENV.FEED}/feed?token=${token}`, params, function (socket) {
    socket.on('open', () => socket.send(`hello ${token}`));
    socket.on('message', () => socket.close());
  });
  check(res, { 'status is 101': (r) => r && r.status === 101 });
  http.get(`http://${__ENV.WEB}/done/${token}`);

  const later = new WebSocket(`ws://${__ENV.FEED}/later`, ['chat'], { headers: { 'X-User': 'later' } });
  later.onopen = () => later.send(`again ${token}`);
  later.onmessage = () => later.close();
}
