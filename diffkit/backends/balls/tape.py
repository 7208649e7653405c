"""Reverse mode on single balls: what a derivative rule of the graph is checked against.

Evaluating a graph on `Active` numbers leaves a tape of scalar operations with their partial
derivatives, each a ball. The sweep backwards over it multiplies balls, so what it adds up for an
input holds the derivative. None of this reads the rules by which a graph is differentiated: an
error there can not be in both (Griewank & Walther, Evaluating Derivatives, 2008, section 3.2; for
the enclosures Moore, Interval Analysis, 1966, chapter 11).

At a kink a partial is the ball of all slopes there, which gives a bound for Clarke's generalised
gradient: if that is one number, the derivative exists and is it. A value that jumps has no bound of
a slope. It then depends on the tape's `wild` number, whose adjoint spoils every derivative.

A complex number is the pair of its parts, with the conventions of `ops.complex`; a partial that is
no multiplication is a function of the cotangent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import DiffkitError
from ...graph import Node
from .numbers import Ball, anything, ball, is_complex


class Undecided(DiffkitError):
    """A choice that needs to be made depends on digits that are not known at this precision."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"{node.op.name} at {node.loc}")
        self.node = node


@dataclass(frozen=True, slots=True)
class Note:
    """An op that was found at a kink: where, at which index of its result, and of which kind."""

    node: Node
    kind: str
    index: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Tape:
    """What an evaluation leaves behind: the active numbers in the order in which they were made,
    the kinks on the way, and where the evaluation is now."""

    numbers: list[Active] = field(default_factory=lambda: [])
    notes: dict[tuple[Any, ...], Note] = field(default_factory=lambda: {})
    undecided: bool = False
    """Whether more digits may decide what these could not."""
    forced: bool = False
    """Whether control flow went one way at a tie, so that no slope is certain."""
    operations: int = 0
    node: Node | None = None
    index: tuple[int, ...] = ()
    wild: Active = field(init=False)

    def __post_init__(self) -> None:
        self.wild = Active(self, ball(0), (), ())

    def input(self, value: Ball) -> Active:
        """A number to differentiate by."""
        return Active(self, value, (), ())

    def jump(self, value: Ball) -> Active:
        """A number without any bound of its slope."""
        return Active(self, value, (self.wild,), (anything(),))

    def note(self, kind: str, exact: bool = True) -> None:
        """The node that is being evaluated is at a kink; exactly, or as far as digits go."""
        self.undecided |= not exact
        if self.node is not None:
            key = (self.node.op.name, self.node.loc, self.index)
            self.notes.setdefault(key, Note(self.node, kind, self.index))


class Active:
    """A number that depends on the inputs: a ball, what it was made of, and the partials."""

    __slots__ = ("parents", "partials", "place", "tape", "value")

    def __init__(
        self, tape: Tape, value: Ball, parents: Sequence[Active], partials: Sequence[Any]
    ) -> None:
        self.tape, self.value = tape, value
        self.parents, self.partials = parents, partials
        self.place = len(tape.numbers)
        tape.numbers.append(self)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Active):
            return Active(self.tape, self.value + other.value, (self, other), (1, 1))
        return Active(self.tape, self.value + ball(other), (self,), (1,))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Active):
            return Active(self.tape, self.value - other.value, (self, other), (1, -1))
        return Active(self.tape, self.value - ball(other), (self,), (1,))

    def __rsub__(self, other: Any) -> Any:
        return Active(self.tape, ball(other) - self.value, (self,), (-1,))

    def __neg__(self) -> Active:
        return Active(self.tape, -self.value, (self,), (-1,))

    def __mul__(self, other: Any) -> Any:
        x = self.value
        if isinstance(other, Active):
            return Active(self.tape, x * other.value, (self, other), (other.value, x))
        y = ball(other)
        if y == 0 and x.is_finite():
            return ball(0)  # of whatever else: this does not move
        return Active(self.tape, x * y, (self,), (y,))

    __rmul__ = __mul__


def gradient(result: Any, tape: Tape, inputs: Sequence[Active], seed: Ball) -> list[Ball]:
    """The derivatives of seed times a result by each input; the cotangents, for complex ones."""
    if tape.forced:
        return [anything() for _ in inputs]
    if not isinstance(result, Active):
        return [ball(0) for _ in inputs]
    adjoints: list[Ball] = [None] * (result.place + 1)
    adjoints[result.place] = real_part(seed, result)
    for place in range(result.place, -1, -1):
        ct = adjoints[place]
        if ct is None:
            continue
        number = tape.numbers[place]
        for parent, partial in zip(number.parents, number.partials, strict=True):
            part = real_part(times(ct, partial), parent)
            known = adjoints[parent.place]
            adjoints[parent.place] = part if known is None else known + part
    if adjoints[tape.wild.place] is not None:
        return [anything() for _ in inputs]
    places = [x.place for x in inputs]
    found = [adjoints[k] if k < len(adjoints) else None for k in places]
    return [ball(0) if ct is None else ct for ct in found]


def times(ct: Ball, partial: Any) -> Ball:
    """What a cotangent gives to a parent."""
    return partial(ct) if callable(partial) else ct * partial


def real_part(ct: Ball, number: Active) -> Ball:
    """A real number has a real cotangent."""
    return ct.real if is_complex(ct) and not is_complex(number.value) else ct


def value_of(x: Any) -> Ball:
    """The ball of a number, active or not."""
    if isinstance(x, Active):
        return x.value
    return ball(x)
