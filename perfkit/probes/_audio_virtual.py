"""A body on the virtual sink, and when it plays there."""

from typing import Literal

from perfkit.instruments.audio_servers import ServerKind, choose
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.stalls import play_beside_canary
from perfkit.model.errors import Failed, Skipped
from perfkit.model.launch import Launcher, Measurement
from perfkit.probes._audio import block_details, block_values, silence
from perfkit.probes._audio_format import caveats
from perfkit.probes._deadline_settings import DeadlineSettings


def server_for(wanted: Literal["", "virtual", "pipewire", "jack", "running", "auto"]) -> ServerKind | None:
    """The server for a body: None is the virtual sink, which `auto` falls back to. Raises Skipped without a server."""
    if wanted in {"", "virtual"}:
        return None
    try:
        require_client()
        return choose(wanted)  # type: ignore[arg-type]
    except Skipped:
        if wanted == "auto":
            return None
        raise


def play_body(probe: DeadlineSettings, launcher: Launcher) -> Measurement:
    """One process, one stretch of blocks. Raises Failed where it cannot be played."""
    played = play_beside_canary(launcher, probe.stretch)
    if played.peak is None:
        raise Failed(f"{probe.body} wrote values that are not finite", hint="look for an unstable filter or 0 / 0")
    metrics = probe.metrics_through("")
    names = {metric.name for metric in metrics}
    return Measurement(
        values={name: value for name, value in block_values(played).items() if name in names},
        metrics=metrics,
        details=block_details(played),
        run_delay=float(played.blocks.run_delay.sum()),
        caveats=(*caveats(probe.block, real_time=played.real_time), *silence(played)),
    )
