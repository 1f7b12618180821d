import http, { RefinedResponse, ResponseType, Params } from 'k6/http';
import { check, group } from 'k6';
import type { Options } from 'k6/options';
enum Role { Admin = 'admin', User = 'user' }
enum Level { Low, Mid = 5, High }
const enum Color { Red = 'red' }
interface User { id: number; name: string; role: Role; address?: { city?: string } }
type Maybe<T> = T | undefined;
namespace Api { export const version = 'v2'; export function path(p: string): string { return `/${version}${p}`; } }
export const options: Options = { vus: 1, iterations: 1, thresholds: { http_req_duration: [{ threshold: 'p(99)<1500', abortOnFail: true, delayAbortEval: '10s' }] } } satisfies Options;
abstract class Base<T extends object> {
  protected readonly url: string;
  private static count = 0;
  constructor(protected host: string, public readonly resource: string, private opts?: Params) { this.url = `${host}${Api.path('/' + resource)}`; Base.count++; }
  abstract describe(): string;
  list(query: Record<string, string | number> = {}): RefinedResponse<ResponseType> {
    const qs = Object.keys(query).map((k) => `${k}=${query[k]}`).join('&');
    return http.get(qs ? `${this.url}?${qs}` : this.url, this.opts);
  }
  create(item: Partial<T>) { return http.post(this.url, JSON.stringify(item), { headers: { 'Content-Type': 'application/json' }, ...this.opts }); }
  static get made(): number { return Base.count; }
}
class Users extends Base<User> {
  describe(): string { return `users at ${this.url}`; }
  override list(query: Record<string, string | number> = {}) { return super.list({ ...query, kind: 'user' }); }
}
const pick = <T, K extends keyof T>(o: T, ...keys: K[]): Pick<T, K> => keys.reduce((a, k) => ({ ...a, [k]: o[k] }), {} as Pick<T, K>);
function assertDefined<T>(v: Maybe<T>, what = 'value'): asserts v is T { if (v === undefined) throw new Error(`${what} missing`); }
export default function (): void {
  const users = new Users('http://rich.example', 'users');
  const ada: User = { id: 1, name: 'Ada', role: Role.Admin, address: { city: 'Paris' } };
  users.list({ limit: 5, level: Level.High });
  const res = users.create(pick(ada, 'name', 'role'));
  const id = res.json('id') as number;
  assertDefined(id, 'id');
  http.get(`http://rich.example/users/${id!}/${ada?.address?.city ?? 'nowhere'}/${ada.name?.toUpperCase?.()}/${Color.Red}/${Role['User']}/${Level[5]}`);
  const bob: User = { id: 2, name: 'Bob', role: Role.User };
  http.get(`http://rich.example/city/${bob.address?.city ?? 'none'}/${Users.made}/${users.describe().length}`);
  const user = res.json('user') as unknown as User;
  http.get(`http://rich.example/of/${user?.address?.city}`);
  switch (bob.role as Role) { case Role.Admin: http.get('http://rich.example/admin'); break; case Role.User: http.get('http://rich.example/user'); default: http.get('http://rich.example/both'); }
  const tuple: [string, number] = ['t', 2];
  const [a, b = 7, c = 9] = tuple;
  http.get(`http://rich.example/tuple/${a}/${b}/${c}`);
  let n: number | null = null;
  n ??= 4; n ||= 5; n &&= 6; n **= 2;
  http.get(`http://rich.example/n/${n}`);
}
