"""The language of loop programs: expressions and statements. A page of types.

    expr     Const | Local | Affine | Load | Apply
    stmt     Loop | While | If | Assign | Store | Call | Fail | Push

A `Buffer` is an array of fixed shape; a `Local` is a scalar, such as a loop's index. Indices are
mostly `Affine`, sums of loop indices times integers: that two accesses touch the same element, or
never do, is then decided by comparing them. Everything else that is computed is an `Apply` of an
op of the graph to scalars, so a loop program means what NumPy says of that op.

Statements are mutable in one respect only: a pass replaces a body by another.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ..graph import Loc, Op
from ..ops.arithmetic import add, logical_and, logical_or, maximum, minimum, mul
from ..types import DType, Shape, i64

_number = itertools.count()

Role = Literal["param", "const", "output", "work", "tape"]


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """An array. `role`: given by the caller, a constant, a result, or storage of the program's own;
    a tape grows by rows, and `shape` is that of a row. With a `base` it is another shape of that
    buffer's memory, from element `offset` on."""

    hint: str
    dtype: DType
    shape: Shape
    role: Role = "work"
    base: Buffer | None = None
    offset: int = 0
    value: Any = None
    """The array, of a constant."""

    @property
    def root(self) -> Buffer:
        return self.base.root if self.base else self

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size


@dataclass(frozen=True, slots=True)
class Const:
    """A number."""

    value: Any
    dtype: DType


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """A scalar variable, equal to itself only."""

    hint: str
    dtype: DType
    extent: int | None = None
    """Of the index of a loop whose length is known: 0 ≤ index < extent."""
    number: int = field(default_factory=lambda: next(_number))


@dataclass(frozen=True, slots=True)
class Affine:
    """Σ coefficient·local + const, an integer; the terms are in the order of their locals."""

    terms: tuple[tuple[Local, int], ...]
    const: int

    @property
    def dtype(self) -> DType:
        return i64

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.terms, self.const + other)
        total = dict(self.terms)
        for local, factor in other.terms:
            total[local] = total.get(local, 0) + factor
        terms = sorted(((v, c) for v, c in total.items() if c), key=lambda term: term[0].number)
        return Affine(tuple(terms), self.const + other.const)

    def __mul__(self, factor: int) -> Affine:
        if factor == 0:
            return Affine((), 0)
        return Affine(tuple((v, c * factor) for v, c in self.terms), self.const * factor)

    def bounds(self) -> tuple[int, int] | None:
        """The least and the greatest value, where all loops have known lengths."""
        low = high = self.const
        for local, factor in self.terms:
            if local.extent is None:
                return None
            most = factor * (local.extent - 1)
            low, high = low + min(0, most), high + max(0, most)
        return low, high


@dataclass(frozen=True, slots=True)
class Load:
    """buffer[index]."""

    buffer: Buffer
    index: Index

    @property
    def dtype(self) -> DType:
        return self.buffer.dtype


@dataclass(frozen=True, slots=True)
class Apply:
    """op(*args). `loose` allows a sum or product to be regrouped with others of its kind."""

    op: Op
    args: tuple[Expr, ...]
    dtype: DType
    attrs: tuple[tuple[str, Any], ...] = ()
    loose: bool = False


Expr: TypeAlias = Const | Local | Affine | Load | Apply
Index: TypeAlias = "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class Ref:
    """A whole array as an operand of a `Call`: buffer[index] with all further axes, seen as
    `shape`, transposed if asked."""

    buffer: Buffer
    index: Index
    shape: Shape
    transposed: bool = False


# Ways to combine a stored value with what is there. `sum` and `prod` may be regrouped.
MODES: Mapping[str, Op] = {
    "add": add, "sum": add, "prod": mul, "max": maximum, "min": minimum,
    "any": logical_or, "all": logical_and,
}  # fmt: skip
LOOSE = ("sum", "prod")


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """for var in range(extent), or downwards."""

    var: Local
    extent: int | Expr
    body: Body
    reverse: bool = False
    ordered: bool = False
    """A step may read what an earlier one wrote: the loop of a scan."""
    loc: Loc | None = None


@dataclass(frozen=True, slots=True, eq=False)
class While:
    """Run `test`, leave if `condition` is false, run `body`; repeat."""

    test: Body
    condition: Expr
    body: Body
    loc: Loc | None = None


@dataclass(frozen=True, slots=True, eq=False)
class If:
    condition: Expr
    then: Body
    other: Body
    loc: Loc | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Assign:
    local: Local
    value: Expr
    loc: Loc | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """buffer[index] = value, or combined with what is there (`mode` in MODES)."""

    buffer: Buffer
    index: Index
    value: Expr
    mode: str = "set"
    loc: Loc | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A routine that fills one array from others: `dot` or `solve`."""

    name: str
    out: Ref
    args: tuple[Ref, ...]
    loc: Loc | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fail:
    """Give up if the condition holds: an index out of bounds, a loop that does not end."""

    condition: Expr
    loc: Loc | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Push:
    """Make room for row `count` of a tape."""

    buffer: Buffer
    count: Expr
    loc: Loc | None = None


Stmt: TypeAlias = Loop | While | If | Assign | Store | Call | Fail | Push
Body: TypeAlias = "tuple[Stmt, ...]"


def constant(value: int) -> Affine:
    """An integer as an index."""
    return Affine((), value)


def index_of(local: Local) -> Affine:
    """A loop's index as an index."""
    return Affine(((local, 1),), 0)
