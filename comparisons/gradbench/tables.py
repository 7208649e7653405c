"""A run at the terminal, and the rows of its tables for the page."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from comparisons import text
from comparisons.gradbench.contenders import METHODS
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.published import PUBLISHED, TOOLS
from comparisons.gradbench.records import Cell, Run
from comparisons.gradbench.validate import Check
from comparisons.gradbench.verdicts import verdicts
from comparisons.speed.tables import SHORT, shortened, table, targets, with_spread

__all__ = [
    "COLUMNS", "PUBLISHED_COLUMNS", "RATIOS",
    "check_table", "notes", "published_rows", "rows", "show",
]  # fmt: skip

COLUMNS = ("eval", "workload", *METHODS, "manual")
RATIOS = ("/ its primal", "/ njit", "/ manual", "memory / njit")
PUBLISHED_COLUMNS = ("eval", "workload", "diffkit here", *TOOLS)
TITLE = (
    "Derivatives, ms: medians, half the distance of the quartiles; ratios of diffkit's to others"
)
ELSEWHERE = "Published derivatives, ms, on ANOTHER machine (GradBench, nightly of 2026-03-14)"


def show(run: Run, console: Console) -> None:
    """Print the times, the published ones, the notes and the verdicts."""
    console.print(table(TITLE, (*COLUMNS, *RATIOS), rows(run)))
    console.print(table(ELSEWHERE, PUBLISHED_COLUMNS, published_rows(run)))
    for line in notes(run):
        console.print("-", escape(line), highlight=False)
    console.print(targets(verdicts(run)))


def check_table(checks: Iterable[Check]) -> Table:
    """What came of each question asked over the protocol."""
    head = ("eval", "workload", "function", "outcome", "error", "reason")
    found = (
        (c.eval, c.workload, c.function, c.outcome, text.error(c.error), c.reason) for c in checks
    )
    return table("Over the protocol, against the functions by hand", head, found)


def rows(run: Run) -> Iterable[tuple[str, ...]]:
    """Eval, workload (and function, where an eval has several), a time for each contender, and
    diffkit's over its own primal, over those by hand, and its memory over that by hand."""
    functions = {name: {f for e, _, f in run.cases() if e == name} for name, _, _ in run.cases()}
    for case in run.cases():
        name, workload, function = case
        label = workload if len(functions[name]) == 1 else f"{workload} {function}".strip()
        own, njit = run.cell(case, "diffkit"), run.cell(case, "njit")
        primal = own.primal.median if own and own.primal else None
        peaks = own and own.peak, njit and njit.peak
        yield (
            name,
            label,
            *(milliseconds(run.cell(case, method)) for method in (*METHODS, "manual")),
            quotient(own, primal),
            quotient(own, median(njit)),
            quotient(own, median(run.cell(case, "manual"))),
            text.ratio(peaks[0] / peaks[1]) if all(peaks) else "",
        )


def milliseconds(cell: Cell | None) -> str:
    """A time and its spread, or why there is none."""
    if cell is None:
        return ""
    return SHORT[cell.status] if cell.derivative is None else with_spread(cell.derivative)


def median(cell: Cell | None) -> float | None:
    """The time of a derivative, if it has one."""
    return cell.derivative.median if cell and cell.derivative else None


def quotient(own: Cell | None, other: float | None) -> str:
    """diffkit's time over another."""
    mine = median(own)
    return text.ratio(mine / other) if mine and other else ""


def published_rows(run: Run) -> Iterable[tuple[str, ...]]:
    """The smallest and the largest of GradBench's workloads that have published times; the fastest
    function, where there are several."""
    for name, tools in PUBLISHED.items():
        if name not in EVALS:
            continue
        known = EVALS[name].workloads
        for k in (0, 1) if len(known) > 1 else (0,):
            workload = known[-k].name
            times = {
                function: t
                for case in run.cases()
                if case[:2] == (name, workload) and (t := median(run.cell(case, "diffkit")))
                for function in case[2:]
            }
            if times:
                function = min(times, key=times.__getitem__)
                label = workload if EVALS[name].primal else function
                theirs = (f"{tools[t][k] * 1e3:.3g}" if t in tools else text.DASH for t in TOOLS)
                yield name, label, f"{times[function] * 1e3:.3g}", *theirs


def notes(run: Run) -> list[str]:
    """Why results are missing, each reason once with the places it explains; first calls."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for c in run.cells:
        if c.status != "ok":
            places.setdefault((c.method, c.status, c.reason), []).append(f"{c.eval} {c.workload}")
    found = [
        f"{method} {status} ({shortened(where)}): {reason}"
        for (method, status, reason), where in places.items()
    ]
    calls = [f"{c.eval} {text.seconds(c.seconds)}" for c in run.first_calls if c.seconds]
    failed = [
        f"first call of {c.eval} failed: {c.reason}" for c in run.first_calls if not c.seconds
    ]
    return [
        *found,
        *([f"define and first call, cold: {', '.join(calls)}"] if calls else []),
        *failed,
    ]
