"""Plots as SVG text: axes, ticks, lines and marks, drawn from numbers alone.

A plot has the page's own text and colours (the classes in page.css), so it follows light and dark
and prints; it is drawn about as wide as a phone and grows little, so its text stays readable. What
belongs to a method always has one colour and one shape: eight colours that colour-blind readers can
tell apart, times seven shapes.

Ticks: whole decades of a logarithmic axis, thinned to six, and 1, 2, 5 between them where the axis
is short; steps of 1, 2 or 5 times a power of ten on a linear one.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from comparisons.report.markup import Html, element, join

__all__ = ["Axis", "Line", "Look", "Mark", "chart", "look", "power", "swatch"]

COLOURS, SHAPES = 8, 7
LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 26.0, 38.0
MOST_TICKS = 6
NARROW = 34.0  # the width of a tick's word
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(value: float) -> str:
    """A tick as people write it: 0.01, 1, 500, 10⁻⁶, 2·10⁴."""
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:g}"
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    digits = f"{value / 10.0**exponent:.3g}"
    exponential = "10" + str(exponent).translate(SUPERSCRIPTS)
    return exponential if digits == "1" else f"{digits}·{exponential}"


@dataclass(frozen=True, slots=True)
class Look:
    """Which of the colours and of the shapes."""

    colour: int
    shape: int


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, how it writes a tick, and where the ticks are if not where it likes."""

    label: str
    log: bool = True
    tick: Callable[[float], str] = power
    at: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A curve; it has gaps where a point is not finite, or not positive on a logarithmic axis."""

    points: Sequence[tuple[float, float]]
    look: Look
    dashed: bool = False
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with what it says, from `low` to `high` where it is not known better.

    Attributes:
        hollow: drawn as an outline.
        data: attributes for the script, such as `data_method`.
    """

    x: float
    y: float
    look: Look
    says: str
    low: float | None = None
    high: float | None = None
    hollow: bool = False
    data: Mapping[str, object] = field(default_factory=dict)


def look(place: int) -> Look:
    """The look of the method at this place of the list; the first 56 differ."""
    return Look(place % COLOURS, place % SHAPES)


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of an axis, from `low` to `high`, to positions between `start` and `end`.

    On a logarithmic axis `low` and `high` are decimal logarithms.
    """

    axis: Axis
    low: float
    high: float
    start: float
    end: float

    def along(self, value: float) -> float:
        """Where a value stands between `low` and `high`."""
        return math.log10(value) if self.axis.log else value

    def shows(self, value: float) -> bool:
        """Whether there is a place for a value."""
        return has_place(self.axis, value) and self.low <= self.along(value) <= self.high

    def __call__(self, value: float) -> float:
        """The position of a value, rounded to a hundredth."""
        share = (self.along(value) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self) -> list[float]:
        """Where the axis has its ticks."""
        if self.axis.at:
            return spaced(self, self.axis.at)
        if not self.axis.log:
            return linear_ticks(self.low, self.high)
        first, last = max(math.ceil(self.low), -307), min(math.floor(self.high), 308)
        if last - first >= 1:
            step = math.ceil((last - first + 1) / MOST_TICKS)
            return [10.0**k for k in range(first, last + 1, step)]
        between = [digit * 10.0**k for k in range(first - 1, last + 1) for digit in (1.0, 2.0, 5.0)]
        middle = 10.0 ** ((self.low + self.high) / 2)
        return [value for value in between if self.shows(value)] or [middle]


def has_place(axis: Axis, value: float) -> bool:
    """Whether a value can stand on an axis."""
    return math.isfinite(value) and (value > 0.0 or not axis.log)


def spaced(over: Scale, values: Iterable[float]) -> list[float]:
    """Those of ascending values whose words do not run into each other."""
    kept: list[float] = []
    for value in filter(over.shows, values):
        if not kept or abs(over(value) - over(kept[-1])) >= NARROW:
            kept.append(value)
    return kept


def linear_ticks(low: float, high: float) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, at most six or so."""
    unit = 10.0 ** math.floor(math.log10((high - low) / MOST_TICKS))
    step = next(k * unit for k in (1, 2, 5, 10) if (high - low) / (k * unit) <= MOST_TICKS)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [k * step for k in range(first, last + 1)]


def scale(axis: Axis, values: Iterable[float], start: float, end: float) -> Scale | None:
    """A scale on which all that can be shown fits with a little air; None if nothing can."""
    shown = [math.log10(v) if axis.log else v for v in values if has_place(axis, v)]
    if not shown:
        return None
    low, high = min(shown), max(shown)
    alone = 0.3 if axis.log else abs(high) / 2 or 1.0
    air = 0.04 * high - 0.04 * low or alone
    return Scale(axis, low - air, high + air, start, end)


