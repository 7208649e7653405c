"""A certificate: a derivative enclosed, and an answer held against it.

The truth is there first, and any number of answers can be judged by it: those of diffkit's methods,
of another library, of a formula by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .backends.balls.enclosure import Enclosed
from .backends.balls.judge import Enclosure, Verdict, judged
from .kinks import Hit, KinkReport
from .tracing import trees

SHOWN = 10  # entries that are printed


@dataclass(frozen=True, slots=True)
class Certificate:
    """A derivative enclosed, and an answer held against it. Trees are those of the derivative.

    Attributes:
        value: the answer of `method`.
        lower, upper: float64 bounds of the true derivative, rounded outward.
        balls: object arrays of flint's balls, which are narrower still.
        ulps: a bound of the error of each entry, in units in the last place of the truth, in the
            precision of the answer; nan where no unique truth is known.
        unique: which entries are shown to be one number. At a kink they are not, and the bounds
            hold all slopes there; infinite ones, where the slope or the value jumps without bound.
        kinks: where the function has a kink that matters, with op, line and index.
        error: the error bar of the method, None if it has none.
        covered: whether that holds the error of each entry; None if there is no bar, or no truth.
        result: the enclosure of the function's own value.
        radius: how far around the arguments the bounds hold.
        bits: the precision that it took.
    """

    asked: str
    method: str
    value: Any
    lower: Any
    upper: Any
    balls: Any
    ulps: Any
    unique: Any
    kinks: KinkReport
    error: Any
    covered: bool | None
    result: Enclosure
    radius: float
    bits: int

    @property
    def worst(self) -> float:
        """The greatest error of an entry, in ulps; nan if one has no unique truth."""
        leaves = [np.max(x, initial=0.0) for x in map(np.asarray, trees.flatten(self.ulps)[0])]
        return float(np.max(leaves, initial=0.0))

    def within(self, n: float) -> bool:
        """Whether each entry is shown to be within n ulps of the truth."""
        return self.worst <= n

    def judge(self, value: Any, error: Any = None, method: str = "given") -> Certificate:
        """The same truth, held against another answer: a tree like the derivative, and its error
        bar, if it has one. An object with `.value` and `.error` is both.

            >>> import numpy as np, diffkit as dk
            >>> truth = dk.certify(np.sin, 1.0)
            >>> truth.judge(0.54).within(1e14), truth.judge(0.54, error=0.001).covered
            (True, True)
        """
        value, error = apart(value, error)
        truth, tree = trees.flatten(self.balls)
        values = trees.same_structure(self.asked, "the answer", value, tree)
        bars = [None] * len(truth)
        if error is not None:
            bars = trees.same_structure(self.asked, "the error bar", error, tree)
        found = [
            judged(self.asked, t, y, bar, self.bits)
            for t, y, bar in zip(truth, values, bars, strict=True)
        ]
        return of_verdicts(self, found, tree, value, error, method)

    def __str__(self) -> str:
        head = f"{self.asked} by {self.method}: {self.summary}"
        rows = [
            line
            for name, *columns in zip(
                trees.names(self.balls, ""),
                *[trees.flatten(t)[0] for t in (self.value, self.lower, self.upper, self.ulps)],
                strict=True,
            )
            for line in lines(name, columns)
        ]
        more = [f"… and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
        table = aligned([("", "value", "lower", "upper", "ulps"), *rows[:SHOWN]])
        return "\n".join([head, *table, *more, *map(str, self.kinks)])

    @property
    def summary(self) -> str:
        """One line."""
        if self.radius:
            return f"bounds for all arguments within {self.radius!r}, {self.bits} bits"
        unique = [bool(np.all(x)) for x in trees.flatten(self.unique)[0]]
        if not all(unique):
            count = len(self.kinks)
            kinks = f"{count} kink{'s' if count > 1 else ''}"
            why = kinks if count else "the bounds are too wide"
            return f"no unique derivative is certain ({why}), {self.bits} bits"
        bar = {None: "", True: ", its error bar covers", False: ", its error bar does NOT cover"}
        return f"within {self.worst:.3g} ulps of the truth{bar[self.covered]}, {self.bits} bits"


def apart(value: Any, error: Any) -> tuple[Any, Any]:
    """An answer and its error bar."""
    if error is None and hasattr(value, "value") and hasattr(value, "error"):
        return value.value, value.error
    return value, error


def lines(name: str, columns: Sequence[Any]) -> list[tuple[str, ...]]:
    """A row for each entry of a leaf."""
    value, lower, upper, ulps = map(np.asarray, columns)
    return [
        (
            f"{name}{list(place) if place else ''}",
            repr(value[place].item()),
            repr(lower[place].item()),
            repr(upper[place].item()),
            f"{ulps[place]:.3g}",
        )
        for place in np.ndindex(*value.shape)
    ]


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns of one width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def truth_of(asked: str, derivative: Any, found: Enclosed, radius: float) -> Certificate:
    """A certificate without an answer yet."""
    hits: dict[tuple[Any, ...], Hit] = {}
    for note in found.notes:
        key = (note.node.op.name, note.node.loc, note.kind)
        before = hits[key].index if key in hits else ()
        hits[key] = Hit(note.node.op.name, note.kind, note.node.loc, (*before, note.index))
    return Certificate(
        asked=asked, method="", value=None, lower=None, upper=None, balls=derivative, ulps=None,
        unique=None, kinks=KinkReport(list(hits.values())), error=None, covered=None,
        result=Enclosure.of(found.values, found.bits), radius=radius, bits=found.bits,
    )  # fmt: skip


def of_verdicts(
    truth: Certificate, found: list[Verdict], tree: Any, value: Any, error: Any, method: str
) -> Certificate:
    """The certificate with what was found, leaf by leaf."""

    def whole(of: Callable[[Verdict], Any]) -> Any:
        return trees.unflatten(tree, [of(v) for v in found])

    covers = [v.covered for v in found]
    covered = None if error is None or None in covers else all(covers)
    unique = all(bool(np.all(v.unique)) for v in found)
    return replace(
        truth, method=method, value=value, error=error, covered=covered,
        lower=whole(lambda v: v.lower), upper=whole(lambda v: v.upper),
        ulps=whole(lambda v: v.ulps), unique=whole(lambda v: v.unique),
        kinks=KinkReport([]) if unique else truth.kinks,
    )  # fmt: skip
