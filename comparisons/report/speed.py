"""The section of the page on compiled gradients: the benchmark's tables and its verdicts."""

import html
from collections.abc import Iterable

from comparisons.speed.contenders import CONTENDERS
from comparisons.speed.records import Run
from comparisons.speed.tables import RATIOS, RIVALS, first_call_rows, notes, ratio_rows, time_rows
from comparisons.speed.verdicts import verdicts

__all__ = ["section", "table"]

GUIDE = """
Value and gradient of each problem, all in one process on one core, sampled in turn; medians, with
half the distance of the quartiles. Every result was compared with a gradient by hand, to 1e-10,
before any clock started.
"""
FIRST_CALLS = ("problem", "diffkit cold", "diffkit warm", "JAX cold")


def section(run: Run | None) -> str:
    """The section, or nothing if the benchmark has not run."""
    if run is None:
        return ""
    backend = str(run.header.get("settings", {}).get("backend", "unknown"))
    targets = [(v.figure, v.target, v.measured, v.outcome, v.worst) for v in verdicts(run)]
    parts = [
        "<section class='speed'><h2>Compiled gradients</h2>",
        f"<p class='state'>{html.escape(GUIDE)} Backend: {html.escape(backend)}.</p>",
        table("Targets", ("figure", "target", "measured", "verdict", "worst case"), targets),
        table("Times in ms", ("problem", "size", *CONTENDERS), time_rows(run)),
        table(
            "Ratios: diffkit's gradient / …",
            ("problem", "size", *RATIOS, *RIVALS),
            ratio_rows(run),
        ),
    ]
    if run.first_calls:
        parts.append(table("First call, imports apart", FIRST_CALLS, first_call_rows(run)))
    items = "".join(f"<li>{html.escape(note)}</li>" for note in notes(run))
    parts.append(f"<ul>{items}</ul></section>" if items else "</section>")
    return "".join(parts)


def table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts."""
    columns = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<h3>{html.escape(title)}</h3><div class='wide'><table>"
        f"<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table></div>"
    )
