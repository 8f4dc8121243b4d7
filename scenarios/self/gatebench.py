"""GateBench, live: gates on real processes whose change is known, beside the rules of other tools.

python scenarios/self/gatebench.py --gates 60 --shift 0 --out scenarios/self/GATEBENCH.md

Every gate is kept in a file of raw pairs, so an interrupted bench goes on where it ended and the tables can be made
again without measuring (--table). Progress goes to stderr, the tables to stdout, and with --out into a page as well.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from livegates.bench import Bench, BenchError
from livegates.gates import Asked
from livegates.neighbour import busy_neighbour
from livegates.pages import put_between_marks
from livegates.records import append_record, gates_of, read_records
from livegates.tables import VALUES, page

RAW = Path("reports/gatebench.jsonl")


def main() -> int:
    """Measure what is asked and print the tables of all that there is."""
    asked = arguments().parse_args()
    code = 0
    try:
        if not asked.table:
            measure(asked)
    except KeyboardInterrupt:
        code = 130
    except BenchError as error:
        say(str(error))
        code = 4
    records = read_records(asked.raw)
    if not records:
        say(f"nothing was measured yet: {asked.raw} is empty")
        return code or 2
    tables = page(records)
    print(tables)
    if asked.out:
        put_between_marks(asked.out, tables)
    return code


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gates", type=int, default=60, help="how many gates a cell is to have in all (60)")
    parser.add_argument("--shift", type=shifts, default=(0.0,), help="further work in %%, such as 0,2,5,10 (0)")
    parser.add_argument("--neighbour", action="store_true", help="a busy process of our own runs beside it")
    parser.add_argument("--seconds", type=float, default=60.0, help="time limit of a gate in s (60)")
    parser.add_argument(
        "--rivals", action=argparse.BooleanOptionalAction, default=True,
        help=f"measure {VALUES} pairs at least, for the rules of others",
    )  # fmt: skip
    parser.add_argument("--price", type=int, nargs="?", const=5, metavar="N", help="the price of N decisions instead")
    parser.add_argument("--table", action="store_true", help="measure nothing")
    parser.add_argument("--raw", type=Path, default=RAW, metavar="FILE", help=f"raw pairs, a line a gate ({RAW})")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="put the tables between the marks of this page")
    return parser


def shifts(text: str) -> tuple[float, ...]:
    """Percentages as fractions."""
    return tuple(float(part) / 100 for part in text.split(","))


def measure(asked: argparse.Namespace) -> None:
    """Add gates until every cell has as many as asked, the cells in turns; or the price."""
    with Bench.open(asked.raw) as bench:
        if asked.price is not None:
            say(f"{asked.price} gates, then hyperfine and pyperf")
            append_record(asked.raw, bench.price(asked.price))
            return
        for shift, number in missing(asked):
            seed = random.SystemRandom().getrandbits(31)
            gate = Asked(shift, asked.neighbour, seed, asked.seconds, VALUES if asked.rivals else 0)
            with busy_neighbour(seed) if asked.neighbour else nullcontext():
                record = bench.gate(gate)
            append_record(asked.raw, record)
            pairs = f"{record.used} + {record.confirming}" if record.confirming else f"{record.used}"
            told = f"{record.verdict} ({record.reason})" if record.reason else record.verdict
            say(f"{number}/{asked.gates} at +{shift * 100:g} %: {told}, {pairs} pairs, {record.measuring:.1f} s")


def missing(asked: argparse.Namespace) -> Iterator[tuple[float, int]]:
    """The gates that are still to be measured: shift, and the gate's number in its cell from 1."""
    records = read_records(asked.raw)
    have = {shift: len(gates_of(records, shift, neighbour=asked.neighbour)) for shift in asked.shift}
    for number in range(1, asked.gates + 1):
        yield from ((shift, number) for shift in asked.shift if have[shift] < number)


def say(text: str) -> None:
    """Progress and complaints."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
