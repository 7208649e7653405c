"""The tables of the matrix: who wins, how time grows, every figure of every cell, and why not.

Colour never speaks alone: each box of the heat table says in words what its colour shows. Cells
carry in `data-value` the number that they are sorted by, so that 1.2 ms comes before 3 s, and in
`data-cell` the place of their details; `data-problem`, `data-size`, `data-method` and
`data-outcome` are what the filters look at.
"""

import bisect
import math
from collections.abc import Iterable

from comparisons import text
from comparisons.report.agreement import distances
from comparisons.report.fits import Fit
from comparisons.report.markup import Html, breakable, element, join, scrolling
from comparisons.report.outcomes import Cell, Cells
from comparisons.report.plots import title_of
from comparisons.report.results import Results
from comparisons.report.summary import verdicts
from comparisons.speed.tables import shortened

__all__ = ["COLUMNS", "STEPS", "failures", "growth", "heat", "measurements", "wins"]

# Ratios to the fastest at which the next colour begins.
STEPS = (1.0, 1.5, 3.0, 10.0, 30.0, 100.0)
COLUMNS = (
    ("size", "the size of the problem"),
    ("method", "the differentiation method"),
    ("outcome", "right, wrong, or unjudged where there is no truth"),
    ("relative error", "max |d - truth| / max |truth|"),
    ("ulps", "worst entry's error in units in the last place of the truth"),
    (
        "from PyTorch",
        "relative distance from PyTorch's derivative, where it is short enough to keep",
    ),
    ("derivative", "median time of one derivative, warm, and half the distance of the quartiles"),
    ("/ fastest", "derivative time over that of the fastest right method of this size"),
    ("/ NumPy", "derivative time over the time of the function in plain NumPy"),
    ("/ own", "derivative time over the time of the function by the same method"),
    ("first call", "the first derivative after preparation; taken once"),
    ("build", "tracing and compiling; taken once"),
    ("peak memory", "rise of resident memory during one derivative"),
    ("nodes", "operations in the derivative's graph"),
    ("flops ratio", "scalar operations of the derivative over those of the function"),
    ("calls", "evaluations of the function, or sweeps through it, for one derivative"),
)
WINS = (
    "problem",
    "size",
    "fastest right",
    "derivative",
    "/ NumPy",
    "lead",
    "least error",
    "reached by",
)
WORDS = ("problem", "method", "outcome", "fastest right", "lead", "reached by")


def heat(results: Results, cells: Cells) -> Html:
    """Problem and size down, methods across: how many times the fastest right method, and the
    time."""
    places = {key: place for place, key in enumerate(cells)}
    head = [
        element("th", "problem, size", scope="col"),
        *(element("th", method, scope="col", data_method=method) for method in results.methods),
    ]
    rows = []
    for problem, size in results.cases():
        boxes = [cells[problem, size, method] for method in results.methods]
        rows.append(
            element(
                "tr",
                element(
                    "th",
                    breakable(problem),
                    f" {size:,}",
                    scope="row",
                    data_value=f"{problem} {size:09}",
                ),
                *(box(cell, places[cell.key]) for cell in boxes),
                data_problem=problem,
                data_size=size,
            )
        )
    return sortable("Who wins: times of the fastest right method", join(head), join(rows), "heat")


def box(cell: Cell, place: int) -> Html:
    """One place of the heat table."""
    inside: list[object] = [element("b", "★ " if cell.fastest else None, cell.short())]
    if cell.record is not None and cell.record.measurement is not None:
        inside.append(element("small", text.timing(cell.record.measured.derivative)))
    filled = element(
        "span", *inside, class_=shade(cell), data_cell=place, data_outcome=cell.outcome
    )
    value = cell.ratio if cell.outcome == "right" else None
    return element("td", filled, data_method=cell.method, data_value=sort_value(value))


def shade(cell: Cell) -> str:
    """The class that colours a place: a step of the ratio, or the outcome."""
    if cell.outcome == "right" and cell.ratio is not None:
        return f"box r{bisect.bisect_right(STEPS[1:], cell.ratio)}"
    return f"box {cell.outcome.replace(' ', '-')}"


def wins(results: Results) -> Html | None:
    """Each problem at its largest size with a right result: who is fastest, by how much, and who is
    closest to the truth."""
    rows = []
    for v in verdicts(results):
        taken = v.fastest.measured
        cells = (
            (v.problem, v.problem),
            (f"{v.size:,}", v.size),
            (element("b", v.fastest.method), v.fastest.method),
            (text.timing(taken.derivative), taken.derivative.median),
            (text.ratio(taken.ratio_numpy), taken.ratio_numpy),
            (v.lead or text.DASH, v.lead),
            (text.error(v.error), v.error),
            (shortened(sorted(v.accurate)), len(v.accurate)),
        )
        rows.append(
            element(
                "tr",
                *(
                    element("td", label, data_value=sort_value(value), class_=kind(name))
                    for name, (label, value) in zip(WINS, cells, strict=True)
                ),
            )
        )
    if not rows:
        return None
    head = join(element("th", name, scope="col", class_=kind(name)) for name in WINS)
    return sortable("Who wins where", head, join(rows))


