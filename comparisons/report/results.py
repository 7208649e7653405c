"""The records of one set of settings, in catalogue order, for every kind of report.

A folder may hold records measured in several ways (see `settings.fingerprint`). The report shows
those of the latest run, as its header says, and counts the others. Without a header the newest
record decides.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comparisons.gradbench import records as evals
from comparisons.methods import METHODS
from comparisons.problems import PROBLEMS
from comparisons.records import Record, read
from comparisons.runner import HEADER, JOURNAL
from comparisons.speed import records as kept

__all__ = ["Results", "load"]


@dataclass(frozen=True, slots=True)
class Results:
    """Records that may stand in one table, sorted; the run's header; how many others exist; and the
    benchmarks, if they have run."""

    records: tuple[Record, ...]
    header: dict[str, Any] = field(default_factory=dict)
    others: int = 0
    speed: kept.Run | None = None
    gradbench: evals.Run | None = None

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


def load(out: Path) -> Results:
    """The results in a folder; none if there is no folder yet."""
    everything = read(out / JOURNAL)
    try:
        header = json.loads((out / HEADER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        header = {}
    mark = header.get("fingerprint")
    if mark is None and everything:
        mark = max(everything, key=lambda record: record.finished).settings
    chosen = [record for record in everything if record.settings == mark]
    chosen.sort(key=lambda r: (_problem_order(r.problem), r.size, _method_order(r.method)))
    others = len(everything) - len(chosen)
    return Results(tuple(chosen), header, others, kept.read(out), evals.read(out))


def _problem_order(name: str) -> tuple[int, str]:
    return _order(name, [problem.name for problem in PROBLEMS])


def _method_order(name: str) -> tuple[int, str]:
    return _order(name, [method.name for method in METHODS])


def _order(name: str, known: list[str]) -> tuple[int, str]:
    return (known.index(name) if name in known else len(known)), name
