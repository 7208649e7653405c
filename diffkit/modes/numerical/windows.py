"""Every extrapolated difference that a ladder of steps has to offer, as rows of weights.

The steps are powers of two, h_0 < h_1 < …. The odd part of f, (f(h) - f(-h))/2, is h times a
polynomial in u = h², so the derivative is the value at u = 0 of the polynomial through the points
(h_i², odd part / h_i) of some neighbouring steps, a window; higher derivatives are its higher
coefficients. The even part is h² times a polynomial in h², and f(h) - f(0) is h times one in h.
Neville's recursion makes a window of m + 1 steps of its two windows of m steps:

    p_{i..j}(u) = ((u_j - u) p_{i..j-1}(u) - (u_i - u) p_{i+1..j}(u)) / (u_j - u_i).

It is linear in the values, so it is run once on the unit vectors, and a ladder of the same shape is
found again in a cache. p_{i..j} - p_{i..j-1} is a multiple of the divided difference over the
window, which no polynomial of lower degree has: what is seen there is the next term of the series
or noise, and the table of these differences tells the two apart (`noise`).

Sources: E. Neville, J. Indian Math. Soc. 20 (1934); J. Lyness, C. Moler, Numer. Math. 8 (1966).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["Windows", "place", "windows"]


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a ladder of n steps whose smallest is 1.

    The window of m + 1 steps from step i on is row `m * n + i`, of R rows; a row that would go
    beyond the last step is zero.

    Attributes:
        own: (2 R, n), on the part of f that has the derivative: the derivative, and below it what
            the largest step of the window changed in it.
        other: (R, n), on the part of the other parity: such a change. No rows for one-sided steps.
        sizes: |weights| of all these rows, own over other: they amplify the noise of the values.
        center: |sum of weights| of them, for the noise of f(0); zero where f(0) is not in it.
        start: (R,): the first step i of each row.
        gaps: (R,): how many powers of two the window leaves out.
        usable: (R,): where there are steps enough for a derivative and what changed in it.
        judged: (R,): where there is one step more, so that the change is to vanish.
        shorter: (n, n, 1): whether the step of the column is shorter than that of the row.
    """

    own: Any
    other: Any
    sizes: Any
    center: Any
    start: Any
    gaps: Any
    usable: Any
    judged: Any
    shorter: Any


@lru_cache(maxsize=1024)
def windows(exponents: tuple[int, ...], order: int, sided: bool, longest: int) -> Windows:
    """The windows of steps 2^k.

    Args:
        exponents: the k, ascending from 0.
        order: of the derivative, from 1 on.
        sided: whether all steps go to one side.
        longest: the largest number of steps in a window.
    """
    n, longest = len(exponents), min(longest, len(exponents))
    h = np.exp2(np.array(exponents, dtype=np.float64))
    u = h if sided else h * h
    lead, wanted = place(order, sided)
    own = math.factorial(order) * neville(u, h**lead, wanted, longest)
    other = neville(u, h ** (3 - lead), 0, longest)[n * longest :][: 0 if sided else None]
    rows = np.concatenate([own, other])
    even = np.repeat([sided or lead == 2, lead == 1], [len(own), len(other)])  # have f(0) in them
    longer, start = np.divmod(np.arange(n * longest), n)
    inside = start + longer < n
    left_out = np.array(exponents) - np.arange(n)
    gaps = left_out[np.minimum(start + longer, n - 1)] - left_out[start]
    return Windows(
        own,
        other,
        sizes=np.abs(rows),
        center=np.where(even, np.abs(rows.sum(axis=1)), 0.0)[:, None],
        start=start,
        gaps=np.where(inside, gaps, 0)[:, None],
        usable=inside & (longer > wanted),
        judged=inside & (longer > wanted + 1),
        shorter=np.tri(n, k=-1, dtype=bool)[:, :, None],
    )


def place(order: int, sided: bool) -> tuple[int, int]:
    """The power of h that is taken out of the part of f which has the derivative, and the
    coefficient that it is in the polynomial in u that remains."""
    return (1, order - 1) if sided else (2 - order % 2, (order - 1) // 2)


def neville(u: Any, scale: Any, wanted: int, longest: int) -> Any:
    """Weights of the coefficient of u^wanted in each window, and below them those of its change."""
    n = len(u)
    table = np.zeros((wanted + 1, longest, n, n))
    table[0, 0] = np.diag(1.0 / scale)
    for m in range(1, longest):
        first, last = table[:, m - 1, : n - m], table[:, m - 1, 1 : n - m + 1]
        low, high = u[: n - m, None], u[m:, None]
        new = high * first - low * last
        new[1:] += last[:-1] - first[:-1]
        table[:, m, : n - m] = new / (high - low)
    found = table[wanted]
    change = np.zeros_like(found)
    for m in range(1, longest):
        change[m, : n - m] = found[m, : n - m] - found[m - 1, : n - m]
    return np.concatenate([found, change]).reshape(-1, n)
