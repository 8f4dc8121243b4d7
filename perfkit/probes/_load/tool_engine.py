"""The engines of others: wrk, wrk2, vegeta, oha, k6, where they are on PATH."""

import shutil
from dataclasses import replace
from functools import partial

from perfkit.instruments.affinity import pin_tree
from perfkit.instruments.cpu import between, read_tree
from perfkit.instruments.priority import prefer
from perfkit.model.errors import Failed, Skipped
from perfkit.model.launch import Exit, Program
from perfkit.model.reasons import shortened
from perfkit.model.units import format_quantity
from perfkit.probes._load import grades
from perfkit.probes._load.last_words import last_words
from perfkit.probes._load.report import Report, Site
from perfkit.probes._load.settings import LEAST_READINGS, Plan
from perfkit.probes._load.told import Command, Told
from perfkit.probes._load.tools import TOOLS
from perfkit.probes._load.validity import Objection, not_sent, too_little


def _load(name: str, plan: Plan, site: Site) -> Report:
    used = TOOLS[name]
    if shutil.which(name) is None:
        raise Skipped(f"{name} is not on this machine", hint=used.install)
    if plan.warmup:
        for command in used.commands(plan, plan.warmup, site.launcher.tmp):
            _run(command, site)
    first = None if site.service is None else read_tree(site.service)
    load, *more = used.commands(plan, plan.duration, site.launcher.tmp)
    loaded = ended = _run(load, site)
    last = None if site.service is None else read_tree(site.service)
    for command in more:
        ended = _run(command, site)
    try:
        told = used.read(ended.stdout)
    except (ValueError, KeyError) as error:
        raise Failed(
            f"{name} cannot be read: {error}", hint=f"is this {name} of another kind? {used.install}"
        ) from None
    window = between(first, last) if first and last else None
    report = _report(name, plan, told)
    cost = format_quantity(loaded.usage.cpu_time / told.requests, "s")
    return replace(report, cpu=window, rows=(*report.rows, ("generator's CPU per request", cost)))


def _run(command: Command, site: Site) -> Exit:
    child = site.launcher.start(Program((*site.prefix, *command)))
    if site.cores is not None:
        pin_tree(child.pid, site.cores.generator)
    prefer(child.pid)
    ended = child.wait(site.launcher.remaining)
    if ended.code != 0:
        said, tail = last_words(ended.stderr or ended.stdout, f"exit code {ended.code}")
        raise Failed(f"{command[0]} failed: {said}{tail}", hint=shortened(" ".join(command)))
    return ended


def _report(name: str, plan: Plan, told: Told) -> Report:
    assert plan.pace is not None
    if not told.answered:
        named = ", ".join(f"{error} × {count}" for error, count in told.errors.items()) or "none was answered"
        raise Failed(f"no request succeeded: {named}", hint="check `url`, `method`, `headers` and `body`")
    said = f"{name}: {grades.TOOLS[name].said}"
    percentiles = {"response_p50": told.p50, "response_p95": told.p95, "response_p99": told.p99}
    few = [name for name in percentiles if told.requests < LEAST_READINGS[name]]
    values = {name: value for name, value in percentiles.items() if name not in few} | {
        "response_max": told.longest,
        "throughput": told.answered / told.duration,
        "errors": sum(told.errors.values()),
    }
    return Report(
        values=values,
        requests=told.requests,
        objections=() if plan.pace.closed else _objections(told, plan.pace.requests_in(plan.duration)),
        rows=(("response times", said), ("requests", str(told.requests))),
        caveats=(
            said,
            *(f"no {name}: {told.requests} requests, needs {LEAST_READINGS[name]}" for name in few if plan.pace.closed),
            *(f"{count} × {error}" for error, count in told.errors.items()),
        ),
    )


def _objections(told: Told, offered: int) -> tuple[Objection, ...]:
    return (*not_sent(told.dropped, offered), *too_little(told.requests / offered))


wrk, wrk2, vegeta, oha, k6 = (partial(_load, name) for name in ("wrk", "wrk2", "vegeta", "oha", "k6"))
"""The engines by name. They raise Skipped where the tool is not on PATH."""
