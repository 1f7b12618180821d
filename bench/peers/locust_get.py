"""One GET with a status check, without waiting: the counterpart of plans/get.json."""

from locust import FastHttpUser, constant, task


class Getter(FastHttpUser):
    wait_time = constant(0)
    insecure = True

    @task
    def get(self):
        with self.client.get("/", catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"status_code expected 200, got {answer.status_code}")
