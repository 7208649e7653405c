"""What a run does not tell: everything that is missing from the page, and why.

A table that is short of a peer looks the same as one that never had it; so what is not there is
said.
"""

from collections.abc import Iterable
from typing import Any

from comparisons.methods import METHODS
from comparisons.problems import PROBLEMS
from comparisons.report.outcomes import Cells
from comparisons.report.results import Results

__all__ = ["notes"]

ALWAYS = (
    "Times are those of one machine and one thread. A spread is that of the runs within one "
    "process; another process, day or machine may differ by more.",
    "A method that is fastest here is fastest on these problems, at these sizes.",
)


def notes(results: Results, cells: Cells) -> list[str]:
    """Sentences, the specific ones first."""
    return [*left_out(results), *missing(results, cells), *undone(results), *ALWAYS]


def left_out(results: Results) -> Iterable[str]:
    """Records that exist and are not shown."""
    planned = results.header.get("cells", 0)
    if isinstance(planned, int) and len(results.records) < planned:
        yield f"The run is not complete: {len(results.records)} of {planned} cells are measured."
    if results.left_out:
        yield f"Left out of every table: {'; '.join(results.left_out)}. See a cell's details."
    settings: dict[str, Any] = results.header.get("settings", {})
    if settings.get("quick"):
        yield "This is a quick run: small sizes, short timing."
    workers = settings.get("workers", 1)
    if workers > 1 and not settings.get("pin"):
        yield (
            f"Times were taken in {workers} processes beside each other, none held on a core of "
            f"its own: they disturb each other."
        )


def missing(results: Results, cells: Cells) -> Iterable[str]:
    """Methods, problems and truths that are not there."""
    absent: dict[str, list[str]] = {}
    for record in results.records:
        if record.status == "missing" and record.method not in absent.setdefault(record.reason, []):
            absent[record.reason].append(record.method)
    for reason, methods in absent.items():
        yield f"{', '.join(methods)}: not measured, {reason}."
    if results.records:
        never = [m.name for m in METHODS if m.name not in results.methods]
        if never:
            yield f"Methods that were not part of this run: {', '.join(never)}."
        never = [p.name for p in PROBLEMS if p.name not in results.problems]
        if never:
            yield f"Problems that were not part of this run: {', '.join(never)}."
    doubtful = dict.fromkeys(
        f"{cell.problem} at size {cell.size:,}: {cell.reason}"
        for cell in cells.values()
        if cell.outcome == "unjudged"
    )
    for case in doubtful:
        yield f"Nobody can say who is right on {case}."


def undone(results: Results) -> Iterable[str]:
    """Benchmarks and demonstrations that have not run."""
    for kept in results.shown:
        if kept.reason:
            yield f"Demonstration {kept.name}: {kept.reason}."
    away = [
        name
        for name, found in (
            ("the matrix of problems and methods (run)", results.records),
            ("the demonstrations (accuracy, cost)", results.shown),
            ("compiled gradients (speed)", results.speed),
            ("GradBench's evals (gradbench)", results.gradbench),
        )
        if not found
    ]
    if away and len(away) < 4:
        yield f"Not run here: {', '.join(away)}."
