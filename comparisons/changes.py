"""What differs between the tables of two folders, beyond noise.

Cells are matched by problem, size and method. A time has changed if median and least time agree
that it has (an interruption moves the one and not the other), by more than the noise between the
two runs (see `noise`); a method has changed if the median of its cells' ratios has. An error has
changed if it is ten times another and not both are round-off. Times taken on different processors
are not compared.
"""

import math
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from comparisons.noise import Noise, estimate
from comparisons.provenance import newest
from comparisons.records import Measurement
from comparisons.report.outcomes import Cell, judge
from comparisons.report.results import Results
from comparisons.report.summary import TIE

__all__ = ["KINDS", "Change", "Comparison", "Shift", "compare"]

Kind = Literal[
    "now wrong", "now right", "other status", "slower", "faster", "less accurate", "more accurate",
    "gone", "new",
]  # fmt: skip
# In the order in which a reader wants to hear of them.
KINDS: tuple[Kind, ...] = (
    "now wrong", "other status", "slower", "less accurate", "gone",
    "now right", "faster", "more accurate", "new",
)  # fmt: skip
FACTOR = 10.0  # between errors
FEWEST = 5  # cells of which a median is taken


@dataclass(frozen=True, slots=True)
class Change:
    """A cell that differs.

    Attributes:
        before, after: the outcome, the time in seconds or the error in each run; None where there
            is no record.
        ratio: time after over time before, without the drift; with the interval in which it lies as
            far as noise goes.
    """

    kind: Kind
    problem: str
    size: int
    method: str
    before: str | float | None = None
    after: str | float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A method whose times have changed on the whole: the median of its cells' ratios."""

    method: str
    cells: int
    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, compared.

    Attributes:
        changes: cell by cell.
        shifts: method by method.
        cells: how many cells both have.
        timed: in how many of them times were compared.
        noise: between the runs; None where no times were compared.
        conditions: what else differs, by name: settings, machine and versions, before and after.
    """

    changes: tuple[Change, ...]
    shifts: tuple[Shift, ...]
    cells: int
    timed: int
    noise: Noise | None
    conditions: dict[str, tuple[str, str]] = field(default_factory=dict)

    def count(self) -> dict[Kind, int]:
        """How many changes there are of each kind that there is."""
        found = Counter(change.kind for change in self.changes)
        return {kind: found[kind] for kind in KINDS if found[kind]}


def compare(before: Results, after: Results) -> Comparison:
    """What has changed from one folder's table to another's."""
    a, b = (_tried(results) for results in (before, after))
    both = [key for key in a if key in b]
    changes: list[Change] = []
    changes += (Change("gone", *key, before=_word(a[key])) for key in a if key not in b)
    changes += (Change("new", *key, after=_word(b[key])) for key in b if key not in a)
    for key in both:
        changes += _judged(a[key], b[key])
    conditions = _conditions(before, after)
    measured = [(a[key], b[key]) for key in both if _measured(a[key]) and _measured(b[key])]
    noise, shifts = None, ()
    if measured and "processor" not in conditions:
        noise, timed, shifts = _timed(measured)
        changes += timed
    order = {kind: place for place, kind in enumerate(KINDS)}
    changes.sort(key=lambda c: (order[c.kind], -abs(math.log(c.ratio or 1.0))))  # largest first
    return Comparison(
        tuple(changes), shifts, len(both), len(measured) if noise else 0, noise, conditions
    )


def _tried(results: Results) -> dict[tuple[str, int, str], Cell]:
    """The cells that have a record."""
    return {key: cell for key, cell in judge(results).items() if cell.record is not None}


def _measured(cell: Cell) -> Measurement | None:
    return cell.record.measurement if cell.record is not None else None


def _word(cell: Cell) -> str:
    """An outcome: right or wrong, or the status of a cell without a result."""
    if _measured(cell) is not None:
        return cell.outcome
    return cell.record.status if cell.record is not None else "no record"


def _judged(before: Cell, after: Cell) -> Iterator[Change]:
    """What has become of a cell: another outcome, or the same with another error."""
    words = _word(before), _word(after)
    if words[0] != words[1]:
        kind: Kind = "other status"
        if words[1] in ("right", "wrong"):
            kind = "now right" if words[1] == "right" else "now wrong"
        yield Change(kind, *after.key, *words)
        return
    a, b = _measured(before), _measured(after)
    if a is None or b is None or a.relative_error is None or b.relative_error is None:
        return
    errors = [error if error > TIE else TIE for error in (a.relative_error, b.relative_error)]
    if not all(map(math.isfinite, errors)):
        return
    if max(errors) > FACTOR * min(errors):
        kind = "less accurate" if errors[1] > errors[0] else "more accurate"
        yield Change(kind, *after.key, a.relative_error, b.relative_error)


def _timed(
    pairs: list[tuple[Cell, Cell]],
) -> tuple[Noise, list[Change], tuple[Shift, ...]]:
    """The noise between two runs, and the times that have changed beyond it, of cells and of
    methods."""
    found = [(after.key, _of(before), _of(after)) for before, after in pairs]
    medians = [math.log(b.derivative.median / a.derivative.median) for _, a, b in found]
    controls = [math.log(b.numpy.median / a.numpy.median) for _, a, b in found]
    noise = estimate(controls, medians)
    changes: list[Change] = []
    by_method: dict[str, list[float]] = {}
    for (key, a, b), median in zip(found, medians, strict=True):
        best = math.log(b.derivative.best / a.derivative.best)
        moved = median - noise.drift, best - noise.drift
        by_method.setdefault(key[2], []).append(moved[0])
        bound = noise.bound(a.derivative, b.derivative)
        if min(moved) > bound or max(moved) < -bound:
            kind: Kind = "slower" if moved[0] > 0 else "faster"
            interval = (math.exp(moved[0] + by) for by in (0.0, -bound, bound))
            changes.append(Change(kind, *key, a.derivative.median, b.derivative.median, *interval))
    return noise, changes, tuple(_shifts(by_method, noise))


def _shifts(by_method: dict[str, list[float]], noise: Noise) -> Iterator[Shift]:
    """The methods that have changed on the whole."""
    enough = {method: moved for method, moved in by_method.items() if len(moved) >= FEWEST}
    for method, moved in enough.items():
        middle, bound = statistics.median(moved), noise.bound_of_median(len(moved), len(enough))
        if abs(middle) > bound:
            ratio, low, high = (math.exp(middle + by) for by in (0.0, -bound, bound))
            yield Shift(method, len(moved), ratio, low, high)


def _of(cell: Cell) -> Measurement:
    measured = _measured(cell)
    assert measured is not None
    return measured


def _conditions(before: Results, after: Results) -> dict[str, tuple[str, str]]:
    """What the headers, and the versions in the records, say differently."""
    differ: dict[str, tuple[str, str]] = {}
    groups = [
        (before.header.get(group, {}), after.header.get(group, {}))
        for group in ("machine", "settings", "versions")
    ]
    for a, b in (*groups, (newest(before.records), newest(after.records))):
        for name in a.keys() & b.keys():
            if a[name] != b[name]:
                differ[name] = str(a[name]), str(b[name])
    return dict(sorted(differ.items()))
