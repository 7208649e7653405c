"""The sections of the page on demonstrations: ours beside what was published."""

import math
from collections import Counter
from collections.abc import Iterable

from comparisons import text
from comparisons.demonstration import Curve, Plot, Shown, Table
from comparisons.demonstrations import Kept, word
from comparisons.report.chart import Axis, Line, Look, Mark, chart, look, swatch
from comparisons.report.markup import Html, element, join, table

__all__ = ["section"]

TITLES = {"accuracy": "How right derivatives are", "cost": "What derivatives cost"}
VERDICTS = {"holds": "✓ holds", "fails": "✗ fails", "beside": "beside"}
MOST_MARKS = 12
GUIDE = (
    "Each is measured here, beside the figure of a theorem or of a publication. A count must be "
    "equal and a bound must hold; a time or an error that somebody else has measured stands beside "
    "ours for you to compare, without a verdict. Theory is drawn dashed."
)


def section(kept: Iterable[Kept], room: str) -> Html | None:
    """The demonstrations of a room, if any has run, and how many of their checks hold."""
    own = [k for k in kept if k.room == room]
    if not own:
        return None
    verdicts = Counter(figure.verdict for k in own for figure in k.shown.figures)
    tally = f"Checks: {verdicts['holds']} hold, {verdicts['fails']} fail."
    heading = element("h2", TITLES[room])
    guide = element("p", GUIDE, " ", element("b", tally), class_="state")
    return element("section", heading, guide, *map(article, own))


def article(kept: Kept) -> Html:
    """One demonstration."""
    how = "quick, measured" if kept.quick else "measured"
    when = f"{how} {kept.finished[:10]} in {text.seconds(kept.seconds)}"
    return element(
        "article",
        element("h3", kept.title),
        element("p", kept.text),
        element("p", f"{kept.source} · {when}", class_="source"),
        element("p", kept.reason, class_="reason") if kept.reason else None,
        content(kept.shown),
    )


def content(shown: Shown) -> Html:
    """Plots, figures with their verdicts, and tables."""
    figures = [
        (f.name, word(f.ours), word(f.expected), verdict(f.verdict), f.source)
        for f in shown.figures
    ]
    head = ("figure", "ours", "expected", "verdict", "source")
    plots = element("div", *map(drawn, shown.plots), class_="multiples") if shown.plots else None
    numbers = (
        table(t.title, t.head, [map(word, row) for row in t.rows], "h4", wordy(t))
        for t in shown.tables
    )
    return join(
        (
            plots,
            element("div", table("Figures", head, figures, "h4"), class_="words")
            if figures
            else None,
            *numbers,
        )
    )


def wordy(shown: Table) -> set[int]:
    """The columns of a table that hold texts, and none that begins like a number."""
    columns = enumerate(zip(*shown.rows, strict=True))
    return {
        k
        for k, cells in columns
        if all(isinstance(c, str) and not c.lstrip("+-")[:1].isdigit() for c in cells)
    }


def verdict(found: str) -> Html:
    """A verdict with its sign: colour does not speak alone."""
    return element("span", VERDICTS[found], class_=f"verdict {found}")


def drawn(plot: Plot) -> Html | None:
    """A plot and what its lines are."""
    lines = [
        Line(tuple(zip(c.x, c.y, strict=True)), look(place), c.theory)
        for place, c in enumerate(plot.curves)
    ]
    marks = [
        mark
        for line, curve in zip(lines, plot.curves, strict=True)
        if not curve.theory
        for mark in marked(curve, line.look)
    ]
    svg = chart(plot.title, Axis(plot.x, plot.log_x), Axis(plot.y, plot.log_y), lines, marks)
    if svg is None:
        return None
    items = (
        element("li", swatch(line.look, line.dashed, line=True), c.name)
        for line, c in zip(lines, plot.curves, strict=True)
    )
    caption = element("figcaption", plot.title)
    return element("figure", caption, svg, element("ul", *items, class_="legend"))


def marked(curve: Curve, of: Look) -> Iterable[Mark]:
    """Some of a curve's points: they tell it from the others without its colour."""
    every = math.ceil(len(curve.x) / MOST_MARKS) or 1
    for x, y in list(zip(curve.x, curve.y, strict=True))[::every]:
        yield Mark(x, y, of, f"{curve.name}: {x:.4g}, {y:.4g}")
