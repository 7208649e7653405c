"""A numerical derivative that finds its own steps and says how far it can be trusted.

**The idea.** One step is a guess: too long a one truncates, too short a one drowns in rounding, and
no formula for it knows the function. So f is sampled on a ladder of steps, whose ratios are powers
of two, and every window of neighbouring steps is extrapolated to the step 0 (`windows`). Each of
these estimates errs by noise, which the window amplifies by known factors and whose size is read
off the ladder itself (`noise`), and by truncation, which is judged by what the window's largest
step changed. The one with the least sum is the answer, and that sum the error bar (`candidates`).

**Where the steps are.** From a quarter of the size of x down, in strides that grow, until the
differences of three neighbouring steps are no more than rounding: there the function is resolved.
Going down until then is what tells an oscillation from a smooth function that has the same values
at long steps. If it never happens, the function is noisy, and the steps taken have measured the
noise. If it happens at once, the steps were too short, and the way is up. What is left of the calls
goes where the best estimate asks for it: towards longer steps while noise prevails in its error,
to shorter ones while truncation does.

**How far to trust the bar.** The safety factors in `candidates` were set on functions of the family
in `comparisons/accuracy/family.py`, drawn from the seeds 1 and 2, so that nearly all of each kind
are covered. `python -m comparisons accuracy calibration` draws others from another seed, and says
how many bars hold: more than 99 % of 10,000, with a median bar of some sixteen errors. A function
that varies on a scale below about 1e-9 of the size looks like noise; if no slope stands out of it,
the bar is twice the steepest estimate that was seen, which can be too little still. Singular points
of f itself, as 0 is for x^(3/2), have bars that are wide, since no extrapolation converges there.

Sources: J. Lyness, C. Moler, Numer. Math. 8 (1966); J. Moré, S. Wild, SIAM J. Sci. Comput. 33
(2011). The search for a scale and the choice of a window are our own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from .candidates import Choice, candidates
from .estimate import Estimate
from .ladder import HIGHEST, LOWEST, UNIT, Ladder

__all__ = ["derivative"]

RESOLVED = 40.0  # in units of rounding: differences that are no larger are noise
JUDGES = 3  # steps whose differences say so
DOWN = (2, 2, 3, 4, 5, 6, 7)  # strides on the way to shorter steps
UP = (2, 4, 8, 16, 32)
RETREAT = (2, 4, 8, 16)  # while values are not finite
RESERVE = 40  # percent of the calls that are kept for refining
NEAR_EDGE = 8  # binary orders of magnitude that a step may lose to a bound
AT_ONCE = 2  # steps between two looks at all the estimates
PATIENCE = 1  # such rounds that may fail to improve the error


def derivative(
    along: Callable[[float], Any],
    size: float,
    *,
    order: int = 1,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    calls: int = 31,
) -> Estimate:
    """The derivative of a function of t at t = 0, with an error bar.

    Args:
        along: a function of a float, often t -> f(x + t v); it gives a float or a float64 array of
            any shape, the same each time. The entries share the steps, and each has its own
            estimate.
        size: the natural scale of t, such as max|x| / max|v|; 0 if there is none. It is where the
            search begins, so it need not be right.
        order: of the derivative, from 1 on.
        bounds: the least and the largest t at which `along` may be called, with 0 between them.
        calls: how often it may be called at most, t = 0 included; below 15 the bars get wide, and
            below 5 there is none.

    Returns:
        An `Estimate`; value and error have the shape of along(0). Where along(0) is not finite, or
        where there are too few finite values around it, the value is nan or poor and the error inf.

    Raises:
        UnsupportedError: order or calls is below 1, or 0 is not within the bounds.
        ShapeError: the shape of `along` varies.

    Example:
        >>> import numpy as np
        >>> from diffkit.modes.numerical.adaptive import derivative
        >>> found = derivative(lambda t: np.log(1e-3 + t), 1e-3)
        >>> bool(abs(found.value - 1000.0) <= found.error < 1e-8), found.calls <= 31
        (True, True)
    """
    check(order, bounds, calls)
    ladder = Ladder(along, bounds, calls)
    ladder.start()
    best = None
    with np.errstate(all="ignore"):  # what overflows is no answer, and says so
        if ladder.known.any() and find_start(ladder, size):
            search(ladder)
            best = refine(ladder, order)
    value, error = np.full((2, *ladder.known.shape), np.nan)
    error[:] = np.inf
    used, how, steps = calls - ladder.calls, "no finite steps", ()
    if best is not None:
        value[ladder.known], error[ladder.known] = best.value, best.error
        steps = tuple(math.ldexp(UNIT, k) for k in reversed(best.window))
        side = "one-sided" if ladder.side else "central"
        how = f"{side}, {len(steps)} of {len(ladder.values)} scales, extrapolated"
    return Estimate(
        value.reshape(ladder.shape)[()], error.reshape(ladder.shape)[()], steps, used, how
    )


def check(order: int, bounds: tuple[float, float], calls: int) -> None:
    """Refuse settings that mean nothing."""
    if order < 1 or calls < 1 or not bounds[0] <= 0.0 <= bounds[1]:
        got = f"order={order}, calls={calls}, bounds={bounds}"
        want = "order and calls from 1 on, and a point within its bounds"
        raise UnsupportedError(explain("an adaptive derivative", got, want, "Change the settings"))


# --- where to look ---------------------------------------------------------------------------


def find_start(ladder: Ladder, size: float) -> bool:
    """Take the first step: a quarter of the size, or less where f is not finite; to one side
    where there is no room on the other."""
    k = math.frexp(size)[1] - 3 if 0.0 < size < math.inf else -2
    k = max(k, LOWEST)
    side = 1 if ladder.bounds[1] >= -ladder.bounds[0] else -1
    if ladder.room(0) < min(k, ladder.room(side)) - NEAR_EDGE:
        ladder.side = side
    k = min(k, ladder.room(ladder.side))
    for stride in (*RETREAT, 0):
        if ladder.take(k):
            return True
        k -= stride
    return ladder.turn()


def search(ladder: Ladder) -> None:
    """Go down until f is resolved; if it is at once, go up until it is not."""
    reserve = ladder.calls * RESERVE // 100

    def resolved(steps: list[int]) -> bool:
        return len(steps) == JUDGES and candidates(ladder, steps, 1).resolved(RESOLVED)

    k = min(ladder.values)
    for stride in DOWN:
        k -= stride
        if ladder.calls <= reserve or not ladder.take(k):
            return
        if resolved(sorted(ladder.values)[:JUDGES]):
            break
    if len(ladder.values) > JUDGES:
        return
    k = max(ladder.values)
    for stride in UP:
        k += stride
        if ladder.calls <= reserve or not ladder.take(k):
            return
        if not resolved(sorted(ladder.values)[-JUDGES:]):
            return


def refine(ladder: Ladder, order: int) -> Choice:
    """Spend what is left of the calls where the best window asks for it."""
    stale, need = 0, math.inf
    while True:
        exponents = sorted(ladder.values)
        best = candidates(ladder, exponents, order).choice()
        stale = 0 if best.need < 0.9 * need else stale + 1
        need = min(need, best.need)
        taken = 0
        if best.need > 0.0 and stale <= PATIENCE:
            for k in wishes(exponents, best, ladder.top):
                taken += ladder.take(k)
                if taken == AT_ONCE:
                    break
        if not taken:
            return best


def wishes(exponents: list[int], best: Choice, top: int) -> list[int]:
    """The steps that may improve the best window, the most promising first."""
    lowest, highest = best.target[0], best.target[-1]
    gaps = [(a + b) // 2 for a, b in pairwise(best.target)]
    above = [k for k in exponents if k > highest]
    below = [k for k in exponents if k < lowest]
    limit = above[0] if above else top
    longer = (highest + limit) // 2 if limit < HIGHEST else highest + 1
    shorter = (lowest + below[-1] + 1) // 2 if below else lowest - 2
    wanted = [*gaps, longer, exponents[-1] + 1, shorter] if best.noisy else [*gaps, shorter, longer]
    return [k for k in wanted if k not in exponents]
