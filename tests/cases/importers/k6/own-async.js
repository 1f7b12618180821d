// Requests that are awaited, or followed by what is done once they are there.
import http from 'k6/http';

const base = 'http://async.example';

async function token() {
  const reply = await http.asyncRequest('POST', `${base}/token`, JSON.stringify({ a: 1 }), {
    headers: { 'Content-Type': 'application/json' },
  });
  return reply.json('token');
}

export default async function () {
  const known = await token();
  await http.asyncRequest('GET', `${base}/first`).then((reply) => {
    http.get(`${base}/then/${reply.json('id')}/${known}`);
  });
  const name = await http
    .asyncRequest('GET', `${base}/chain`)
    .then((reply) => reply.json('state'))
    .then((state) => `${state}-twice`);
  http.get(`${base}/named/${name}`);
  http.get(`${base}/before-last`);
  http.asyncRequest('GET', `${base}/started`).then(() => http.get(`${base}/last`));
}
