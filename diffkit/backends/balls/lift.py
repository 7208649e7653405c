"""Functions of single numbers: of balls, of numbers on a tape, of power series.

A `Function` is its value on balls and its partial derivatives. The partials are written with such
functions again, so that one line gives the number, the tape's entry and the series. They are stated
here anew and not taken from the ops, as they are to judge those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UnsupportedError, explain
from .numbers import Ball, ball, is_complex
from .series import Series, integrated
from .tape import Active, Tape


@dataclass(frozen=True, slots=True)
class Function:
    """`value(*balls)`; `partials[i](*xs, y)` or a number, or None where no formula is known;
    `series(x)` where there is a better way than integrating the partial."""

    name: str
    value: Callable[..., Ball]
    partials: tuple[Callable[..., Any] | float | None, ...]
    series: Callable[..., Series] | None = None
    kink: str = "singularity"
    """What it is where its value is finite and a slope is not."""

    def __call__(self, *xs: Any) -> Any:
        active: list[Active] = []
        values: list[Ball] = []
        for x in xs:
            if isinstance(x, Active):
                active.append(x)
                values.append(x.value)
            elif isinstance(x, Series):
                return self.expand(xs)
            else:
                values.append(ball(x))
        y = self.value(*values)
        return self.taped(xs, values, y, active[0].tape) if active else y

    def taped(self, xs: Sequence[Any], values: list[Ball], y: Ball, tape: Tape) -> Active:
        parents: list[Active] = []
        slopes: list[Any] = []
        for x, partial in zip(xs, self.partials, strict=True):
            if isinstance(x, Active):
                if partial is None:
                    raise no_slope(self.name)
                parents.append(x)
                slopes.append(partial(*values, y) if callable(partial) else partial)
        if not all(map(finite, [y, *slopes])) and all(map(finite, values)):
            tape.note(self.kink, all(v.is_exact() for v in values))
        return Active(tape, y, parents, slopes)

    def expand(self, xs: Sequence[Any]) -> Series:
        xs = [x if isinstance(x, Series) else ball(x) for x in xs]
        moving = [k for k, x in enumerate(xs) if isinstance(x, Series)]
        if self.series is not None and len(moving) == len(xs):
            return self.series(*xs)
        if any(self.partials[k] is None for k in moving):
            raise no_slope(self.name)
        return integrated(self.value, self.partials, xs)


def finite(x: Any) -> bool:
    """Whether a ball is bounded; functions of cotangents are."""
    return isinstance(x, int | float) or callable(x) or bool(x.is_finite())


def no_slope(name: str) -> UnsupportedError:
    """A derivative by an operand for which no formula is known."""
    got = "a derivative by an argument for which there is no closed form"
    want, remedy = "that argument to be a constant", "Leave it out of argnums"
    return UnsupportedError(explain(f"certify through {name}", got, want, remedy))


def pick(x: Any, real: str, complex_: str | None = None) -> Ball:
    """The method of a ball by name."""
    return getattr(x, complex_ if complex_ and is_complex(x) else real)()
