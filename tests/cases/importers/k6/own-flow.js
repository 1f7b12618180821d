import http from 'k6/http';
import { check, sleep } from 'k6';

const base = 'http://api.example';

function get(path) {
  const res = http.get(base + path);
  if (res.status !== 200) {
    console.error(`failed: ${path}`);
    return null;
  }
  return res.json();
}

export default function () {
  const job = get('/jobs/new');
  if (!job) {
    return;
  }
  let state = 'queued';
  let polls = 0;
  while (state !== 'done' && polls < 3) {
    const res = http.get(`${base}/jobs/${job.id}`);
    state = res.json('state');
    polls++;
    sleep(0.01);
  }
  if (state === 'done') {
    http.get(`${base}/jobs/${job.id}/result`);
  } else {
    http.del(`${base}/jobs/${job.id}`);
  }

  const list = http.get(`${base}/items`);
  const items = list.json('items');
  for (const item of items) {
    http.get(`${base}/items/${item.id}`);
  }

  let found = false;
  for (let i = 0; i < 4; i++) {
    const res = http.get(`${base}/search?try=${i}`);
    if (res.json('n') >= 2) {
      found = true;
      break;
    }
  }
  http.get(`${base}/found?yes=${found}`);

  switch (list.json('kind')) {
    case 'small':
      http.get(`${base}/small`);
      break;
    case 'large':
      http.get(`${base}/large`);
      break;
    default:
      http.get(`${base}/other`);
  }
  const size = list.json('total') > 10 ? 'many' : 'few';
  http.get(`${base}/size/${size}`);
}
