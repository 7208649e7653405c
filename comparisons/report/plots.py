"""The plots of the matrix: error against cost, and time against size with its power law.

In the plane of accuracy and cost, down and left is better. An exact zero has no logarithm, so it
stands on the line at the bottom, one decade under the least error of float64 that is not zero. A
result that counts as wrong is drawn hollow in every plot.
"""

import math

from comparisons import text
from comparisons.methods import METHODS
from comparisons.problems import PROBLEMS
from comparisons.report.chart import Axis, Line, Mark, chart, look, power, swatch
from comparisons.report.fits import Fit
from comparisons.report.markup import Html, element
from comparisons.report.outcomes import Cell, Cells
from comparisons.report.results import Results

__all__ = ["legend", "plane", "scaling", "title_of"]

EXACT = 1e-17  # where an error of zero is drawn
ERRORS = (EXACT, *(10.0**k for k in range(-14, 300, 3)))  # ticks
ROUNDING = 2.0**-52


def legend(results: Results) -> Html:
    """The look of each method."""
    titles = {method.name: method.title for method in METHODS}
    items = (
        element("li", swatch(look(place)), name, title=titles.get(name), data_method=name)
        for place, name in enumerate(results.methods)
    )
    hollow = element("li", "hollow: counts as wrong")
    return element("ul", *items, hollow, class_="legend")


def plane(results: Results, cells: Cells) -> Html | None:
    """Relative error against cost, a mark for each measured cell that has a truth."""
    looks = {method: look(place) for place, method in enumerate(results.methods)}
    marks = []
    for place, cell in enumerate(cells.values()):
        if cell.record is None or cell.record.measurement is None:
            continue
        measured = cell.record.measured
        error = measured.relative_error
        if error is not None and math.isfinite(error):
            x, y = measured.ratio_numpy, max(error, EXACT)
            data = data_of(cell, place)
            wrong = cell.outcome == "wrong"
            marks.append(Mark(x, y, looks[cell.method], says(cell), hollow=wrong, data=data))
    drawn = chart(
        "Relative error against cost",
        Axis("derivative / function in NumPy"),
        Axis("relative error", tick=lambda v: "0" if v == EXACT else power(v), at=ERRORS),
        marks=sorted(marks, key=lambda mark: (mark.x, mark.y)),
        levels=((ROUNDING, "round-off, 2.2·10⁻¹⁶"),),
        width=520.0,
        height=380.0,
    )
    return drawn and element("figure", drawn, class_="plane")


def scaling(results: Results, cells: Cells, fits: dict[tuple[str, str], Fit]) -> Html:
    """A plot for each problem with two sizes: time of the derivative against size."""
    looks = {method: look(place) for place, method in enumerate(results.methods)}
    places = {key: place for place, key in enumerate(cells)}
    figures = []
    for problem in results.problems:
        lines, marks = [], []
        for method in results.methods:
            if (problem, method) not in fits:
                continue
            own = [c for c in cells.values() if (c.problem, c.method) == (problem, method)]
            measured = [(c, c.record.measured) for c in own if c.record and c.record.measurement]
            points = [(float(c.size), m.derivative.median) for c, m in measured]
            lines.append(Line(points, looks[method], data={"data_method": method}))
            for cell, m in measured:
                taken = m.derivative
                half = taken.median * taken.spread / 2
                low, high = max(taken.median - half, taken.best), taken.median + half
                known = math.isfinite(half) and taken.runs > 1
                marks.append(
                    Mark(
                        cell.size,
                        taken.median,
                        looks[method],
                        says(cell),
                        low if known else None,
                        high if known else None,
                        cell.outcome == "wrong",
                        data_of(cell, places[cell.key]),
                    )
                )
        sizes = sorted({mark.x for mark in marks})
        x = Axis("size", tick=lambda v: f"{v:,.0f}", at=tuple(sizes))
        y = Axis("derivative", tick=seconds_tick)
        drawn = chart(f"Time against size, {problem}", x, y, lines, marks)
        if drawn is not None:
            caption = element("figcaption", problem)
            figures.append(element("figure", caption, drawn, data_problem=problem))
    return element("div", *figures, class_="multiples")


def seconds_tick(value: float) -> str:
    """A round time without digits that say nothing: 10 µs, 1 ms."""
    number, unit = text.seconds(value).split(" ")
    return f"{float(number.replace(',', '')):g} {unit}"


def data_of(cell: Cell, place: int) -> dict[str, object]:
    """What the script knows a mark by."""
    return {
        "data_problem": cell.problem,
        "data_size": cell.size,
        "data_method": cell.method,
        "data_outcome": cell.outcome,
        "data_cell": place,
    }


def says(cell: Cell) -> str:
    """A measured cell in a sentence."""
    assert cell.record is not None
    m = cell.record.measured
    return (
        f"{cell.method}, {cell.problem} at size {cell.size:,}: {cell.outcome}, "
        f"relative error {text.error(m.relative_error)}, {text.timing(m.derivative)}, "
        f"{text.ratio(m.ratio_numpy)} the function in NumPy"
    )


def title_of(problem: str) -> tuple[str, str]:
    """The title and the source of a problem."""
    for known in PROBLEMS:
        if known.name == problem:
            return known.title, known.source
    return problem, ""
