"""Differences of function values, of any order and accuracy.

Central differences (f(x + hv) - f(x - hv)) / 2h have a truncation error h²|f‴|/6 and a rounding
error ε|f|/h, and the best step leaves about two thirds of the digits; one-sided differences keep
half. Formulas of higher accuracy (see `stencils`) keep more: of accuracy 8, fourteen of sixteen.
Steps scale with max(1, |x|) and balance the two errors (see `steps`).

The bar of a difference costs a second one at twice the step. If truncation prevails, the two differ
by 2^q - 1 times the error of the first; if noise does, by about the noise of both. Nothing tells
which, so the bar is twice the difference, and the rounding of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...numpy import stop_gradient
from ...types import Type, dtype_of
from ..linear_map import Arrays, LinearMap
from ..method import Finite
from .estimate import Estimate
from .stencils import stencil
from .steps import EPSILON, EVERYWHERE, Room, balanced, placed, power_of_two, room

Along = Callable[[float], Any]
"""The function along a line: `along(t)` is f(x + t·v), a float64 array."""


def finite(
    f: Callable[..., Arrays],
    inputs: Arrays,
    settings: Finite,
    bounds: Sequence[tuple[Any, Any]] | None = None,
) -> LinearMap:
    """Directional differences of a flat function from arrays to arrays, which may be traced. With
    `bounds` for each array, it is not called outside."""
    formula = stencil(settings.scheme, 1, settings.accuracy)
    center = f(*inputs)

    def push(dxs: Arrays) -> tuple[Arrays, Arrays]:
        h, own = step_length(inputs, dxs, settings), formula
        if bounds is not None:
            own, h = placed(formula, float(h), room(inputs, dxs, bounds))

        def at(move: float) -> Arrays:
            if not move:
                return center
            moved = [x + move * h * dx for x, dx in zip(inputs, dxs, strict=True)]
            if bounds is not None:  # which rounding may have passed
                moved = [np.clip(x, *b).astype(x.dtype) for x, b in zip(moved, bounds, strict=True)]
            return f(*moved)

        rows = zip(*map(at, own.moves), strict=True)
        return center, [own.quotient(values, h) for values in rows]

    return LinearMap(
        tuple(Type(dtype_of(y.dtype), np.shape(y)) for y in center), lambda: center, push
    )


def step_length(inputs: Arrays, dxs: Arrays, settings: Finite) -> Any:
    """h, relative to the largest coordinate that moves (at least 1), and a power of two, so that
    x ± h rounds as little as it can."""
    dtype = min((np.result_type(x.dtype) for x in inputs), key=lambda d: np.finfo(d).precision)
    formula = stencil(settings.scheme, 1, settings.accuracy)
    best = balanced(formula, float(np.finfo(dtype).eps))
    relative = best if settings.step is None else settings.step
    size: Any = 1.0
    speed: Any = 0.0
    for x, dx in zip(inputs, dxs, strict=True):
        if dx.size:
            size = np.maximum(size, np.max(np.abs(x) * (dx != 0)))
            speed = np.maximum(speed, np.max(np.abs(dx)))
    h: Any = relative * stop_gradient(size / np.where(speed == 0, 1.0, speed))
    if settings.step is not None:
        return h
    return stop_gradient(np.exp2(np.rint(np.log2(h))))


def derivative(
    along: Along, size: float, settings: Finite, *, order: int = 1, bounds: Room = EVERYWHERE
) -> Estimate:
    """The derivative of some order at 0 of a function along a line, of which `size` is the largest
    coordinate that moves, with its error bar, from two differences."""
    asked = stencil(settings.scheme, order, settings.accuracy)
    scale = max(1.0, size)
    best = power_of_two(balanced(asked) * scale)
    h = best if settings.step is None else settings.step * scale
    formula, twice = placed(asked, 2 * h, bounds)
    found: dict[float, Any] = {}

    def quotient(step: float) -> tuple[Any, Any]:
        for t in (move * step for move in formula.moves):
            if t not in found:
                found[t] = along(t)
        values = [found[move * step] for move in formula.moves]
        gain = formula.gain / step**order
        return formula.quotient(values, step), gain * noise(values, size, formula.moves, step)

    fine, rounding = quotient(twice / 2)
    coarse, _ = quotient(twice)
    bar = 2 * (np.abs(fine - coarse) + rounding)
    how = f"{settings.scheme if formula == asked else 'shifted'}, accuracy {formula.accuracy}"
    return Estimate(
        fine, np.where(np.isfinite(fine), bar, np.inf), (twice, twice / 2), len(found), how
    )


def noise(values: Sequence[Any], size: float, moves: Sequence[float], h: Any) -> Any:
    """How far values may be off by rounding: of the values themselves, and of the arguments, which
    the function may round as it computes with them."""
    stack = np.stack(values)
    slope = (stack.max(0) - stack.min(0)) / ((moves[-1] - moves[0]) * h)
    return EPSILON * (np.abs(stack).max(0) + size * slope)
