"""What perfkit and its probe host tell each other, one JSON object a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfkit.model.launch import Disturbance, Outcome
from perfkit.model.metric import Metric


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """One launch to make: a probe's kind and its settings with only `{port} {root} {tmp}` left to fill.

    `timeout` is the launch's limit in s, and `grace` what the probe may take beyond it, to end what it started and to
    compute. `plugins` tells where kinds that perfkit does not know itself are found.
    """

    kind: str
    settings: Mapping[str, Any]
    root: Path
    python: str
    seed: int
    timeout: float
    env_pass: tuple[str, ...] = ()
    plugins: Mapping[str, str] = field(default_factory=dict)
    grace: float = 5.0


@dataclass(frozen=True, slots=True)
class LaunchAnswer:
    """What came of it. `started` is s since the epoch, `details` as perfkit.storage.details encodes them."""

    outcome: Outcome
    started: float
    duration: float
    reason: str = ""
    hint: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    metrics: tuple[Metric, ...] = ()
    details: bytes = b"[]"
    caveats: tuple[str, ...] = ()
    run_delay: float | None = None
    disturbance: Disturbance = field(default_factory=Disturbance)
