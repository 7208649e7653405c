"""What a gradient without `jit` costs: of functions of one number, where the arithmetic is free.

Both libraries record the function anew in each call and go back along what they recorded; a number
in, a number out. Fifty operations, as a chain and as a mixture. diffkit records a graph, finds what
it made of an equal one in an earlier call, and runs that; autograd computes as it records.

A third way changes a constant of the function in each call, so that no call repeats another: then
diffkit differentiates the graph, too.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy

import diffkit as dk
from comparisons.speed.records import Timing
from comparisons.speed.rounds import interleave

__all__ = ["OPERATIONS", "Row", "measure"]

AT = 0.5
OPERATIONS = 50
CLOSE = 1e-12

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A function's gradient in both libraries, in turn: their times, or the values that differ."""

    name: str
    diffkit: Timing | None
    autograd: Timing | None
    values: tuple[float, float]

    @property
    def ratio(self) -> float | None:
        """diffkit's time as a part of autograd's."""
        if self.diffkit is None or self.autograd is None:
            return None
        return self.diffkit.median / self.autograd.median


def chain(x: Any, np: Any, c: float) -> Any:
    """sin sin … sin cx."""
    x = c * x
    for _ in range(OPERATIONS - 1):
        x = np.sin(x)
    return x


def mixture(x: Any, np: Any, c: float) -> Any:
    """y ← x sin y + e^(-cy), ten times five operations."""
    y = x
    for _ in range(OPERATIONS // 5):
        y = np.sin(y) * x + np.exp(-c * y)
    return y


FUNCTIONS: dict[str, Function] = {"chain": chain, "mixture": mixture}


def measure(seconds: float) -> Iterator[Row]:
    """The rows, with about so many seconds for each time. Values that differ are not timed."""
    import autograd
    import autograd.numpy

    for name, f in FUNCTIONS.items():
        for title, way in ((name, repeated), (f"{name}, each time another constant", changing)):
            own, theirs = way(dk.grad, f, numpy), way(autograd.grad, f, autograd.numpy)
            yield row(title, own, theirs, seconds)


def repeated(grad: Function, f: Function, np: Any) -> Callable[[], Any]:
    """The gradient of one function, again and again."""
    gradient = grad(lambda x: f(x, np, 1.25))
    return lambda: gradient(AT)


def changing(grad: Function, f: Function, np: Any) -> Callable[[], Any]:
    """The gradient of a function whose constant is another in each call."""
    constants = (1.25 + 1e-9 * k for k in itertools.count())
    gradient = grad(lambda x: f(x, np, next(constants)))
    return lambda: gradient(AT)


def row(name: str, own: Callable[[], Any], theirs: Callable[[], Any], seconds: float) -> Row:
    """Compare the values of the first calls, then the times of the others."""
    values = float(own()), float(theirs())
    if not abs(values[0] - values[1]) <= CLOSE * abs(values[1]):
        return Row(name, None, None, values)
    times = interleave({"diffkit": own, "autograd": theirs}, seconds)
    return Row(name, times["diffkit"], times["autograd"], values)
