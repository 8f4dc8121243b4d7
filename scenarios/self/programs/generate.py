"""Sends HTTP requests to 127.0.0.1 for a while and prints what they cost: `generate.py KIND PORT SECONDS RATE`.

KIND is `perfkit` (an open loop at RATE) or `locust` (FastHttpUser, ten users without a pause: as fast as it can). The
JSON object on stdout holds the requests of the window, the CPU seconds of this process over it, and what voids it.
"""

import json
import sys
import time


def perfkit(port: int, seconds: float, rate: float) -> dict:
    """The engine asyncio, in this process."""
    from perfkit.probes import build
    from perfkit.probes._load.asyncio_engine import run
    from perfkit.probes._load.validity import objections

    settings = {"url": f"http://127.0.0.1:{port}/", "rate": rate, "duration": seconds, "warmup": 0.5}
    ledger = run(build("load", settings).plan(1))
    void = [each.why for each in objections(ledger.tally.offered, ledger.tally.errors)]
    return {"requests": ledger.tally.requests, "cpu": ledger.own_cpu, "void": void}


def locust(port: int, seconds: float, _: float) -> dict:
    """Locust's own runner in this process; importing it patches the standard library."""
    import gevent
    from locust import FastHttpUser, constant, task
    from locust.env import Environment

    class Visitor(FastHttpUser):
        host = f"http://127.0.0.1:{port}"
        wait_time = constant(0)

        @task
        def look(self) -> None:
            self.client.get("/")

    environment = Environment(user_classes=[Visitor])
    runner = environment.create_local_runner()
    runner.start(10, spawn_rate=100)
    gevent.sleep(1.0)
    cpu, before = time.process_time(), environment.stats.total.num_requests
    gevent.sleep(seconds)
    used, requests = time.process_time() - cpu, environment.stats.total.num_requests - before
    failed = environment.stats.total.num_failures
    runner.quit()
    return {"requests": requests, "cpu": used, "void": [f"{failed} failures"] if failed else []}


if __name__ == "__main__":
    kind, port, seconds, rate = sys.argv[1:]
    told = {"perfkit": perfkit, "locust": locust}[kind](int(port), float(seconds), float(rate))
    print(json.dumps(told), flush=True)
