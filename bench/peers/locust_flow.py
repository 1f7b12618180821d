"""Ten requests with conditions, checks, extracts and data: the counterpart of plans/flow.json."""

import csv
import itertools
import random
import uuid
from pathlib import Path

from locust import FastHttpUser, constant, task

with open(Path(__file__).parent.parent / "plans" / "customers.csv", newline="") as file:
    CUSTOMERS = itertools.cycle([row["email"] for row in csv.DictReader(file)])


class Customer(FastHttpUser):
    wait_time = constant(0)
    insecure = True
    visits = 0

    def expect(self, method, path, name, holds, token=None, json=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        call = self.client.request(method, path, name=name, json=json, headers=headers, catch_response=True)
        with call as reply:
            if reply.status_code != 200 or not holds(reply):
                reply.failure("not as expected")
            return reply

    @task
    def flow(self):
        self.visits += 1
        self.expect("GET", "/", "home", lambda reply: True)
        user = {"user": next(CUSTOMERS), "nonce": str(uuid.uuid4())}
        login = self.expect("POST", "/post", "login", lambda reply: reply.json()["status"] == "accepted", json=user)
        data = login.json()["data"]
        token, number = data["token"], data["id"]

        def get(name, query, holds):
            return self.expect("GET", f"/json?{query}", name, holds, token)

        def post(name, body, holds):
            return self.expect("POST", "/post", name, holds, token, body)

        page = f"search=lamp&page={self.visits}"
        search = get("search", page, lambda reply: reply.json()["data"]["items"][0]["sku"] == "A-1009")
        total = search.json()["data"]["total"]
        if number > 1000 and token != "none":
            get("details", f"id={number}", lambda reply: reply.json()["data"]["total"] > 100)
        else:
            self.client.get("/missing")
        for _ in range(2):
            get("item", f"item={number}", lambda reply: reply.json()["data"]["currency"] == "EUR")
        order = {"order": str(uuid.uuid4()), "item": number, "total": total, "quantity": random.randint(1, 9)}
        post("order", order, lambda reply: reply.json()["data"]["note"] == "ships within two days")
        post("pay", {"total": total, "currency": "EUR"}, lambda reply: reply.json()["status"] == "accepted")
        if total > 100:
            get("receipt", f"receipt={number}", lambda reply: "A-1009" in reply.text)
        if token != "none":
            post("logout", {"visits": self.visits}, lambda reply: True)
