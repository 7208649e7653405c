"""The index form of an array: a scalar expression for each of its elements.

A `Form` says what element `index` of an array is. That of a buffer is a load; that of a transposed,
sliced, reversed or stretched array is the form it looks into, at other indices, so such arrays
never exist in memory. `stored` asks the other way round: is this form just memory in some order?
The answer is found by looking at the expression for unknown indices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import Lit
from ..ops.arithmetic import add, mul
from ..types import Shape, Type, i64
from .syntax import (
    Affine,
    Apply,
    Buffer,
    Const,
    Expr,
    Index,
    Load,
    Local,
    Ref,
    constant,
    index_of,
)

INDICES = "ijklmnpq"


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """An array by its elements; `at(())` of a scalar. `depth` counts the views on the way to what
    is stored."""

    type: Type
    at: Callable[[Index], Expr]
    depth: int = 0

    @property
    def shape(self) -> Shape:
        return self.type.shape


def scalar(type_: Type, expr: Expr) -> Form:
    """A form without axes."""
    return Form(type_, lambda _: expr)


def in_buffer(buffer: Buffer, type_: Type, prefix: Index = ()) -> Form:
    """buffer[prefix + index]."""
    return Form(type_, lambda index: Load(buffer, (*prefix, *index)))


def of_literal(lit: Lit, buffer_for: Callable[[Lit], Buffer]) -> Form:
    """A constant: a number where all elements are equal or the index is known, else a load."""
    if lit.splat is not None:
        number = Const(lit.splat, lit.type.dtype)
        return scalar(lit.type, number)
    step = progression(lit)
    if step is not None:
        return Form(lit.type, lambda index: moved(index[0], int(lit.value[0]), step))

    def at(index: Index) -> Expr:
        known = [part.const for part in index if isinstance(part, Affine) and not part.terms]
        if len(known) == len(index):
            return Const(lit.value[tuple(known)].item(), lit.type.dtype)
        return Load(buffer_for(lit), index)

    return Form(lit.type, at)


def progression(lit: Lit) -> int | None:
    """The step of integers that lie evenly apart, such as `np.arange(n)`: each is known from its
    index."""
    if lit.type.dtype is not i64 or lit.type.ndim != 1 or lit.type.size < 2:
        return None
    steps = np.diff(lit.value)
    return int(steps[0]) if np.all(steps == steps[0]) else None


def moved(index: Expr, start: int, step: int) -> Expr:
    """start + step·index."""
    if isinstance(index, Affine):
        return index * step + start
    if step != 1:
        index = Apply(mul, (index, Const(step, i64)), i64)
    return Apply(add, (index, Const(start, i64)), i64) if start else index


def stretched(form: Form, index: Index) -> Expr:
    """The element that stands at `index` of a bigger array which the form is broadcast to."""
    last = index[len(index) - len(form.shape) :]
    return form.at(
        tuple(constant(0) if n == 1 else i for n, i in zip(form.shape, last, strict=True))
    )


# --- views ---------------------------------------------------------------------------------------


def broadcast(x: Form, out: Type, **_: Any) -> Form:
    return Form(out, lambda index: stretched(x, index))


def transpose(x: Form, out: Type, axes: tuple[int, ...]) -> Form:
    order = sorted(range(len(axes)), key=axes.__getitem__)
    return Form(out, lambda index: x.at(tuple(index[k] for k in order)))


def slice_(x: Form, out: Type, start: Shape, stop: Shape, step: Shape) -> Form:
    def at(index: Index) -> Expr:
        return x.at(tuple(moved(i, a, s) for i, a, s in zip(index, start, step, strict=True)))

    return Form(out, at)


def reverse(x: Form, out: Type, axes: tuple[int, ...]) -> Form:
    def at(index: Index) -> Expr:
        turned = (
            moved(i, n - 1, -1) if k in axes else i
            for k, (i, n) in enumerate(zip(index, out.shape, strict=True))
        )
        return x.at(tuple(turned))

    return Form(out, at)


def same(x: Form, out: Type, **_: Any) -> Form:
    return x


VIEWS: dict[str, Callable[..., Form]] = {
    "broadcast": broadcast, "transpose": transpose, "slice": slice_, "reverse": reverse,
    "stop_gradient": same,
}  # fmt: skip


def regrouped(x: Form, shape: Shape) -> Form | None:
    """A reshape that only splits axes, or adds or drops axes of length 1: each index of x is a sum
    of indices. None if axes have to be merged."""
    pairs = axis_groups(x.shape, shape)
    if any(len(old) > 1 for old, _ in pairs):
        return None

    def at(index: Index) -> Expr:
        parts: list[Expr] = [constant(0)] * len(x.shape)
        for old, new in pairs:
            total: Expr = constant(0)
            for k in new:
                total = plus(moved(total, 0, shape[k]), index[k])
            if old:
                parts[old[0]] = total
        return x.at(tuple(parts))

    return Form(x.type.with_shape(shape), at)


def plus(a: Expr, b: Expr) -> Expr:
    """The sum of two indices."""
    if isinstance(a, Affine) and isinstance(b, Affine):
        return a + b
    if isinstance(a, Affine) and not a.terms:
        return moved(b, a.const, 1)
    return Apply(add, (a, b), i64)


def axis_groups(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """Pairs of runs of axes with the same number of elements; axes of length 1 are left out."""
    left = [k for k, n in enumerate(old) if n != 1]
    right = [k for k, n in enumerate(new) if n != 1]
    pairs: list[tuple[list[int], list[int]]] = []
    while left and right:
        a, b = [left.pop(0)], [right.pop(0)]
        m, n = old[a[0]], new[b[0]]
        while m != n:
            if m < n:
                a.append(left.pop(0))
                m *= old[a[-1]]
            else:
                b.append(right.pop(0))
                n *= new[b[-1]]
        pairs.append((a, b))
    return pairs


# --- memory --------------------------------------------------------------------------------------


def probe(form: Form) -> tuple[list[Local], Expr]:
    """The element at unknown indices, one for each axis."""
    unknown = [Local(INDICES[k % 8], i64, n) for k, n in enumerate(form.shape)]
    return unknown, form.at(tuple(index_of(v) for v in unknown))


def strides(shape: Shape) -> tuple[int, ...]:
    """How far apart neighbours along each axis are in memory, in elements."""
    result: list[int] = []
    step = 1
    for n in reversed(shape):
        result.append(step)
        step *= n
    return tuple(reversed(result))


def stored(form: Form, shape: Shape) -> tuple[Buffer, Index] | None:
    """A buffer and the index before the last axes, such that the form, seen as `shape`, is
    buffer[index] with all that follows, in memory order; None if it is not.

    The buffer may be another shape of one that exists.
    """
    unknown, expr = probe(form)
    if not isinstance(expr, Load) or form.type.size == 0:
        return None
    buffer, index = expr.buffer, expr.index
    count = next((k for k, part in enumerate(index) if mentions(part, unknown)), len(index))
    prefix, rest, dims = index[:count], index[count:], buffer.shape[count:]
    factors = {v: 0 for v in unknown}
    start = 0
    for part, far in zip(rest, strides(dims), strict=True):
        if not isinstance(part, Affine) or any(v not in factors for v, _ in part.terms):
            return None
        start += part.const * far
        for v, factor in part.terms:
            factors[v] += factor * far
    for v, n, far in zip(unknown, form.shape, strides(form.shape), strict=True):
        if n != 1 and factors[v] != far:
            return None
    whole = start == 0 and size_of(dims) == size_of(shape)
    if whole:
        if dims == shape:
            return buffer, prefix
        return reshaped(buffer, (*buffer.shape[:count], *shape), 0), prefix
    if prefix and not all(isinstance(p, Affine) and not p.terms for p in prefix):
        return None
    lead = strides(buffer.shape)[:count]
    start += sum(
        p.const * far for p, far in zip(prefix, lead, strict=True) if isinstance(p, Affine)
    )
    return reshaped(buffer, shape, start), ()


def mentions(expr: Expr, unknown: Sequence[Local]) -> bool:
    """Whether an index depends on one of these."""
    if isinstance(expr, Affine):
        return any(v in unknown for v, _ in expr.terms)
    if isinstance(expr, Apply):
        return any(mentions(arg, unknown) for arg in expr.args)
    if isinstance(expr, Load):
        return any(mentions(part, unknown) for part in expr.index)
    return expr in unknown


def reshaped(buffer: Buffer, shape: Shape, offset: int) -> Buffer:
    """Another shape of a buffer's memory."""
    base, start = buffer.root, buffer.offset + offset
    return Buffer(buffer.hint, buffer.dtype, shape, buffer.role, base, start)


def as_ref(form: Form) -> Ref | None:
    """The form as an operand of a routine, if it is memory in order; a matrix may be transposed."""
    found = stored(form, form.shape)
    if found:
        return Ref(*found, form.shape)
    if len(form.shape) == 2:
        turned = Form(form.type.with_shape(form.shape[::-1]), lambda index: form.at(index[::-1]))
        found = stored(turned, turned.shape)
        if found:
            return Ref(*found, turned.shape, transposed=True)
    return None


def size_of(shape: Shape) -> int:
    """The number of elements."""
    return int(np.prod(shape, dtype=np.int64))
