"""What a numerical derivative answers: a value, and how far from the truth it may be.

A difference quotient without an error bar is a guess, since neither the noise of the function nor
its higher derivatives are known beforehand. Both are estimated from the values that were computed
anyway, so the bar is part of the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A derivative with its error bar, and what it cost.

    Attributes:
        value: the derivative, a float64 array (or a tree of them).
        error: as `value`: |value - truth| is to be at most this. inf where nothing is known.
        steps: the steps whose values of the function went into `value`, largest first.
        calls: how often the function was called.
        how: one line on the formula, such as "central, 5 of 12 scales, extrapolated".
    """

    value: Any
    error: Any
    steps: tuple[float, ...]
    calls: int
    how: str
