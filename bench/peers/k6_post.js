// One POST with a rendered body, two checks and an extract: the counterpart of plans/post.json.
import { check } from "k6";
import http from "k6/http";

const customers = open("../plans/customers.csv")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(",")[0]);
const headers = {
  "Content-Type": "application/json",
  "X-Request-Source": "web-shop",
  "X-Tenant": "acme",
  "Accept-Language": "en-GB",
};
let token = "0000000000000000";

function uuid() {
  const digits = () => Math.floor(Math.random() * 0x100000000).toString(16).padStart(8, "0");
  const text = digits() + digits() + digits() + digits();
  const variant = "89ab"[Math.floor(Math.random() * 4)];
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`;
}

export default function () {
  const body = JSON.stringify({
    order: uuid(),
    customer: customers[(__VU * 31 + __ITER) % customers.length],
    token,
    quantity: 1 + Math.floor(Math.random() * 99),
    currency: "EUR",
    items: [
      { sku: "A-1009", title: "Desk lamp, brass, adjustable arm", price: 54.9 },
      { sku: "C-3310", title: "Bulb, warm white, 4 W", price: 6.5 },
    ],
    delivery: { street: "12 Harbour Road", city: "Bristol", postcode: "BS1 5TY" },
    note: "Please ring twice",
  });
  const answer = http.post(`${__ENV.ORIGIN}/post`, body, { headers });
  check(answer, {
    "status is 200": (reply) => reply.status === 200,
    "order was accepted": (reply) => reply.json("status") === "accepted",
  });
  token = answer.json("data.token");
}
