"""Where a sequence of integers repeats itself.

Let r_w(i) be the rank of the window of w entries at i among all such windows; r_2w follows from
pairs (r_w(i), r_w(i + w)), as in the construction of suffix arrays by doubling (Manber & Myers,
"Suffix arrays", SIAM J. Comput. 22, 1993). Inside a stretch of period p, windows of p entries or
more recur p entries later and not before. So wherever the distance to the last equal window is the
same p for many entries in a row there is such a stretch; and each is found at the first w ≥ p, if
not earlier. O(n log² n), all of it in NumPy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .numbering import Ints


class Stretch(NamedTuple):
    """entries[start:stop] is equal to itself moved by `period`."""

    start: int
    stop: int
    period: int

    @property
    def saved(self) -> int:
        """The entries that repeat earlier ones."""
        return self.stop - self.start - self.period


def stretches(codes: Ints, repeats: int, size: int) -> list[Stretch]:
    """The stretches of at least so many periods and entries, the one that saves most first."""
    n = len(codes)
    found: set[Stretch] = set()
    if n < max(size, 2):
        return []
    ranks = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    width = 1
    while True:
        gaps = distances(ranks)
        starts = np.concatenate([[0], np.flatnonzero(np.diff(gaps)) + 1])
        stops = np.append(starts[1:], len(gaps))
        periods = gaps[starts]
        lengths = stops - starts + periods + width - 1
        long = (periods > 0) & (lengths >= np.maximum(size, repeats * periods))
        for start, stop, period in zip(starts[long], stops[long], periods[long], strict=True):
            found.add(Stretch(int(start - period), int(stop) + width - 1, int(period)))
        if width * repeats >= n:
            return sorted(found, key=lambda s: (-s.saved, s))
        pairs = ranks[:-width] * n + ranks[width:]
        ranks = np.unique(pairs, return_inverse=True)[1].astype(np.int64)
        width *= 2


def distances(ranks: Ints) -> Ints:
    """How far back the last equal entry is; 0 if there is none."""
    order = np.argsort(ranks, kind="stable")
    equal = ranks[order[1:]] == ranks[order[:-1]]
    gaps = np.zeros(len(ranks), np.int64)
    gaps[order[1:][equal]] = (order[1:] - order[:-1])[equal]
    return gaps
