"""Values of a function at steps that are powers of two, taken one by one under a budget.

x + 2^k loses no digit of 2^k as long as it stays among the floats of x, so the steps are what they
say they are. A step counts only where every value that is finite at x is finite there too, and none
is taken outside of the bounds; `top` remembers the smallest one that was refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Ladder"]

UNIT = 741455 / 2**20  # 0.7071…
HIGHEST, LOWEST = 1000, -1060  # exponents whose powers are finite and not zero


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
        values: by exponent, the pair (along(2^k), along(-2^k)), or one value for one side.
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
        """The largest exponent within the bounds; `LOWEST` if there is none."""
        low, high = self.bounds
        most = min(high if side >= 0 else math.inf, -low if side <= 0 else math.inf)
        return min(math.frexp(most/UNIT)[1] - 1, HIGHEST) if 0.0 < most < math.inf else (
            HIGHEST if most > 0.0 else LOWEST - 1
        )

    def take(self, k: int) -> bool:
        """Sample the step 2^k; whether it is there now."""
        if k in self.values:
            return True
        sides = (self.side,) if self.side else (1, -1)
        if not LOWEST <= k < self.top or self.calls < len(sides):
            return False
        if k > self.room(self.side):
            self.top = k
            return False
        found: dict[int, Any] = {}
        for side in sides:
            value = np.array(self.along(math.ldexp(side * UNIT, k)), dtype=np.float64).reshape(-1)
            value = value[self.known]
            self.calls -= 1
            if np.isfinite(value).all():
                found[side] = value
        if len(found) < len(sides):
            self.top, self.half[k] = k, found
            return False
        self.values[k] = tuple(found[side] for side in sides)
        return True

    def turn(self, side: int) -> None:
        """From now on step to one side only; what was sampled there is kept."""
        ways = {k: found[side] for k, found in self.half.items() if side in found}
        ways |= {k: pair[0 if side > 0 else 1] for k, pair in self.values.items()}
        self.values = {k: (value,) for k, value in ways.items()}
        self.side, self.top = side, HIGHEST
