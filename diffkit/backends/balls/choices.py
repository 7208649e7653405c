"""Comparing, choosing and rounding, where a ball may lie on both sides.

A comparison is True, False or `Open`. It is open where the balls overlap, which more digits may
change, and where two numbers are equal and at least one of them moves: that is a tie, and at the
next point the answer may be another. Choosing by an open comparison gives a ball that holds both
alternatives. Its slope lies between theirs if their values are equal; else the value jumps, and has
none. The same is true of what chooses by itself: |x|, max, min.

What has to go one way, a loop or a branch, can not be open: at a tie it goes the way of the point
itself, and no slope is certified then; where digits are missing it raises `Undecided`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from .functions import divide, root, squared
from .numbers import Ball, ball, is_complex, load_flint, same, union
from .series import Series, unknown
from .tape import Active, Tape, Undecided


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """A comparison that a small move would turn, known by identity: its `value` at the point, or
    None where that is not known at this precision."""

    value: bool | None

    def __bool__(self) -> bool:
        raise TypeError("an open comparison is no truth value")


def moves(x: Any) -> bool:
    return isinstance(x, Active | Series)


def at(x: Any) -> Ball:
    """The ball of a number at the point."""
    return x.value if isinstance(x, Active | Series) else ball(x)


def jump(tape: Tape, value: Ball, *xs: Any) -> Any:
    """A value that has no bound of a slope."""
    for x in xs:
        if isinstance(x, Series):
            return unknown(x, value)
    return tape.jump(value)


# --- comparisons ---------------------------------------------------------------------------------


def order(x: Any, y: Any) -> int | Open:
    """-1, 0 or 1 as x is less than, the same as or greater than y; else open."""
    a, b = at(x), at(y)
    if is_complex(a) or is_complex(b):
        return complex_order(a, b, moves(x) or moves(y))
    if x is y:
        return 0
    if a < b:
        return -1
    if a > b:
        return 1
    if not same(a, b):
        return Open(None)
    return Open(True) if moves(x) or moves(y) else 0


def complex_order(a: Ball, b: Ball, moving: bool) -> int | Open:
    """Complex numbers are equal or different; 1 stands for different."""
    if a == b:
        return Open(True) if moving else 0
    return 1 if a != b else Open(None)


def comparison(holds: Callable[[int], bool]) -> Callable[..., Any]:
    def compare(tape: Tape, x: Any, y: Any) -> Any:
        found = order(x, y)
        if isinstance(found, Open):
            return Open(holds(0)) if found.value else found
        return holds(found)

    return compare


def conjunction(tape: Tape, p: Any, q: Any) -> Any:
    if p is False or q is False:
        return False
    if p is True or q is True:
        return q if p is True else p
    values = (p.value, q.value)
    return Open(False if False in values else None if None in values else True)


def negation(tape: Tape, p: Any) -> Any:
    if isinstance(p, Open):
        return Open(None if p.value is None else not p.value)
    return not p


def disjunction(tape: Tape, p: Any, q: Any) -> Any:
    return negation(tape, conjunction(tape, negation(tape, p), negation(tape, q)))


def exclusive(tape: Tape, p: Any, q: Any) -> Any:
    if isinstance(p, Open) or isinstance(q, Open):
        values: list[Any] = [c.value if isinstance(c, Open) else c for c in (p, q)]
        return Open(None if None in values else values[0] != values[1])
    return p != q


def decide(tape: Tape, p: Any) -> bool:
    """The way to go."""
    found: Any = np.asarray(p, object)[()]
    if not isinstance(found, Open):
        return bool(found)
    if found.value is None:
        assert tape.node is not None
        raise Undecided(tape.node)
    tape.note("tie")
    tape.forced = True
    return found.value


# --- choices -------------------------------------------------------------------------------------


def between(tape: Tape, c: Open, x: Any, y: Any, value: Ball) -> Any:
    """A number that is x or y as a comparison says, with a slope between theirs."""
    if isinstance(x, Series) or isinstance(y, Series):
        return unknown(x if isinstance(x, Series) else y, value)
    pairs = [(x, tape.share(c, (1, 0))), (y, tape.share(c, (0, 1)))]
    moving = [(z, share) for z, share in pairs if isinstance(z, Active)]
    return Active(tape, value, *zip(*moving, strict=True)) if moving else value


def select(tape: Tape, c: Any, x: Any, y: Any) -> Any:
    if not isinstance(c, Open):
        return x if c else y
    if x is y:
        return x
    a, b = at(x), at(y)
    tape.note("tie", c.value is not None)
    value = union(a, b) if c.value is None else a if c.value else b
    return between(tape, c, x, y, value) if a == b else jump(tape, value, x, y)


def absolute(tape: Tape, x: Any) -> Any:
    a = at(x)
    if is_complex(a):
        return modulus(tape, x, a)
    if a > 0 or a < 0:
        return x if a > 0 else -x
    if not moves(x):
        return abs(a)
    tape.note("kink", a == 0)
    if isinstance(x, Series):
        return unknown(x, abs(a))
    return Active(tape, abs(a), (x,), (tape.share(Open(None), (-1, 1)),))


def modulus(tape: Tape, x: Any, a: Ball) -> Any:
    """|z|, whose cotangent is ct·conj(z)/|z|."""
    y = abs(a)
    if not moves(x):
        return y
    if isinstance(x, Series):
        raise refused("the series of |z| of a complex z")
    if not y > 0:
        tape.note("kink", y == 0)
        slope = load_flint().acb(load_flint().arb(0, 1), load_flint().arb(0, 1))
        return Active(tape, y, (x,), (slope,))
    return Active(tape, y, (x,), (a.conjugate() / y,))


def extreme(greater: int) -> Callable[..., Any]:
    """max for 1, min for -1."""

    def choose(tape: Tape, x: Any, y: Any) -> Any:
        found = order(x, y)
        if not isinstance(found, Open):
            return y if found == -greater else x
        a, b = at(x), at(y)
        tape.note("tie", found.value is not None)
        value = a.max(b) if greater == 1 else a.min(b)
        return between(tape, found, x, y, value)

    return choose


maximum, minimum = extreme(1), extreme(-1)


def hypot(tape: Tape, x: Any, y: Any) -> Any:
    """√(x² + y²); at the origin every slope between -1 and 1."""
    if isinstance(x, Series) or isinstance(y, Series):
        return root(x * x + y * y)
    value = (squared(at(x)) + squared(at(y))).sqrt()
    if not (moves(x) or moves(y)):
        return value
    tip = not value > 0
    if tip:
        tape.note("kink", value == 0)
    moving = [z for z in (x, y) if isinstance(z, Active)]
    slopes = [load_flint().arb(0, 1) if tip else z.value / value for z in moving]
    return Active(tape, value, moving, slopes)


# --- rounding ------------------------------------------------------------------------------------


def rounding(function: Callable[[Ball], Ball], shift: float = 0) -> Callable[..., Any]:
    """A step function, with its jumps where x + shift is whole."""

    def step(tape: Tape, x: Any) -> Any:
        a = at(x)
        value = function(a)
        edge = a + shift
        open_ = edge.contains_integer() and not (edge.is_exact() and not edge.is_integer())
        if open_ and moves(x):
            tape.note("jump", a.is_exact())
            return jump(tape, value, x)
        return value

    return step


def truncated(a: Ball) -> Ball:
    if a >= 0:
        return a.floor()
    return a.ceil() if a <= 0 else union(a.floor(), a.ceil())


def nearest(a: Ball) -> Ball:
    """The nearest integer; halfway, the even one."""
    half = a + load_flint().arb(0.5)
    below = half.floor()
    if half.is_exact() and half.is_integer():
        return below if (below / 2).is_integer() else below - 1
    return union(below, below - 1) if half.contains_integer() else below


def sign(tape: Tape, x: Any) -> Any:
    a = at(x)
    if is_complex(a):
        raise refused("the sign of a complex number")
    if not (a > 0 or a < 0) and moves(x):
        tape.note("jump", a == 0)
        return jump(tape, a.sgn(), x)
    return a.sgn()


floor = rounding(lambda a: a.floor())
ceil = rounding(lambda a: a.ceil())
trunc = rounding(truncated)
rint = rounding(nearest, 0.5)


def floordiv(tape: Tape, x: Any, y: Any) -> Any:
    return floor(tape, divide(x, y))


def mod(tape: Tape, x: Any, y: Any) -> Any:
    """x - y ⌊x/y⌋."""
    return x - y * floordiv(tape, x, y)


def refused(what: str) -> UnsupportedError:
    want, remedy = "real numbers, or an op that balls know", "Write it with other functions"
    return UnsupportedError(explain("ball arithmetic", what, want, remedy))
