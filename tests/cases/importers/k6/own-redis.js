import http from 'k6/http';
import redis from 'k6/experimental/redis';
import { check } from 'k6';

const client = new redis.Client(__ENV.REDIS || 'redis://localhost:6379/2');
const ids = ['c-1', 'c-2', 'c-3'];

export const options = { vus: 1, iterations: 1 };

export async function setup() {
  await client.sadd('ids', ...ids);
  await client.set('greeting', 'hello');
}

export default async function () {
  const greeting = await client.get('greeting');
  check(greeting, { 'it greets': (v) => v === 'hello' });

  // Values flow from Redis to HTTP and back.
  const page = http.get(`http://${__ENV.WEB}/greet?with=${greeting}`);
  await client.set(`seen:${greeting}`, JSON.stringify({ with: greeting }), 60);
  await client.set('page', page.status, 0);

  const visits = await client.incr('visits');
  check(visits, { 'the first': (n) => n === 1, 'few': (n) => n < 10 });
  await client.incrBy('visits', 5);
  await client.decr('visits');
  await client.decrBy('visits', 2);
  if ((await client.exists('visits', 'page')) === 2) {
    await client.set('both', true, 0);
  }
  if (await client.sismember('ids', 'c-2')) {
    await client.srem('ids', 'c-2');
  } else {
    await client.sadd('ids', 'never');
  }
  if (await client.hsetnx('user', 'name', 'ada')) {
    await client.hset('user', 'age', 36);
  }

  const left = await client.smembers('ids');
  check(left, { 'two are left': (all) => all.length === 2 });

  const user = await client.hgetall('user');
  check(user, { 'it is ada': (u) => u.name === 'ada' });
  http.get(`http://${__ENV.WEB}/of/${user.name}/${user.age}`);
  await client.hincrby('user', 'age', 2);
  await client.hget('user', 'age').then((age) => client.set('age', age, 0));
  await client.hkeys('user');
  await client.hvals('user');
  await client.hlen('user');
  await client.hdel('user', 'name', 'age');

  await client.rpush('queue', 'a', 'b', 3);
  await client.lpush('queue', 'first');
  const queue = await client.lrange('queue', 0, -1);
  await client.set('second', queue[1], 0);
  await client.lindex('queue', -1);
  await client.lset('queue', 0, 'FIRST');
  await client.lrem('queue', 0, 'b');
  await client.llen('queue');
  const popped = await client.lpop('queue');
  await client.rpop('queue');
  await client.sendCommand('ZADD', 'scores', 1.5, popped);
  const score = await client.sendCommand('ZSCORE', 'scores', popped);
  await client.set('score', score, 0);

  await client
    .getSet('greeting', 'bye')
    .then((was) => client.set('was', was, 0))
    .then(() => client.getDel('greeting'))
    .finally(() => client.del('both', 'page'));

  await client.expire('visits', 100);
  await client.ttl('visits');
  await client.persist('visits');
  const [one, other] = await client.mget('visits', 'age');
  await client.set('sum', `${one}+${other}`, 0);

  await Promise.all([client.incr('at-once:1'), client.incr('at-once:2'), client.incr('at-once:3')]);
}

export async function teardown() {
  await client.del('ids', 'visits');
}
