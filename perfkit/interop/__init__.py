"""Files of other tools become Runs: one module a format, each with `recognises` and `read`."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from perfkit.model.errors import DataError
from perfkit.model.run import Run

READERS: dict[str, str] = {
    "pyperf": "perfkit.interop.pyperf",
    "hyperfine": "perfkit.interop.hyperfine",
}
"""Format → module."""


def read_foreign(path: Path) -> Run | None:
    """The run in a file of another tool; None if no format recognises it. Raises DataError if it is damaged."""
    try:
        data: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        return None
    for module in map(import_module, READERS.values()):
        if module.recognises(data):
            run: Run = module.read(path)
            return run
    return None
