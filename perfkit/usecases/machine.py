"""`doctor`, and what its sessions tell every later judgement on the same machine."""

import os
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from pathlib import Path

from perfkit.instruments.capabilities import read_capabilities
from perfkit.instruments.interpreter import resolve_python
from perfkit.instruments.machine import read_conditions, read_machine
from perfkit.instruments.state_folder import state_folder
from perfkit.judging.options import Between, Options
from perfkit.loading.config import Config, read_config
from perfkit.model.diagnosis import Diagnosis, DoctorObserver, Repeat
from perfkit.model.metric import Resource
from perfkit.running.diagnosing import Asked, Clocks, launching, measure_repeats, program_name
from perfkit.running.host import Host
from perfkit.running.lock import machine_lock
from perfkit.storage.repeats import add_repeat, load_repeats


def diagnose(start: Path, asked: Asked | None, observer: DoctorObserver, *, wait: float = 0.0) -> Diagnosis:
    """What this machine can measure and, where sessions are `asked` for, what they and the earlier ones show.

    Each session is stored as it ends. Another run that holds the machine is waited for, `wait` s at most. Raises
    MeasurementError if it holds it still, DataError if the stored sessions are damaged.
    """
    config = read_config(start)
    python = resolve_python(config.root, config.tables.project.python).path
    machine, conditions = read_machine(), read_conditions(python)
    found = Diagnosis(machine, conditions, read_capabilities())
    if asked is None:
        return found
    load_repeats(state_folder(), machine.fingerprint)  # damage is told before anything is measured
    measured: list[Repeat] = []
    files: list[Path] = []

    def keep(repeat: Repeat) -> None:
        files.append(add_repeat(state_folder(), machine, repeat))
        measured.append(repeat)

    told = f"`perfkit doctor` (pid {os.getpid()})"
    with machine_lock(told, wait=wait, waiting=observer.machine_held), Host.open() as host:
        launch, about = launching(host, python, config.root), (program_name(conditions), conditions)
        finished = measure_repeats(asked, launch, keep, about, observer, Clocks())
    found = replace(found, interrupted=not finished, kept=str(files[-1]) if files else "")
    return _explained(found, config, measured) if measured else found


def known_of(machine: str, before: float = inf) -> Mapping[Resource, Between]:
    """What doctor's sessions on the machine of that fingerprint tell, as far as they ended `before` (epoch seconds).

    Raises DataError if the stored sessions are damaged.
    """
    repeats = [repeat for repeat in load_repeats(state_folder(), machine) if repeat.ended <= before]
    if not repeats:
        return {}
    from perfkit.judging.repeated import known_between  # a machine without sessions needs no statistics

    return known_between(repeats)


def _explained(found: Diagnosis, config: Config, measured: list[Repeat]) -> Diagnosis:
    from perfkit.judging.fitness import noise_of
    from perfkit.judging.fitness_wording import advice

    gate = config.tables.gate
    options = Options(alpha=gate.alpha, beta=gate.beta, ignore=gate.ignore, tolerance=gate.tolerance)
    noise = noise_of(measured, load_repeats(state_folder(), found.machine.fingerprint), options)
    told = advice(noise, found.capabilities, found.conditions)
    return replace(found, noise=noise, advice=told)
