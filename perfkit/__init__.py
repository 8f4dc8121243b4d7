"""perfkit measures programs and says whether a change made them slower.

What authors of scenarios import (`scenario`, `audio`, `Metrics`, the probes, when a program is ready), and what authors
of probes need beside it. Importing it imports no probe: those come when they are named.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from perfkit.declaring import (
    PROBES,
    Declared,
    File,
    Http,
    Metrics,
    Notify,
    Stage,
    Stamp,
    Stdout,
    Tcp,
    audio,
    scenario,
)

if TYPE_CHECKING:
    from perfkit.model.detail import Curve, Facts, Histogram
    from perfkit.model.errors import Failed, Invalid, Skipped, TimedOut
    from perfkit.model.launch import Launcher, Measurement, Program, Ready
    from perfkit.model.metric import Better, Kind, Metric, Resource, Scale
    from perfkit.model.scenario import Probe
    from perfkit.model.units import ByteSize, Duration
    from perfkit.probes.audio_capacity import AudioCapacity
    from perfkit.probes.audio_deadline import AudioDeadline
    from perfkit.probes.audio_latency import AudioLatency
    from perfkit.probes.audio_offline import AudioOffline
    from perfkit.probes.audio_quality import AudioQuality
    from perfkit.probes.call import Call
    from perfkit.probes.command import Command
    from perfkit.probes.cpu import Cpu
    from perfkit.probes.load import Load
    from perfkit.probes.memory import Memory
    from perfkit.probes.size import Size
    from perfkit.probes.startup import Startup

__version__ = "0.1.0"

__all__ = [
    "AudioCapacity",
    "AudioDeadline",
    "AudioLatency",
    "AudioOffline",
    "AudioQuality",
    "Better",
    "ByteSize",
    "Call",
    "Command",
    "Cpu",
    "Curve",
    "Declared",
    "Duration",
    "Facts",
    "Failed",
    "File",
    "Histogram",
    "Http",
    "Invalid",
    "Kind",
    "Launcher",
    "Load",
    "Measurement",
    "Memory",
    "Metric",
    "Metrics",
    "Notify",
    "Probe",
    "Program",
    "Ready",
    "Resource",
    "Scale",
    "Size",
    "Skipped",
    "Stage",
    "Stamp",
    "Startup",
    "Stdout",
    "Tcp",
    "TimedOut",
    "audio",
    "scenario",
]

_WHERE = {name: f"perfkit.probes.{module}" for name, module in PROBES.items()} | {
    name: f"perfkit.model.{module}"
    for module, names in {
        "errors": ("Failed", "Invalid", "Skipped", "TimedOut"),
        "detail": ("Curve", "Facts", "Histogram"),
        "launch": ("Launcher", "Measurement", "Program", "Ready"),
        "metric": ("Better", "Kind", "Metric", "Resource", "Scale"),
        "scenario": ("Probe",),
        "units": ("ByteSize", "Duration"),
    }.items()
    for name in names
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        where = _WHERE.get(name)
        if where is None:
            raise AttributeError(f"module 'perfkit' has no attribute {name!r}")
        return getattr(import_module(where), name)
