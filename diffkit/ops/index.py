"""Reading and writing by integer arrays.

`gather(x, i, j, …)` is x[i, j, …]: the index arrays, which broadcast together, address the leading
axes. Its transpose adds into zeros, `scatter_add`, and so does the reverse mode for each read,
into one accumulator. Negative indices count from the end; an index out of bounds raises.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import IndexingError, ShapeError, explain
from ..graph import Linear, Lit, Op
from ..types import Shape, Type, broadcast_shapes
from .arithmetic import Expr, equal, select
from .shape import arange, broadcast, reshape, writable


def index_shape(x: Type, indices: tuple[Type, ...]) -> Shape:
    """The shape of x[indices]."""
    if len(indices) > x.ndim:
        want, remedy = f"at most {x.ndim}", "Index fewer axes"
        raise IndexingError(explain("indexing", f"{len(indices)} indices for {x}", want, remedy))
    for k in indices:
        if k.dtype.kind != "i":
            raise IndexingError(explain("indexing", f"an index {k}", "integers", "Cast it"))
    lead = broadcast_shapes("indexing", *[k.shape for k in indices])
    return (*lead, *x.shape[len(indices) :])


def infer_gather(x: Type, *indices: Type) -> Type:
    return x.with_shape(index_shape(x, indices))


def gather_transpose(i: int, ct: Expr, x: Expr, *indices: Expr) -> Expr:
    return scatter_add(broadcast(ct.full(0, ()), shape=x.shape), ct, *indices)


def gather_push(acc: Expr, ct: Expr, x: Expr, *indices: Expr) -> Expr:
    return scatter_add(acc, ct, *indices)


def numpy_gather(x: Any, *indices: Any) -> Any:
    """x[indices], always a fresh array: for scalar indices NumPy would return a view, and whoever
    writes into the result in place would write into x."""
    out: Any = x[indices]
    whole = np.ndim(out) > 0 and all(np.ndim(k) == 0 for k in indices)
    return out.copy() if whole else out


gather = Op(
    "gather", infer_gather, numpy_gather, Linear((0,), gather_transpose, gather_push, masks=True)
)


def infer_scatter(x: Type, y: Type, *indices: Type) -> Type:
    want = infer_gather(x, *indices)
    if y != want:
        raise ShapeError(explain("writing by index", f"got {y}", f"{want}", "Broadcast it first"))
    return x


def add_at(x: Any, y: Any, *indices: Any) -> Any:
    if all(np.ndim(i) == 0 for i in indices):
        x[indices] += y
    else:
        np.add.at(x, indices, y)  # repeated indices all count
    return x


def scatter_add_transpose(i: int, ct: Expr, x: Expr, y: Expr, *indices: Expr) -> Expr:
    return ct if i == 0 else gather(ct, *indices)


scatter_add = Op(  # x with y added at x[indices]
    "scatter_add",
    infer_scatter,
    lambda x, y, *i: add_at(writable(x, y), y, *i),
    Linear((0, 1), scatter_add_transpose),
    inplace=add_at,
    flops=lambda out, x, y, *_: y.size,
)


def set_at(x: Any, y: Any, *indices: Any) -> Any:
    x[indices] = y
    return x


def scatter_set_transpose(i: int, ct: Expr, x: Expr, y: Expr, *indices: Expr) -> Expr:
    """Overwritten elements of x receive nothing; so do elements of y that a later one of the same
    index overwrote."""
    if i == 0:
        return scatter_set(ct, broadcast(ct.full(0, ()), shape=y.shape), *indices)
    read = gather(ct, *indices)
    if distinct(x.shape, indices):
        return read
    return select(last_writer(x, y, indices), read, ct.full(0, ()))


def distinct(shape: Shape, indices: tuple[Expr, ...]) -> bool:
    """Whether the indices are known and no element is addressed twice."""
    if not all(isinstance(i.atom, Lit) for i in indices):
        return False
    seen = np.zeros(shape[: len(indices)], np.int64)
    np.add.at(seen, tuple(i.atom.value for i in indices if isinstance(i.atom, Lit)), 1)
    return bool(np.all(seen <= 1))


def last_writer(x: Expr, y: Expr, indices: tuple[Expr, ...]) -> Expr:
    """Which elements of y survive: number them, write the numbers, read them back."""
    lead = y.shape[: len(y.shape) - (len(x.shape) - len(indices))]
    one = indices[0]
    count = int(np.prod(lead))
    number = reshape(arange(one.builder, count, one.dtype_), shape=lead)
    table = broadcast(one.full(-1, ()), shape=x.shape[: len(indices)])
    survives = equal(gather(scatter_set(table, number, *indices), *indices), number)
    return reshape(survives, shape=(*lead, *(1,) * (len(y.shape) - len(lead))))


scatter_set = Op(  # x with x[indices] replaced by y; of repeated indices the last counts
    "scatter_set",
    infer_scatter,
    lambda x, y, *i: set_at(writable(x, y), y, *i),
    Linear((0, 1), scatter_set_transpose, masks=True),
    inplace=set_at,
)
