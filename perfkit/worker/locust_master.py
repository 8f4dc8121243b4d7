"""The master of engine `locust`: starts its local workers, deals out the arrivals, and gathers what became of them.

Run by perfkit's own interpreter as `python -m perfkit.worker.locust_master FOLDER`. FOLDER holds `plan.json` and
`due`, the arrivals as doubles, s from the common start. It gets `start.json` half a second before that start, and in
the end `readings` (`locust_readings.blocks`) and `outcome.json`: what the workers told, or {"unbound"}, {"missing"} or
{"failed"} with the reason.

Locust's own messages carry it all. A worker on another machine has another clock, so its clock is asked for several
times; the answer that took the shortest way tells the difference to half of that way.
"""

import errno
import json
import logging
import math
import os
import signal
import socket
import sys
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import locust
import locust.runners
from locust.env import Environment
from locust.exception import RPCError

from perfkit.instruments.priority import preferred
from perfkit.worker.locust_readings import Gathering, LostError, dealt
from perfkit.worker.locust_sender import Sender
from perfkit.worker.locust_worker import clock_name, work

_HEAD_START = 0.5
"""s from the last preparation to the common start: the message must be there before."""
_CLOCKS = 12
"""Questions for a clock."""
_CLOCK_PATIENCE = 5.0
_ASK_AGAIN = 1.0
"""s without an answer after which a question counts as lost."""
_USERS_PATIENCE = 20.0
_LAST_REPORT = 10.0
"""s after the last possible answer in which every report has come."""
_TICK = 0.01


class GivenUpError(Exception):
    """Why the load cannot be measured."""


class MissingError(Exception):
    """Workers did not come."""


@dataclass(slots=True)
class Helper:
    """One worker as its master knows it. `offset` s are to be added to our clock to get its own."""

    client: str
    name: str = ""
    offset: float = 0.0
    way: float = float("inf")
    armed: bool = False
    told: dict[str, Any] | None = None


