"""The section of the page on compiled gradients: the benchmark's tables and its verdicts."""

from comparisons.report.markup import Html, element, table
from comparisons.speed.contenders import CONTENDERS
from comparisons.speed.records import Run
from comparisons.speed.tables import RATIOS, RIVALS, first_call_rows, notes, ratio_rows, time_rows
from comparisons.speed.verdicts import verdicts

__all__ = ["TARGETS", "section"]

GUIDE = """
Value and gradient of each problem, all in one process on one core, sampled in turn; medians, with
half the distance of the quartiles. Every result was compared with a gradient by hand, to 1e-10,
before any clock started.
"""
TARGETS = ("figure", "target", "measured", "verdict", "worst case")
FIRST_CALLS = ("problem", "diffkit cold", "diffkit warm", "JAX cold")


def section(run: Run | None) -> Html | None:
    """The section, if the benchmark has run."""
    if run is None:
        return None
    backend = str(run.header.get("settings", {}).get("backend", "unknown"))
    targets = [(v.figure, v.target, v.measured, v.outcome, v.worst) for v in verdicts(run)]
    ratios = ("problem", "size", *RATIOS, *RIVALS)
    return element(
        "section",
        element("h2", "Compiled gradients"),
        element("p", f"{GUIDE} Backend: {backend}.", class_="state"),
        table("Targets", TARGETS, targets),
        table("Times in ms", ("problem", "size", *CONTENDERS), time_rows(run)),
        table("Ratios: diffkit's gradient / …", ratios, ratio_rows(run)),
        table("First call, imports apart", FIRST_CALLS, first_call_rows(run))
        if run.first_calls
        else None,
        element("ul", *(element("li", note) for note in notes(run))),
    )
