"""Jacobians from linear maps: a push for each input element, or a pull for each output element;
many in one run where the mode can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .linearized import Arrays, Linearized
from .modes.linear_map import Many
from .numpy import asarray
from .tracing import as_input, innermost
from .types import Type

FEW = 12
"""Directions that are sooner done one by one, where their graph serves once. Inside a trace, where
each would be a copy of the graph, one is few."""


def basis(leaves: Arrays, start: int, count: int, unit: complex = 1) -> Arrays:
    """Coordinate directions of a list of arrays, from number `start`, along a new axis 0; zeros
    behind the last."""
    directions: Arrays = []
    first = -start
    for leaf in leaves:
        shape, size = np.shape(leaf), int(np.prod(np.shape(leaf)))
        rows = np.zeros((count, size), leaf.dtype)
        k = np.arange(max(first, 0), min(first + size, count))
        rows[k, k - first] = unit if leaf.dtype.kind == "c" else 1
        directions.append(rows.reshape(count, *shape))
        first += size
    return directions


def pulled(lin: Linearized, cts: Arrays) -> Arrays:
    """Cotangents of the varying leaves; by columns where the method only pushes."""
    if lin.map.pull is not None:
        return lin.map.pull(cts)[1]
    push, pushes = lin.map.push, lin.map.pushes
    assert push is not None
    ins = [as_input(x) for x in lin.call.leaves]
    floats = [t for t in lin.map.types if t.differentiable]

    def against(unit: complex) -> Arrays:
        """Re Σ ct·J, where J is the derivative along the real or along the imaginary axis."""
        columns = swept(lambda dxs: push(dxs)[1], pushes, ins, ins, unit)
        return [
            sum(
                (np.real(np.tensordot(c, J, np.ndim(c))) for c, J in zip(cts, Js, strict=True)), 0.0
            )
            for Js in zip(*by_columns(columns, floats, ins), strict=True)
        ]

    along = against(1)
    if not any(np.iscomplexobj(x) for x in ins):
        return along
    rows = zip(along, against(1j), ins, strict=True)
    return [p - 1j * q if np.iscomplexobj(x) else p for p, q, x in rows]


def jacobian_blocks(lin: Linearized) -> list[Arrays]:
    """For each output leaf and each input leaf, the array of shape output.shape + input.shape."""
    ins, map_ = [as_input(x) for x in lin.call.leaves], lin.map
    floats = [t for t in map_.types if t.differentiable]
    if map_.jacobian is not None:
        blocks = map_.jacobian()
    elif map_.pull is not None:
        pull = map_.pull
        outs = [np.zeros(t.shape, t.dtype.numpy) for t in floats]

        def rows_along(unit: complex) -> list[Arrays]:
            found = swept(lambda cts: pull(cts)[1], map_.pulls, outs, ins, unit)
            return by_rows(found, outs, ins)

        blocks = rows_along(1)
        if any(t.complex for t in floats) and not all(np.iscomplexobj(x) for x in ins):
            blocks = with_imaginary(blocks, rows_along, floats, ins)
    else:
        push = map_.push
        assert push is not None

        def columns_along(unit: complex) -> list[Arrays]:
            found = swept(lambda dxs: push(dxs)[1], map_.pushes, ins, ins, unit)
            return by_columns(found, floats, ins)

        blocks = columns_along(1)
        if any(np.iscomplexobj(x) for x in ins) and not all(t.complex for t in floats):
            blocks = without_conjugate(blocks, columns_along, floats, ins)
    rows = iter(blocks)
    return [next(rows) if t.differentiable else zero_blocks(t, ins) for t in map_.types]


def with_imaginary(
    real: list[Arrays], rows: Callable[[complex], list[Arrays]], outs: list[Type], ins: Arrays
) -> list[Arrays]:
    """The Jacobian of complex results by real arguments: a pull gives the real part of the row, and
    that of -i the imaginary one."""
    imaginary = rows(-1j)
    return [
        [
            p + 1j * q if t.complex and not np.iscomplexobj(x) else p
            for p, q, x in zip(*row, ins, strict=True)
        ]
        for t, *row in zip(outs, real, imaginary, strict=True)
    ]


def without_conjugate(
    along: list[Arrays], columns: Callable[[complex], list[Arrays]], outs: list[Type], ins: Arrays
) -> list[Arrays]:
    """The Jacobian of real results by complex arguments, ∂f/∂x - i ∂f/∂y, as the reverse mode has
    it."""
    across = columns(1j)
    return [
        [
            p - 1j * q if np.iscomplexobj(x) and not t.complex else p
            for p, q, x in zip(*row, ins, strict=True)
        ]
        for t, *row in zip(outs, along, across, strict=True)
    ]


def swept(
    one: Callable[[Arrays], Arrays],
    pushes: Callable[[], Many] | None,
    leaves: Arrays,
    inputs: Arrays,
    unit: complex = 1,
) -> Arrays:
    """What a linear map at `inputs` makes of all coordinate directions of `leaves`, along a new
    axis 0; nothing where there are none. Those of complex leaves are times `unit`."""
    total = sum(int(np.size(x)) for x in leaves)
    few = FEW if innermost(inputs) is None else 2
    if pushes is None or total < few:
        singles = [one([d[0] for d in basis(leaves, k, 1, unit)]) for k in range(total)]
        return [np.stack([asarray(y) for y in column]) for column in zip(*singles, strict=True)]
    many = pushes()
    runs = -(-total // many.most)
    count = -(-total // runs)  # equal parts, so that one graph serves for all
    parts = [many.run(basis(leaves, k * count, count, unit)) for k in range(runs)]
    if runs == 1:
        return parts[0]
    return [np.concatenate([asarray(y) for y in ys])[:total] for ys in zip(*parts, strict=True)]


def by_rows(found: Arrays, outs: Arrays, ins: Arrays) -> list[Arrays]:
    """The blocks from the cotangents of the inputs for each output element."""
    blocks: list[Arrays] = []
    start = 0
    for y in outs:
        stop, shape = start + int(np.size(y)), np.shape(y)
        rows = (
            zip(found, ins, strict=True) if found else ((np.zeros((0, *x.shape)), x) for x in ins)
        )
        blocks.append([np.reshape(f[start:stop], shape + np.shape(x)) for f, x in rows])
        start = stop
    return blocks


def by_columns(found: Arrays, outs: list[Type], ins: Arrays) -> list[Arrays]:
    """The blocks from the tangents of the outputs for each input element."""
    columns = found or [np.zeros((0, *t.shape)) for t in outs]
    blocks: list[Arrays] = []
    for f, t in zip(columns, outs, strict=True):
        start = 0
        row: Arrays = []
        for x in ins:
            stop = start + int(np.size(x))
            part: Any = np.moveaxis(f[start:stop], 0, -1)
            row.append(np.reshape(part, t.shape + np.shape(x)))
            start = stop
        blocks.append(row)
    return blocks


def zero_blocks(type_: Type, ins: Arrays) -> Arrays:
    """The blocks of an output that has no derivative."""
    return [np.zeros(type_.shape + np.shape(x)) for x in ins]
