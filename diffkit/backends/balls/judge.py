"""Floating-point answers held against balls: bounds, and errors in units in the last place.

The unit is that of the number in the ball which is nearest to zero, so that the error of an answer
is bounded whichever number the truth is. Of an enclosure that holds zero and more it would be the
least number of all, and says nothing; of an exact zero it is right: an answer of zero has no error,
and any other an enormous one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ShapeError, explain
from ...graph import Graph, Node
from ...types import Array
from .enclosure import PRECISION, Enclosed
from .numbers import (
    DIGITS,
    Ball,
    accuracy,
    anything,
    ball,
    is_complex,
    load_flint,
    lower_float,
    upper_float,
)
from .tape import Note


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Bounds of arrays of numbers: doubles, rounded outward, and the balls themselves; of the
    results of a function in order."""

    lower: tuple[Any, ...]
    upper: tuple[Any, ...]
    balls: tuple[Any, ...]

    @staticmethod
    def of(arrays: Sequence[Array], bits: int) -> Enclosure:
        with PRECISION, load_flint().ctx.workprec(bits):
            lower, upper = (
                tuple(each(lambda t, g=g: parts(t, g), a) for a in arrays)
                for g in (lower_float, upper_float)
            )
        return Enclosure(lower, upper, tuple(a[()] for a in arrays))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One array of an answer, held against the truth."""

    lower: Any
    upper: Any
    ulps: Any
    unique: Any
    covered: bool | None
    """Whether an error bar holds the error of each element; None where there is no unique truth."""


def judged(asked: str, truth: Any, value: Any, error: Any, bits: int) -> Verdict:
    """An array of an answer and its error bar, if any, against an array of balls."""
    t, y = np.asarray(truth, object), np.asarray(value)
    if t.shape != y.shape:
        remedy = "Hold an answer of the shape of the derivative against it"
        raise ShapeError(explain(asked, f"an answer of shape {y.shape}", f"{t.shape}", remedy))
    bars = None if error is None else np.broadcast_to(np.asarray(error, float), t.shape)
    ulps, unique = np.full(t.shape, math.nan), np.zeros(t.shape, bool)
    covers: list[bool | None] = []
    with PRECISION, load_flint().ctx.workprec(max(bits, 2 * DIGITS)):
        lower = each(lambda x: parts(x, lower_float), t)
        upper = each(lambda x: parts(x, upper_float), t)
        for place in np.ndindex(*t.shape):
            unique[place] = accuracy(t[place]) >= DIGITS
            if unique[place]:
                off = distance(t[place], y[place])
                ulps[place] = upper_float(off / spacing(t[place], y.dtype)) if off != 0 else 0.0
            if bars is not None:
                known = unique[place] and not math.isnan(bars[place])
                covers.append(covers_it(t[place], y[place], bars[place]) if known else None)
    covered = None if bars is None or None in covers else all(covers)
    return Verdict(lower, upper, ulps[()], unique[()], covered)


def covers_it(truth: Ball, value: Any, bar: Any) -> bool:
    """Whether the truth is surely no farther from a value than its bar."""
    return bool(bar == math.inf or upper_float(distance(truth, value)) <= bar)


def distance(truth: Ball, value: Any) -> Ball:
    """A bound of |value - truth|; anything for a value that is not finite."""
    off: Any = truth - ball(value)
    return off.abs_upper() if off.is_finite() else load_flint().arb("inf")


def spacing(truth: Ball, dtype: Any) -> Ball:
    """The distance of floating-point numbers next to the number of a ball nearest to zero."""
    info: Any = np.finfo(dtype if np.dtype(dtype).kind in "fc" else float)
    least = min(lower_float(truth.abs_lower()), float(info.max))
    return ball(float(np.spacing(info.dtype.type(least))))


def parts(x: Ball, bound: Callable[[Ball], float]) -> Any:
    """The bound of a real number, or of the parts of a complex one."""
    if is_complex(x):
        return complex(bound(x.real), bound(x.imag))
    return bound(ball(x))


def each(function: Callable[[Any], Any], array: Array) -> Any:
    """A function of balls to numbers, of each element."""
    found = [function(x) for x in array.flat]
    kind = complex if any(isinstance(y, complex) for y in found) else float
    return np.array(found, kind).reshape(array.shape)[()]


def not_known(graph: Graph, shapes: Sequence[Any], node: Node, bits: int) -> Enclosed:
    """What is known of a program that no precision tells which way to go: nothing."""

    def wide(shape: Any) -> Array:
        out = np.empty(shape, object)
        out[...] = anything()
        return out

    values = [wide(t.shape) for t in graph.types]
    count = len(shapes) // len(graph.types)
    blocks = [[wide(s) for s in shapes[k : k + count]] for k in range(0, len(shapes), count)]
    return Enclosed(values, blocks, (Note(node, "undecided", ()),), bits, False)
