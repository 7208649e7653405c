"""Ops that move elements and compute nothing. All are linear, and each is the transpose of another.

op          out[i] =                            transpose
broadcast   x[i without new and stretched axes]   sum over those axes
reshape     x in the same C order                 reshape back
transpose   x[i permuted]                         transpose by the inverse permutation
slice       x[start + step·i]                     pad with step - 1 zeros between
pad         x between and around zeros            slice
slice_set   y in x[start:stop:step], else x       zero there in that of x; slice for that of y
reverse     x[n - 1 - i]                          reverse
concatenate x, y, … along an axis                 slice
stack       x, y, … along a new axis              slice and drop the axis
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..graph import Builder, Constant, Linear, Op, Value, literal, shift_axes, shift_axis
from ..types import DType, Shape, Type
from .arithmetic import Expr


def shape_error(op: str, got: str, want: str) -> ShapeError:
    return ShapeError(explain(op, f"got {got}", want, "Check the shapes on this line"))


# --- broadcast -----------------------------------------------------------------------------------


def infer_broadcast(x: Type, shape: Shape) -> Type:
    """Right-aligned: each axis of x is 1 or equals that of the result."""
    lead = len(shape) - x.ndim
    if lead < 0 or any(n not in (1, m) for n, m in zip(x.shape, shape[lead:], strict=True)):
        raise shape_error("broadcast", f"{x} for {shape}", "a shape that stretches to it")
    return x.with_shape(shape)


def broadcast_transpose(i: int, ct: Expr, x: Expr, shape: Shape) -> Expr:
    return unbroadcast(ct, x.shape)


def simplify_broadcast(x: Value, shape: Shape) -> Value | None:
    return x if x.shape == shape else None


def lead_shape(size: int, shape: Shape) -> dict[str, Any]:
    return {"shape": (size, *shape)}


broadcast = Op(
    "broadcast",
    infer_broadcast,
    lambda x, shape: np.broadcast_to(x, shape),
    Linear((0,), broadcast_transpose),
    view=True,
    simplify=simplify_broadcast,
    lead=lead_shape,
)


def unbroadcast(ct: Any, shape: Shape) -> Any:
    """The sum of ct over the axes along which `shape` was stretched: the transpose of broadcasting,
    implicit or not. A ct that is itself smaller is stretched first."""
    if ct.shape == shape:
        return ct
    if len(ct.shape) <= len(shape) and all(
        n in (1, m) for n, m in zip(ct.shape, shape[len(shape) - len(ct.shape) :], strict=True)
    ):
        return broadcast(ct, shape=shape)
    lead = len(ct.shape) - len(shape)
    inner = tuple(lead + k for k, n in enumerate(shape) if n == 1 and ct.shape[lead + k] != 1)
    axes = tuple(range(lead)) + inner
    total = sum_(ct, axes=axes) if axes else ct
    return reshape(total, shape=shape)


def zeros(builder: Builder, type_: Type) -> Expr:
    """A zero of a type, stretched from a scalar."""
    zero = Expr(builder, literal(0, type_.dtype.numpy))
    return broadcast(zero, shape=type_.shape)


# --- reshape and transpose -----------------------------------------------------------------------


def infer_reshape(x: Type, shape: Shape) -> Type:
    if math.prod(shape) != x.size:
        raise shape_error("reshape", f"{x} for {shape}", f"a shape of {x.size} elements")
    return x.with_shape(shape)


def reshape_transpose(i: int, ct: Expr, x: Expr, shape: Shape) -> Expr:
    return reshape(ct, shape=x.shape)


def simplify_reshape(x: Value, shape: Shape) -> Value | None:
    if x.shape == shape:
        return x
    made = x.producer
    if made and made.op.name == "reshape":
        return reshape(x.wrap(made.args[0]), shape=shape)
    return None


reshape = Op(
    "reshape",
    infer_reshape,
    lambda x, shape: np.reshape(x, shape),
    Linear((0,), reshape_transpose),
    view=True,
    simplify=simplify_reshape,
    lead=lead_shape,
)


def infer_transpose(x: Type, axes: tuple[int, ...]) -> Type:
    if sorted(axes) != list(range(x.ndim)):
        raise shape_error("transpose", f"axes {axes} for {x}", "a permutation of its axes")
    return x.with_shape(tuple(x.shape[k] for k in axes))


def inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes `axes`."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def transpose_transpose(i: int, ct: Expr, x: Expr, axes: tuple[int, ...]) -> Expr:
    return transpose(ct, axes=inverse(axes))


def simplify_transpose(x: Value, axes: tuple[int, ...]) -> Value | None:
    if axes == tuple(range(len(axes))):
        return x
    made = x.producer
    if made and made.op.name == "transpose":
        inner = made.attrs["axes"]
        return transpose(x.wrap(made.args[0]), axes=tuple(inner[k] for k in axes))
    return None


def lead_transpose(size: int, axes: tuple[int, ...]) -> dict[str, Any]:
    return {"axes": (0, *(k + 1 for k in axes))}


transpose = Op(
    "transpose",
    infer_transpose,
    lambda x, axes: np.transpose(x, axes),
    Linear((0,), transpose_transpose),
    view=True,
    simplify=simplify_transpose,
    lead=lead_transpose,
)


# --- slice, pad, reverse -------------------------------------------------------------------------


def slices(start: Shape, stop: Shape, step: Shape) -> tuple[slice, ...]:
    return tuple(slice(a, b, s) for a, b, s in zip(start, stop, step, strict=True))


def infer_slice(x: Type, start: Shape, stop: Shape, step: Shape) -> Type:
    """Bounds are canonical: 0 ≤ start, stop ≤ n, step ≥ 1."""
    for n, a, b, s in zip(x.shape, start, stop, step, strict=True):
        if not (0 <= a <= n and 0 <= b <= n and s >= 1):
            raise shape_error("slice", f"{a}:{b}:{s} of {n}", "bounds inside the axis")
    counts = zip(start, stop, step, strict=True)
    return x.with_shape(tuple(len(range(a, b, s)) for a, b, s in counts))


def slice_transpose(i: int, ct: Expr, x: Expr, start: Shape, stop: Shape, step: Shape) -> Expr:
    spread = [max(0, (n - 1) * s + 1) for n, s in zip(ct.shape, step, strict=True)]
    high = tuple(n - a - w for n, a, w in zip(x.shape, start, spread, strict=True))
    return pad(ct, low=start, high=high, interior=tuple(s - 1 for s in step))


def slice_push(acc: Expr, ct: Expr, x: Expr, start: Shape, stop: Shape, step: Shape) -> Expr:
    return slice_add(acc, ct, start=start, stop=stop, step=step)


def simplify_slice(x: Value, start: Shape, stop: Shape, step: Shape) -> Value | None:
    whole = all(a == 0 and s == 1 for a, s in zip(start, step, strict=True)) and stop == x.shape
    return x if whole else None


def lead_slice(size: int, start: Shape, stop: Shape, step: Shape) -> dict[str, Any]:
    return {"start": (0, *start), "stop": (size, *stop), "step": (1, *step)}


slice_ = Op(
    "slice",
    infer_slice,
    lambda x, start, stop, step: x[slices(start, stop, step)],
    Linear((0,), slice_transpose, slice_push, masks=True),
    view=True,
    simplify=simplify_slice,
    lead=lead_slice,
)


def infer_pad(x: Type, low: Shape, high: Shape, interior: Shape) -> Type:
    return x.with_shape(padded_shape(x.shape, low, high, interior))


def padded_shape(shape: Shape, low: Shape, high: Shape, interior: Shape) -> Shape:
    """Each axis: low + n elements with `interior` zeros between + high."""
    sizes = zip(shape, low, high, interior, strict=True)
    return tuple(a + b + max(0, (n - 1) * (k + 1) + 1) for n, a, b, k in sizes)


def pad_place(shape: Shape, low: Shape, interior: Shape) -> tuple[Shape, Shape, Shape]:
    """Where the elements of x stand in the padded result: start, stop, step."""
    step = tuple(k + 1 for k in interior)
    stop = tuple(a + max(0, (n - 1) * s + 1) for n, a, s in zip(shape, low, step, strict=True))
    return low, stop, step


def numpy_pad(x: Any, low: Shape, high: Shape, interior: Shape) -> Any:
    x = np.asarray(x)
    out = np.zeros(padded_shape(x.shape, low, high, interior), x.dtype)
    out[slices(*pad_place(x.shape, low, interior))] = x
    return out


def pad_transpose(i: int, ct: Expr, x: Expr, low: Shape, high: Shape, interior: Shape) -> Expr:
    start, stop, step = pad_place(x.shape, low, interior)
    return slice_(ct, start=start, stop=stop, step=step)


def lead_pad(size: int, **widths: Shape) -> dict[str, Any]:
    return {name: (0, *width) for name, width in widths.items()}


pad = Op(
    "pad",
    infer_pad,
    numpy_pad,
    Linear((0,), pad_transpose),
    lead=lead_pad,
)


def infer_slice_add(x: Type, y: Type, start: Shape, stop: Shape, step: Shape) -> Type:
    if infer_slice(x, start, stop, step) != y:
        raise shape_error("slice_add", f"{y} to add", f"{infer_slice(x, start, stop, step)}")
    return x


def writable(x: Any, y: Any) -> Any:
    """A copy of x that y can be written into. In a graph both have one dtype; in a complex step, or
    among formulas, x may be constant and plain where y is not."""
    return np.array(x, np.result_type(x, y))


def add_into_slice(x: Any, y: Any, start: Shape, stop: Shape, step: Shape) -> Any:
    x[slices(start, stop, step)] += y
    return x


def slice_add_transpose(
    i: int, ct: Expr, x: Expr, y: Expr, start: Shape, stop: Shape, step: Shape
) -> Expr:
    return ct if i == 0 else slice_(ct, start=start, stop=stop, step=step)


slice_add = Op(  # x with y added to x[start:stop:step]
    "slice_add",
    infer_slice_add,
    lambda x, y, **where: add_into_slice(writable(x, y), y, **where),
    Linear((0, 1), slice_add_transpose),
    inplace=add_into_slice,
    lead=lead_slice,
    flops=lambda out, x, y, **_: y.size,
)


def infer_slice_set(x: Type, y: Type, start: Shape, stop: Shape, step: Shape) -> Type:
    if infer_slice(x, start, stop, step) != y:
        raise shape_error("slice_set", f"{y} to write", f"{infer_slice(x, start, stop, step)}")
    return x


def write_slice(x: Any, y: Any, start: Shape, stop: Shape, step: Shape) -> Any:
    x[slices(start, stop, step)] = y
    return x


def slice_set_transpose(
    i: int, ct: Expr, x: Expr, y: Expr, start: Shape, stop: Shape, step: Shape
) -> Expr:
    """Overwritten elements of x receive nothing."""
    where = {"start": start, "stop": stop, "step": step}
    if i == 1:
        return slice_(ct, **where)
    return slice_set(ct, broadcast(ct.full(0, ()), shape=y.shape), **where)


def simplify_slice_set(x: Value, y: Value, start: Shape, stop: Shape, step: Shape) -> Value | None:
    if y.shape == x.shape and all(s == 1 for s in step):
        return y  # nothing of x is left
    return x if y.type.size == 0 else None


slice_set = Op(  # x with x[start:stop:step] replaced by y
    "slice_set",
    infer_slice_set,
    lambda x, y, **where: write_slice(writable(x, y), y, **where),
    Linear((0, 1), slice_set_transpose, masks=True),
    inplace=write_slice,
    simplify=simplify_slice_set,
    lead=lead_slice,
)


def infer_reverse(x: Type, axes: tuple[int, ...]) -> Type:
    return x


def reverse_transpose(i: int, ct: Expr, x: Expr, axes: tuple[int, ...]) -> Expr:
    return reverse(ct, axes=axes)


reverse = Op(
    "reverse",
    infer_reverse,
    lambda x, axes: np.flip(x, axes),
    Linear((0,), reverse_transpose),
    view=True,
    lead=shift_axes,
)


# --- concatenate, stack, iota --------------------------------------------------------------------


def infer_concatenate(*types: Type, axis: int) -> Type:
    first = types[0]
    for t in types:
        if t.dtype != first.dtype or _without(t.shape, axis) != _without(first.shape, axis):
            got = ", ".join(map(str, types))
            raise shape_error("concatenate", got, f"equal shapes but along axis {axis}")
    total = sum(t.shape[axis] for t in types)
    return first.with_shape((*first.shape[:axis], total, *first.shape[axis + 1 :]))


def _without(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], *shape[axis + 1 :])


def take_range(x: Any, axis: int, start: int, stop: int) -> Any:
    """x[start:stop] along one axis."""
    low = tuple(start if k == axis else 0 for k in range(len(x.shape)))
    high = tuple(stop if k == axis else n for k, n in enumerate(x.shape))
    return slice_(x, start=low, stop=high, step=(1,) * len(x.shape))


def concatenate_transpose(i: int, ct: Expr, *xs: Expr, axis: int) -> Expr:
    start = sum(x.shape[axis] for x in xs[:i])
    return take_range(ct, axis, start, start + xs[i].shape[axis])


def simplify_concatenate(*xs: Value, axis: int) -> Value | None:
    return xs[0] if len(xs) == 1 else None


concatenate = Op(
    "concatenate",
    infer_concatenate,
    lambda *xs, axis: np.concatenate(xs, axis),
    Linear(None, concatenate_transpose),
    simplify=simplify_concatenate,
    lead=shift_axis,
)


def infer_stack(*types: Type, axis: int) -> Type:
    first = types[0]
    if any(t != first for t in types):
        raise shape_error("stack", ", ".join(map(str, types)), "one type for all")
    return first.with_shape((*first.shape[:axis], len(types), *first.shape[axis:]))


def stack_transpose(i: int, ct: Expr, *xs: Expr, axis: int) -> Expr:
    return reshape(take_range(ct, axis, i, i + 1), shape=xs[i].shape)


stack = Op(
    "stack",
    infer_stack,
    lambda *xs, axis: np.stack(xs, axis),
    Linear(None, stack_transpose),
    lead=shift_axis,
)


iota = Op(  # 0, 1, …, n - 1
    "iota",
    lambda n, dtype: Type(dtype, (n,)),
    lambda n, dtype: np.arange(n, dtype=dtype.numpy),
    Constant(),
)


def arange(builder: Builder, n: int, dtype: DType) -> Expr:
    """The first n integers as a value of a builder."""
    return Expr(builder, builder.emit(iota, (), {"n": n, "dtype": dtype}))


# --- sum, here because it is the transpose of broadcast -------------------------------------------


def infer_sum(x: Type, axes: tuple[int, ...]) -> Type:
    return x.with_shape(tuple(n for k, n in enumerate(x.shape) if k not in axes))


def kept(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """The shape with the reduced axes kept as 1."""
    return tuple(1 if k in axes else n for k, n in enumerate(shape))


def sum_transpose(i: int, ct: Expr, x: Expr, axes: tuple[int, ...]) -> Expr:
    return broadcast(reshape(ct, shape=kept(x.shape, axes)), shape=x.shape)


def simplify_sum(x: Value, axes: tuple[int, ...]) -> Value | None:
    """A sum over axes of length 1 only drops them."""
    out = infer_sum(x.type, axes)
    return reshape(x, shape=out.shape) if out.size == x.type.size else None


sum_ = Op(
    "sum",
    infer_sum,
    lambda x, axes: np.sum(x, axis=axes),
    Linear((0,), sum_transpose),
    simplify=simplify_sum,
    lead=shift_axes,
    flops=lambda out, x, **_: x.size,
)
