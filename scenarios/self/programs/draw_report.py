"""An HTML report with more than fifty pictures, drawn from a run made up of many benchmarks."""

import sys
from pathlib import Path

from compare_many import a_run

from perfkit.judging.judgement import compare
from perfkit.model.run import Baseline
from perfkit.reporting import REPORTS, build_view

BENCHMARKS = 2


def main() -> None:
    """Judge twenty findings and write their report to the path given."""
    base, candidate = a_run(BENCHMARKS, 1), a_run(BENCHMARKS, 2)
    kept = Baseline("main", (base.recorded(),))
    view = build_view(compare(kept, candidate), candidate, kept, lambda _: (), generated=0.0)
    html = REPORTS["html"](view)
    Path(sys.argv[1]).write_text(html, encoding="utf-8")
    sys.stdout.write(f"{len(view.rows)} findings, {html.count('<svg')} pictures, {len(html.encode())} bytes\n")


if __name__ == "__main__":
    main()
