"""Probe `audio_capacity`: how many voices, or streams, are sustained without a miss."""

from dataclasses import dataclass
from typing import ClassVar

from perfkit.model.launch import Launcher, Measurement
from perfkit.probes._capacity_settings import CapacitySettings
from perfkit.probes._requires import check_requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioCapacity(CapacitySettings):
    """Raises a level until deadlines are missed: doubles from `start`, then bisects.

    A level is the whole-number `argument` of a `body` (as in probe `audio_deadline`, on the virtual sink or, with
    `server`, on a private `pipewire` or `jack`), played in blocks of `block` frames for `duration`, but at least
    `blocks` of them; or the number of simultaneous WebSocket streams of `load` (settings as in probe `load`), of whose
    messages the share `underruns` may be missing.

    Or it is what somebody's JACK client, started by `command` and observed at its `output_port` as by `audio_deadline`,
    has to play: that many notes held at its `midi_port`, 128 on each of `channels` (which leave out the one of drums),
    or what its command makes of `{{voices}}`, the name of `argument` in doubled braces.

    A level fails if two of three tries miss; every try is a fresh process. A canary runs beside it: a try that missed
    only where the canary was late too is made again.

    The search is made `searches` times, the later ones from the answer before; the value is their median and the range
    is told. Levels go up to `most` and are told apart to the share `precision`. Give the scenario a `timeout` of
    minutes.

    `requires` names programs on PATH, or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "audio_capacity"

    def measure(self, launcher: Launcher) -> Measurement:
        """All searches of a launch. Raises Failed where not even a level of 1 is sustained."""
        check_requirements(self.requires, launcher.root)
        from perfkit.probes import _audio_capacity

        return _audio_capacity.capacity(self, launcher)
