"""How far to step: the balance of truncation and rounding, and the room that bounds leave.

The p-th derivative by a formula of accuracy q errs by |C| h^q |f^(p+q)| from truncation and by
G ε |f| / h^p from rounding, where C and G = Σ|w| belong to the formula. If a change of x by its own
size changes f by its own size, the sum is least at

    h = (p G ε / (q |C|))^(1/(p+q))

times that size: ε^(1/2) for forward, ε^(1/3) for central differences, ε^(1/4) for the second
derivative. The error is about ε^(q/(p+q)) then, so a formula of higher accuracy keeps more digits
(Nocedal & Wright, Numerical Optimization, 2006, section 8.1). Steps are powers of two, so that
x + h rounds as little as it can: not at all, unless it has more binary digits before the point
than x.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from .stencils import Stencil, through

EPSILON = 2.0**-52
Room = tuple[float, float]
"""How far one may go along a line, backwards (at most 0) and forwards."""
EVERYWHERE: Room = (-math.inf, math.inf)


def balanced(stencil: Stencil, eps: float = EPSILON) -> float:
    """The step of least error for a function whose scale is 1."""
    p, q = stencil.order, stencil.accuracy
    return float((p * stencil.gain * eps / (q * abs(stencil.constant))) ** (1 / (p + q)))


def power_of_two(h: float) -> float:
    """The nearest power of two."""
    return 2.0 ** round(math.log2(h))


def room(xs: Sequence[Any], dxs: Sequence[Any], bounds: Sequence[tuple[Any, Any]]) -> Room:
    """For which t all x + t·dx are within their bounds, where x is."""
    lo, hi = EVERYWHERE
    for x, dx, (lower, upper) in zip(xs, dxs, bounds, strict=True):
        move, at = np.ravel(dx), np.ravel(x)
        on = move != 0
        if not on.any():
            continue
        move, at = move[on], at[on]
        least, most = (np.broadcast_to(b, np.shape(x)).ravel()[on] for b in (lower, upper))
        with np.errstate(over="ignore"):  # by a tiny move, infinitely far
            ahead = np.where(move > 0, most - at, least - at) / move
            behind = np.where(move > 0, least - at, most - at) / move
        lo, hi = max(lo, float(behind.max())), min(hi, float(ahead.min()))
    return lo, hi


def placed(stencil: Stencil, h: float, room: Room) -> tuple[Stencil, float]:
    """A formula of the same order and accuracy that stays in the room, and its step: the one given
    where it fits, else one moved as little aside as possible, and narrower if even that is too wide
    for the room."""
    lo, hi = room
    if lo <= h * stencil.offsets[0] and h * stencil.offsets[-1] <= hi:
        return stencil, h
    require_room(room)
    last = stencil.order + stencil.accuracy - 1
    while (left := fitting(-lo, h, last)) + (right := fitting(hi, h, last)) < last:
        h /= 2
    first = min(max(last - right, (last + 1) // 2), left)
    return through(tuple(range(-first, last - first + 1)), stencil.order), h


def require_room(room: Room) -> None:
    """An error where one can go nowhere."""
    if room[0] == room[1]:
        got = "lower and upper bound are equal"
        want, remedy = "room to move", "Hold that variable fixed, or widen its bounds"
        raise UnsupportedError(explain("a difference within bounds", got, want, remedy))


def fitting(distance: float, h: float, most: int) -> int:
    """How many steps fit in a distance."""
    return most if distance >= most * h else int(distance // h)
