"""Colouring: which columns of a sparse matrix one product with a vector can show at once.

Two columns without a common row may share a colour: the product of J with the sum of their unit
vectors holds both, element by element (Curtis, Powell & Reid, On the estimation of sparse Jacobian
matrices, 1974). Finding the fewest colours is colouring a graph (Coleman & Moré, 1983), done
greedily here: a column takes the first colour that no row of it has seen. A symmetric matrix needs
fewer, as each entry may be read at (i, j) or at (j, i): a star colouring, in which every path of
four vertices has three colours. And a matrix with a few dense rows is best seen from both sides,
these rows by products from the left, what remains by products from the right (Coleman & Verma, The
efficient computation of sparse Jacobian matrices using automatic differentiation, 1998). All are in
Gebremedhin, Manne & Pothen, What color is your Jacobian?, SIAM Review 47, 2005.

The colours that a row has seen are the bits of one Python integer, so that a column costs an `or`
for each of its entries, however many columns share its rows.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...types import Array

NONE = -1
"""The colour of a row or column that no product shows."""


def degrees(matrix: Any) -> Array:
    """The number of entries of each row of a CSR matrix."""
    return np.diff(matrix.indptr)


def colour_rows(matrix: Any) -> Array:
    """A colour for each row of a CSR pattern, such that rows of one colour have no common column;
    the better of two orders, and `NONE` for empty rows."""
    sizes = degrees(matrix)
    width = matrix.shape[1]
    shared = np.bincount(matrix.indices, minlength=width)  # how many rows each column has
    fewest = int(shared.max(initial=0))
    if fewest == np.count_nonzero(sizes):  # some column has them all
        return numbered(sizes > 0)
    first = greedy(matrix, range(len(sizes)))
    if count(first) == fewest:
        return first
    weight = matrix.astype(np.int64) @ shared  # about how many rows are neighbours
    second = greedy(matrix, np.argsort(-weight, kind="stable").tolist())
    return first if count(first) <= count(second) else second


def colour_columns(matrix: Any) -> Array:
    """As `colour_rows`, for columns."""
    return colour_rows(matrix.T.tocsr())


def numbered(on: Array) -> Array:
    """A colour of its own for each place where `on`."""
    return np.where(on, np.cumsum(on) - 1, NONE)


def count(colours: Array) -> int:
    """How many colours there are."""
    return int(colours.max(initial=NONE)) + 1


def greedy(matrix: Any, order: Sequence[int]) -> Array:
    """Row after row, the first colour that no column of it has seen."""
    starts, columns = matrix.indptr.tolist(), matrix.indices.tolist()
    seen = [0] * matrix.shape[1]
    colours = [NONE] * matrix.shape[0]
    for i in order:
        mine = columns[starts[i] : starts[i + 1]]
        taken = 0
        for j in mine:
            taken |= seen[j]
        if mine:
            free = ~taken & (taken + 1)
            colours[i] = free.bit_length() - 1
            for j in mine:
                seen[j] |= free
    return np.array(colours, np.int64)


def colour_star(matrix: Any) -> Array:
    """A star colouring of a symmetric CSR pattern: long rows first, and where that takes more
    colours than the longest has entries, the better of that and the order given.

    Of three vertices along a path whose ends share a colour, the one in the middle has a lower one.
    So no path of four has two colours: each of its two in the middle would be below the other.
    """
    sizes = degrees(matrix)
    first = greedy_star(matrix, np.argsort(-sizes, kind="stable").tolist())
    if count(first) <= sizes.max(initial=0):
        return first
    second = greedy_star(matrix, range(len(sizes)))
    return first if count(first) <= count(second) else second


def greedy_star(matrix: Any, order: Sequence[int]) -> Array:
    """Vertex after vertex, the first colour that no path forbids."""
    starts, columns = matrix.indptr.tolist(), matrix.indices.tolist()
    bits = [0] * matrix.shape[0]  # of a vertex, as a bit; 0 while it has no colour
    seen = [0] * matrix.shape[0]  # those of its neighbours
    for i in order:
        mine = columns[starts[i] : starts[i + 1]]
        taken = 0
        for j in mine:
            bit = bits[j]
            taken |= bit | (seen[j] & (bit - 1) if bit else seen[j])
        if mine:
            free = ~taken & (taken + 1)
            bits[i] = free
            for j in mine:
                if j != i:
                    seen[j] |= free
    return np.array([bit.bit_length() - 1 for bit in bits], np.int64)


def dense_rows(matrix: Any, row_cost: float, column_cost: float) -> Array:
    """Which rows a two-sided colouring takes from the left: so many of the longest that their
    products, at `row_cost` each, and those that the longest of the rest calls for, at `column_cost`
    each, cost least together."""
    sizes = degrees(matrix)
    order = np.argsort(-sizes, kind="stable")
    longest = np.append(sizes[order], 0)
    taken = int(np.argmin(np.arange(len(longest)) * row_cost + longest * column_cost))
    on = np.zeros(len(sizes), np.bool_)
    on[order[:taken]] = True
    return on


def colour_both(matrix: Any, on: Array) -> tuple[Array, Array]:
    """Colours of the rows where `on`, for their entries, and of columns for all the others."""
    rows = np.full(len(on), NONE, np.int64)
    rows[on] = colour_rows(matrix[on])
    return rows, colour_columns(matrix[~on])
