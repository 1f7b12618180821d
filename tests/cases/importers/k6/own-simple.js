import http from 'k6/http';
import { sleep } from 'k6';

export default function () {
  http.get('http://shop.example/');
  sleep(0.01);
}
