"""Which settings of a probe name the audio server that it plays on."""

from collections.abc import Mapping
from typing import Any

_PROBES = ("audio_capacity", "audio_deadline", "audio_latency")
_OPEN = ("", "auto")


def put_on_server(kind: str, settings: Mapping[str, Any], server: str) -> dict[str, Any]:
    """The settings with `server`, if probe `kind` plays on one by them and they do not say on which."""
    live = settings.get("live")
    if kind == "audio_quality" and isinstance(live, Mapping) and live.get("server", "") in _OPEN:
        return {**settings, "live": {**live, "server": server}}
    needs_none = settings.get("mode") == "smallest_block" or "load" in settings
    if kind not in _PROBES or needs_none or settings.get("server", "") not in _OPEN:
        return dict(settings)
    return {**settings, "server": server}
