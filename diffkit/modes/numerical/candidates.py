"""All estimates that a ladder of steps gives, the error of each, and the best one.

An estimate errs by noise and by truncation. The noise of the values, in units of rounding
(`noise`), is amplified by the sizes of the window's weights. The truncation is at most about what
the largest step of the window changed, as long as the series converges, since the terms that follow
are smaller; where it does not, the changes are large, and so is the error. A window that leaves out
powers of two weighs its largest step very little, so what that step changed counts the more.

An estimate from long steps has little noise, and its changes can be small by accident, as those of
an oscillation are which it steps over. So it has to agree with the estimates from shorter steps:
by as much as two of them are further apart than their errors allow, the longer one is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .ladder import UNIT, Ladder
from .noise import excess, rounding
from .windows import place, windows

__all__ = ["Candidates", "Choice", "candidates"]

NOISE = 5.0  # times the amplified noise
TRUNCATION = 2.0  # how many times the last change of an extrapolation, doubled for each gap
LONGEST = {False: 6, True: 9}  # steps in a window, to both sides and to one
UNRESOLVED = 20.0  # units of rounding, on average: more noise than rounding makes
UNWITNESSED = 4.0  # times the difference, if the two shortest estimates disagree
EPS = 2.0**-52
TINY = 5e-324


@dataclass(frozen=True, slots=True)
class Choice:
    """The best estimate of each entry, and the window of the one that needs more steps most.

    Attributes:
        value, error: by entry.
        window: the exponents of that one's window, ascending.
        target: those of the window that more steps may make a better one.
        noisy: whether its error is noise rather than truncation.
        need: its error over the size of f there, roughly 1/step.
    """

    value: Any
    error: Any
    window: tuple[int, ...]
    target: tuple[int, ...]
    noisy: bool
    need: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """The windows of a ladder: arrays of shape (windows, entries), as rows of `Windows`.

    Attributes:
        exponents: of the steps, ascending.
        values: the estimates.
        noise, truncation: the two parts of their error; inf where a window is too short.
        ratios: what the largest step changed, in units of rounding; inf where it is no judge.
        excess: (steps, entries): the noise, in units of rounding, of windows from this step on.
        sizes: (entries,): the largest value of the function.
        shorter: as in `Windows`.
    """

    exponents: tuple[int, ...]
    values: Any
    noise: Any
    truncation: Any
    ratios: Any
    excess: Any
    sizes: Any
    shorter: Any

    def resolved(self, within: float) -> bool:
        """Whether the largest of all steps changed nothing beyond rounding, in every entry."""
        count = len(self.exponents)
        return bool((self.ratios[(count - 1) * count] < within).all())

    def choice(self) -> Choice:
        """For each entry the window of the least error."""
        entries = np.arange(len(self.sizes))
        rows, values, errors = self.by_start()
        best = errors.argmin(axis=0)
        value: Any = values[best, entries]
        error: Any = errors[best, entries]
        # Never resolved, and no slope seen: then any slope is possible that two values have.
        steepest = np.where(np.isfinite(self.noise), np.abs(self.values), 0.0).max(axis=0)
        blind = (self.excess[0] > UNRESOLVED) & (np.abs(value) < error)
        error += np.where(blind, np.maximum(2.0 * steepest - error, 0.0), 0.0)
        need = error / np.where(self.sizes > 0.0, self.sizes, np.inf)
        worst = int(need.argmax())
        start = int(best[worst])
        row = int(rows[start, worst])
        noisy = bool(self.noise[row, worst] > self.truncation[row, worst])
        # Less noise takes longer steps: the window to improve is the next one.
        target = int(rows[min(start + noisy, len(rows) - 1), worst])
        most = float(need[worst])
        return Choice(value, error, self.window(row), self.window(target), noisy, most)

    def by_start(self) -> tuple[Any, Any, Any]:
        """The best window from each step on, its value and its error: arrays (steps, entries)."""
        count, entries = len(self.exponents), np.arange(len(self.sizes))
        error: Any = self.noise + self.truncation + 2.0 * EPS * np.abs(self.values)
        error = np.fmin(error, np.inf)  # nan is infinitely wrong
        row = error.reshape(-1, count, len(entries)).argmin(axis=0) * count
        row += np.arange(count)[:, None]
        value, error = self.values[row, entries], error[row, entries]
        # It has to agree with those from shorter steps.
        apart = np.abs(value[:, None] - value) - (error + error[:, None])
        error = error + np.fmax.reduce(np.where(self.shorter, apart, 0.0), axis=1)
        if count > 1:  # the one from the shortest step has only the next to agree with
            doubt = (self.excess[0] > UNRESOLVED) | (apart[1, 0] > 0.0)
            first = UNWITNESSED * np.abs(value[1] - value[0])
            error[0] = np.where(doubt, np.fmax(error[0], first), error[0])
        return row, value, error

    def window(self, row: int) -> tuple[int, ...]:
        """The exponents of its steps."""
        longer, first = divmod(row, len(self.exponents))
        return self.exponents[first : first + longer + 1]


def candidates(ladder: Ladder, exponents: list[int], order: int) -> Candidates:
    """The estimates from the steps of these exponents, which are ascending."""
    shift, sided = exponents[0], bool(ladder.side)
    longest = LONGEST[sided] + place(order, sided)[1]
    table = windows(tuple(k - shift for k in exponents), order, sided, longest)
    samples, center = np.array([ladder.values[k] for k in exponents]), ladder.center
    sizes, at_center = np.abs(samples).max(axis=1), np.abs(center)
    sizes = np.maximum(sizes, at_center)
    if sided:
        own = other = (samples[:, 0] - center) * ladder.side**order
    else:
        half = samples * 0.5
        odd, even = half[:, 0] - half[:, 1], (half[:, 0] - center) + half[:, 1]
        own, other = (odd, even) if order % 2 else (even, odd)
    rows = len(table.start)
    found = table.own @ own
    values, change = found[:rows], np.abs(found[rows:])
    amplified = table.sizes @ rounding(sizes) + table.center * rounding(at_center)
    # The mean square over both parities: a smooth function is smooth in both.
    ratios = np.square(change / np.maximum(amplified[rows : 2 * rows], TINY))
    if not sided:
        ratios += np.square((table.other @ other) / np.maximum(amplified[2 * rows :], TINY))
        ratios *= 0.5
    judged = table.judged if table.judged.any() else table.usable
    ratios = np.where(judged[:, None], np.sqrt(ratios), np.inf)
    factors = excess(ratios, len(exponents))
    noise = NOISE * amplified[:rows] * factors[table.start]
    truncation = np.where(judged[:, None], TRUNCATION * change, np.inf)
    unit, down = UNIT**-order, -shift * order
    return Candidates(
        tuple(exponents),
        np.ldexp(unit * values, down),
        np.ldexp(unit * noise, down),
        np.ldexp(unit * truncation, down + table.gaps),
        ratios,
        factors,
        sizes.max(axis=0),
        table.shorter,
    )
