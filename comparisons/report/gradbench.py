"""The section of the page on GradBench: times, published times, verdicts."""

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
from comparisons.report.markup import Html, element, table
from comparisons.report.speed import TARGETS

__all__ = ["section"]

GUIDE = """
GradBench's evals, derivatives alone: all libraries of an eval in one process on one core, sampled
in turn; medians, with half the distance of the quartiles. Every result was compared with a
derivative by hand, to 1e-10 in the 2-norm, before any clock started. "manual" is GradBench's own
hand-written C++, where its programs were given.
"""
ELSEWHERE = "Published times in ms, on another machine: GradBench, nightly run of 2026-03-14"


def section(run: Run | None) -> Html | None:
    """The section, if the evals have run."""
    if run is None:
        return None
    found = [(v.figure, v.target, v.measured, v.outcome, v.worst) for v in verdicts(run)]
    return element(
        "section",
        element("h2", "GradBench"),
        element("p", GUIDE, class_="state"),
        table("Targets", TARGETS, found),
        table("Times in ms, and ratios of diffkit's", (*COLUMNS, *RATIOS), rows(run)),
        table(ELSEWHERE, PUBLISHED_COLUMNS, published_rows(run)),
        element("ul", *(element("li", note) for note in notes(run))),
    )
