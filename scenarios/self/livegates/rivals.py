"""The rules by which other tools call a change slower, on the values of two sides.

pyperf: its own `CompareResult`, which `compare_to` prints, on benchmarks of one value a process. Mann-Whitney: two
sided at 5 %, and medians more than 3 % apart. The other two hold the ratio of medians against a fixed
1.05, and against 1.10, a customary alert threshold of github-action-benchmark (others leave it at 1.5, or at the 2.0
that it comes with).
"""

from collections.abc import Callable, Sequence
from statistics import median

import pyperf
from pyperf._compare import CompareData, CompareResult
from scipy.stats import mannwhitneyu

Rule = Callable[[Sequence[float], Sequence[float]], bool]
"""Whether the second values are called slower than the first."""


def by_pyperf(base: Sequence[float], candidate: Sequence[float]) -> bool:
    """What `pyperf compare_to` calls slower."""
    compared = CompareResult(CompareData("base", _benchmark(base)), CompareData("candidate", _benchmark(candidate)))
    return bool(compared.significant) and compared.norm_mean > 1


def by_mann_whitney(base: Sequence[float], candidate: Sequence[float]) -> bool:
    """Mann-Whitney at 5 %, and more than 3 %."""
    p = float(mannwhitneyu(base, candidate, alternative="two-sided").pvalue)
    return p < 0.05 and _ratio(base, candidate) > 1.03


def by_fixed(limit: float) -> Rule:
    """The ratio of medians above a limit."""
    return lambda base, candidate: _ratio(base, candidate) > limit


RULES: dict[str, Rule] = {
    "pyperf `compare_to`": by_pyperf,
    "Mann-Whitney .05 and 3 %": by_mann_whitney,
    "medians, 5 %": by_fixed(1.05),
    "medians, 110 %": by_fixed(1.10),
}


def _ratio(base: Sequence[float], candidate: Sequence[float]) -> float:
    return median(candidate) / median(base)


def _benchmark(values: Sequence[float]) -> pyperf.Benchmark:
    named = {"name": "work", "unit": "second"}
    return pyperf.Benchmark([pyperf.Run([value], metadata=named, collect_metadata=False) for value in values])
