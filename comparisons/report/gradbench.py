"""The section of the page on GradBench: times, published times, verdicts."""

import html

from comparisons.gradbench.records import Run
from comparisons.gradbench.tables import (
    COLUMNS,
    PUBLISHED_COLUMNS,
    RATIOS,
    notes,
    published_rows,
    rows,
)
from comparisons.gradbench.verdicts import verdicts
from comparisons.report.speed import table

__all__ = ["section"]

GUIDE = """
GradBench's evals, derivatives alone: all libraries of an eval in one process on one core, sampled
in turn; medians, with half the distance of the quartiles. Every result was compared with a
derivative by hand, to 1e-10 in the 2-norm, before any clock started. "manual" is GradBench's own
hand-written C++, where its programs were given.
"""
ELSEWHERE = "Published times in ms, on another machine: GradBench, nightly run of 2026-03-14"


def section(run: Run | None) -> str:
    """The section, or nothing if the evals have not run."""
    if run is None:
        return ""
    found = [(v.figure, v.target, v.measured, v.outcome, v.worst) for v in verdicts(run)]
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes(run))
    return "".join(
        [
            "<section class='speed'><h2>GradBench</h2>",
            f"<p class='state'>{html.escape(GUIDE)}</p>",
            table("Targets", ("figure", "target", "measured", "verdict", "worst case"), found),
            table("Times in ms, and ratios of diffkit's", (*COLUMNS, *RATIOS), rows(run)),
            table(ELSEWHERE, PUBLISHED_COLUMNS, published_rows(run)),
            f"<ul>{items}</ul></section>" if items else "</section>",
        ]
    )
