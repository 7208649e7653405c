"""How much the same code differs from one run to the next, and when a difference is more than that.

The quartiles of one run say how its samples scatter around that run's median; the median of another
process, minutes or days later, scatters more, since memory lies elsewhere and the machine is busy
otherwise. So the noise is estimated between the runs. Every cell also times the plain function in
NumPy, which has not changed: the logarithms of those ratios, run to run, are noise by definition.
Their median is the drift of the whole run, which is divided out, and their scale the noise, unless
the derivatives' own ratios scatter more, up to 2.5 times as much: beyond that they have changed.
Scales come from the shortest half of the values (the shortest interval that holds half of them),
which is not misled by a few that have changed, all in one direction.

    s_i = sqrt(noise^2 + a_i^2 + b_i^2),     |m_i - drift| > max(k s_i, 1.25 d, log 1.1)

calls the ratio exp(m_i) a change, where a_i and b_i are the standard errors of the two medians from
their quartiles, k the quantile at which N comparisons of nothing but Gaussian noise raise any alarm
once in a hundred times, and d the largest deviation from the drift that the unchanged function
shows: the noise of a busy machine has longer tails than a Gaussian's. The median of n cells of one
method scatters sqrt(pi / 2n) times as much as one of them, so that a method may have changed where
no cell shows it by itself.

Source of the scale: P. J. Rousseeuw and A. M. Leroy, A robust scale estimator based on the shortest
half, Statistica Neerlandica 42 (1988) 103-116.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from comparisons.records import Timing

__all__ = ["Noise", "estimate", "shortest_half", "standard_error"]

ALARMS = 0.01  # the chance that pure noise raises any alarm in a comparison
LEAST = math.log(1.1)  # what is smaller is no change worth the reader's time
TAIL = 1.25
WIDER = 2.5
FEW = 8  # controls; with fewer no scale can be estimated
ASSUMED = 0.1  # instead
QUARTILE = 0.6745  # of the standard normal distribution


@dataclass(frozen=True, slots=True)
class Noise:
    """What to expect of the logarithm of a ratio of times where nothing has changed.

    Attributes:
        drift: its centre.
        scale: its standard deviation, robustly.
        worst: the largest deviation that unchanged code showed.
        quantile: how many standard deviations are beyond chance.
        assumed: whether there was too little to estimate the scale from.
    """

    drift: float
    scale: float
    worst: float
    quantile: float
    assumed: bool

    def bound_of_median(self, cells: int, medians: int) -> float:
        """The deviation that the median of so many cells must exceed, if so many are looked at."""
        return max(_quantile(medians) * self.scale * math.sqrt(math.pi / 2 / cells), LEAST)

    def bound(self, before: Timing, after: Timing) -> float:
        """The deviation from the drift that these two timings must exceed."""
        errors = standard_error(before), standard_error(after)
        return max(self.quantile * math.hypot(self.scale, *errors), TAIL * self.worst, LEAST)


def estimate(controls: Sequence[float], ratios: Sequence[float]) -> Noise:
    """The noise between two runs.

    Args:
        controls: logarithms of the ratios of times of code that has not changed.
        ratios: the same of code that may have.

    Example:
        >>> noise = estimate([0.01, -0.01, 0.0, 0.02, -0.02] * 4, [0.3] * 20)
        >>> noise.drift, round(noise.scale, 3), noise.assumed
        (0.0, 0.015, False)
    """
    drift = statistics.median(controls) if controls else 0.0
    worst = max((abs(value - drift) for value in controls), default=0.0)
    assumed = len(controls) < FEW
    least = ASSUMED if assumed else shortest_half(controls)
    scale = max(least, min(shortest_half(ratios), WIDER * least))
    return Noise(drift, scale, worst, _quantile(len(ratios)), assumed)


def _quantile(trials: int) -> float:
    """How many standard deviations none of so many Gaussian values exceeds, 99 times in 100."""
    return statistics.NormalDist().inv_cdf(1 - ALARMS / (2 * max(1, trials)))


def shortest_half(values: Sequence[float]) -> float:
    """The standard deviation of a Gaussian whose shortest half is as long as that of the values; 0
    of fewer than two.

    Example:
        >>> round(shortest_half([0.0, 1.0, 2.0, 3.0, 100.0, 200.0]), 2)  # from 0 to 3
        2.22
    """
    ordered = sorted(values)
    count = len(ordered) // 2 + 1
    if len(ordered) < 2:
        return 0.0
    starts = range(len(ordered) - count + 1)
    return min(ordered[i + count - 1] - ordered[i] for i in starts) / (2 * QUARTILE)


def standard_error(timing: Timing) -> float:
    """Of a median of samples, relative: sqrt(pi / 2) sigma / sqrt(samples), sigma from the
    quartiles; `ASSUMED` of one sample alone, which says nothing of its scatter."""
    if timing.samples < 2:
        return ASSUMED
    sigma = timing.spread / (2 * QUARTILE)
    return math.sqrt(math.pi / 2) * sigma / math.sqrt(timing.samples)
