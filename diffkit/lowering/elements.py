"""Lowering of what is done element by element, and of what only moves elements.

An elementwise op is one nest over its result. Views are forms, and cost nothing. What is put
together from pieces (pad, stack, concatenate, writes into a slice) is a nest for each piece.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import Lit, Node, Op
from ..ops.arithmetic import add, cast, less, mul, scale
from ..ops.elementwise import sqrt
from ..types import DType, Shape, Type, b1, i64
from .form import VIEWS, Form, in_buffer, moved, probe, regrouped, stored, stretched
from .indexing import as_i64
from .lowerer import DEEP, Cell, Lowerer, Rule, number
from .pieces import (
    MOST,
    Piece,
    Pieces,
    as_pieces,
    box_of,
    constant_form,
    cut,
    part_of,
    refined,
    shifted,
)
from .syntax import Affine, Apply, Const, Expr, Index

ELEMENTWISE = [
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "pow",
    "square",
    "reciprocal",
    "abs",
    "sign",
    "floor",
    "ceil",
    "rint",
    "trunc",
    "floordiv",
    "mod",
    "maximum",
    "minimum",
    "log",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "equal",
    "not_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "isnan",
    "isfinite",
    "isinf",
    "select",
    "cast",
    "scale",
    "exp",
    "exp2",
    "expm1",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "cbrt",
    "hypot",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "arctan2",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "erf",
    "lgamma",
    "polygamma",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bit_not",
    "shift_left",
    "shift_right",
    "signbit",
    "real",
    "imag",
    "conj",
    "complex",
]
COMPLEX = frozenset((
    "add", "sub", "mul", "div", "neg", "pow", "square", "reciprocal", "log", "equal", "not_equal",
    "logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isfinite", "isinf",
    "select", "cast", "scale", "exp", "exp2", "expm1", "log2", "log10", "log1p", "sqrt", "sin",
    "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh",
    "arctanh", "real", "imag", "conj", "complex", "less", "less_equal", "greater", "greater_equal",
))  # fmt: skip
"""Those that have a compiled form for complex numbers."""


def elementwise(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
    """One nest over the result, or over each box of which the operands consist. Sums of loops'
    indices are not stored: as they stand, they can be compared."""
    out = node.out.type
    attrs = tuple(sorted(node.attrs.items()))
    sum_ = sum_of_indices(node, args)
    if sum_ is not None:
        return [sum_]

    def filled(operands: Sequence[Form], type_: Type, cell: Cell) -> Form:
        def value(index: Index) -> Expr:
            return applied(
                node.op, tuple([stretched(x, index) for x in operands]), out.dtype, attrs
            )

        low.fill(cell, type_.shape, value)
        low.note_range(cell, Form(type_, value))
        return low.form(cell, type_)

    boxes = shared_boxes(args, out.shape)
    if boxes is None:
        whole = [low.whole(x) for x in args]
        return [filled(whole, out, low.cell_of(node.out))]
    parts: list[Piece] = []
    for start, shape in boxes:
        operands = [box_in(x, start, shape) for x in args]
        type_ = out.with_shape(shape)
        parts.append(Piece(start, filled(operands, type_, low.buffer(type_, node.out))))
    return [Pieces(out, tuple(parts))]


SUMS: Mapping[str, Callable[[Affine, Affine], Affine]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a + b * -1,
}


def root(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
    """A root that only differentiates in another way."""
    return elementwise(low, replace(node, op=sqrt), args)


def sum_of_indices(node: Node, args: list[Any]) -> Form | None:
    """A sum or difference of loops' indices and numbers, if it is one."""
    out, combine = node.out.type, SUMS.get(node.op.name)
    if combine is None or out.dtype is not i64 or out.size == 0:
        return None
    if not all(isinstance(x, Form) and x.depth < DEEP for x in args):
        return None

    def at(index: Index) -> Expr:
        a, b = (as_i64(stretched(x, index)) for x in args)
        if isinstance(a, Affine) and isinstance(b, Affine):
            return combine(a, b)
        return Apply(node.op, (a, b), i64)

    found = Form(out, at, 1 + max(x.depth for x in args))
    return found if isinstance(probe(found)[1], Affine) else None


