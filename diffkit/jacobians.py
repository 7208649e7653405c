"""Jacobians from linear maps: a push for each input element, or a pull for each output element."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .linearized import Arrays, Linearized
from .numpy import array
from .tracing import as_input, innermost
from .types import Type


def basis(leaves: Sequence[Any]) -> Iterator[Arrays]:
    """All coordinate directions of a list of arrays, one after another."""
    for k, leaf in enumerate(leaves):
        for place in np.ndindex(*np.shape(leaf)):
            zeros = [np.zeros(np.shape(x), x.dtype) for x in leaves]
            zeros[k][place] = 1
            yield [z[()] for z in zeros]


def pulled(lin: Linearized, cts: Arrays) -> Arrays:
    """Cotangents of the varying leaves; by columns where the method only pushes."""
    if lin.map.pull is not None:
        return lin.map.pull(cts)[1]
    blocks = jacobian_blocks(lin)
    rows = [row for row, on in zip(blocks, lin.is_float, strict=True) if on]
    return [
        sum((np.tensordot(c, J, np.ndim(c)) for c, J in zip(cts, column, strict=True)), 0.0)
        for column in zip(*rows, strict=True)
    ]


def jacobian_blocks(lin: Linearized) -> list[Arrays]:
    """For each output leaf and each input leaf, the array of shape output.shape + input.shape."""
    ins = [as_input(x) for x in lin.call.leaves]
    types = lin.map.types
    if lin.map.jacobian is not None:
        rows = iter(lin.map.jacobian())
        return [next(rows) if t.differentiable else zero_blocks(t, ins) for t in types]
    if lin.map.pull is not None:
        return by_rows(lin.map.pull, types, ins)
    columns = (lin.pushed(direction)[1] for direction in basis(ins))
    grouped = [[next(columns) for _ in range(np.size(x))] for x in ins]
    return [
        [
            assemble([c[o] for c in cols], t.shape, np.shape(x), -1)
            for cols, x in zip(grouped, ins, strict=True)
        ]
        for o, t in enumerate(types)
    ]


def by_rows(
    pull: Callable[[Arrays], tuple[Arrays, Arrays]], types: Sequence[Type], ins: Arrays
) -> list[Arrays]:
    """The blocks of a Jacobian, one pull for each output element."""
    seeds = [np.zeros(t.shape, t.dtype.numpy) for t in types if t.differentiable]
    rows = (pull(direction)[1] for direction in basis(seeds))
    blocks: list[Arrays] = []
    for t in types:
        mine = [next(rows) for _ in range(t.size)] if t.differentiable else []
        blocks.append(
            [assemble([row[k] for row in mine], t.shape, np.shape(x), 0) for k, x in enumerate(ins)]
        )
    return blocks


def zero_blocks(type_: Type, ins: Arrays) -> Arrays:
    """The blocks of an output that has no derivative."""
    return [np.zeros(type_.shape + np.shape(x)) for x in ins]


def assemble(parts: Arrays, out: tuple[int, ...], inp: tuple[int, ...], axis: int) -> Any:
    """Rows (axis 0) or columns (axis -1) stacked into a block of shape out + inp."""
    if not parts:
        return np.zeros(out + inp)
    if len(parts) == 1 and innermost(parts) is None:
        return np.reshape(parts[0], out + inp)[()]
    stacked: Any = np.stack([array(p) for p in parts], axis=axis)
    return np.reshape(stacked, out + inp)
