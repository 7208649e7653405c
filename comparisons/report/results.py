"""Everything that one folder has to report, in catalogue order, for every kind of report.

Which of its records stand in one table is decided in `comparisons.selection`; the others are not
shown there but counted, and a cell's own stand among its earlier ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comparisons import demonstrations
from comparisons.demonstrations import Kept
from comparisons.gradbench import records as evals
from comparisons.methods import METHODS
from comparisons.problems import PROBLEMS
from comparisons.records import Record, contents
from comparisons.selection import JOURNAL, select_records
from comparisons.speed import records as compiled

__all__ = ["Results", "load"]


@dataclass(frozen=True, slots=True)
class Results:
    """What is there to report.

    Attributes:
        records: those that may stand in one table, sorted.
        header: what the run says of itself.
        left_out: a clause for each kind of record that exists and is not shown.
        speed, gradbench: the benchmarks, if they have run.
        shown: the demonstrations that have run.
        earlier: the records of a (problem, size, method) that are not shown, newest first.
    """

    records: tuple[Record, ...]
    header: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    speed: compiled.Run | None = None
    gradbench: evals.Run | None = None
    shown: tuple[Kept, ...] = ()
    earlier: Mapping[tuple[str, int, str], tuple[Record, ...]] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems that have records, in order."""
        return tuple(dict.fromkeys(record.problem for record in self.records))

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that have records, in catalogue order."""
        return tuple(sorted({record.method for record in self.records}, key=_method_order))

    def cases(self) -> dict[tuple[str, int], list[Record]]:
        """The records of each (problem, size)."""
        grouped: dict[tuple[str, int], list[Record]] = {}
        for record in self.records:
            grouped.setdefault((record.problem, record.size), []).append(record)
        return grouped

    @property
    def empty(self) -> bool:
        """Whether nothing has run yet."""
        return not (self.records or self.shown or self.speed or self.gradbench)


def load(out: Path) -> Results:
    """The results in a folder; empty ones if there is no folder yet."""
    selection = select_records(out)
    records = sorted(
        selection.records,
        key=lambda r: (_problem_order(r.problem), r.size, _method_order(r.method)),
    )
    return Results(
        records=tuple(records),
        header=selection.header,
        left_out=tuple(selection.left_out()),
        speed=compiled.read(out),
        gradbench=evals.read(out),
        shown=tuple(demonstrations.read(out)),
        earlier=_earlier(out, selection.records),
    )


def _earlier(
    out: Path, shown: tuple[Record, ...]
) -> dict[tuple[str, int, str], tuple[Record, ...]]:
    """Every record of the journal beside the shown ones, by the place in the table."""
    found: dict[tuple[str, int, str], tuple[Record, ...]] = {}
    journal = contents(out / JOURNAL)
    now = {record.key for record in shown}
    others = [record for record in journal.records if record.key not in now]
    for record in sorted((*journal.replaced, *others), key=lambda r: r.finished, reverse=True):
        place = record.problem, record.size, record.method
        found[place] = (*found.get(place, ()), record)
    return found


def _problem_order(name: str) -> tuple[int, str]:
    return _order(name, [problem.name for problem in PROBLEMS])


def _method_order(name: str) -> tuple[int, str]:
    return _order(name, [method.name for method in METHODS])


def _order(name: str, known: list[str]) -> tuple[int, str]:
    return (known.index(name) if name in known else len(known)), name
