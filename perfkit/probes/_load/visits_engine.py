"""Calls of a Python function at the schedule's times, by a child in the side's interpreter (`worker/visits.py`).

The function belongs to the measured project, so it runs where that runs: from the side's root, with the side's
interpreter and packages. In a comparison each side's own function is called.
"""

import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.affinity import pin_tree
from perfkit.instruments.cpu import between, read_tree
from perfkit.instruments.priority import prefer
from perfkit.model.errors import Failed
from perfkit.model.launch import Program, Ready
from perfkit.model.reasons import said, shortened
from perfkit.model.units import format_quantity
from perfkit.probes._load.drawn_up import joined, requests_report
from perfkit.probes._load.last_words import last_words
from perfkit.probes._load.report import Report, Site
from perfkit.probes._load.schedule import schedule
from perfkit.probes._load.settings import Plan
from perfkit.probes._load.tally import Tally, tally_for

_WORKER = Path(__file__).parents[2] / "worker" / "visits.py"
_HEAD_START = 0.1
"""Seconds from the end of the preparations to the first call: the child looks for its start every 2 ms."""

_HOLDING = "the function holds the event loop, or the machine is busy: let it await, or lower `rate`"


def load(plan: Plan, site: Site) -> Report:
    """One load. Raises Failed where the function cannot be loaded or set up, or where no call succeeds."""
    assert plan.call is not None
    assert plan.pace is not None
    due = schedule(plan.pace, plan.warmup, plan.duration, plan.seed).due
    report = site.launcher.tmp / "visits.json"
    times, start_file = report.with_name("visits.due"), report.with_name("visits.start")
    due.tofile(times)
    request = {
        "call": plan.call.function, "arguments": dict(plan.call.arguments), "due": str(times),
        "start": str(start_file), "timeout": plan.timeout, "most": plan.pace.in_flight,
    }  # fmt: skip
    command = ("python", str(_WORKER), json.dumps(request), str(report))
    child = site.launcher.start(Program(command, ready=Ready(stdout="^ready$")))
    child.wait_ready(site.launcher.remaining)
    if site.cores is not None:
        pin_tree(child.pid, site.cores.generator)
    prefer(child.pid)
    start = time.monotonic() + _HEAD_START
    _write_whole(start_file, repr(start))
    own = _over_window(plan, site, child.pid, start)
    ended = child.wait(plan.timeout + site.launcher.remaining)
    if ended.code != 0 or not report.exists():
        words, tail = last_words(ended.stderr, "it said nothing")
        raise Failed(f"{plan.call.function} ended the process: {words}{tail}",
                     hint="what is called for an arrival must return, not exit")  # fmt: skip
    return _read(plan, report, start + due, own)


def _over_window(plan: Plan, site: Site, child: int, start: float) -> Report:
    """What the service and the child used over the window, after waiting for its end."""
    processes = (child,) if site.service is None else (child, site.service)
    opens = start + plan.warmup
    time.sleep(max(0.0, opens - time.monotonic()))
    first = [read_tree(process) for process in processes]
    time.sleep(max(0.0, opens + plan.duration - time.monotonic()))
    last = [read_tree(process) for process in processes]
    windows = [between(before, after) for before, after in zip(first, last, strict=True)]
    share = format_quantity(windows[0].cores, "cores")
    rows = (("generator's own CPU", f"{share} of a core, the function's work included"),)
    return Report(values={}, rows=rows, cpu=windows[1] if len(windows) > 1 else None)


def _read(plan: Plan, report: Path, due: NDArray[np.float64], own: Report) -> Report:
    assert plan.call is not None
    assert plan.pace is not None
    told = json.loads(report.read_text(encoding="utf-8"))
    columns = report.with_name(report.name + ".columns").read_bytes()
    sent, done = np.frombuffer(columns[: 16 * due.size]).reshape(2, due.size)
    state = np.frombuffer(columns[16 * due.size :], np.uint8)
    tally = tally_for(plan, told["start"] + plan.warmup)
    tally.add(due, sent, done, state)
    tally.errors = _in_window(tally, due, told["errors"])
    tally.most_in_flight = told["most_in_flight"]
    try:
        requests = requests_report(plan, tally)
    except Failed as error:
        raise Failed(
            f"{error} ({shortened(said(told['first_error'])) or 'too slow'})",
            hint=f"call {plan.call.function} once by hand",
        ) from None
    objections = tuple(replace(each, hint=_HOLDING) if each.generator else each for each in requests.objections)
    rows = (("calls", f"{plan.call.function}, in the side's Python {told['python']}"),)
    return joined(Report(values={}, rows=rows), own, replace(requests, objections=objections))


def _in_window(tally: Tally, due: NDArray[np.float64], errors: dict[str, list[int]]) -> Counter[str]:
    found = Counter({name: int(np.count_nonzero(due[indices] >= tally.opens)) for name, indices in errors.items()})
    return +found


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="ascii")
    part.replace(path)
