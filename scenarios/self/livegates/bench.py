"""The bench: the place and the program as recorded at its first run, and what is measured with them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from perfkit.instruments.machine import read_conditions, read_machine
from perfkit.model.environment import Commit
from perfkit.model.errors import PerfkitError
from perfkit.running.measuring import Surroundings

from .gates import Asked, measure_gate
from .prices import price
from .project import CPU_TIME, Project, Work, calibrate, open_project
from .records import GateRecord, Place, PriceRecord, append_record, read_records


class BenchError(Exception):
    """The bench cannot go on; what was measured is kept."""


@dataclass(frozen=True, slots=True)
class Bench:
    """An open scratch project and where it is measured."""

    project: Project
    around: Surroundings

    @classmethod
    @contextmanager
    def open(cls, raw: Path) -> Iterator["Bench"]:
        """Calibrate, or go on with the program of the records in `raw`. Raises BenchError if that was elsewhere."""
        machine, conditions = read_machine(), read_conditions(sys.executable)
        try:
            place = next((one for one in read_records(raw) if isinstance(one, Place)), None)
            if place is None:
                work = calibrate()
                place = Place(
                    fingerprint=machine.fingerprint,
                    machine=str(machine),
                    hypervisor=machine.hypervisor,
                    kernel=conditions.values["kernel"],
                    python=conditions.values["perfkit's Python"],
                    rounds=work.rounds,
                    start_rounds=work.start,
                    cpu_time=CPU_TIME,
                )
                append_record(raw, place)
            if place.fingerprint != machine.fingerprint:
                raise BenchError(f"{raw} was measured on another machine ({place.machine}); name another file by --raw")
            with open_project(Work(place.rounds, place.start_rounds)) as project:
                around = Surroundings(project.root, sys.executable, (), {}, machine, conditions, Commit())
                yield cls(project, around)
        except PerfkitError as error:
            raise BenchError(f"{error}; {error.hint}") from error
        except subprocess.CalledProcessError as error:
            raise BenchError(f"{error}: {error.stderr}") from error

    def gate(self, asked: Asked) -> GateRecord:
        """One gate."""
        return measure_gate(self.project, self.around, asked)

    def price(self, gates: int) -> PriceRecord:
        """What decisions cost."""
        return price(self.project, gates)
