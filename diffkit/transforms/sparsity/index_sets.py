"""Index sets: for each element of a value, the inputs that it may depend on.

Of m elements and n inputs that is a boolean matrix of m rows and n columns, kept as a SciPy CSR
array. Bit vectors would take m·n/8 bytes whatever the pattern, 125 GB for a million of both; index
sets take a word for each entry, and a band of a million rows is a few million words (Griewank &
Walther, Evaluating Derivatives, 2008, section 7.1 compares the two). A value that depends on no
input at all has no matrix, but None.
"""

# SciPy's sparse arrays are typed in part only.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from ...types import Array, Shape

Sets: TypeAlias = Any
"""A boolean `scipy.sparse.csr_array` with sorted indices; one row for each element."""

MOST_ENTRIES = 50_000_000


class TooDense(Exception):
    """The pattern has so many entries that treating it as dense is cheaper."""

    def __init__(self, entries: int) -> None:
        super().__init__(f"a pattern of {entries:.2g} entries")


def guard(entries: int) -> None:
    """Stop before a matrix is made that would not be worth its memory."""
    if entries > MOST_ENTRIES:
        raise TooDense(entries)


def matrix(indices: Any, starts: Any, rows: int, width: int) -> Sets:
    """The sets from their parts in CSR."""
    from scipy.sparse import csr_array

    return csr_array((np.ones(len(indices), np.bool_), indices, starts), shape=(rows, width))


def own(first: int, size: int, width: int) -> Sets:
    """The sets of an input itself: element k depends on number `first + k`."""
    return matrix(np.arange(first, first + size), np.arange(size + 1), size, width)


def nothing(size: int, width: int) -> Sets:
    """Empty sets."""
    return matrix(np.zeros(0, np.int64), np.zeros(size + 1, np.int64), size, width)


def equal(a: Sets | None, b: Sets | None) -> bool:
    """Whether two columns of sets are the same."""
    if a is None or b is None:
        return a is b
    same = a is b or (a.nnz == b.nnz and np.array_equal(a.indptr, b.indptr))
    return same and (a is b or np.array_equal(a.indices, b.indices))


def union(*given: Sets | None) -> Sets | None:
    """Element by element; an operand that has all is the result itself."""
    return reduce(union_of_two, given, None)


def union_of_two(a: Sets | None, b: Sets | None) -> Sets | None:
    if a is None or b is None or a is b:
        return b if a is None else a
    guard(a.nnz + b.nnz)
    both = a + b
    if both.nnz == a.nnz:
        return a
    return b if both.nnz == b.nnz else both


def take(a: Sets, rows: Array) -> Sets:
    """For each element the set of row `rows[k]`, or the empty one where that is -1."""
    rows = np.ravel(rows)
    guard(int(np.diff(a.indptr, append=a.indptr[-1:])[rows].sum()))
    size, width = a.shape
    if len(rows) == size and np.array_equal(rows, np.arange(size)):
        return a
    longer = matrix(a.indices, np.append(a.indptr, a.indptr[-1]), size + 1, width)
    return longer[np.where(rows < 0, size, rows)]


def stretch(a: Sets, shape: Shape, wanted: Shape) -> Sets:
    """The sets of a value of one shape broadcast to another."""
    if shape == wanted:
        return a
    return take(a, np.broadcast_to(numbers(shape), wanted))


def gather_up(a: Sets, targets: Array, size: int) -> Sets:
    """The union of all rows k with `targets[k]` equal, at that place; -1 goes nowhere."""
    from scipy.sparse import csr_array

    targets = np.ravel(targets)
    rows = np.flatnonzero(targets >= 0)
    ones = np.ones(len(rows), np.bool_)
    return product(csr_array((ones, (targets[rows], rows)), shape=(size, a.shape[0])), a)


def product(relation: Sets, a: Sets) -> Sets:
    """For each row of a relation the union of the sets that it names."""
    guard(int(np.diff(a.indptr)[relation.indices].sum()))
    found = relation @ a
    found.sort_indices()
    return found


def along(a: Sets, shape: Shape, axes: Sequence[int]) -> Sets:
    """The unions along some axes of a value, which have length 1 then."""
    kept = tuple(1 if k in axes else n for k, n in enumerate(shape))
    return gather_up(a, np.broadcast_to(numbers(kept), shape), int(np.prod(kept)))


def everything(given: Sequence[Sets | None], size: int) -> Sets | None:
    """Each element depends on all that any element of the operands depends on."""
    present = [a for a in given if a is not None]
    if not present:
        return None
    found = np.unique(np.concatenate([a.indices for a in present]))
    guard(size * len(found))
    starts = np.arange(size + 1) * len(found)
    return matrix(np.tile(found, size), starts, size, present[0].shape[1])


def numbers(shape: Shape) -> Array:
    """The number of each element of an array, in C order."""
    return np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)
