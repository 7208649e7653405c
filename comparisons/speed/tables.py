"""The run at the terminal: times, ratios, first calls, and the verdicts on the targets."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from comparisons import text
from comparisons.speed.contenders import CONTENDERS
from comparisons.speed.records import Cell, Run, Timing
from comparisons.speed.verdicts import Verdict, verdicts

__all__ = [
    "SHORT", "first_call_rows", "notes", "ratio_rows", "show", "shortened", "table",
    "targets", "time_rows", "with_spread",
]  # fmt: skip

RATIOS = ("own function", ".flat/njit")
RIVALS = ("njit", "jax", "torch", "torch-compile", "numpy", "autograd")
SHORT = {"ok": "", "wrong": "wrong", "failed": "failed", "not measured": text.DASH}
COLOUR = {"met": "green", "missed": "red", "not measured": "dim"}


def show(run: Run, console: Console) -> None:
    """Print four tables, and why cells are empty."""
    backend = run.header.get("settings", {}).get("backend", "unknown")
    title = f"Value and gradient, ms: medians, half the distance of the quartiles; on {backend}"
    console.print(table(title, ("problem", "size", *CONTENDERS), time_rows(run)))
    title = "Ratios of medians: diffkit's gradient / …"
    console.print(table(title, ("problem", "size", *RATIOS, *RIVALS), ratio_rows(run)))
    if run.first_calls:
        head = ("problem", "diffkit cold", "diffkit warm", "JAX cold")
        console.print(
            table("First call in a new process, after imports", head, first_call_rows(run))
        )
    for line in call_lines(run):
        console.print(line, highlight=False)
    for line in notes(run):
        console.print("-", escape(line), highlight=False)
    console.print(targets(verdicts(run)))


def targets(found: Iterable[Verdict]) -> Table:
    """The targets with their verdicts in colour."""
    result = Table(title="Targets", title_justify="left")
    for column in ("figure", "target", "measured", "verdict", "worst case"):
        result.add_column(column)
    for v in found:
        colour = COLOUR[v.outcome]
        result.add_row(
            v.figure, v.target, v.measured, f"[{colour}]{v.outcome}[/{colour}]", escape(v.worst)
        )
    return result


def table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """A table of numbers whose first column is a name."""
    result = Table(title=title, title_justify="left")
    for k, column in enumerate(head):
        result.add_column(column, justify="right" if k else "left", no_wrap=not k)
    for row in rows:
        result.add_row(*map(escape, row))
    return result


def time_rows(run: Run) -> Iterable[tuple[str, ...]]:
    """Problem, size, and each contender's median in ms with half its spread."""
    for problem, size in run.cases():
        cells = (run.cell(problem, size, method) for method in CONTENDERS)
        yield (problem, f"{size:,}", *map(milliseconds, cells))


def milliseconds(cell: Cell | None) -> str:
    """A time and its spread, or why there is none."""
    if cell is None:
        return ""
    return SHORT[cell.status] if cell.gradient is None else with_spread(cell.gradient)


def with_spread(t: Timing) -> str:
    """The median in ms, and half the distance of the quartiles."""
    return f"{t.median * 1e3:.3g} ±{(t.high - t.low) / (2 * t.median):.0%}"


def ratio_rows(run: Run) -> Iterable[tuple[str, ...]]:
    """Problem, size, diffkit's gradient over its function, over the hand-written one without and
    with trees, and over that of every peer."""
    for problem, size in run.cases():
        own = run.cell(problem, size, "diffkit")
        flat = run.cell(problem, size, "diffkit-flat")
        njit = run.cell(problem, size, "njit")
        primal = own.gradient.median / own.primal.median if own and own.primal else None
        first = (text.ratio(primal), quotient(flat, njit))
        rivals = (quotient(own, run.cell(problem, size, rival)) for rival in RIVALS)
        yield (problem, f"{size:,}", *first, *rivals)


def quotient(own: Cell | None, other: Cell | None) -> str:
    """One median over another, or what is the matter with the first of the two that has none."""
    for cell in (own, other):
        if cell is None:
            return ""
        if cell.gradient is None:
            return SHORT[cell.status]
    return text.ratio(own.gradient.median / other.gradient.median)


def first_call_rows(run: Run) -> Iterable[tuple[str, ...]]:
    """Problem, and seconds cold, warm, and of JAX."""
    found = {(c.problem, c.method, c.cache): c for c in run.first_calls}
    for problem in dict.fromkeys(c.problem for c in run.first_calls):
        cells = [
            found.get((problem, *key))
            for key in (("diffkit", "cold"), ("diffkit", "warm"), ("jax", "cold"))
        ]
        yield (
            problem,
            *(
                "" if c is None else text.seconds(c.seconds) if c.seconds else SHORT[c.status]
                for c in cells
            ),
        )


def call_lines(run: Run) -> Iterable[str]:
    """What one call costs."""
    parts = [f"{c.method} {text.seconds(c.timing.median)}" for c in run.calls if c.timing]
    if parts:
        yield "A call of the compiled gradient of x sin x: " + ", ".join(parts)


def notes(run: Run) -> list[str]:
    """Why results are missing, each reason once with the places it explains."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for c in run.cells:
        if c.status != "ok":
            key = (c.method, c.status, c.reason)
            places.setdefault(key, []).append(f"{c.problem} {c.size:,}")
    for first in run.first_calls:
        if first.status != "ok":
            key = (first.method, first.status, first.reason)
            places.setdefault(key, []).append(f"{first.cache} first call of {first.problem}")
    for call in run.calls:
        if call.status != "ok":
            places.setdefault((call.method, call.status, call.reason), []).append("a scalar call")
    return [
        f"{method} {status} ({shortened(where)}): {reason}"
        for (method, status, reason), where in places.items()
    ]


def shortened(names: list[str]) -> str:
    """Some names, and how many there are."""
    if len(names) <= 4:
        return ", ".join(names)
    return f"{', '.join(names[:3])}, … {len(names)} in all"