def growth(results: Results, fits: dict[tuple[str, str], Fit]) -> Html | None:
    """The exponents of the power laws."""
    fitted = [p for p in results.problems if any(problem == p for problem, _ in fits)]
    if not fitted:
        return None
    methods = [m for m in results.methods if any(method == m for _, method in fits)]
    head = [
        element("th", "problem", scope="col"),
        *(element("th", method, scope="col", data_method=method) for method in methods),
    ]
    rows = []
    for problem in fitted:
        found = [fits.get((problem, method)) for method in methods]
        rows.append(
            element(
                "tr",
                element("th", problem, scope="row", data_value=problem),
                *(
                    element(
                        "td",
                        text.DASH if f is None else str(f),
                        data_method=method,
                        data_value=sort_value(f and f.exponent),
                    )
                    for method, f in zip(methods, found, strict=True)
                ),
                data_problem=problem,
            )
        )
    return sortable("Exponents of time against size", join(head), join(rows), "growth")


def measurements(results: Results, cells: Cells) -> Html:
    """A table for each problem, a row for each measured cell."""
    apart = distances(results)
    parts = []
    places = {key: place for place, key in enumerate(cells)}
    head = join(
        element("th", name, scope="col", title=hint, class_=kind(name)) for name, hint in COLUMNS
    )
    for problem in results.problems:
        measured = [
            cell
            for cell in cells.values()
            if cell.problem == problem and cell.record and cell.record.measurement
        ]
        if measured:
            title, source = title_of(problem)
            body = join(row(cell, places[cell.key], apart.get(cell.key)) for cell in measured)
            parts.append(
                element(
                    "div",
                    element("h3", title),
                    element("p", source, class_="source"),
                    sortable(title, head, body),
                    data_problem=problem,
                    data_group=True,
                )
            )
    return join(parts)


def row(cell: Cell, place: int, apart: float | None) -> Html:
    """All figures of a measured cell."""
    assert cell.record is not None
    m = cell.record.measured
    shown: tuple[tuple[object, object], ...] = (
        (f"{cell.size:,}", cell.size),
        (element("span", cell.method, data_cell=place), cell.method),
        (("★ " if cell.fastest else "") + cell.outcome, cell.outcome),
        (text.error(m.relative_error), m.relative_error),
        (text.ulps(m.ulps), m.ulps),
        (text.error(apart), apart),
        (text.timing(m.derivative), m.derivative.median),
        (text.ratio(cell.ratio), cell.ratio),
        (text.ratio(m.ratio_numpy), m.ratio_numpy),
        (text.ratio(m.ratio), m.ratio),
        (text.seconds(m.first_seconds), m.first_seconds),
        (text.seconds(m.build_seconds) if m.build_seconds else text.DASH, m.build_seconds),
        (text.size(m.peak_bytes), m.peak_bytes),
        (text.count(m.nodes), m.nodes),
        (text.ratio(m.flops_ratio), m.flops_ratio),
        (text.count(m.calls), m.calls),
    )
    return element(
        "tr",
        *(
            element("td", label, data_value=sort_value(value), class_=kind(name))
            for (name, _), (label, value) in zip(COLUMNS, shown, strict=True)
        ),
        class_=cell.outcome + (" best" if cell.fastest else ""),
        **attributes(cell),
    )


def kind(column: str) -> str | None:
    """Words stand left, numbers right."""
    return "word" if column in WORDS else None


def failures(cells: Cells) -> Html | None:
    """The cells that were tried and have no result, with the reason."""
    rows = [
        element(
            "tr",
            *(
                element("td", label, data_value=value, class_="word")
                for label, value in (
                    (cell.problem, cell.problem),
                    (f"{cell.size:,}", cell.size),
                    (element("span", cell.method, data_cell=place), cell.method),
                    (cell.short(), cell.short()),
                    (cell.record.reason, cell.record.reason),
                )
            ),
            **attributes(cell),
        )
        for place, cell in enumerate(cells.values())
        if cell.record is not None and cell.record.measurement is None
    ]
    if not rows:
        return None
    names = ("problem", "size", "method", "what happened", "reason")
    head = join(element("th", name, scope="col", class_="word") for name in names)
    return element("div", sortable("Cells without a result", head, join(rows)), data_group=True)


def attributes(cell: Cell) -> dict[str, object]:
    """What the filters look at."""
    return {
        "data_problem": cell.problem,
        "data_size": cell.size,
        "data_method": cell.method,
        "data_outcome": cell.outcome,
    }


def sortable(label: str, head: Iterable[object], body: Html, kind: str = "") -> Html:
    """A table whose headings sort it."""
    filled = element(
        "table",
        element("thead", element("tr", head)),
        element("tbody", body),
        class_=f"sortable {kind}".strip(),
    )
    return scrolling(label, filled)


def sort_value(value: object) -> str:
    """What the script compares: missing and nan come last."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)
