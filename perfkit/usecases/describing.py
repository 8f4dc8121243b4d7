"""`doctor` and `schema`: what this machine can measure, and what the files look like."""

import json
from pathlib import Path

from perfkit.instruments.capabilities import read_capabilities
from perfkit.instruments.interpreter import resolve_python
from perfkit.instruments.machine import read_conditions, read_machine
from perfkit.loading.config import read_config
from perfkit.model.diagnosis import Diagnosis
from perfkit.running.diagnosing import with_noise
from perfkit.storage.schema import json_schema


def diagnose(start: Path, *, noise: bool) -> Diagnosis:
    """What this machine can measure and, with `noise`, how far launches of one program lie apart."""
    config = read_config(start)
    python = resolve_python(config.root, config.tables.project.python).path
    found = Diagnosis(read_machine(), read_conditions(python), read_capabilities())
    return with_noise(found, python, config.root) if noise else found


def schema(which: str) -> str:
    """The JSON Schema of a run file or a judgement."""
    from perfkit.reporting.json_report import schema as judgement_schema

    return json.dumps(json_schema("run") if which == "run" else judgement_schema(), indent=2)
