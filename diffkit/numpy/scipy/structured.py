"""`scipy.linalg`: matrices made of few numbers, which are read by index, and systems with them."""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError, UnsupportedError, explain
from ...ops import shape as s
from ...tracing.location import at_line
from ..arguments import in_line
from ..elementwise import together
from .dispatch import standing_in
from .systems import MODULE, double, floats, traced


def vector(x: Any) -> Any:
    return traced(x).value(x)


@standing_in(MODULE)
def toeplitz(c: Any, r: Any = None) -> Any:
    """Constant along diagonals: column c, row r, by default its conjugate."""
    column, row = both(c, np.conj(c) if r is None else r)
    m, n = column.shape[-1], row.shape[-1]
    line = np.concatenate([np.flip(column, -1), row[..., 1:]], axis=-1)
    return line[..., m - 1 - np.arange(m)[:, None] + np.arange(n)]


def both(c: Any, r: Any) -> tuple[Any, Any]:
    """Column and row as vectors of one dtype."""
    trace = traced(c, r)
    x, y = together(trace, c, r)
    return np.atleast_1d(x), np.atleast_1d(y)


@standing_in(MODULE)
def circulant(c: Any) -> Any:
    """The column c, turned on by one in each column."""
    column: Any = np.atleast_1d(vector(c))
    k = np.arange(column.shape[-1])
    return column[..., (k[:, None] - k) % len(k)]


@standing_in(MODULE)
def hankel(c: Any, r: Any = None) -> Any:
    """Constant along antidiagonals: first column c, last row r, by default zeros."""
    if np.ndim(c) == 0:
        remedy = "Put the number into a list"
        raise ShapeError(explain(f"{MODULE}.hankel{at_line()}", "a number", "a vector", remedy))
    column, row = both(c, 0 * vector(c) if r is None else r)
    m, n = column.shape[-1], row.shape[-1]
    line = np.concatenate([column, row[..., 1:]], axis=-1)
    return line[..., np.arange(m)[:, None] + np.arange(n)]


@standing_in(MODULE)
def block_diag(*arrs: Any) -> Any:
    """Matrices along the diagonal, zero elsewhere."""
    blocks: list[Any] = [np.atleast_2d(x) for x in together(traced(*arrs), *arrs)]
    width = sum(x.shape[-1] for x in blocks)
    lead = np.broadcast_shapes(*[x.shape[:-2] for x in blocks])
    rows, start = [], 0
    for x in blocks:
        after = width - start - x.shape[-1]
        wide = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(start, after)])
        rows.append(s.broadcast(wide, shape=(*lead, *wide.shape[-2:])))
        start += x.shape[-1]
    return np.concatenate(rows, axis=-2)


@standing_in(MODULE)
def khatri_rao(a: Any, b: Any) -> Any:
    """The Kronecker products of the columns."""
    x, y = together(traced(a, b), a, b)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        got, want = f"shapes {x.shape} and {y.shape}", "matrices with as many columns"
        where = f"{MODULE}.khatri_rao{at_line()}"
        raise ShapeError(explain(where, got, want, "Transpose an operand"))
    product: Any = np.multiply(x[:, None, :], y[None, :, :])
    return product.reshape(x.shape[0] * y.shape[0], x.shape[1])


@standing_in(MODULE)
def solve_toeplitz(c_or_cr: Any, b: Any, check_finite: bool = True) -> Any:
    """As a dense system: n³ operations, where SciPy's recursion takes n²."""
    pair = isinstance(c_or_cr, tuple)
    c, r = c_or_cr if pair else (c_or_cr, np.conj(c_or_cr))
    column, row, right = map(double, floats(c, r, b))
    return np.linalg.solve(toeplitz(column, row), right)


@standing_in(MODULE)
def solve_circulant(
    c: Any, b: Any, singular: str = "raise", tol: Any = None, caxis: int = -1, baxis: int = 0,
    outaxis: int = 0,
) -> Any:  # fmt: skip
    """A vector c and a right-hand side b of one or two axes, as a dense system."""
    column, right = map(in_line, floats(c, b))
    plain = (singular, tol, caxis, baxis, outaxis) == ("raise", None, -1, 0, 0)
    if not plain or column.ndim != 1 or right.ndim > 2:
        where = f"{MODULE}.solve_circulant{at_line()}"
        got = "keywords or a stack of systems"
        remedy = "Solve one system, np.linalg.solve(scipy.linalg.circulant(c), b)"
        raise UnsupportedError(explain(where, got, "c and b alone", remedy))
    return np.linalg.solve(circulant(column), right)
