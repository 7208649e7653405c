"""A function of NumPy arrays that is known by its values alone: called safely, within bounds, and
counted.

Every call gets an array of its own, which the function may write. Its errors at the point itself
are the user's; elsewhere, some say that a step was too far (`lines.derivative`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import CheckError, DiffkitError, DtypeError, ShapeError, UnsupportedError, explain
from .bounds import limits
from .steps import EVERYWHERE, Room, room

CLOSE = 1e-8
"""How near the values of one point and of many must be to each other: beyond rounding, whatever
the order of summation, and below any mixture of points."""

ALONG = "Let f compute along the first axes alone, or leave vectorized out"


class BlackBox:
    """f at and around x, a float64 array; `center` is f(x), `calls` how often f was called. With
    `vectorized`, f takes points along a new last axis of x and returns values along a new last
    axis."""

    def __init__(
        self,
        f: Callable[..., Any],
        x: Any,
        args: tuple[Any, ...],
        bounds: Any,
        vectorized: bool,
        asked: str,
    ) -> None:
        self.f, self.args = f, args
        self.asked = asked
        self.x = real(x, "the argument", self.asked)
        if not np.isfinite(self.x).all():
            got, remedy = "an argument that is not finite", "Choose another point"
            raise UnsupportedError(explain(self.asked, got, "finite numbers", remedy))
        self.limits = None if bounds is None else limits(bounds, self.x, self.asked)
        self.calls = 0
        self.center = self.called(self.x)
        self.vectorized = vectorized
        if vectorized and self.x.size:
            self.require_vectorized()

    def called(self, points: Any) -> Any:
        """The values at a point, or at many."""
        return real(self.raw(points), "the result", self.asked)

    def raw(self, points: Any) -> Any:
        """What f returns for a point, or for many."""
        self.calls += 1
        with np.errstate(all="ignore"):
            return self.f(np.array(points)[()], *self.args)

    def moved(self, step: Any) -> Any:
        """The values at x + step, or with steps along a last axis at many points."""
        many = np.ndim(step) > self.x.ndim
        x = self.x[..., None] if many else self.x
        points = self.held(x + step)
        want = self.center.shape + ((points.shape[-1],) if many else ())
        y = self.called(points)
        if y.shape != want:
            got, remedy = f"a result of shape {y.shape}", "Let it have one shape for all x"
            if many:
                got, remedy = f"{got} for {points.shape[-1]} points", ALONG
            raise ShapeError(explain(self.asked, got, f"{want}", remedy))
        return y

    def held(self, points: Any) -> Any:
        """Points again within the bounds that rounding may have passed."""
        if self.limits is None:
            return points
        many = np.ndim(points) > self.x.ndim
        return np.clip(points, *(b[..., None] if many else b for b in self.limits[0]))

    def room(self, direction: Any) -> Room:
        """How far bounds let one go."""
        if self.limits is None:
            return EVERYWHERE
        return room([self.x], [direction], self.limits)

    def require_vectorized(self) -> None:
        """One call for three points gives what a call for each gives."""
        rng = np.random.default_rng(0)
        away = rng.uniform(-1e-3, 1e-3, (*self.x.shape, 2)) * (1 + np.abs(self.x[..., None]))
        steps = np.concatenate([np.zeros((*self.x.shape, 1)), away], -1)
        try:
            together = self.moved(steps)
        except (ArithmeticError, ValueError) as error:
            if isinstance(error, DiffkitError):
                raise
            got, want = f"vectorized=True, but for three points {error!r}", "results for all three"
            raise CheckError(explain(self.asked, got, want, ALONG)) from error
        alone = np.stack([self.center, self.moved(steps[..., -1])], -1)
        ends = together[..., [0, -1]]
        scale = np.max(np.abs(alone), initial=0, where=np.isfinite(alone))
        if not np.allclose(ends, alone, rtol=CLOSE, atol=CLOSE * scale, equal_nan=True):
            got = "vectorized=True, but other values for three points in one call than for each"
            want = "f(x)[..., k] to be f(x[..., k])"
            raise CheckError(explain(self.asked, got, want, ALONG))


def real(x: Any, what: str, asked: str) -> Any:
    """An array of float64, from real numbers of any kind."""
    try:
        array = np.asarray(x)
    except ValueError:
        got, want = f"{what} is a ragged {type(x).__name__}", "one array of real numbers"
        raise DtypeError(explain(asked, got, want, "Make it an array")) from None
    if array.dtype.kind not in "fiub":
        got, remedy = f"{what} is {type(x).__name__}", "Use one array; dk.grad takes trees, too"
        if array.dtype.kind == "c":
            got, remedy = f"{what} is {array.dtype}", "Use real and imaginary parts for themselves"
        raise DtypeError(explain(asked, got, "real numbers or an array of them", remedy))
    return array.astype(np.float64)
