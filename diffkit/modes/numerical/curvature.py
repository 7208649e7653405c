"""Hessians from second derivatives along lines.

The second derivative along d is dᵀHd. Along the diagonal of two coordinates it holds their mixed
derivative,

    (e_i ± e_j)ᵀ H (e_i ± e_j) = H_ii + H_jj ± 2 H_ij,

so that n lines along coordinates and n(n - 1)/2 along diagonals give all of H, by whatever method
differentiates along a line, and without a difference of derivatives. With central differences that
is the formula of seven points (Abramowitz & Stegun, Handbook of Mathematical Functions, 1964, no.
25.3.27), in which the truncation error of H_ii and H_jj cancels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

Pairs = list[tuple[int, int]]


class Diagonal(NamedTuple):
    """A line along two coordinates i ≤ j, the second one forwards or backwards."""

    i: int
    j: int
    sign: int

    def direction(self, scale: Any) -> Any:
        """Its direction, where `scale` has a length for each coordinate."""
        d = np.zeros_like(scale)
        d[self.i] = scale[self.i]
        if self.j != self.i:
            d[self.j] = self.sign * scale[self.j]
        return d


def lines(
    pairs: Iterable[tuple[int, int]], width: Callable[[Any], float], scale: Any
) -> list[Diagonal]:
    """The lines for these entries of the Hessian; of the two diagonals the one with more room,
    which `width` knows of a direction."""
    found: list[Diagonal] = []
    for i, j in pairs:
        along, across = Diagonal(i, j, 1), Diagonal(i, j, -1)
        better = i != j and width(across.direction(scale)) > width(along.direction(scale))
        found.append(across if better else along)
    return found


def closed(pairs: Iterable[tuple[int, int]]) -> Pairs:
    """The entries of the upper triangle that these ask for, with all that lie on the diagonal of
    the matrix beside them."""
    upper = {(min(p), max(p)) for p in pairs}
    return sorted(upper | {(k, k) for p in upper for k in p})


def assembled(
    diagonals: Iterable[Diagonal], along: Iterable[Any], bars: Iterable[Any], scale: Any
) -> tuple[Any, Any]:
    """The Hessian and its bars from the second derivatives along lines, results in front:
    `(..., n, n)`, zero where no line was."""
    rows = list(zip(diagonals, along, bars, strict=True))
    n = len(scale)
    shape = np.shape(rows[0][1]) if rows else ()
    second, error = np.zeros((*shape, n)), np.zeros((*shape, n))  # in the units of scale
    value, bar = np.zeros((*shape, n, n)), np.zeros((*shape, n, n))
    for line, d, e in rows:
        if line.i == line.j:
            second[..., line.i], error[..., line.i] = d, e
    for line, d, e in rows:
        i, j = line.i, line.j
        unit = scale[i] * scale[j]
        if i == j:
            value[..., i, i], bar[..., i, i] = d / unit, e / unit
        else:
            mixed = line.sign * (d - second[..., i] - second[..., j]) / 2
            value[..., i, j] = value[..., j, i] = mixed / unit
            bar[..., i, j] = bar[..., j, i] = (e + error[..., i] + error[..., j]) / 2 / abs(unit)
    return value, bar
