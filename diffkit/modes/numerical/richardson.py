"""Richardson's extrapolation of differences to step 0, in the tableau of Romberg.

A difference D(h) = f^(p) + a_1 h^e_1 + a_2 h^e_2 + … at steps h, h/r, h/r², … is the first column
of a tableau, of which each further one removes one power:

    T[i, j] = T[i, j-1] + (T[i, j-1] - T[i-1, j-1]) / (r^e_j - 1)

Central differences have the exponents q, q+2, q+4, …, one-sided ones q, q+1, … (Richardson, Phil.
Trans. Royal Society A 210, 1911; Romberg 1955). An entry differs from its two parents by about the
error of the better of them, which bounds its own; but each column multiplies the rounding of the
values, by (r^e + 1)/(r^e - 1). How large that is, is known of the format of the numbers, and seen
at the shortest steps. Of the whole tableau the entry with the least sum is the answer, and the sum
its bar (after Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in
Engineering Software 4, 1982).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ..method import Richardson
from .differences import Along, noise
from .estimate import Estimate
from .stencils import Stencil, stencil
from .steps import EVERYWHERE, Room, placed

SHRINKS = 16
"""How often the first step is divided by 16 to come into the domain, before giving up."""

SAFETY = 3.0
"""How often an entry's distance from its parents is its error: at most 2.4 times even where the
error falls like the root of the step, which no column removes."""


def derivative(
    along: Along, size: float, settings: Richardson, *, order: int = 1, bounds: Room = EVERYWHERE
) -> Estimate:
    """The derivative of some order at 0 of a function along a line, of which `size` is the largest
    coordinate that moves."""
    require_sense(settings)
    asked = stencil(settings.scheme, order, settings.accuracy)
    h = settings.step or 2.0 ** round(math.log2(math.log(math.e + size) / 8))
    formula, h = inside(asked, h, bounds)
    center = np.isfinite(along(0.0))
    values = [along(move * h) for move in formula.moves]
    shrinks = SHRINKS
    while shrinks and not all(np.all(np.isfinite(y) | ~center) for y in values):
        h, shrinks = h / 16, shrinks - 1
        values = [along(move * h) for move in formula.moves]
    steps = tuple(h / settings.ratio**k for k in range(settings.levels))
    rows = [values, *([along(move * t) for move in formula.moves] for t in steps[1:])]
    moved = [np.stack(column) for column in zip(*rows, strict=True)]  # steps along axis 0
    lengths = np.reshape(steps, (-1,) + (1,) * (moved[0].ndim - 1))
    first = formula.quotient(moved, lengths)
    rounding = noise(moved, size, formula.moves, lengths) * formula.gain / lengths**order
    powers = [settings.ratio**e for e in exponents(formula, settings.levels)]
    columns = tableau(first, powers)
    seen = scatter(columns, lengths**order) / lengths**order
    value, bar = least(columns, np.maximum(rounding, seen), powers)
    scheme = settings.scheme if formula == asked else "shifted"
    how = f"{scheme} differences of {settings.levels} steps, extrapolated"
    return Estimate(value, bar, steps, 1 + len(steps) * len(formula.moves), how)


def exponents(formula: Stencil, levels: int) -> list[int]:
    """The powers of the step in the error, one for each column but the first."""
    apart = 2 if formula.symmetric else 1
    return [formula.accuracy + apart * j for j in range(levels - 1)]


def tableau(first: Any, powers: Sequence[Any]) -> list[Any]:
    """The columns of a triangle from its first one, numbers of any kind along axis 0; `powers` are
    r^e_j."""
    columns = [first]
    for power in powers:
        old = columns[-1]
        columns.append(old[1:] + (old[1:] - old[:-1]) / (power - 1))
    return columns


def scatter(columns: Sequence[Any], units: Any) -> Any:
    """The noise that is seen where truncation is not, in the units of the steps: how much the
    entries of the three shortest steps still differ, in the column where that is least."""
    least = np.full(columns[0].shape[1:], np.inf)
    for column in columns[1:]:
        if len(column) > 2:
            changes = np.abs(np.diff(column[-3:], axis=0)) * units[-2:]
            least = np.fmin(least, np.max(changes, 0))  # without those that are nan
    return np.where(np.isfinite(least), least, 0.0)


def least(columns: Sequence[Any], rounding: Any, powers: Sequence[float]) -> tuple[Any, Any]:
    """The entry with the least bar, and that bar, element by element; nan ± inf where none is."""
    gain, noisy = 1.0, rounding
    bars: list[Any] = []
    for parents, column, power in zip(columns, columns[1:], powers, strict=False):
        gain *= (power + 1) / (power - 1)
        noisy = np.maximum(noisy[1:], noisy[:-1])
        spread = np.maximum(np.abs(column - parents[1:]), np.abs(column - parents[:-1]))
        bars.append(SAFETY * spread + gain * noisy)
    entries, bar = np.concatenate(columns[1:]), np.concatenate(bars)
    bar = np.where(np.isfinite(bar) & np.isfinite(entries), bar, np.inf)
    best = np.argmin(bar, 0)[None]
    value, error = (np.take_along_axis(a, best, 0)[0] for a in (entries, bar))
    return np.where(np.isfinite(error), value, np.nan), error


def inside(formula: Stencil, h: float, bounds: Room) -> tuple[Stencil, float]:
    """A formula and a first step within bounds: the one asked for, if a step no more than a million
    times shorter lets it stay as it is, since functions are often singular at their bounds."""
    reach = max(-formula.moves[0], formula.moves[-1])
    for shorter in (h / 2**k for k in range(21)):
        if bounds[0] <= shorter * formula.moves[0] and shorter * formula.moves[-1] <= bounds[1]:
            return formula, shorter
    return placed(formula, min(h, (bounds[1] - bounds[0]) / reach), bounds)


def require_sense(settings: Richardson) -> None:
    """At least two steps, that become shorter."""
    step = settings.step
    if settings.levels < 2 or not settings.ratio > 1 or not (step is None or step > 0):
        got = f"levels={settings.levels}, ratio={settings.ratio}, step={step}"
        want, remedy = "levels of at least 2, a ratio above 1, a step above 0", "Correct these"
        raise UnsupportedError(explain("dk.Richardson", got, want, remedy))
