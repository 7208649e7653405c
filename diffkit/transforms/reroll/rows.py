"""Values that are rows of an array, and arrays put together from such rows.

A loop leaves row k of its ys where the unrolled program had a value of its own. As long as nobody
asks for that value it stays a `Row`: an array and a number. A stack of rows that follow one another
in their array is then a slice of it, and not a thousand reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, count, groupby, pairwise
from typing import NamedTuple, TypeAlias

import numpy as np

from ...graph import Atom, Builder, Lit, Value, literal
from ...ops import Expr
from ...ops.index import gather
from ...ops.shape import concatenate, reshape, reverse, slice_, stack, take_range, transpose
from ...types import i64
from ..unroll import row


class Row(NamedTuple):
    """array[number] along the first axis; and the same value as an atom, if there is one."""

    array: Atom
    number: int
    atom: Atom | None = None


Item: TypeAlias = Atom | Row

PARTS = 8  # an array is joined from as many parts, or else read by number


def value(b: Builder, item: Item) -> Atom:
    """An item as an atom; a row is read."""
    if not isinstance(item, Row):
        return item
    return item.atom or row(Expr(b, item.array), item.number)


def seen_as_row(b: Builder, item: Item) -> Item:
    """An atom that the program itself read as a row of an array, as that row."""
    if isinstance(item, Row):
        return item
    node = Value(b, item).producer
    if node is None:
        return item
    if node.op is gather and len(node.args) == 2 and node.out.type.shape == ():
        index = node.args[1]
        if isinstance(index, Lit) and index.value >= 0:
            return Row(node.args[0], int(index.value), item)
    if node.op is reshape:
        inner = Value(b, node.args[0]).producer
        if inner is not None and inner.op is slice_:
            x, start = inner.args[0], inner.attrs["start"]
            if (
                inner.out.type.shape == (1, *x.type.shape[1:])
                and item.type.shape == x.type.shape[1:]
            ):
                return Row(x, start[0], item)
    return item


def array_of(b: Builder, items: Sequence[Item]) -> Expr:
    """The array with these rows, all of one type. Where the same few come again and again, they
    are put together once and read by number."""
    distinct = {item: k for k, item in enumerate(dict.fromkeys(items))}
    if 2 * len(distinct) <= len(items) and not all(isinstance(item, Lit) for item in items):
        numbers = [distinct[item] for item in items]
        return gather(array_of(b, list(distinct)), Expr(b, literal(numbers, i64.numpy)))
    seen = [seen_as_row(b, item) for item in items]
    groups = [list(group) for _, group in groupby(seen, source)]
    if len(groups) > max(PARTS, 2 * len({source(item) for item in seen})):
        return mixed(b, seen)
    parts = [part(b, group) for group in groups]
    return parts[0] if len(parts) == 1 else concatenate(*parts, axis=0)


def mixed(b: Builder, items: Sequence[Item]) -> Expr:
    """The array with these rows, which come from few sources in turns: all that the sources have,
    read by number."""
    parts: dict[object, Expr] = {}
    for item in items:
        if isinstance(item, Row):
            parts.setdefault(source(item), Expr(b, item.array))
    singles = [item for item in items if not isinstance(item, Row)]
    if singles:
        parts[None] = part(b, singles)
    ends = accumulate((x.shape[0] for x in parts.values()), initial=0)
    first = dict(zip(parts, ends, strict=False))
    turns = count(first.get(None, 0))
    numbers = [
        first[source(item)] + item.number if isinstance(item, Row) else next(turns)
        for item in items
    ]
    whole = concatenate(*parts.values(), axis=0)
    return gather(whole, Expr(b, literal(numbers, i64.numpy)))


def source(item: Item) -> object:
    """What neighbours must have in common to be read together."""
    return id(item.array) if isinstance(item, Row) else type(item)


def part(b: Builder, items: Sequence[Item]) -> Expr:
    """The array with these rows, all of one source."""
    rows = [item for item in items if isinstance(item, Row)]
    if len(rows) > 2:
        numbers, array = [item.number for item in rows], Expr(b, rows[0].array)
        gap = numbers[1] - numbers[0]
        if gap and all(n - m == gap for m, n in pairwise(numbers)):
            return every(array, 0, numbers[0], gap, len(rows))
        return gather(array, Expr(b, literal(numbers, i64.numpy)))
    literals = [item.value for item in items if isinstance(item, Lit)]
    if len(literals) == len(items):
        return Expr(b, literal(np.stack(literals)))
    return stack(*[Expr(b, value(b, item)) for item in items], axis=0)


def every(x: Expr, axis: int, first: int, step: int, count: int) -> Expr:
    """The elements first, first + step, … along an axis; the step may be negative."""
    low, high = sorted((first, first + step * (count - 1)))
    if abs(step) == 1:
        out = take_range(x, axis, low, high + 1)
    else:
        n = range(len(x.shape))
        out = slice_(
            x,
            start=tuple(low if k == axis else 0 for k in n),
            stop=tuple(high + 1 if k == axis else x.shape[k] for k in n),
            step=tuple(abs(step) if k == axis else 1 for k in n),
        )
    return reverse(out, axes=(axis,)) if step < 0 else out


def moved_axis(x: Expr, source: int, target: int) -> Expr:
    """x with one axis moved elsewhere."""
    order = [k for k in range(len(x.shape)) if k != source]
    order.insert(target, source)
    return transpose(x, axes=tuple(order))
