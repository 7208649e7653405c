"""Reverse mode on single balls: what a derivative rule of the graph is checked against.

Evaluating a graph on `Active` numbers leaves a tape of scalar operations with their partial
derivatives, each a ball. The sweep backwards over it multiplies balls, so what it adds up for an
input holds the derivative. None of this reads the rules by which a graph is differentiated: an
error there can not be in both (Griewank & Walther, Evaluating Derivatives, 2008, section 3.2; for
the enclosures Moore, Interval Analysis, 1966, chapter 11).

At a kink a partial is a `Share`, one slope on the one side and another on the other. The derivative
is linear in each share, so that sweeps with the shares at their ends, in every combination, give
all slopes that there are and those between: a bound for Clarke's generalised gradient. If that is
one number, the derivative exists and is it. (Where the shares are many, each is a ball, and the
bound is wider.) What goes by one comparison has one share. A value that jumps has no bound of
a slope. It then depends on the tape's `wild` number, whose adjoint spoils every derivative.

A complex number is the pair of its parts, with the conventions of `ops.complex`; a partial that is
no multiplication is a function of the cotangent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from typing import Any

from ...errors import DiffkitError
from ...graph import Node
from .numbers import Ball, anything, ball, is_complex, union

MOST_SIDES = 6  # of which all combinations are tried


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


@dataclass(frozen=True, slots=True)
class Share:
    """A partial at a kink: its one end or the other, as `side` says, which is known by identity."""

    side: object
    ends: tuple[int, int]


@dataclass(slots=True, eq=False)
class Tape:
    """What an evaluation leaves behind: the active numbers in the order in which they were made,
    the kinks on the way, and where the evaluation is now."""

    numbers: list[Active] = field(default_factory=lambda: [])
    notes: dict[tuple[Any, ...], Note] = field(default_factory=lambda: {})
    sides: dict[int, object] = field(default_factory=lambda: {})
    """The comparisons that shares go by."""
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

    def share(self, side: object, ends: tuple[int, int]) -> Share:
        """A partial that goes by a comparison."""
        self.sides[id(side)] = side
        return Share(side, ends)

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
    sides = list(tape.sides) if len(tape.sides) <= MOST_SIDES else []
    found = [
        swept(result, tape, inputs, seed, dict(zip(sides, ends, strict=True)))
        for ends in product((0, 1), repeat=len(sides))
    ]
    return [reduce(union, column) for column in zip(*found, strict=True)]


def swept(
    result: Active, tape: Tape, inputs: Sequence[Active], seed: Ball, ends: Mapping[int, int]
) -> list[Ball]:
    """One sweep, with the shares of some comparisons at these ends."""
    adjoints: list[Ball] = [None] * (result.place + 1)
    adjoints[result.place] = real_part(seed, result)
    for place in range(result.place, -1, -1):
        ct = adjoints[place]
        if ct is None:
            continue
        number = tape.numbers[place]
        for parent, partial in zip(number.parents, number.partials, strict=True):
            part = real_part(times(ct, partial, ends), parent)
            known = adjoints[parent.place]
            adjoints[parent.place] = part if known is None else known + part
    if adjoints[tape.wild.place] is not None:
        return [anything() for _ in inputs]
    places = [x.place for x in inputs]
    found = [adjoints[k] if k < len(adjoints) else None for k in places]
    return [ball(0) if ct is None else ct for ct in found]


def times(ct: Ball, partial: Any, ends: Mapping[int, int]) -> Ball:
    """What a cotangent gives to a parent."""
    if isinstance(partial, Share):
        end = ends.get(id(partial.side))
        both = union(*map(ball, partial.ends)) if end is None else partial.ends[end]
        return ct * both
    return partial(ct) if callable(partial) else ct * partial


def real_part(ct: Ball, number: Active) -> Ball:
    """A real number has a real cotangent."""
    return ct.real if is_complex(ct) and not is_complex(number.value) else ct


def value_of(x: Any) -> Ball:
    """The ball of a number, active or not."""
    if isinstance(x, Active):
        return x.value
    return ball(x)
