"""What a comparison with a baseline suspects or cannot see, settled by pairs with the baseline's commit."""

from collections import defaultdict
from collections.abc import Mapping

from perfkit.judging.cases import Answer
from perfkit.judging.options import Options
from perfkit.judging.pair_findings import Pairs, settle, summaries
from perfkit.judging.standing import Standing, standing
from perfkit.model.budget import Tolerance
from perfkit.model.run import Run
from perfkit.model.verdict import Finding, Judgement, Met, Reason


def open_questions(judgement: Judgement) -> Mapping[str, tuple[str, ...]]:
    """Benchmark → its metrics whose tolerance rests on one session's chance, or was too noisy to be held."""
    found: dict[str, list[str]] = defaultdict(list)
    for finding in judgement.findings:
        if _is_open(finding):
            found[finding.benchmark].append(finding.metric.name)
    return {benchmark: tuple(metrics) for benchmark, metrics in found.items()}


def answers(run: Run, options: Options) -> Mapping[tuple[str, str], Answer]:
    """(Benchmark, metric) → what a run of pairs says of its tolerance, if anything; `options.alpha` is that of all."""
    pairs, found = Pairs.of(run, options), {}
    for result in run.results:
        if standing(result.launches) is not Standing.PAIRED:
            continue
        for metric in result.metrics:
            for tolerance in result.budgets.get(metric.name, ()):
                if isinstance(tolerance, Tolerance):
                    seen = settle(pairs, result, metric, tolerance)
                    if seen.change is None:
                        continue
                    base, candidate = summaries(result, metric, seen)
                    found[result.benchmark, metric.name] = Answer(
                        seen.decision, seen.change, base, candidate, seen.first, seen.confirmation
                    )
    return found


def _is_open(finding: Finding) -> bool:
    change = finding.change
    if change is None or change.method == "exact" or finding.reason is Reason.NOT_REAL_TIME:
        return False
    unmet = any(isinstance(held.budget, Tolerance) and held.met is not Met.MET for held in finding.budgets)
    return unmet and (change.suspected or change.method == "sessions")
