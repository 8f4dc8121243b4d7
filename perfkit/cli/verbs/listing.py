"""`perfkit list`."""

from typing import TYPE_CHECKING

from perfkit.cli.options import Format, Keyword, Output, Select, Tags, here
from perfkit.cli.talk import draw, emit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.tree import Tree

    from perfkit.model.scenario import Benchmark


def list_benchmarks(
    select: Select = None, keyword: Keyword = "", tag: Tags = None, output: Output = Format.TABLE
) -> None:
    """List benchmarks with their metrics and budgets, without measuring."""
    import json

    from perfkit.loading.selecting import Selection
    from perfkit.usecases.request import load

    benchmarks = load(here(), Selection(tuple(select or ()), keyword, tuple(tag or ())))
    if output is Format.JSON:
        emit(json.dumps([_plain(benchmark) for benchmark in benchmarks], indent=2))
        return
    draw(*_trees(benchmarks))


def _trees(benchmarks: "Sequence[Benchmark]") -> "Iterator[Tree]":
    from rich.text import Text
    from rich.tree import Tree

    for benchmark in benchmarks:
        tags = f"  {' '.join(f'#{tag}' for tag in benchmark.tags)}" if benchmark.tags else ""
        title = Text.assemble((benchmark.id, "bold"), f"  {benchmark.probe.kind}", (tags, "cyan"))
        tree = Tree(title, guide_style="dim")
        for metric in benchmark.metrics:
            budgets = " and ".join(str(budget) for budget in benchmark.budgets.get(metric.name, ()))
            tree.add(Text.assemble(metric.name, (f"  {budgets}", "green") if budgets else ""))
        yield tree


def _plain(benchmark: "Benchmark") -> dict[str, object]:
    return {
        "id": benchmark.id,
        "scenario": benchmark.scenario,
        "probe": benchmark.probe.kind,
        "source": benchmark.source.where,
        "params": dict(benchmark.params),
        "tags": list(benchmark.tags),
        "metrics": {metric.name: {"unit": metric.unit, "better": metric.better} for metric in benchmark.metrics},
        "budgets": {name: [str(budget) for budget in budgets] for name, budgets in benchmark.budgets.items()},
        "fingerprint": benchmark.fingerprint,
    }
