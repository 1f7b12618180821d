// What JavaScript does with sets, numbers, `var`, labels and closures.
import http from 'k6/http';

const base = 'http://language.example';

function kindOf(number) {
  switch (number) {
    case 1:
    case 2:
      return 'small';
    default:
      return 'large';
  }
}

function kindOfReply(kind) {
  switch (kind) {
    case 'small':
      return 'S';
    case 'large':
      return 'L';
    default:
      return 'none';
  }
}

export default function () {
  const seen = new Set(['b', 'a', 'b']);
  seen.add('c').add('a');
  seen.delete('b');
  http.get(`${base}/set/${[...seen].join('-')}/${seen.size}/${seen.has('b')}`);
  const ages = new Map([['ada', 36]]);
  ages.set('alan', 41).set('ada', 37);
  for (const [name, age] of ages) http.get(`${base}/age/${name}/${age}`);
  ages.forEach((age, name) => http.get(`${base}/map/${name}/${age}`));

  http.get(`${base}/numbers/${parseInt('ff', 16)}/${parseInt('0x1f')}/${parseInt('12px')}/${parseFloat('2.5kg')}`);
  http.get(`${base}/bits/${-1 >>> 28}/${~5}/${1 << 33}/${-9 >> 1}/${Number('0x10')}/${-5.7 | 0}`);

  if (base) {
    var inner = 'inside';
  }
  http.get(`${base}/var/${inner}`);
  for (var i = 0; i < 2; i++) {
    var last = i * 10;
  }
  http.get(`${base}/var/${i}/${last}`);

  const calls = [];
  for (let n = 0; n < 3; n++) {
    calls.push(() => http.get(`${base}/closure/${n}`));
  }
  calls.forEach((call) => call());

  outer: for (const row of ['a', 'b', 'c']) {
    for (const column of [1, 2, 3]) {
      if (column === 2 && row === 'a') continue outer;
      if (row === 'c') break outer;
      http.get(`${base}/cell/${row}${column}`);
    }
  }

  http.get(`${base}/kind/${kindOf(2)}/${kindOf(7)}`);
  switch (seen.size) {
    case 2:
      http.get(`${base}/two`);
    case 3:
      http.get(`${base}/three`);
      break;
    case 4:
      http.get(`${base}/four`);
  }

  const reply = http.get(`${base}/reply`);
  http.get(`${base}/kind-of/${kindOfReply(reply.json('kind'))}`);
  switch (reply.json('kind')) {
    case 'small':
      http.get(`${base}/is-small`);
    case 'large':
      http.get(`${base}/is-large`);
    case 'huge':
      http.get(`${base}/is-huge`);
      break;
    default:
      http.get(`${base}/is-other`);
      break;
    case 'tiny':
      http.get(`${base}/is-tiny`);
  }
  rows: for (const item of reply.json('items')) {
    for (const part of ['x', 'y']) {
      if (item.name === 'Lamp' && part === 'y') continue rows;
      http.get(`${base}/part/${item.id}/${part}`);
    }
  }
  for (const item of reply.json('items')) {
    switch (item.name) {
      case 'Lamp':
        continue;
    }
    http.get(`${base}/not-a-lamp/${item.id}`);
  }
  const again = reply.json('total') > 5 ? http.get(`${base}/again`) : null;
  const more = reply.json('total') > 50 && http.get(`${base}/never`);
}
