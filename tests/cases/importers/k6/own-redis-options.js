import redis from 'k6/x/redis';
import exec from 'k6/execution';

const shop = new redis.Client({
  socket: { host: 'cache.example', port: 6380, readTimeout: 1500, tls: { ca: [open('./data/ca.pem')] } },
  username: 'app',
  password: __ENV.CACHE_PASSWORD,
  database: 3,
  clientName: 'load',
});
const old = new redis.Client({ addrs: new Array('old.example:6379'), password: 'pw', db: 1 });
const many = new redis.Client({ cluster: { nodes: ['redis://a.example:6379', 'redis://b.example:6379'] } });

export const options = { vus: 2, duration: '10s' };

export default async function () {
  const cart = `cart:${exec.vu.idInTest}`;
  await shop.set(cart, 'lamp', 600);
  const item = await shop.get(cart);
  await old.lpush('sold', item);
  await many.get('nowhere');
  await shop.blpop('orders', 1);
}
