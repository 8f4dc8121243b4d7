"""A worker of engine `locust`: it is told by its master what to send, as data and never as code.

Run as `python -m perfkit.worker.locust_worker HOST PORT`; it serves one load and ends. It says on stdout when it found
its master and what it sent.
"""

import logging
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment

from perfkit.instruments.priority import preferred
from perfkit.worker.locust_sender import Errand, Sender

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TIMES = Path("/proc/self/ns/time")


class Worker:
    """One worker: Locust's runner, and what the master asks of it."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self._name = name
        self._errand: Errand | None = None
        self._environment = Environment(user_classes=[Sender])
        events: Any = self._environment.events  # add_listener has no types
        events.report_to_master.add_listener(self._report)
        self._runner = self._environment.create_worker_runner(host, port)
        for message, handler in (
            ("perfkit_clock", self._tell_clock), ("perfkit_plan", self._take_plan), ("perfkit_go", self._go),
        ):  # fmt: skip
            self._runner.register_message(message, handler)

    def serve(self) -> None:
        """Until the master says that it is over."""
        with preferred():
            self._runner.greenlet.join()

    def _tell_clock(self, msg: Any, **_: Any) -> None:
        """What our clock says now, and whose it is."""
        told = {"number": msg.data["number"], "clock": time.monotonic(), "of": clock_name(), "name": self._name}
        self._runner.send_message("perfkit_clock", told)

    def _take_plan(self, msg: Any, **_: Any) -> None:
        self._errand = Errand.of(msg.data)
        Sender.given(self._errand)
        gevent.spawn(self._follow, self._errand)

    def _follow(self, errand: Errand) -> None:
        """Tell the master when the user waits and, in the end, what Locust's reports have not told yet."""
        errand.armed.wait()
        self._runner.send_message("perfkit_armed", {})
        errand.done.wait()
        told = {"parcel": errand.outbox.parcel(), "in_flight": errand.most_in_flight, "cpu": errand.own_cpu}
        self._runner.send_message("perfkit_done", told)
        print(f"sent {errand.outbox.total} requests", flush=True)

    def _go(self, msg: Any, **_: Any) -> None:
        if self._errand is not None:
            self._errand.go.set(msg.data["start"])

    def _report(self, data: dict[str, Any], **_: Any) -> None:
        """Locust asks what else is to be in its report."""
        if self._errand is not None:
            data["perfkit"] = self._errand.outbox.parcel()


def clock_name() -> str:
    """Names the clock: processes of one boot of one machine share it, unless one is in a time namespace."""
    if not _BOOT.exists():
        return socket.gethostname()
    return _BOOT.read_text().strip() + (os.readlink(_TIMES) if _TIMES.exists() else "")


def work(host: str, port: int, name: str) -> None:
    """Serve one load."""
    logging.getLogger("locust").setLevel(logging.WARNING)
    Worker(host, port, name).serve()


def _end_with_parent() -> None:
    """Whoever started us may be killed."""
    parent = os.getppid()
    while os.getppid() == parent:
        gevent.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    gevent.spawn(_end_with_parent)
    work(sys.argv[1], int(sys.argv[2]), f"{socket.gethostname()}, process {os.getpid()}")
