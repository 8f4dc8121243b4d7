"""When a tolerance of memory is wider than written, since differences of few pages say nothing."""

from typing import Final

from perfkit.judging.margins import APART, SMALLEST_MEMORY, Margins
from perfkit.model.metric import Metric, Resource

IGNORED: Final = f"differences below {SMALLEST_MEMORY / 1024:.0f} KiB are ignored"


def remark(metric: Metric, wanted: Margins, base: float) -> str:
    """What to say where that widened δ of a base at `base`; empty where it did not."""
    of_memory = metric.resource is Resource.MEMORY and metric.unit == "B" and base > 0
    widened = of_memory and wanted.ignore == SMALLEST_MEMORY / base and wanted.tolerance == wanted.ignore + APART
    return IGNORED if widened else ""
