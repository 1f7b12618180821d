import http from 'k6/http';

const BASE = 'http://api.example';

const api = {
  base: BASE,
  get(path) {
    return http.get(this.base + path);
  },
};

class Page {
  constructor(path) {
    this.path = path;
  }
  go() {
    return http.get(BASE + this.path);
  }
}

class Front extends Page {
  constructor() {
    super('/front-page');
    this.lang = 'en';
  }
  go() {
    super.go();
    return http.get(`${BASE}/${this.lang}`);
  }
}

class Main extends Front {
  go() {
    return super.go();
  }
}

export default function () {
  const res = api.get('/jobs');
  api.get.call({ base: `${BASE}/called` }, '/a');
  api.get.apply({ base: `${BASE}/applied` }, ['/b']);
  const bound = api.get.bind({ base: `${BASE}/bound` });
  bound('/c');
  new Main().go();

  const user = { role: 'guest', lang: 'de', seen: 1 };
  if (res.json('id') === 42) {
    user.role = 'owner';
  } else {
    user.role = 'none';
  }
  if (res.json('id') === 1) {
    user.lang = 'fr';
  }
  delete user.seen;
  http.get(`${BASE}/role/${user.role}/${user.lang}/${Object.keys(user).join("-")}`);

  const numbers = [30, 4, 100];
  numbers.sort((a, b) => a - b);
  numbers.splice(1, 1, 7, 8);
  http.get(`${BASE}/numbers/${numbers.join('-')}/${[30, 4, 100].sort().join('-')}`);

  let total = 0;
  res.json('items').forEach((item) => {
    total += item.id;
  });
  http.get(`${BASE}/total/${total}`);

  switch (true) {
    case res.json('id') === 41:
      http.get(`${BASE}/wrong`);
      break;
    case res.json('id') === 43:
    case res.json('id') === 42:
      http.get(`${BASE}/right`);
      break;
    default:
      http.get(`${BASE}/other`);
  }
}
