"""How an op works on many lanes at once.

Most ops say it in their row: an elementwise op broadcasts, an op along axes shifts them by one
(`Op.lead`). The rules of a few others stand here: a product of arrays gets one more letter, and
indices that differ between lanes get the number of the lane in front.

What a lane at rest computes is thrown away, and must not raise: where lanes are masked, the indices
of those at rest are 0, their matrices the identity, their checks passed.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..graph import Lit, Node, literal, missing_rule, pointwise
from ..ops import Expr
from ..ops.arithmetic import logical_not, logical_or, select
from ..ops.contract import split
from ..ops.index import gather
from ..ops.reduce import any_
from ..ops.shape import arange, broadcast, reshape, transpose
from ..types import Type, i64


@dataclass(frozen=True, slots=True)
class Lanes:
    """How many there are; and, inside masked control flow, which are at work."""

    size: int
    active: Expr | None = None


Flags = Sequence[bool]
Values = Sequence[Expr]
Rule = Callable[[Lanes, Node, Values, Flags], Expr]


def with_lanes(type_: Type, size: int) -> Type:
    """The type of one such value for each lane."""
    return Type(type_.dtype, (size, *type_.shape), type_.tape)


def aligned(x: Expr, on: bool, rank: int) -> Expr:
    """A value of fewer axes, ready to broadcast against lanes of `rank` axes: what differs between
    lanes gets axes of length 1 behind the lane."""
    missing = rank + 1 - len(x.shape)
    if not on or missing <= 0:
        return x
    return reshape(x, shape=(x.shape[0], *(1,) * missing, *x.shape[1:]))


def spread(x: Expr, on: bool, size: int) -> Expr:
    """A value with an axis of lanes, along which it may be constant."""
    return x if on else broadcast(x, shape=(size, *x.shape))


def by_lane(choice: Expr, x: Expr, y: Expr, rank: int) -> Expr:
    """x in the lanes where `choice`, else y."""
    return select(aligned(choice, True, rank), x, y)


def lift(lanes: Lanes, node: Node, xs: Values, on: Flags) -> Expr:
    """The op for all lanes, on operands of which some differ between them."""
    op = node.op
    rule = RULES.get(op.name)
    if rule is not None:
        return rule(lanes, node, xs, on)
    if op.lead is None:
        file = "diffkit/transforms/vmap_ops.py (or a `lead` where the op is declared)"
        raise missing_rule("vmap", op, node.loc, file, "Add it, or use dk.scan over the lanes")
    if op.lead is pointwise:
        rank = node.out.type.ndim
        return op(*[aligned(x, yes, rank) for x, yes in zip(xs, on, strict=True)], **node.attrs)
    stacked = [spread(x, yes, lanes.size) for x, yes in zip(xs, on, strict=True)]
    return op(*stacked, **op.lead(lanes.size, **node.attrs))


# --- stretching and products ---------------------------------------------------------------------


def lift_broadcast(lanes: Lanes, node: Node, xs: Values, on: Flags) -> Expr:
    """New axes come behind the lane."""
    shape = node.attrs["shape"]
    return broadcast(aligned(xs[0], True, len(shape)), shape=(lanes.size, *shape))


def lift_einsum(lanes: Lanes, node: Node, xs: Values, on: Flags) -> Expr:
    """One letter more, in the terms that differ between lanes and in the result."""
    spec = node.attrs["spec"]
    lane = next(c for c in string.ascii_letters if c not in spec)
    left, right, out = split(spec)
    x, y = (lane * yes + term for term, yes in zip((left, right), on, strict=True))
    return node.op(*xs, spec=f"{x},{y}->{lane}{out}")


# --- reading and writing by index ----------------------------------------------------------------


def behind(x: Expr, count: int) -> Expr:
    """The lanes moved from the front to place `count`."""
    rest = range(count + 1, len(x.shape))
    return transpose(x, axes=(*range(1, count + 1), 0, *rest))


def in_front(x: Expr, place: int) -> Expr:
    """The lanes moved from a place to the front."""
    rest = (k for k in range(len(x.shape)) if k != place)
    return transpose(x, axes=(place, *rest))


def numbered(lanes: Lanes, indices: Values, on: Flags) -> tuple[Expr, list[Expr]]:
    """The number of the lane, and indices that broadcast against it."""
    rank = max(len(i.shape) - yes for i, yes in zip(indices, on, strict=True))
    number = reshape(arange(indices[0].builder, lanes.size, i64), shape=(lanes.size, *(1,) * rank))
    return number, [aligned(i, yes, rank) for i, yes in zip(indices, on, strict=True)]


def safe(lanes: Lanes, index: Expr, on: bool) -> Expr:
    """An index that stays in bounds in lanes at rest."""
    if lanes.active is None or isinstance(index.atom, Lit):
        return index
    return select(working(lanes, on, len(index.shape) - on), index, index.full(0, ()))


def lift_gather(lanes: Lanes, node: Node, xs: Values, on: Flags) -> Expr:
    """A read where only the array differs takes whole lanes at once."""
    x, x_on, i_on = xs[0], on[0], on[1:]
    indices = [safe(lanes, i, yes) for i, yes in zip(xs[1:], i_on, strict=True)]
    if not any(i_on):
        if not x_on:
            return gather(x, *indices)
        place = node.out.type.ndim - (node.args[0].type.ndim - len(indices))
        return in_front(gather(behind(x, len(indices)), *indices), place)
    number, indices = numbered(lanes, indices, i_on)
    return gather(x, number, *indices) if x_on else gather(x, *indices)


def lift_scatter(lanes: Lanes, node: Node, xs: Values, on: Flags) -> Expr:
    """A write, into an array for each lane."""
    indices = [safe(lanes, i, yes) for i, yes in zip(xs[2:], on[2:], strict=True)]
    if not any(on):
        return node.op(*xs[:2], *indices)
    x, y = (spread(x, yes, lanes.size) for x, yes in zip(xs[:2], on[:2], strict=True))
    if any(on[2:]):
        number, indices = numbered(lanes, indices, on[2:])
        return node.op(x, y, number, *indices)
    count = len(indices)
    place = node.args[1].type.ndim - (node.args[0].type.ndim - count)
    return in_front(node.op(behind(x, count), behind(y, place), *indices), count)


# --- solvers -------------------------------------------------------------------------------------


def working(lanes: Lanes, on: bool, rank: int) -> Expr:
    """Where a value matters, ready to select: the lanes at work; of a shared value, whether there
    is one."""
    assert lanes.active is not None
    return aligned(lanes.active, True, rank) if on else any_(lanes.active, axes=(0,))


def lift_solve(lanes: Lanes, node: Node, xs: Values, on: Flags) -> Expr:
    """A stack of systems."""
    a, right = xs
    if lanes.active is not None:
        identity = a.wrap(literal(np.eye(a.shape[-1]), a.dtype_.numpy))
        a = select(working(lanes, on[0], node.args[0].type.ndim), a, identity)
    if not any(on):
        return node.op(a, right, **node.attrs)
    pair = zip((a, right), on, strict=True)
    return node.op(*[spread(x, yes, lanes.size) for x, yes in pair], **node.attrs)


def lift_check(lanes: Lanes, node: Node, xs: Values, on: Flags) -> Expr:
    """One check for all lanes at work."""
    x, ok, *rest = xs
    if lanes.active is not None:
        idle = logical_not(working(lanes, on[1], node.args[1].type.ndim))
        ok = logical_or(ok, idle)
    return node.op(spread(x, on[0] or not any(on), lanes.size), ok, *rest, **node.attrs)


RULES: dict[str, Rule] = {
    "broadcast": lift_broadcast,
    "einsum": lift_einsum,
    "gather": lift_gather,
    "scatter_add": lift_scatter,
    "scatter_set": lift_scatter,
    "solve": lift_solve,
    "check": lift_check,
}

FAILING = ("gather", "scatter_add", "scatter_set", "solve", "check")
"""What can raise on a value that is thrown away."""
