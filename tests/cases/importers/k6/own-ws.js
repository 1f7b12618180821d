import ws from 'k6/ws';
import { check } from 'k6';

export default function () {
  const res = ws.connect('ws://echo.example/chat?room=7', { headers: { 'X-Client': 'k6' } }, function (socket) {
    socket.on('open', () => {
      socket.send(JSON.stringify({ event: 'hello', user: 'ada' }));
      socket.setTimeout(() => socket.close(), 20);
    });
    socket.on('message', (data) => console.log(data));
  });
  check(res, { 'status is 101': (r) => r && r.status === 101 });
}
