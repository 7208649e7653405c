"""Slices and elements whose place moves from step to step.

Reading x[k] of an array from before the loop is reading row k of an array put together before the
loop: a slice of x if the places follow one another, else one gather. Writing row k into an array
that nothing in the loop reads is handing out the row, and writing all of them after the loop. What
remains, a read or a write of a changing array, becomes a gather or a scatter in the loop, with
indices that are rows of constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...graph import Atom, Builder, Lit, Node, literal
from ...ops import Expr
from ...ops.index import gather, scatter_add, scatter_set
from ...ops.shape import reshape, reverse, slice_, slice_add, slice_set, take_range
from ...types import Shape, i64
from .numbering import Ints
from .rows import every, moved_axis


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one slice in all steps. `starts` has a row for each step."""

    starts: Ints
    counts: Shape
    step: Shape

    @property
    def moving(self) -> list[int]:
        """The axes along which the place moves."""
        return np.flatnonzero((self.starts != self.starts[0]).any(axis=0)).tolist()

    def line(self) -> tuple[int, int, int] | None:
        """(axis, first, distance) if all are single places in line along just one axis."""
        axes = self.moving
        if len(axes) != 1 or self.counts[axes[0]] != 1:
            return None
        starts = self.starts[:, axes[0]]
        gap = int(starts[1] - starts[0])
        if gap == 0 or np.any(np.diff(starts) != gap):
            return None
        return axes[0], int(starts[0]), gap

    @property
    def lane(self) -> Shape:
        """The shape of one place in line, without the axis along which it moves."""
        (axis,) = self.moving
        return (*self.counts[:axis], *self.counts[axis + 1 :])

    def indices(self, depth: int) -> tuple[list[Any], list[bool]]:
        """Index arrays for the first axes, that broadcast together; and which of them differ from
        step to step and have a row for each."""
        arrays: list[Any] = []
        varies: list[bool] = []
        for axis in range(depth):
            shape = [1] * depth
            shape[axis] = self.counts[axis]
            offsets = self.step[axis] * np.arange(self.counts[axis])
            moves = axis in self.moving
            starts = self.starts[:, axis] if moves else self.starts[:1, axis]
            table = (starts[:, None] + offsets).reshape(len(starts), *shape)
            arrays.append(table if moves else table[0])
            varies.append(moves)
        return arrays, varies

    def depth(self, shape: Shape) -> int:
        """How many leading axes indices have to speak of: up to the last that is not whole."""
        whole = [
            axis not in self.moving and n == m and self.step[axis] == 1
            for axis, (n, m) in enumerate(zip(self.counts, shape, strict=True))
        ]
        return max(axis for axis, yes in enumerate(whole) if not yes) + 1


def places_of(nodes: Sequence[Node]) -> Places | None:
    """The places of a node in all steps; None if they are one."""
    first = nodes[0].attrs
    if all(
        node.attrs["start"] == first["start"] and node.attrs["stop"] == first["stop"]
        for node in nodes
    ):
        return None
    starts = np.array([node.attrs["start"] for node in nodes], np.int64)
    bounds = zip(first["start"], first["stop"], first["step"], strict=True)
    return Places(starts, tuple(len(range(*bound)) for bound in bounds), first["step"])


def windows(b: Builder, x: Atom, places: Places) -> Expr:
    """What is read of x in all steps: one array with a row for each, of any shape."""
    whole = Expr(b, x)
    line = places.line()
    if line is None:
        depth = places.depth(whole.shape)
        arrays, varies = places.indices(depth)
        lead = [a if on else a[None] for a, on in zip(arrays, varies, strict=True)]
        return gather(whole, *[Expr(b, literal(a, i64.numpy)) for a in lead])
    axis, first, gap = line
    start, n = places.starts[0].tolist(), len(whole.shape)
    bounds = list(zip(start, places.counts, places.step, strict=True))
    stop = [a + max(0, (m - 1) * s + 1) for a, m, s in bounds]
    rest = slice_(
        whole,
        start=tuple(0 if k == axis else start[k] for k in range(n)),
        stop=tuple(whole.shape[k] if k == axis else stop[k] for k in range(n)),
        step=tuple(1 if k == axis else places.step[k] for k in range(n)),
    )
    return moved_axis(every(rest, axis, first, gap, len(places.starts)), axis, 0)


def write_all(b: Builder, x: Atom, rows: Expr, places: Places) -> Atom:
    """x with all rows written, where they are in line; a row has the shape `places.lane`."""
    line = places.line()
    assert line is not None
    axis, first, gap = line
    steps, n = len(places.starts), len(places.counts)
    block = moved_axis(rows, 0, axis)
    if gap < 0:
        block = reverse(block, axes=(axis,))
    low, high = sorted((first, first + gap * (steps - 1)))
    start, counts = places.starts[0].tolist(), block.shape
    step = [abs(gap) if k == axis else places.step[k] for k in range(n)]
    begin = [low if k == axis else start[k] for k in range(n)]
    stop = [a + max(0, (m - 1) * s + 1) for a, m, s in zip(begin, counts, step, strict=True)]
    stop[axis] = high + 1
    where: dict[str, Any] = {"start": tuple(begin), "stop": tuple(stop), "step": tuple(step)}
    return slice_set(Expr(b, x), block, **where).atom


def moving_node(b: Builder, node: Node, args: Sequence[Atom], indices: Sequence[Atom]) -> Atom:
    """A slice, or a write into one, at indices; b is the builder of the loop's body."""
    x, index = Expr(b, args[0]), [Expr(b, k) for k in indices]
    if node.op is slice_:
        return gather(x, *index).atom
    assert node.op in (slice_set, slice_add)
    op = scatter_set if node.op is slice_set else scatter_add
    return op(x, Expr(b, args[1]), *index).atom


def elements(b: Builder, x: Atom, columns: Sequence[Sequence[Lit]]) -> Expr:
    """gather(x, …) for all steps at once. A column has the literal of one index for each step, or
    one for all."""
    whole = Expr(b, x)
    scalar = all(k.value.ndim == 0 for column in columns for k in column)
    numbers = [np.array([k.value for k in column]) for column in columns]
    moving = [k for k, column in enumerate(columns) if len(column) > 1]
    if scalar and len(moving) == 1 and all(np.all(n >= 0) for n in numbers):
        (axis,) = moving
        gap = int(numbers[axis][1] - numbers[axis][0])
        if gap and np.all(np.diff(numbers[axis]) == gap):
            out = every(whole, axis, int(numbers[axis][0]), gap, len(numbers[axis]))
            for k, number in enumerate(numbers):
                out = out if k == axis else take_range(out, k, int(number[0]), int(number[0]) + 1)
            return reshape(out, shape=(len(numbers[axis]), *whole.shape[len(columns) :]))
    rank = max(k.value.ndim for column in columns for k in column)
    arrays = [n.reshape(len(n), *(1,) * (rank - n.ndim + 1), *n.shape[1:]) for n in numbers]
    return gather(whole, *[Expr(b, literal(a)) for a in arrays])
