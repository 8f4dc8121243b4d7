"""Starting the clients in `worker/jack_clients/` and reading what they report."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perfkit.model.errors import Failed, Skipped

_FOLDER = Path(__file__).parents[1] / "worker"


def require_client() -> None:
    """Raises Skipped where perfkit's extra for audio is not installed."""
    if importlib.util.find_spec("jack") is None:
        raise Skipped("JACK-Client is not installed beside perfkit", hint='pip install "perfkit[audio]"')


def command_of(name: str, request: Mapping[str, Any], python: str = "") -> tuple[str, ...]:
    """The command of client `name` on perfkit's interpreter, or on `python`."""
    code = f"import sys; sys.path.append({str(_FOLDER)!r}); from jack_clients.{name} import main; main()"
    return (python or sys.executable, *(() if python else ("-P",)), "-c", code, json.dumps(request))


def read_report(file: Path, hint: str) -> dict[str, Any]:
    """What a client wrote at its end. Raises Failed where it wrote nothing."""
    if not file.exists():
        raise Failed("the JACK client ended without a report", hint=hint)
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told
