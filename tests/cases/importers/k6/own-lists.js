import http from 'k6/http';
import { check, sleep } from 'k6';
const BASE = 'http://rich.example';
export default function () {
  const res = http.get(`${BASE}/items`);
  const body = res.json();
  const active = body.items.filter((i) => i.active);
  if (active.length > 0) {
    http.get(`${BASE}/items/${active[0].id}`);
  }
  const desk = body.items.find((item) => item.name === 'Desk');
  http.post(`${BASE}/cart`, JSON.stringify({ id: desk.id, price: desk.price }), { headers: { 'Content-Type': 'application/json' } });
  const cheap = res.json('items').filter(x => x.price < 8 && x.stock > 0)[0];
  http.get(`${BASE}/cheap/${cheap.sku}`);
  const ids = res.json().items.map(x => x.id);
  http.get(`${BASE}/bulk?ids=${ids.join(',')}`);
  http.post(`${BASE}/bulk`, JSON.stringify({ ids }), { headers: { 'Content-Type': 'application/json' } });
  http.get(`${BASE}/one/${ids[1]}`);
  const all = http.get(`${BASE}/list`).json();
  const two = all.find(({ name }) => name === 'two');
  if (two) http.get(`${BASE}/found/${two.id}`);
  http.get(`${BASE}/active/${all.filter((x) => x.active)[0].id}`);
  const names = all.map((x) => x.name);
  check(all, { 'has three': (a) => a.length === 3 });
  for (const item of all.filter(x => x.active)) {
    http.get(`${BASE}/each/${item.id}`);
  }
  all.forEach((item, index) => { http.get(`${BASE}/index/${index}/${item.name}`); });
  const last = all[all.length - 1];
  http.get(`${BASE}/last/${last.id}`);
  const some = all.some((x) => x.active);
  if (some) http.get(`${BASE}/some`);
  const cart = res.json('items').map((item) => ({ product: item.id, quantity: 1 }));
  http.post(`${BASE}/carts`, JSON.stringify({ cart }), { headers: { 'Content-Type': 'application/json' } });
  const any = body.items[Math.floor(Math.random() * body.items.length)];
  http.get(`${BASE}/any/${any.id > 10 ? 'large' : 'small'}`);
  sleep(0.01);
}
