"""The memory curve of a launch."""

from collections.abc import Sequence

from perfkit.instruments.memory import MemoryWatch
from perfkit.model.detail import Curve


def curve(
    watch: MemoryWatch, levels: Sequence[tuple[str, float]], phases: Sequence[tuple[str, float]] = ()
) -> tuple[Curve, ...]:
    """Resident memory over time with labelled levels (B) and moments (time.monotonic() s); none of a single reading."""
    times, sums = watch.points()
    if len(times) < 2:
        return ()
    moments = tuple((name, at - watch.entered) for name, at in phases)
    return (
        Curve(
            "Resident memory, summed over the tree",
            "time", "s", "RSS", "B",
            times, sums,
            lines=tuple(levels),
            moments=moments,
        ),
    )  # fmt: skip
