import http from 'k6/http';
import { check } from 'k6';
const BASE = __ENV.BASE_URL ?? 'http://rich.example';
function* pages(n) { for (let i = 1; i <= n; i++) yield i; }
export default function () {
  let page = 1;
  let hasMore = true;
  while (hasMore && page < 10) {
    const res = http.get(`${BASE}/things?page=${page}`, { tags: { name: 'things' } });
    hasMore = res.json('pagination.hasMore');
    page++;
  }
  let next = '/products?page=1';
  let count = 0;
  do {
    const res = http.get(BASE + next);
    next = res.json().next;
    count += 1;
  } while (next && count < 5);
  let cursor = null;
  for (let i = 0; i < 5; i++) {
    const url = cursor ? `${BASE}/feed?cursor=${cursor}` : `${BASE}/feed?cursor=c1`;
    const r = http.get(url);
    cursor = r.json('next_cursor');
    if (!cursor) break;
  }
  for (const p of pages(2)) { http.get(`${BASE}/gen/${p}`); }
  const total = http.get(`${BASE}/things?page=1`).json('total_pages');
  for (let p = 2; p <= total; p++) { http.get(`${BASE}/things?page=${p}`); }
}
