"""How linear ops move index sets, read off the ops themselves.

No table says what slice, pad or scatter_add do to sets. Their own NumPy functions do: run on the
numbers 1 … m of the elements, an op that moves elements returns the number of the element that
stands in each place, or 0 for none. An op that adds elements up, as a sum or scatter_add does, has
a transpose that moves: run on the numbers of the results, it tells for each operand element where
it goes. A second run on random numbers proves that nothing but moving happened. An op along one
axis is asked for its matrix. What remains is dense.

An index that is not known might be any: the axis that it addresses is united first.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import DiffkitError
from ...graph import Builder, Linear, Node, evaluate, literal
from ...ops import Expr
from ...ops.contract import letter_sizes, split
from ...ops.fft import fft, irfft, rfft
from ...ops.index import gather, numpy_gather, scatter_add, scatter_set
from ...ops.shape import zeros
from ...types import Array, Shape, f64
from . import index_sets as sets
from .index_sets import Sets

Given = Sequence[Sets | None]
Values = Sequence[Any]


def through_linear(node: Node, places: Sequence[int], given: Given, values: Values) -> Sets | None:
    """The sets of a linear node, from those of the operands in which it is linear."""
    unknown = [values[k] is None for k in range(len(node.args)) if k not in places]
    if any(unknown):
        if node.op is gather:
            return read_anywhere(node, given, values)
        if node.op in (scatter_add, scatter_set):
            return written_anywhere(node, given, values)
        return through_stack(node, [given[k] for k in places], places)
    if node.op in (fft, rfft, irfft):
        return through_transform(node, given[0])
    return sets.union(*[through_operand(node, k, places, given[k], values) for k in places])


def through_operand(
    node: Node, k: int, places: Sequence[int], a: Sets | None, values: Values
) -> Sets | None:
    """What the result has from one operand."""
    if a is None:
        return None
    read = reads(node, k, places, values)
    if read is not None:
        return sets.take(a, read)
    fed = feeds(node, k, places, values)
    if fed is not None:
        return sets.gather_up(a, fed, node.out.type.size)
    if node.args[k].type.shape == node.out.type.shape and set(node.attrs) == {"axis"}:
        return along_line(node, a)
    return sets.everything([a], node.out.type.size)


def reads(node: Node, k: int, places: Sequence[int], values: Values) -> Array | None:
    """For each result element the element of operand k that stands there, or -1; None for an op
    that does more than move."""
    shapes = [arg.type.shape for arg in node.args]

    def run(x: Array) -> Any:
        args = [np.zeros(s) if j in places else values[j] for j, s in enumerate(shapes)]
        args[k] = x
        return node.op.numpy(*args, **node.attrs)

    return moved(run, shapes[k])


def feeds(node: Node, k: int, places: Sequence[int], values: Values) -> Array | None:
    """For each element of operand k the result element that it is added to, or -1; None for an op
    whose transpose does more than move."""
    assert isinstance(node.op.fact, Linear)
    shape = node.out.type.shape
    b = Builder("transpose")
    ct = Expr(b, b.param(f64[shape]).atom)
    args = [
        zeros(b, f64[arg.type.shape]) if j in places else Expr(b, literal(values[j]))
        for j, arg in enumerate(node.args)
    ]
    graph = b.finish([node.op.fact.transpose(k, ct, *args, **node.attrs).atom])
    return moved(lambda x: evaluate(graph, [x])[0], shape)


def moved(run: Callable[[Array], Any], shape: Shape) -> Array | None:
    """What a linear function of an array moves where: for each result element the number of the
    element that it is, or -1; None if it is not one of them."""
    size = int(np.prod(shape, dtype=np.int64))
    found = np.ravel(run(sets.numbers(shape) + 1.0))
    rows = found.astype(np.int64) - 1
    if not (np.array_equal(found, rows + 1.0) and np.all((rows >= -1) & (rows < size))):
        return None
    samples = 1.0 + np.random.default_rng(size).random(size)  # no two add up to a third
    expected = np.append(samples, 0.0)[rows]  # the last one, a zero, for -1
    return rows if np.array_equal(np.ravel(run(samples.reshape(shape))), expected) else None


def along_line(node: Node, a: Sets) -> Sets:
    """An op along one axis: what it makes of the unit vectors of a line, for all lines."""
    from scipy.sparse import csr_array, eye_array, kron

    shape, axis = node.out.type.shape, node.attrs["axis"]
    n = shape[axis]
    sets.guard(n * n)
    line = csr_array(node.op.numpy(np.eye(n), axis=0) != 0)
    outer, inner = (int(np.prod(part)) for part in (shape[:axis], shape[axis + 1 :]))
    sets.guard(line.nnz * outer * inner)
    relation = kron(kron(eye_array(outer), line), eye_array(inner))
    return sets.product(csr_array(relation).astype(np.bool_), a)


def through_transform(node: Node, a: Sets | None) -> Sets | None:
    """Every element of a line depends on all of that line, parts of complex numbers being one."""
    if a is None:
        return None
    shape, axis = node.args[0].type.shape, node.attrs["axis"]
    ones = tuple(1 if k == axis else n for k, n in enumerate(shape))
    return sets.stretch(sets.along(a, shape, [axis]), ones, node.out.type.shape)


# --- ops that mix everything ---------------------------------------------------------------------


def through_stack(node: Node, given: Given, places: Sequence[int]) -> Sets | None:
    """Everything depends on everything, but for the leading axes along which the op is a stack of
    independent ones."""
    lead = stack_axes(node)
    shape = node.out.type.shape
    if lead == 0:
        return sets.everything(given, node.out.type.size)
    parts: list[Sets] = []
    for a, k in zip(given, places, strict=True):
        if a is not None:
            own = node.args[k].type.shape
            parts.append(sets.along(a, own, range(lead, len(own))))
    ones = (*shape[:lead], *(1,) * (len(shape) - lead))
    united = sets.union(*parts)
    return None if united is None else sets.stretch(united, ones, shape)


def stack_axes(node: Node) -> int:
    """How many leading axes of all operands only number independent applications of the op. Its
    own `lead` says what one more leading axis means, its type rule whether one less will do."""
    types, out = [arg.type for arg in node.args], node.out.type
    count = 0
    while node.op.lead is not None and out.shape and all(t.shape for t in types):
        size = out.shape[0]
        if any(t.shape[0] != size for t in types) or node.op.lead(size, **node.attrs) != node.attrs:
            break
        types = [t.with_shape(t.shape[1:]) for t in types]
        try:
            inner = node.op.infer(*types, **node.attrs)
        except DiffkitError:
            break
        if inner.shape != out.shape[1:]:
            break
        out, count = inner, count + 1
    return count


# --- indices that are not known ------------------------------------------------------------------


def anywhere(shape: Shape, indices: Sequence[Any], shapes: Sequence[Shape]) -> tuple[Shape, Array]:
    """The shape with the axes addressed by unknown indices united to one element, and the number of
    the element of that which each position of the indices reads."""
    united = tuple(1 if k < len(indices) and indices[k] is None else n for k, n in enumerate(shape))
    firsts = [
        np.zeros(s, np.int64) if i is None else i for i, s in zip(indices, shapes, strict=True)
    ]
    return united, np.asarray(numpy_gather(sets.numbers(united), *firsts))


def read_anywhere(node: Node, given: Given, values: Values) -> Sets | None:
    """A gather of which some index is unknown."""
    if given[0] is None:
        return None
    shape, indices = node.args[0].type.shape, values[1:]
    _, rows = anywhere(shape, indices, [arg.type.shape for arg in node.args[1:]])
    axes = [k for k, i in enumerate(indices) if i is None]
    return sets.take(sets.along(given[0], shape, axes), rows)


def written_anywhere(node: Node, given: Given, values: Values) -> Sets | None:
    """A scatter of which some index is unknown: nothing is surely overwritten."""
    if given[1] is None:
        return given[0]
    shape = node.args[0].type.shape
    united, rows = anywhere(shape, values[2:], [arg.type.shape for arg in node.args[2:]])
    written = sets.gather_up(given[1], rows, int(np.prod(united)))
    return sets.union(given[0], sets.stretch(written, united, shape))


# --- products ------------------------------------------------------------------------------------


def through_product(node: Node, given: Given, values: Values) -> Sets | None:
    """The sets of an einsum: for each operand the union over the axes that are summed, spread along
    those of the other."""
    terms = split(node.attrs["spec"])
    parts = [
        through_factor(node, terms[k], terms[1 - k], a, values[1 - k])
        for k, a in enumerate(given)
        if a is not None
    ]
    return sets.union(*parts)


def through_factor(node: Node, mine: str, other: str, a: Sets, value: Any) -> Sets:
    """What a product has from one factor. A known zero of the other, as in a matrix of finite
    differences, cuts."""
    out = split(node.attrs["spec"])[2]
    sizes = letter_sizes(node.attrs["spec"], node.args[0].type.shape, node.args[1].type.shape)
    if value is not None and np.ndim(value):
        nonzero = np.nonzero(value)
        whole = int(np.prod([sizes[c] for c in out if c not in other], dtype=np.int64))
        if len(nonzero[0]) < np.size(value) and len(nonzero[0]) * whole <= sets.MOST_ENTRIES:
            return by_entries(mine, other, out, sizes, nonzero, a)
    shared = tuple(c for c in mine if c in out)
    summed = [k for k, c in enumerate(mine) if c not in out]
    united = sets.along(a, tuple(sizes[c] for c in mine), summed)
    rows = sets.numbers(tuple(sizes[c] for c in shared))
    order = sorted(range(len(shared)), key=lambda k: out.index(shared[k]))
    placed = rows.transpose(order).reshape([sizes[c] if c in shared else 1 for c in out])
    return sets.take(united, np.broadcast_to(placed, [sizes[c] for c in out]))


def by_entries(
    mine: str, other: str, out: str, sizes: dict[str, int], nonzero: tuple[Array, ...], a: Sets
) -> Sets:
    """One relation for each nonzero entry of the other factor and each place along the axes that
    it does not have."""
    from scipy.sparse import csr_array

    free = [c for c in out if c not in other]
    whole = int(np.prod([sizes[c] for c in free], dtype=np.int64))
    grid = np.indices([sizes[c] for c in free]).reshape(len(free), whole)
    at = {c: index[:, None] for c, index in zip(other, nonzero, strict=True)}
    at |= {c: index[None, :] for c, index in zip(free, grid, strict=True)}
    shape = (len(nonzero[0]), grid.shape[1])

    def place(letters: str) -> Array:
        number = np.zeros(shape, np.int64)
        for c in letters:
            number = number * sizes[c] + at[c]
        return np.ravel(number)

    rows, columns = place(out), place(mine)
    size = int(np.prod([sizes[c] for c in out], dtype=np.int64))
    relation = csr_array((np.ones(len(rows), np.bool_), (rows, columns)), shape=(size, a.shape[0]))
    return sets.product(relation, a)
