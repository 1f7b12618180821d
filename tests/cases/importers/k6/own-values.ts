import http, { RefinedResponse, ResponseType } from 'k6/http';
import encoding from 'k6/encoding';
import crypto from 'k6/crypto';
import { Options } from 'k6/options';

interface Order {
  id: number;
  lines: Line[];
}
type Line = { sku: string; n: number };

export const options: Options = { vus: 1, iterations: 1 };

const order: Order = { id: 7, lines: [{ sku: 'A-1', n: 2 } as Line, { sku: 'B-2', n: 1 }] };
const user: string = 'ada';
const pass = 'sesame';

function send<T extends ResponseType>(path: string, body: unknown): RefinedResponse<T> {
  return http.post(`http://ts.example${path}`, JSON.stringify(body), {
    headers: { 'Content-Type': 'application/json' },
  });
}

export default function (): void {
  send('/orders', order);
  send('/sum', { sum: order.lines.reduce((sum: number, line) => sum + line.n, 0), first: order.lines[0]!.sku });
  const credentials = encoding.b64encode(`${user}:${pass}`);
  http.get('http://ts.example/private', { headers: { Authorization: `Basic ${credentials}` } });
  http.get(`http://ts.example/hash/${crypto.sha256('abc', 'hex')}`);
  const { lines: [first, ...others], ...rest } = order;
  http.get(`http://ts.example/rest?first=${first.sku}&others=${others.length}&id=${rest?.id ?? 'none'}`);
  const date = new Date('2024-02-29');
  http.get(`http://ts.example/words/${'Hello World'.toLowerCase().split(' ').join('-').padEnd(14, '!')}`);
}
