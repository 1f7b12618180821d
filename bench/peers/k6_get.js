// One GET with a status check, without waiting: the counterpart of plans/get.json.
import { check } from "k6";
import http from "k6/http";

export default function () {
  const answer = http.get(`${__ENV.ORIGIN}/`);
  check(answer, { "status is 200": (reply) => reply.status === 200 });
}
