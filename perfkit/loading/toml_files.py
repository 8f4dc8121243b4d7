"""Scenario files in TOML: one table a scenario."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfkit.loading.config import read_toml
from perfkit.loading.declared import scenario_from
from perfkit.model.errors import UsageError
from perfkit.model.scenario import Scenario, Source

_OWN = ("probe", "params", "budget", "tags", "timeout")


def read_scenarios(file: Path) -> list[Scenario]:
    """The scenarios of one TOML file, in order. Raises UsageError that names file, line and key."""
    scenarios = []
    for name, table in read_toml(file).items():
        source = Source(file, name, line_of(file, name))
        if not isinstance(table, Mapping):
            raise UsageError(
                f"{source.where}: {name!r} stands outside a table", hint="write a table, such as [my_scenario]"
            )
        if "probe" not in table:
            raise UsageError(
                f"{source.where}: [{name}] has no `probe`", hint='say how to measure it: probe = "startup"'
            )
        settings = {key: value for key, value in table.items() if key not in _OWN}
        declared: dict[str, Any] = {key: table[key] for key in _OWN if key in table and key != "probe"}
        scenarios.append(scenario_from({**declared, "kind": table["probe"], "settings": settings}, source))
    return scenarios


def line_of(file: Path, name: str) -> int:
    """The line (from 1) of the table `name`; 1 if it is written in a form that cannot be found."""
    header = re.compile(rf"""\s*\[\s*(["']?){re.escape(name)}\1\s*[\].]""")
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if header.match(line)), 1)