def power(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
    """Integers to negative powers are no integers: NumPy refuses them, and so does the program."""
    exponent = node.args[1]
    known = isinstance(exponent, Lit) and np.all(np.asarray(exponent.value) >= 0)
    if node.out.type.dtype.kind == "i" and not known:
        given = low.whole(args[1])
        zero = number(0, given.type.dtype)
        low.nest(given.shape, lambda i: low.fail_if(Apply(less, (given.at(i), zero), b1)))
    return elementwise(low, node, args)


def shared_boxes(args: Sequence[Any], shape: Shape) -> list[tuple[Shape, Shape]] | None:
    """The boxes of which all operands consist; None if they are plain, or come to too many."""
    arrays = [x for x in args if isinstance(x, Pieces)]
    if not arrays or any(x.shape != shape for x in arrays):
        return None
    boxes = refined(arrays, shape)
    return boxes if len(boxes) <= MOST else None


def box_in(x: Form | Pieces, start: Shape, shape: Shape) -> Form:
    """A box of an operand, which may be smaller and stretched."""
    if isinstance(x, Pieces):
        found = box_of(x, start, shape)
        assert found, "boxes do not cross borders"
        return found
    return Form(x.type.with_shape(shape), lambda index: stretched(x, shifted(index, start)))


def applied(op: Op, args: tuple[Expr, ...], dtype: DType, attrs: tuple[Any, ...]) -> Expr:
    """op(*args), without the products by 1 that broadcasting hid from the graph."""
    if op in (mul, scale):
        for one, other in (args, args[::-1]):
            if isinstance(one, Const) and one.value == 1:
                return other
    return Apply(op, args, dtype, attrs)


def view(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    found = VIEWS[node.op.name](args[0], node.out.type, **node.attrs)
    return [low.seen(args[0], found, low.names[node.out])]


def reshape(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    """Splitting axes is arithmetic on indices; merging needs memory in order, seen as another
    shape."""
    (x,), out = args, node.out.type
    if out.size == 0:
        return [Form(out, x.at)]
    found = regrouped(x, out.shape)
    if found:
        return [low.seen(x, found, low.names[node.out])]
    kept = low.kept(x, low.names.get(node.out, "t"))
    place = stored(kept, out.shape)
    assert place, "storage is memory in order"
    return [in_buffer(place[0], out, place[1])]


def iota(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    out = node.out.type

    def at(index: Index) -> Expr:
        if out.dtype is i64:
            return index[0]
        if isinstance(index[0], Affine) and not index[0].terms:
            return number(index[0].const, out.dtype)
        return Apply(cast, (index[0],), out.dtype, (("dtype", out.dtype),))

    return [Form(out, at)]


# --- boxes ---------------------------------------------------------------------------------------


def slice_(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
    """A view; of an array of boxes, where it stays within one."""
    (x,), out = args, node.out.type
    if isinstance(x, Pieces) and all(s == 1 for s in node.attrs["step"]):
        found = box_of(x, node.attrs["start"], out.shape)
        if found:
            return [found]
    plain = low.whole(x)
    return [low.seen(plain, VIEWS["slice"](plain, out, **node.attrs), low.names[node.out])]


def pad(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
    """Boxes of zeros around the array; or, with zeros between its elements, both written."""
    x, out = low.whole(args[0]), node.out.type
    start, interior = node.attrs["low"], node.attrs["interior"]
    zero = scalar_form(out, number(0, out.dtype))
    if not any(interior) and x.type.size and min(start) >= 0 and min(node.attrs["high"]) >= 0:
        stop = tuple(a + n for a, n in zip(start, x.shape, strict=True))
        _, outside = cut(as_pieces(zero), start, stop)
        if len(outside) < MOST:
            return [Pieces(out, (*outside, Piece(start, x)))]
    cell = low.cell_of(node.out)
    low.fill(cell, out.shape, zero.at)
    piece(low, cell, x, start, tuple(k + 1 for k in interior))
    return [low.form(cell, out)]


def scalar_form(type_: Type, value: Expr) -> Form:
    """An array of one number."""
    return Form(type_, lambda _: value)


def piece(low: Lowerer, cell: Cell, x: Form, start: Shape, step: Shape, mode: str = "set") -> None:
    """Write x into its place."""

    def write(index: Index) -> None:
        place = tuple(moved(i, a, s) for i, a, s in zip(index, start, step, strict=True))
        low.put(cell, place, x.at(index), mode)

    low.nest(x.shape, write)


def concatenate(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
    out = node.out.type
    axis: int = node.attrs["axis"]
    parts: list[Piece] = []
    at = 0
    for x in args:
        for part in as_pieces(x).parts if x.type.size else ():
            start = (n + at if k == axis else n for k, n in enumerate(part.start))
            parts.append(Piece(tuple(start), part.form))
        at += x.shape[axis]
    return [joined(low, Pieces(out, tuple(parts)), node)]


def stack(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
    out = node.out.type
    axis: int = node.attrs["axis"]
    parts: list[Piece] = []
    for place, x in enumerate(args):
        for part in as_pieces(x).parts if x.type.size else ():
            start = (*part.start[:axis], place, *part.start[axis:])
            parts.append(Piece(start, with_axis(part.form, axis)))
    return [joined(low, Pieces(out, tuple(parts)), node)]


def with_axis(x: Form, axis: int) -> Form:
    """An array with one more axis, of length 1."""
    shape = (*x.shape[:axis], 1, *x.shape[axis:])

    def at(index: Index) -> Expr:
        return x.at((*index[:axis], *index[axis + 1 :]))

    return Form(x.type.with_shape(shape), at, x.depth + 1)


def joined(low: Lowerer, array: Pieces, node: Node) -> Form | Pieces:
    """The boxes as they are, or in one array if they are many."""
    few = 0 < len(array.parts) <= MOST and all(part.form.depth < DEEP for part in array.parts)
    return array if few else low.together(array, low.cell_of(node.out))


def write_slice(mode: str) -> Rule:
    """x with y written or added into a slice. In an array of numbers or boxes the slice is one more
    box; in any other, y goes into a copy of x, which is x itself where nobody reads it again."""

    def rule(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
        x, y = args[0], low.whole(args[1])
        start, step, out = node.attrs["start"], node.attrs["step"], node.out.type
        boxed = isinstance(x, Pieces) or constant_form(x)
        if boxed and y.type.size and all(s == 1 for s in step):
            stop = tuple(a + n for a, n in zip(start, y.shape, strict=True))
            inside, outside = cut(as_pieces(x), start, stop)
            shallow = all(part.form.depth < DEEP for part in (*inside, *outside))
            if shallow and len(inside) + len(outside) <= MOST:
                changed = [written(low, node, part, y, start, mode) for part in inside]
                return [Pieces(out, (*outside, *changed))]
        cell = low.copied(low.whole(x), low.names.get(node.out, "t"))
        piece(low, cell, y, start, step, mode)
        return [low.form(cell, out)]

    return rule


def written(low: Lowerer, node: Node, part: Piece, y: Form, start: Shape, mode: str) -> Piece:
    """A box of x with its part of y written or added."""
    inner = tuple(a - b for a, b in zip(part.start, start, strict=True))
    new = part_of(y, inner, part.form.shape)
    if mode == "set" or is_zero(part.form):  # 0 + y is y, but for the sign of a zero
        return Piece(part.start, new)
    cell = low.buffer(part.form.type, node.out)

    def value(index: Index) -> Expr:
        return Apply(add, (part.form.at(index), new.at(index)), new.type.dtype)

    low.fill(cell, part.form.shape, value)
    return Piece(part.start, low.form(cell, part.form.type))


def is_zero(form: Form) -> bool:
    """Whether all elements are the number zero."""
    _, element = probe(form)
    return isinstance(element, Const) and element.value == 0


RULES: dict[str, Rule] = {
    **dict.fromkeys(ELEMENTWISE, elementwise),
    **dict.fromkeys(VIEWS, view),
    "pow": power,
    "root": root,
    "slice": slice_,
    "reshape": reshape,
    "iota": iota,
    "pad": pad,
    "concatenate": concatenate,
    "stack": stack,
    "slice_add": write_slice("add"),
    "slice_set": write_slice("set"),
}

# Rules that look at the boxes of an operand; all others get plain arrays.
BOXED = frozenset((*ELEMENTWISE, "slice", "pad", "concatenate", "stack", "slice_add", "slice_set"))
