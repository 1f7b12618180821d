import grpc from 'k6/net/grpc';
import { check, sleep } from 'k6';

const client = new grpc.Client();
client.load(['protos'], 'shop.proto');

export const options = { vus: 2, iterations: 4 };

export default function () {
  client.connect(__ENV.SHOP || '127.0.0.1:50051', { plaintext: true, timeout: '5s', maxReceiveSize: 65536 });
  const found = client.invoke('shop.v1.Catalog/Find', { name: 'lamp' }, {
    metadata: { 'X-User': 'ada', trace: `t-${__VU}` },
    tags: { name: 'find a lamp' },
    timeout: '3s',
  });
  check(found, {
    'status is OK': (r) => r && r.status === grpc.StatusOK,
    'it is red': (r) => r.message.labels.color === 'red',
    'it is there': (r) => r.message.inStock === true,
  });
  const item = found.message;
  const again = client.invoke('/shop.v1.Catalog/Find', { name: `${item.name}-${item.id}`, size: 2 });
  check(again.message, { 'it has a note': (m) => m.note === 'xx' });
  sleep(0.1);

  const missing = client.invoke('shop.v1.Catalog/Find', { name: 'x', status: 5 });
  check(missing, { 'is not there': (r) => r.status === grpc.StatusNotFound });
  check(missing, { 'says so': (r) => r.error.message.includes('no item') });

  if (item.kind === 'LARGE') {
    client.invoke('shop.v1.Orders/Place', { name: 'order', tags: item.tags, part: { name: again.message.note, id: item.id } }, { discardResponseMessage: true });
  }

  const stream = new grpc.Stream(client, 'shop.v1.Catalog/Add', { metadata: { 'x-user': 'eve' } });
  stream.on('data', (summary) => console.log(`added ${summary.count}`));
  stream.on('error', (error) => console.error(error));
  stream.on('end', () => client.close());
  for (const name of ['a', 'b']) {
    stream.write({ name: name, kind: 'SMALL' });
  }
  stream.write({ name: item.name });
  stream.end();
}
