"""Bounds within which a function may be called: numbers, arrays, trees, or those of SciPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ...errors import DtypeError, ShapeError, UnsupportedError, explain
from ...tracing import trees

Limits: TypeAlias = Sequence[tuple[Any, Any]]
"""The lower and the upper bound of each leaf, arrays of its shape."""


def limits(bounds: Any, tree: Any, asked: str) -> Limits:
    """The bounds of the leaves of a tree, inside of which they must be. None is no bound."""
    lower, upper = pair(bounds, asked)
    leaves, _ = trees.flatten(tree)
    lows = ends(lower, tree, leaves, "the lower bound", asked)
    highs = ends(upper, tree, leaves, "the upper bound", asked)
    found: list[tuple[Any, Any]] = []
    for x, low, high in zip(leaves, lows, highs, strict=True):
        if np.iscomplexobj(x):
            want, remedy = "real arguments", "Leave bounds out"
            raise DtypeError(explain(asked, "bounds of a complex argument", want, remedy))
        least = filled(low, x, -np.inf, "the lower bound", asked)
        most = filled(high, x, np.inf, "the upper bound", asked)
        out = ~((least <= x) & (x <= most) | np.isnan(x))
        if out.any():
            k = int(np.argmax(out))
            at, a, b = (np.ravel(v)[k] for v in (x, least, most))
            got = f"element {k} is {at:.17g} with bounds {a:.17g} and {b:.17g}"
            remedy = "Move x inside, or correct the bounds=(lower, upper)"
            raise UnsupportedError(explain(asked, got, "an argument within its bounds", remedy))
        found.append((least, most))
    return found


def pair(bounds: Any, asked: str) -> tuple[Any, Any]:
    """Lower and upper bounds."""
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):  # scipy.optimize.Bounds
        return bounds.lb, bounds.ub
    try:
        lower, upper = bounds
    except (TypeError, ValueError):
        got, want = f"bounds={bounds!r}", "bounds=(lower, upper)"
        remedy = "Give two numbers, two arrays, or scipy.optimize.Bounds; None is no bound"
        raise ShapeError(explain(asked, got, want, remedy)) from None
    return lower, upper


def ends(bound: Any, tree: Any, leaves: Sequence[Any], what: str, asked: str) -> list[Any]:
    """A bound for each leaf: itself for one leaf, else the parts of a tree that begins alike."""
    if len(leaves) == 1 and leaves[0] is tree:
        return [bound]
    return trees.spread(asked, what, bound, tree)


def filled(bound: Any, x: Any, none: float, what: str, asked: str) -> Any:
    """A bound as an array of the shape of x."""
    try:
        return np.broadcast_to(
            np.asarray(none if bound is None else bound, np.float64), np.shape(x)
        )
    except (TypeError, ValueError):
        got, want = f"{what} {bound!r}", f"a number, or an array of shape {np.shape(x)}"
        raise ShapeError(explain(asked, got, want, "Correct the bounds=(lower, upper)")) from None


def clipped(xs: Sequence[Any], limits: Limits) -> list[Any]:
    """Points of a line again within the bounds that rounding may have passed."""
    return [np.clip(x, *ends) for x, ends in zip(xs, limits, strict=True)]
