"""Lowering of products of arrays: big ones to BLAS, small ones to loops.

A product that sums over some letters is a matrix product once its axes are sorted into batch, rows,
columns and summed ones. It is given to `dot` where it is big enough to pay for the call and both
operands lie in memory as matrices, transposed or not; an operand that does not is copied first. The
result is written as one call for each batch likes it, and seen with its axes as they were asked
for: an axis of lanes that only one operand has is one of its rows or columns, wherever it stands. A
small product is a nest with the letter innermost that is last in most of the arrays, so that memory
is read in order.
"""

from __future__ import annotations

import math

from ..graph import Node
from ..ops.arithmetic import mul
from ..ops.contract import letter_sizes, split
from ..types import Type
from .form import Form, as_ref, in_buffer, stored
from .lowerer import Lowerer, Rule, number
from .syntax import Apply, Buffer, Call, Expr, Index, Load, Ref

BLAS = 4096  # multiplications from which a call to BLAS pays; below, loops fuse with what is around


def einsum(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    x, y = args
    spec = node.attrs["spec"]
    left, right, out = split(spec)
    sizes = letter_sizes(spec, x.shape, y.shape)
    summed = [c for c in left if c not in out]
    if out and summed and node.out.type.differentiable and math.prod(sizes.values()) >= BLAS:
        found = multiply(low, node, x, y, sizes)
        if found:
            return [found]
    cell = low.cell_of(node.out)
    dtype = node.out.type.dtype

    def product(place: dict[str, Expr]) -> Expr:
        a = x.at(tuple(place[c] for c in left))
        b = y.at(tuple(place[c] for c in right))
        return Apply(mul, (a, b), dtype)

    if not summed:
        low.fill(cell, node.out.type.shape, lambda i: product(dict(zip(out, i, strict=True))))
        return [low.form(cell, node.out.type)]
    low.fill(cell, node.out.type.shape, lambda _: number(0, dtype))
    letters = [*out, *summed]
    last = [term[-1] for term in (left, right, out) if term]
    inner = max(letters, key=lambda c: (last.count(c), c in summed))
    order = [*(k for k, c in enumerate(letters) if c != inner), letters.index(inner)]

    def step(index: Index) -> None:
        place = dict(zip(letters, index, strict=True))
        low.put(cell, tuple(place[c] for c in out), product(place), "sum")

    low.nest(tuple(sizes[c] for c in letters), step, order)
    return [low.form(cell, node.out.type)]


def multiply(low: Lowerer, node: Node, x: Form, y: Form, sizes: dict[str, int]) -> Form | None:
    """Emit `dot(x, y, out)`, for each batch; None if loops are better."""
    left, right, out = split(node.attrs["spec"])
    batch = [c for c in out if c in left and c in right]
    rows = [c for c in out if c not in right]
    columns = [c for c in out if c not in left]
    summed = [c for c in left if c not in out]
    if rows and out[-1] in rows:  # what lies along memory stays there
        x, y, left, right, rows, columns = y, x, right, left, columns, rows  # (xy)ᵀ = yᵀxᵀ
    m, n, k = (math.prod(sizes[c] for c in group) for group in (rows, columns, summed))
    if min(m, n, k) < 2 and batch:
        return None  # many tiny products: loops
    order = [*batch, *rows, *columns]
    if order != list(out) and batch and m * n * k < BLAS:
        return None  # many small ones, next to which the way to the order asked for counts
    a = matrix(low, x, left, batch, rows, summed, sizes)
    b = matrix(low, y, right, batch, summed, columns, sizes)
    shape = (
        *(sizes[c] for c in batch),
        *(() if not rows else (m,)),
        *(() if not columns else (n,)),
    )
    type_ = node.out.type.with_shape(tuple(sizes[c] for c in order))
    cell = low.buffer(type_, node.out)
    place = stored(in_buffer(cell, type_), shape)
    assert place, "fresh storage is memory in order"

    def call(index: Index) -> None:
        operands = [as_ref(at_batch(part, index)) for part in (a, b)]
        assert operands[0] and operands[1]
        result = Ref(place[0], (*place[1], *index), shape[len(batch) :])
        low.emit(Call("dot", result, (operands[0], operands[1]), low.loc))

    if batch:
        low.nest(tuple(sizes[c] for c in batch), call)
    else:
        call(())
    return Form(node.out.type, lambda index: Load(cell, tuple(index[out.index(c)] for c in order)))


def at_batch(form: Form, index: Index) -> Form:
    """One matrix of a batch."""
    rest = form.type.with_shape(form.shape[len(index) :])
    return Form(rest, lambda inner: form.at((*index, *inner)))


def matrix(
    low: Lowerer,
    form: Form,
    letters: str,
    batch: list[str],
    first: list[str],
    second: list[str],
    sizes: dict[str, int],
) -> Form:
    """The operand as [batch, first, second], each group one axis, in memory in either order. A
    group without letters is no axis."""
    order = [*batch, *first, *second]
    sorted_ = Form(
        form.type.with_shape(tuple(sizes[c] for c in order)),
        lambda index: form.at(tuple(index[order.index(c)] for c in letters)),
    )
    groups = [group for group in (first, second) if group]
    shape = (
        *(sizes[c] for c in batch),
        *(math.prod(sizes[c] for c in group) for group in groups),
    )
    for swapped in (False, True):
        turned = swap(sorted_, len(batch), len(first), swapped)
        dims = shape if not swapped or len(groups) < 2 else (*shape[:-2], shape[-1], shape[-2])
        place = stored(turned, dims)
        if place:
            found = in_buffer(place[0], form.type.with_shape(dims), place[1])
            return swap(found, len(batch), 1, swapped and len(groups) == 2)
    cell = low.copied(sorted_, "t")
    place = stored(low.form(cell, sorted_.type), shape)
    assert place
    return in_buffer(place[0], form.type.with_shape(shape), place[1])


def swap(form: Form, lead: int, first: int, swapped: bool) -> Form:
    """The two groups of axes after the leading ones exchanged."""
    if not swapped:
        return form
    head, one, two = form.shape[:lead], form.shape[lead : lead + first], form.shape[lead + first :]
    type_: Type = form.type.with_shape((*head, *two, *one))

    def at(index: Index) -> Expr:
        batch, rest = index[:lead], index[lead:]
        return form.at((*batch, *rest[len(two) :], *rest[: len(two)]))

    return Form(type_, at)


def solve(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    """One system, or one for each batch, by a routine on whole arrays."""
    a, b = (low.kept(x, "t") for x in args)
    out, strict = node.out.type, node.attrs["strict"]
    cell = low.cell_of(node.out)
    lead = a.shape[:-2]
    assert isinstance(cell, Buffer)

    def call(index: Index) -> None:
        operands = [as_ref(at_batch(part, index)) for part in (a, b)]
        assert operands[0] and operands[1]
        result = Ref(cell, index, out.shape[len(lead) :])
        name = "solve" if strict else "solve_or_nan"
        low.emit(Call(name, result, (operands[0], operands[1]), low.loc))

    if lead:
        low.nest(lead, call)
    else:
        call(())
    return [low.form(cell, out)]


RULES: dict[str, Rule] = {"einsum": einsum, "solve": solve}
