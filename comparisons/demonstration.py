"""A demonstration: one fact about differentiation, measured, beside the figure that was published.

A demonstration is a file with one function that measures, and a `Demonstration` that says what it
shows and where it is published. What it measures is data: figures, each beside what was expected of
it, tables, and curves for plots, so that the terminal, the page and the tests read the same thing.
An exact number (a count of operations, of colours) is expected to be equal, a theorem's bound to
hold, and a published measurement stands beside ours for the reader to compare: another machine's
seconds prove nothing, so no verdict is drawn from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Curve",
    "Demonstration",
    "Figure",
    "Plot",
    "Shown",
    "Table",
    "at_most",
    "beside",
    "equal",
    "within",
]

Verdict = Literal["holds", "fails", "beside"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of ours, and what it is compared with.

    Attributes:
        name: what is counted or measured, with its unit.
        ours: our number.
        expected: the published or theoretical one, None if there is none.
        verdict: "holds" or "fails" where the expectation is exact or a bound, "beside" where it is
            a measurement of somebody else's.
        source: where the expectation comes from.
    """

    name: str
    ours: float | str
    expected: float | str | None
    verdict: Verdict
    source: str = ""


def equal(name: str, ours: float, expected: float, source: str = "") -> Figure:
    """An exact number."""
    return Figure(name, ours, expected, "holds" if ours == expected else "fails", source)


def at_most(name: str, ours: float, bound: float, source: str = "") -> Figure:
    """A bound from above; nan does not hold."""
    return Figure(name, ours, f"at most {bound:g}", "holds" if ours <= bound else "fails", source)


def within(name: str, ours: float, least: float, most: float, source: str = "") -> Figure:
    """Bounds from both sides."""
    verdict = "holds" if least <= ours <= most else "fails"
    return Figure(name, ours, f"{least:g} to {most:g}", verdict, source)


def beside(name: str, ours: float | str, expected: float | str | None, source: str = "") -> Figure:
    """A measurement beside somebody else's, without a verdict."""
    return Figure(name, ours, expected, "beside", source)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of numbers and texts under a title; "" where there is nothing to say."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[float | str | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a plot; `theory` curves are drawn dashed. Points that are nan are gaps."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    theory: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves on common axes, logarithmic ones unless said otherwise."""

    title: str
    x: str
    y: str
    curves: tuple[Curve, ...]
    log_x: bool = True
    log_y: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """What a demonstration found."""

    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A fact and how it is measured.

    Attributes:
        name: how the command line calls it.
        title: one line for a reader.
        text: a paragraph: what is measured, and what to learn from it.
        source: where it is published.
        measure: measures it; True asks for small sizes, a few seconds at most.
        needs: packages without which it can't be measured.
    """

    name: str
    title: str
    text: str
    source: str
    measure: Callable[[bool], Shown]
    needs: tuple[str, ...] = ()
