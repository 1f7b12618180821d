import http from 'k6/http';
import { SharedArray } from 'k6/data';
import papaparse from 'https://jslib.k6.io/papaparse/5.1.1/index.js';

const users = new SharedArray('users', function () {
  return JSON.parse(open('./data/users.json'));
});
const products = new SharedArray('products', () => papaparse.parse(open('./data/products.csv'), { header: true }).data);
const picture = open('./data/note.txt', 'b');
const cities = ['Vienna'];

export default function () {
  const user = users[Math.floor(Math.random() * users.length)];
  http.post('http://api.example/login', JSON.stringify({ user: user.name, password: user.password }), {
    headers: { 'Content-Type': 'application/json' },
  });
  http.get(`http://api.example/users/${user.name}/orders`);
  const product = products[__ITER % products.length];
  http.get('http://api.example/products/' + product.sku + '?price=' + product.price);
  http.get(`http://api.example/cities/${cities[Math.floor(Math.random() * cities.length)]}`);
  http.post('http://api.example/upload', {
    title: 'a note',
    file: http.file(picture, 'note.txt', 'text/plain'),
  });
  http.get(`http://api.example/second/${users[0].name}`);
}
