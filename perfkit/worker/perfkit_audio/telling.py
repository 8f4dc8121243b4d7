"""The answer of a worker."""

from __future__ import annotations

import json
import os
from typing import Any


def write_report(report: dict[str, Any], path: str) -> None:
    """Write it whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(report, file)
    os.replace(path + ".part", path)
