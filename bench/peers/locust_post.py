"""One POST with a rendered body, two checks and an extract: the counterpart of plans/post.json."""

import csv
import itertools
import random
import uuid

from locust import FastHttpUser, constant, task

with open("plans/customers.csv", newline="", encoding="utf-8") as file:
    CUSTOMERS = itertools.cycle(list(csv.DictReader(file)))

HEADERS = {"X-Request-Source": "web-shop", "X-Tenant": "acme", "Accept-Language": "en-GB"}


class Buyer(FastHttpUser):
    wait_time = constant(0)
    insecure = True
    token = "0000000000000000"

    @task
    def order(self):
        body = {
            "order": str(uuid.uuid4()),
            "customer": next(CUSTOMERS)["email"],
            "token": self.token,
            "quantity": random.randint(1, 99),
            "currency": "EUR",
            "items": [
                {"sku": "A-1009", "title": "Desk lamp, brass, adjustable arm", "price": 54.9},
                {"sku": "C-3310", "title": "Bulb, warm white, 4 W", "price": 6.5},
            ],
            "delivery": {"street": "12 Harbour Road", "city": "Bristol", "postcode": "BS1 5TY"},
            "note": "Please ring twice",
        }
        with self.client.post("/post", json=body, headers=HEADERS, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"status_code expected 200, got {answer.status_code}")
                return
            document = answer.json()
            if document["status"] != "accepted":
                answer.failure(f"json_path status expected 'accepted', got {document['status']!r}")
                return
            self.token = document["data"]["token"]
