import { Client, Stream, StatusOK } from 'k6/net/grpc';
import { check, group } from 'k6';

const client = new Client();

class Shop {
  constructor(client) {
    this.client = client;
  }

  async find(name) {
    return await this.client.asyncInvoke('shop.v1.Catalog/Find', { name });
  }
}

export default async function () {
  client.connect(__ENV.SHOP || '127.0.0.1:50051', { plaintext: true, reflect: true });
  const shop = new Shop(client);
  const found = await shop.find('lamp');
  check(found, { OK: (r) => r.status === StatusOK });

  group('chat', () => {
    const notes = new Stream(client, 'shop.v1.Catalog/Chat');
    notes.on('data', (note) => console.log(note.text));
    notes.on('end', () => client.close());
    notes.write({ text: 'hello' });
    notes.write({ text: `about ${found.message.name}` });
    notes.end();
  });
}