class Master:
    """One load."""

    def __init__(self, folder: Path, plan: dict[str, Any], children: dict[int, str]) -> None:
        self._folder, self._plan, self._children = folder, plan, children
        self._due = array("d", (folder / "due").read_bytes())
        self._workers = plan["workers"] + plan["expect_workers"]
        self._gathering = Gathering((folder / "readings").open("wb"), len(self._due), self._workers)
        self._helpers: dict[str, Helper] = {}
        self._lost = ""
        self._asked, self._answered = (0, 0.0), False
        self._environment = Environment(user_classes=[Sender])
        events: Any = self._environment.events  # add_listener has no types
        events.worker_report.add_listener(self._take_report)
        self._runner = self._environment.create_master_runner(plan["host"], plan["port"])
        for message, handler in (
            ("perfkit_clock", self._take_clock), ("perfkit_armed", self._take_armed), ("perfkit_done", self._take_done),
        ):  # fmt: skip
            self._runner.register_message(message, handler)

    def measure(self) -> dict[str, Any]:
        """The outcome. Raises MissingError or GivenUpError."""
        count = self._workers
        self._await_workers(count)
        if len(self._runner.clients) > count:
            raise GivenUpError(f"{len(self._runner.clients)} workers came, {count} are expected")
        self._helpers = {client: Helper(client) for client in self._runner.clients}
        self._ask_clocks()
        self._deal()
        gevent.spawn(self._runner.start, count, count)
        helpers = self._helpers.values()
        self._wait(lambda: all(helper.armed for helper in helpers), _USERS_PATIENCE, lambda: "Locust started no users")
        start = self._start()
        longest = max(0.0, start - time.monotonic()) + self._plan["closes"] + self._plan["timeout"] + _LAST_REPORT
        self._wait(self._complete, longest, self._unreported)
        self._gathering.file.close()
        told = [helper.told or {} for helper in helpers]
        return {
            "start": start, "locust": locust.__version__, "errors": self._gathering.errors,
            "names": [helper.name for helper in helpers], "counts": self._gathering.counts,
            "in_flight": sum(each["in_flight"] for each in told), "cpu": [each["cpu"] for each in told],
            "way": max((helper.way for helper in helpers if helper.offset), default=0.0),
        }  # fmt: skip

    def quit(self) -> None:
        """Let the workers go."""
        self._runner.quit()

    def _wait(self, enough: Callable[[], bool], patience: float, missing: Callable[[], str]) -> None:
        """Until it is enough. Raises GivenUpError where a worker is gone, or with `missing` after `patience` s."""
        until = time.monotonic() + patience
        while not enough():
            if self._lost:
                raise GivenUpError(self._lost)
            self._look_for_the_dead()
            if time.monotonic() > until:
                raise GivenUpError(missing())
            gevent.sleep(_TICK)

    def _look_for_the_dead(self) -> None:
        for child, name in self._children.items():
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                raise GivenUpError(f"{name} ended during the load ({how})")
        for helper in self._helpers.values():
            node = self._runner.clients.get(helper.client)
            if helper.told is None and (node is None or node.state == locust.runners.STATE_MISSING):
                raise GivenUpError(f"worker {helper.name or helper.client} does not answer any more")

    def _await_workers(self, count: int) -> None:
        patience = self._plan["patience"]
        until = time.monotonic() + patience
        while len(self._runner.clients) < count:
            self._look_for_the_dead()
            if time.monotonic() > until:
                came = f"{len(self._runner.clients)} of {count} workers came within {patience:.3g} s"
                raise MissingError(came)
            gevent.sleep(_TICK)

    def _ask_clocks(self) -> None:
        for helper in self._helpers.values():
            for _ in range(_CLOCKS):
                self._asked, self._answered = (self._asked[0], -math.inf), False
                silent = partial("worker {} is silent".format, helper.client)
                self._wait(partial(self._ask_clock, helper), _CLOCK_PATIENCE, silent)
                if helper.way == 0.0:
                    break

    def _ask_clock(self, helper: Helper) -> bool:
        """Whether it answered. It is asked again, for a worker that is still connecting does not hear a question."""
        number, asked = self._asked
        if not self._answered and time.monotonic() - asked > _ASK_AGAIN:
            self._asked = (number + 1, time.monotonic())
            self._runner.send_message("perfkit_clock", {"number": number + 1}, helper.client)
        return self._answered

    def _take_clock(self, msg: Any, **_: Any) -> None:
        now = time.monotonic()
        helper = self._helpers.get(msg.node_id)
        number, asked = self._asked
        if helper is None or msg.data["number"] != number:
            return
        helper.name = msg.data["name"]
        if msg.data["of"] == clock_name():
            helper.offset, helper.way = 0.0, 0.0
        elif now - asked < helper.way:
            helper.offset, helper.way = msg.data["clock"] - (asked + now) / 2, now - asked
        self._answered = True

    def _deal(self) -> None:
        known = ("method", "url", "headers", "body", "expect", "timeout", "opens", "closes")
        common = {key: self._plan[key] for key in known}
        most = -(-self._plan["in_flight"] // self._workers)
        for number, helper in enumerate(self._helpers.values()):
            due = dealt(self._due, number, self._workers)
            own = {"in_flight": most, "due": due.tobytes()}
            self._runner.send_message("perfkit_plan", common | own, helper.client)

    def _start(self) -> float:
        furthest = max(helper.way for helper in self._helpers.values())
        start = time.monotonic() + _HEAD_START + 2 * furthest
        for helper in self._helpers.values():
            self._runner.send_message("perfkit_go", {"start": start + helper.offset}, helper.client)
        write(self._folder / "start.json", {"start": start})
        return start

    def _take_armed(self, msg: Any, **_: Any) -> None:
        if helper := self._helpers.get(msg.node_id):
            helper.armed = True

    def _take_done(self, msg: Any, **_: Any) -> None:
        if helper := self._helpers.get(msg.node_id):
            helper.told = msg.data
            self._gather(helper, msg.data["parcel"])

    def _take_report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        parcel = data.get("perfkit")
        if parcel is not None and client_id in self._helpers:
            self._gather(self._helpers[client_id], parcel)

    def _gather(self, helper: Helper, parcel: dict[str, Any]) -> None:
        try:
            self._gathering.add(list(self._helpers).index(helper.client), parcel)
        except LostError as error:
            self._lost = f"worker {helper.name}: {error}"

    def _complete(self) -> bool:
        told = all(helper.told is not None for helper in self._helpers.values())
        return told and self._gathering.complete()

    def _unreported(self) -> str:
        counts, expected = self._gathering.counts, self._gathering.expected
        short = [
            f"worker {helper.name} reported {counts[number]} of its {expected(number)} arrivals"
            for number, helper in enumerate(self._helpers.values())
            if counts[number] != expected(number)
        ]
        return "; ".join(short) or "not every worker said that it is done"


def write(path: Path, content: dict[str, Any]) -> None:
    """The file is there at once as a whole."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(path)


def _fork_workers(plan: dict[str, Any]) -> dict[int, str]:
    """The local workers by process id: forked before there is any connection, so Locust is imported once."""
    children = {}
    for number in range(plan["workers"]):
        name = f"{number + 1} of {plan['workers']} on this machine"
        child = gevent.fork()
        if not child:
            work("127.0.0.1", plan["port"], name)
            os._exit(0)
        children[child] = f"worker {name}"
    return children


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def main(folder: Path) -> None:
    """Measure one load."""
    logging.getLogger("locust").setLevel(logging.WARNING)
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    plan["port"] = plan["port"] or _free_port()
    if plan["cpus"]:
        os.sched_setaffinity(0, plan["cpus"])
    workers, in_use = _fork_workers(plan), os.strerror(errno.EADDRINUSE)
    try:
        master = Master(folder, plan, workers)
    except (RPCError, SystemExit) as error:  # it exits where the port is taken
        write(folder / "outcome.json", {"unbound": in_use if isinstance(error, SystemExit) else str(error)})
        return
    with preferred():
        try:
            outcome = master.measure()
        except MissingError as error:
            outcome = {"missing": str(error)}
        except GivenUpError as error:
            outcome = {"failed": str(error)}
    write(folder / "outcome.json", outcome)
    master.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
