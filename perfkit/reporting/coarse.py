"""What is called unchanged although its comparison could not have seen the tolerance, told once for all such rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from perfkit.reporting.view import Row, unit_once


@dataclass(frozen=True, slots=True)
class Coarse:
    """Rows with one advice, the one that saw least first."""

    rows: tuple[Row, ...]
    advice: str

    @property
    def more(self) -> str:
        """How many rows stand behind the first."""
        return f" and {len(self.rows) - 1} more" if len(self.rows) > 1 else ""

    @property
    def why(self) -> str:
        """`only changes of 10.2 to 23.5 % could have been seen`."""
        most, least = _seen(self.rows[0]), _seen(self.rows[-1])
        if most == least:
            return f"only changes of {most} or more could have been seen"
        return f"only changes of {unit_once(least, most, ' to ')} could have been seen"


def coarse(rows: Iterable[Row]) -> tuple[Coarse, ...]:
    """Those whose tolerance was not excluded; sizes of different units are told apart."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.finding.change and row.finding.change.coarse and row.budgets and not row.needs_eyes:
            groups.setdefault((row.finding.advice, _seen(row).rpartition(" ")[2]), []).append(row)
    return tuple(Coarse(tuple(sorted(group, key=_size, reverse=True)), advice) for (advice, _), group in groups.items())


def _size(row: Row) -> float:
    return (row.finding.change.detectable or 0.0) if row.finding.change else 0.0


def _seen(row: Row) -> str:
    return row.change.detectable.lstrip("+") if row.change else ""
