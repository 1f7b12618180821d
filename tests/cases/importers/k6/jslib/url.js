// Stands in for the library of this name when k6 runs the cases, which have no network.
const encode = (text) =>
  encodeURIComponent(text)
    .replace(/[!'()~]/g, (char) => '%' + char.charCodeAt(0).toString(16).toUpperCase())
    .replace(/%20/g, '+');
const decode = (text) => decodeURIComponent(text.replace(/\+/g, ' '));

export class URLSearchParams {
  constructor(from) {
    if (typeof from === 'string') {
      const parts = from.replace(/^\?/, '').split('&').filter((part) => part);
      this.pairs = parts.map((part) => {
        const at = part.indexOf('=');
        return at < 0 ? [decode(part), ''] : [decode(part.slice(0, at)), decode(part.slice(at + 1))];
      });
    } else if (from && from.pairs) {
      this.pairs = from.pairs.map((pair) => [...pair]);
    } else {
      const pairs = Array.isArray(from) ? from : Object.entries(from || {});
      this.pairs = pairs.map(([name, value]) => [String(name), String(value)]);
    }
  }
  append(name, value) {
    this.pairs.push([String(name), String(value)]);
  }
  set(name, value) {
    const first = this.pairs.find((pair) => pair[0] === name);
    if (!first) return this.append(name, value);
    first[1] = String(value);
    this.pairs = this.pairs.filter((pair) => pair[0] !== name || pair === first);
  }
  delete(name) {
    this.pairs = this.pairs.filter((pair) => pair[0] !== name);
  }
  get(name) {
    const found = this.pairs.find((pair) => pair[0] === name);
    return found ? found[1] : null;
  }
  getAll(name) {
    return this.pairs.filter((pair) => pair[0] === name).map((pair) => pair[1]);
  }
  has(name) {
    return this.get(name) !== null;
  }
  forEach(call) {
    this.pairs.forEach(([name, value]) => call(value, name));
  }
  toString() {
    return this.pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  }
}

export class URL {
  constructor(address, base) {
    const whole = address.includes('://') ? address : base.replace(/^(\w+:\/\/[^/]*).*$/, '$1') + address;
    const [, origin, path, query] = whole.match(/^(\w+:\/\/[^/?#]*)([^?#]*)\??([^#]*)/);
    this.origin = origin;
    this.pathname = path || '/';
    this.searchParams = new URLSearchParams(query);
  }
  get host() {
    return this.origin.split('://')[1];
  }
  get search() {
    const query = this.searchParams.toString();
    return query ? `?${query}` : '';
  }
  get href() {
    return this.origin + this.pathname + this.search;
  }
  toString() {
    return this.href;
  }
}
