// Ten requests with conditions, checks, extracts and data: the counterpart of plans/flow.json.
import { check, group } from "k6";
import http from "k6/http";

const customers = open("../plans/customers.csv")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(",")[0]);
const origin = __ENV.ORIGIN;
let visits = 0;

function uuid() {
  const digits = () => Math.floor(Math.random() * 0x100000000).toString(16).padStart(8, "0");
  const text = digits() + digits() + digits() + digits();
  const variant = "89ab"[Math.floor(Math.random() * 4)];
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`;
}

function post(name, token, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  return http.post(`${origin}/post`, JSON.stringify(body), { headers, tags: { name } });
}

function get(name, token, query) {
  const headers = { Authorization: `Bearer ${token}` };
  return http.get(`${origin}/json?${query}`, { headers, tags: { name } });
}

export default function () {
  visits += 1;
  check(http.get(`${origin}/`, { tags: { name: "home" } }), { home: (reply) => reply.status === 200 });

  const login = post("login", null, { user: customers[(__VU * 31 + __ITER) % customers.length], nonce: uuid() });
  check(login, { accepted: (reply) => reply.json("status") === "accepted" });
  const [token, id] = [login.json("data.token"), login.json("data.id")];

  const search = get("search", token, `search=lamp&page=${visits}`);
  check(search, { found: (reply) => reply.json("data.items.0.sku") === "A-1009" });
  const total = search.json("data.total");

  if (id > 1000 && token !== "none") {
    check(get("details", token, `id=${id}`), { dear: (reply) => reply.json("data.total") > 100 });
  } else {
    http.get(`${origin}/missing`, { tags: { name: "missing" } });
  }
  for (let round = 0; round < 2; round += 1) {
    check(get("item", token, `item=${id}`), { euros: (reply) => reply.json("data.currency") === "EUR" });
  }
  group("checkout", () => {
    const order = { order: uuid(), item: id, total, quantity: 1 + Math.floor(Math.random() * 9) };
    check(post("order", token, order), {
      ordered: (reply) => reply.status === 200,
      ships: (reply) => reply.json("data.note") === "ships within two days",
    });
    const paid = post("pay", token, { total, currency: "EUR" });
    check(paid, { paid: (reply) => reply.json("status") === "accepted" });
  });
  if (total > 100) {
    check(get("receipt", token, `receipt=${id}`), { receipt: (reply) => reply.body.includes("A-1009") });
  }
  if (token !== "none") {
    check(post("logout", token, { visits }), { "logged out": (reply) => reply.status === 200 });
  }
}
