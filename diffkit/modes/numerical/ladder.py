"""Values of a function at steps of halved length, taken one by one under a budget.

A step is c 2^k with c = 741455/2^20, about 1/sqrt(2). Since c has twenty digits, x + t is exact
unless t is below 2^-32 x, or so long that x + t has a larger exponent than x, where half a unit of
the last place is nothing. So the steps are what they say they are. They are no powers of two, as f
rounds too: the product in sin(100 x) errs alike at all x + 2^k, which shifts the phase and cannot
be seen in differences; at steps with digits it is noise, and is measured.

A step counts only where every value that is finite at x is finite there too, and none is taken
outside of the bounds; `top` remembers the smallest one that was refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import DiffkitError, ShapeError, explain

__all__ = ["HIGHEST", "LOWEST", "UNIT", "Ladder"]

UNIT = 741455 / 2**20  # c above
HIGHEST, LOWEST = 1000, -1040  # exponents whose steps are finite and not zero


@dataclass(slots=True)
class Ladder:
    """Values along a line, and the budget for more.

    Attributes:
        along: the function of t.
        bounds: the t that are allowed.
        calls: how often `along` may still be called.
        shape, known: of along(0), and where that is finite, flat.
        center: along(0) there.
        side: 0 for steps to both sides, else 1 or -1.
        values: by exponent k, the pair of along(c 2^k) and along(-c 2^k), or the one of one side.
        top: no exponent from here on can be sampled.
        half: by exponent, the sides on which a refused pair was finite.
    """

    along: Callable[[float], Any]
    bounds: tuple[float, float]
    calls: int
    shape: tuple[int, ...] = ()
    known: Any = None
    center: Any = None
    side: int = 0
    values: dict[int, tuple[Any, ...]] = field(default_factory=dict[int, tuple[Any, ...]])
    top: int = HIGHEST
    half: dict[int, dict[int, Any]] = field(default_factory=dict[int, dict[int, Any]])

    def start(self) -> None:
        """Take along(0)."""
        first = np.array(self.along(0.0), dtype=np.float64)
        self.calls -= 1
        self.shape, first = first.shape, first.reshape(-1)
        self.known = np.isfinite(first)
        self.center = first[self.known]

    def room(self, side: int) -> int:
        """The largest exponent within the bounds; one below `LOWEST` if there is none."""
        low, high = self.bounds
        most = min(high if side >= 0 else math.inf, -low if side <= 0 else math.inf)
        if most == 0.0:
            return LOWEST - 1
        return HIGHEST if most == math.inf else math.frexp(most / UNIT)[1] - 1

    def take(self, k: int) -> bool:
        """Sample the step of exponent k; whether it is there now."""
        if k in self.values:
            return True
        sides = (self.side,) if self.side else (1, -1)
        if not LOWEST <= k < self.top or self.calls < len(sides):
            return False
        if k > self.room(self.side):
            self.top = k
            return False
        found = {side: self.at(math.ldexp(side * UNIT, k)) for side in sides}
        found = {side: value for side, value in found.items() if value is not None}
        if len(found) < len(sides):
            self.top, self.half[k] = k, found
            return False
        self.values[k] = tuple(found[side] for side in sides)
        return True

    def at(self, t: float) -> Any:
        """The values at t that are finite at 0; None if they are not all finite there.

        Functions of Python's `math` raise where NumPy's give nan, which means the same here.
        """
        self.calls -= 1
        try:
            value = np.array(self.along(t), dtype=np.float64)
        except DiffkitError:
            raise  # of how the function is used, not of where
        except (ArithmeticError, ValueError):
            return None
        if value.shape != self.shape:
            got = f"shape {value.shape} at t = {t:.3g}, {self.shape} at 0"
            want = "values of one shape"
            asked = "a numerical derivative along a line"
            raise ShapeError(explain(asked, got, want, "Make the shape independent of the values"))
        value = value.reshape(-1)[self.known]
        return value if np.isfinite(value).all() else None

    def turn(self) -> bool:
        """Step to one side from now on, where the shortest refused step was finite, if any was."""
        shortest = self.half[min(self.half)] if self.half else {}
        if not shortest:
            return False
        self.side = max(shortest)
        tried = {k: found.get(self.side) for k, found in self.half.items()}
        self.values = {k: (value,) for k, value in tried.items() if value is not None}
        self.top = min((k for k, value in tried.items() if value is None), default=HIGHEST)
        return True
