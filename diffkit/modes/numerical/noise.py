"""How much noise the values of a function carry, from differences that a smooth function has not.

Moré & Wild estimate the noise of a computed function from a table of differences at equal, tiny
steps: the differences of a smooth part die out column by column, those of noise grow by known
factors. The same holds for the divided differences over windows of a geometric ladder (`windows`),
which are there anyway. Each is divided by the size it would have if all values erred by half a unit
of rounding: ratios near 1 say that the function is as good as its floats, and a plateau of larger
ratios at all small steps is its noise.

For each first step of a window the least ratio of its windows counts, since the longer ones have
less of the smooth part; and the noise at a step is the root mean square of these over all steps up
to it, together with `PRIOR` values of 1, so that one lucky difference proves nothing. Both parities
are looked at: their smooth parts have no coefficients in common, so it takes two accidents to
mistake an oscillation for a smooth function, and a kink with no odd part is seen in the even one.

Source: J. Moré, S. Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011).
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["excess", "rounding"]

EPS = 2.0**-52
HALF = 0.5  # of a unit of the last place: what a value errs by, in root mean square
PRIOR = 4.0
LEAST = 1e-308  # below it floats have fewer digits, and small multiples of it vanish
HUGE = 1e150  # its square is finite


def rounding(sizes: Any) -> Any:
    """The rounding errors of values of these sizes, in root mean square."""
    return np.maximum(HALF * EPS * sizes, LEAST)


def excess(ratios: Any, count: int) -> Any:
    """The noise at windows that start at each of `count` steps, in units of rounding.

    Args:
        ratios: (windows, ...): differences over their rounding errors; inf where a window is too
            short to be judged by.
        count: the number of steps.

    Returns:
        (count, ...): factors, of about 1 for a function as good as its floats.
    """
    least = ratios.reshape(-1, count, *ratios.shape[1:]).min(axis=0)
    known = np.isfinite(least)
    square = np.where(known, np.square(np.minimum(least, HUGE)), 0.0)
    return np.sqrt((square.cumsum(axis=0) + PRIOR) / (known.cumsum(axis=0) + PRIOR))