def chart(
    title: str,
    x: Axis,
    y: Axis,
    lines: Sequence[Line] = (),
    marks: Sequence[Mark] = (),
    *,
    levels: Sequence[tuple[float, str]] = (),
    width: float = 360.0,
    height: float = 270.0,
) -> Html | None:
    """A plot; None if nothing in it can be shown.

    Args:
        title: says what the plot shows, to readers that do not see it.
        levels: horizontal lines at values of y, each with a word.
    """
    every = [point for line in lines for point in line.points] + [(m.x, m.y) for m in marks]
    points = [(a, b) for a, b in every if has_place(x, a) and has_place(y, b)]
    edges = [value for mark in marks for value in (mark.low, mark.high) if value is not None]
    across = scale(x, [p[0] for p in points], LEFT, width - RIGHT)
    up = scale(y, [*(p[1] for p in points), *edges], height - BOTTOM, TOP)
    if across is None or up is None:
        return None
    return element(
        "svg",
        frame(across, up, width, height),
        *(curve(line, across, up) for line in lines),
        *(point(mark, across, up) for mark in marks if across.shows(mark.x) and up.shows(mark.y)),
        *(level(value, word, up, width) for value, word in levels if up.shows(value)),
        viewBox=f"0 0 {width:g} {height:g}",
        role="group",
        aria_label=title,
    )


def frame(across: Scale, up: Scale, width: float, height: float) -> Html:
    """Grid, ticks and the labels of the axes: y above its axis, where it can be read upright."""
    bottom = height - BOTTOM
    parts: list[Html] = []
    for value in across.ticks():
        at = across(value)
        parts.append(element("path", d=f"M{at} {TOP}V{bottom}", class_="grid"))
        word = across.axis.tick(value)
        parts.append(element("text", word, x=at, y=bottom + 15, class_="middle"))
    for value in up.ticks():
        at = up(value)
        parts.append(element("path", d=f"M{LEFT} {at}H{width - RIGHT}", class_="grid"))
        word = up.axis.tick(value)
        parts.append(element("text", word, x=LEFT - 6, y=at, dy="0.35em", class_="end"))
    return element(
        "g",
        *parts,
        element("path", d=f"M{LEFT} {TOP}V{bottom}H{width - RIGHT}", class_="axis"),
        element("text", up.axis.label, x=2, y=12, class_="label"),
        element("text", across.axis.label, x=width - RIGHT, y=height - 5, class_="label end"),
        aria_hidden="true",
    )


def level(value: float, word: str, up: Scale, width: float) -> Html:
    """A dotted line across the plot."""
    at = up(value)
    line = element("path", d=f"M{LEFT} {at}H{width - RIGHT}", class_="level")
    return join((line, element("text", word, x=LEFT + 4, y=at + 12, class_="over")))


def curve(line: Line, across: Scale, up: Scale) -> Html:
    """The pieces of a line between its gaps."""
    d, pen = "", "M"
    for a, b in line.points:
        if across.shows(a) and up.shows(b):
            d += f"{pen}{across(a):g} {up(b):g}" + ("h0" if pen == "M" else "")  # alone: a dot
            pen = "L"
        else:
            pen = "M"
    kind = f"line c{line.look.colour}" + (" theory" if line.dashed else "")
    return element("path", d=d, class_=kind, **line.data)


def point(mark: Mark, across: Scale, up: Scale) -> Html:
    """A mark, and its whisker."""
    at, over = across(mark.x), up(mark.y)
    whisker = None
    if mark.low is not None and mark.high is not None and up.shows(mark.low):
        whisker = element("path", d=f"M{at} {up(mark.low)}V{up(mark.high)}", class_="whisker")
    return element(
        "g",
        element("title", mark.says),
        whisker,
        shape(mark.look.shape, at, over),
        class_=f"mark c{mark.look.colour}" + (" hollow" if mark.hollow else ""),
        role="img",
        **mark.data,
    )


# Corners around the origin; a circle is not a polygon.
_POLYGONS = (
    ((-4, -4), (4, -4), (4, 4), (-4, 4)),
    ((0, -5), (5, 4), (-5, 4)),
    ((0, -5.6), (5.6, 0), (0, 5.6), (-5.6, 0)),
    ((-5, -4), (5, -4), (0, 5)),
    ((-1.8, -5), (1.8, -5), (1.8, -1.8), (5, -1.8), (5, 1.8), (1.8, 1.8), (1.8, 5), (-1.8, 5),
     (-1.8, 1.8), (-5, 1.8), (-5, -1.8), (-1.8, -1.8)),
    ((-5, -5), (-2, -5), (0, -2), (2, -5), (5, -5), (2, 0), (5, 5), (2, 5), (0, 2), (-2, 5),
     (-5, 5), (-2, 0)),
)  # fmt: skip


def shape(index: int, at: float, over: float) -> Html:
    """One of the seven shapes, around a position."""
    if index == 0:
        return element("circle", cx=at, cy=over, r=4.4)
    corners = " ".join(f"{at + a:g},{over + b:g}" for a, b in _POLYGONS[index - 1])
    return element("polygon", points=corners)


def swatch(of: Look, dashed: bool = False, line: bool = False) -> Html:
    """A look for a legend: a mark, on a line or alone; a dashed line has none."""
    drawn: list[Html] = []
    if line or dashed:
        kind = f"line c{of.colour}" + (" theory" if dashed else "")
        drawn.append(element("path", d="M0 7H22", class_=kind))
    if not dashed:
        drawn.append(element("g", shape(of.shape, 11, 7), class_=f"mark c{of.colour}"))
    return element("svg", *drawn, viewBox="0 0 22 14", class_="swatch", aria_hidden="true")
