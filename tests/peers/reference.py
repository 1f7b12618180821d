"""Runs plans with LoadDensity and tells what came of them.

Reads one JSON list of jobs, `{"folder", "env"}`, and carries out `python -m je_load_density run
plan.json` in the folder of each, in a process of its own that was forked once everything was
imported. Leaves `reference.json` in each folder: `exit`, `stdout`, `stderr`, `records` of the
requests, successes first, and `results`, the outermost result map.

The reference knows no `iterations`: it is taken from the arguments of `LD_start_test`, and a
run ends once its users have done so many ticks.
"""

import json
import os
import runpy
import sys
import tempfile

# The folder of this file, where `websocket.py` is none that anybody wants to import.
del sys.path[0]
# Its log is of no interest, and must not go to the home folder.
os.environ["LOAD_DENSITY_LOG_FILE"] = os.devnull

# Imports of gevent first: it replaces parts of the standard library.
import gevent  # noqa: E402
import gevent.monkey  # noqa: E402
from locust.exception import StopUser  # noqa: E402
from locust.user.task import TaskSet  # noqa: E402

import je_load_density.__main__  # noqa: E402, F401
import je_load_density.wrapper.start_wrapper.locust_start  # noqa: E402, F401
from je_load_density.utils.executor.action_executor import executor  # noqa: E402
from je_load_density.utils.test_record.test_record_class import (  # noqa: E402
    test_record_instance,
)

# Processes at work at a time. A plan mostly waits.
PARALLEL = 3
# Those of the system: what gevent puts in their place needs its event loop, which is not to run
# before the process that uses it is there.
fork, waitpid = (gevent.monkey.get_original("os", name) for name in ("fork", "waitpid"))


class Ticks:
    """Ends a run once each of its users has done its ticks."""

    def __init__(self):
        self.limit = None
        self.users = 0
        self.done = {}

    def install(self):
        start_test = executor.event_dict["LD_start_test"]
        wait = TaskSet.wait

        def start(*args, **kwargs):
            self.limit = kwargs.get("iterations")
            self.users = kwargs.get("user_count", 50)
            self.done.clear()
            return start_test(*args, **kwargs)

        def count(task_set):
            user = task_set.user
            self.done[user] = self.done.get(user, 0) + 1
            if self.limit is None or self.done[user] < self.limit:
                return wait(task_set)
            if len(self.done) == self.users and min(self.done.values()) >= self.limit:
                gevent.spawn(user.environment.runner.quit)
            raise StopUser()

        # The texts of wrong calls name the function.
        start.__name__ = start_test.__name__
        executor.event_dict["LD_start_test"] = start
        TaskSet.wait = count


def run(job):
    """Carries out a job; never returns."""
    os.chdir(job["folder"])
    os.environ.update(job.get("env", {}))
    streams = {}
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        streams[name] = tempfile.TemporaryFile()
        os.dup2(streams[name].fileno(), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    Ticks().install()
    results = {}
    execute = executor.execute_action

    def keep(actions):
        executor.execute_action = execute
        results["map"] = execute(actions)
        return results["map"]

    executor.execute_action = keep
    sys.argv = ["je_load_density", "run", "plan.json"]
    try:
        runpy.run_module("je_load_density", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as exit:
        code = exit.code
    sys.stdout.flush()
    sys.stderr.flush()
    kept = ("name", "Method", "status_code", "error", "response_length")
    outcome = {"exit": code, "results": results.get("map"), "records": []}
    for succeeded, records in (
        (True, test_record_instance.test_record_list),
        (False, test_record_instance.error_record_list),
    ):
        for record in records:
            outcome["records"].append(
                {"ok": succeeded} | {key: record.get(key) for key in kept}
            )
    for name, stream in streams.items():
        stream.seek(0)
        outcome[name] = stream.read().decode("utf-8", errors="replace")
    with open("reference.json", "w", encoding="utf-8") as file:
        # Objects of the reference: their text has addresses and times in it.
        json.dump(outcome, file, default=lambda value: f"<{type(value).__name__}>")
    os._exit(0)


def main():
    jobs = json.load(sys.stdin)
    workers = []
    for first in range(PARALLEL):
        worker = fork()
        if worker == 0:
            for job in jobs[first::PARALLEL]:
                child = fork()
                if child == 0:
                    gevent.reinit()
                    # Timers count from what the event loop takes for now, which is the time of
                    # the imports until it has turned once.
                    gevent.get_hub().loop.update_now()
                    run(job)
                waitpid(child, 0)
            os._exit(0)
        workers.append(worker)
    for worker in workers:
        waitpid(worker, 0)


main()
