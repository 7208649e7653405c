"""`scipy.linalg`: solving systems, with matrices of one kind or another, and matrix equations.

What a keyword says about the matrix decides which of its elements are read, so the derivative by
the others is zero. Keywords about overwriting and checking change no result and are accepted.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any, cast

import numpy as np

from ...errors import ShapeError, UnsupportedError, explain
from ...ops import arithmetic as ar
from ...ops import matrix_equations as me
from ...ops import shape as s
from ...ops import triangular as tr
from ...tracing.location import at_line
from ...tracing.tracer import Trace, recorder
from ...types import dtype_of
from ..elementwise import together
from ..linear import hermitian_from
from .dispatch import standing_in

MODULE = "scipy.linalg"


def traced(*xs: Any) -> Trace:
    """The trace among arguments, of which one is traced."""
    trace = recorder(xs)
    assert trace is not None
    return trace


def floats(*xs: Any) -> list[Any]:
    """Arguments as tracers of one floating-point or complex dtype."""
    values = together(traced(*xs), *xs)
    if values[0].type.differentiable:
        return values
    return [ar.cast(v, dtype=dtype_of(np.float64)) for v in values]


def as_matrix(x: Any) -> Any:
    """x, or of a number the matrix of one element that it is to many of SciPy's functions."""
    return s.reshape(x, shape=(1, 1)) if x.ndim == 0 else x


def double(x: Any) -> Any:
    """A value in double precision, in which a few of SciPy's functions always compute."""
    return ar.cast(x, dtype=dtype_of(np.result_type(x.dtype, np.float64)))


def unknown(name: str, got: str, want: str) -> UnsupportedError:
    return UnsupportedError(explain(f"{MODULE}.{name}{at_line()}", got, want, "Use one of these"))


def with_columns(name: str, a: Any, b: Any) -> tuple[Any, Any, bool]:
    """A stack of square matrices and columns of as many rows, and whether b was a vector."""
    vector = b.ndim == 1
    b = b[:, None] if vector else b
    square = a.ndim >= 2 and a.shape[-1] == a.shape[-2]
    if not square or b.ndim < 2 or b.shape[-2] != a.shape[-1]:
        got, want = f"shapes {a.shape} and {b.shape}", "a square matrix and as many rows"
        where = f"{MODULE}.{name}{at_line()}"
        raise ShapeError(explain(where, got, want, "Check the right-hand side"))
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = s.broadcast(a, shape=(*lead, *a.shape[-2:]))
    return a, s.broadcast(b, shape=(*lead, *b.shape[-2:])), vector and not lead


def back(x: Any, vector: bool) -> Any:
    return x[..., 0] if vector else x


def transposed(a: Any, trans: Any) -> Any:
    """a, aᵀ or a*, as `trans` says: 0, 1, 2 or "N", "T", "C"."""
    kind = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    if kind not in (0, 1, 2):
        raise unknown("solve_triangular", f"trans={trans!r}", "0, 1, 2, 'N', 'T' or 'C'")
    if kind == 0:
        return a
    turned = np.swapaxes(a, -1, -2)
    return np.conj(turned) if kind == 2 else turned


GENERAL = (None, "gen", "general")
KINDS = {
    "sym": "symmetric", "symmetric": "symmetric", "her": "hermitian", "hermitian": "hermitian",
    "pos": "hermitian", "positive definite": "hermitian", "diagonal": "diagonal",
    "tridiagonal": "tridiagonal", "upper triangular": "upper", "lower triangular": "lower",
    "banded": "banded",
}  # fmt: skip


def as_assumed(a: Any, assume_a: Any, lower: bool) -> Any:
    """The matrix that is meant, by the elements that are read of it."""
    if assume_a in GENERAL:
        return a
    kind = KINDS.get(assume_a)
    if kind is None:
        raise unknown("solve", f"assume_a={assume_a!r}", f"{', '.join(KINDS)} or 'general'")
    if kind == "hermitian":
        return hermitian_from(a, not lower)
    if kind == "symmetric":
        half = np.tril(a, -1) if lower else np.triu(a, 1)
        return half + np.swapaxes(half, -1, -2) + np.tril(np.triu(a))
    if kind == "diagonal":
        return np.tril(np.triu(a))
    if kind == "tridiagonal":
        return np.tril(np.triu(a, -1), 1)
    return np.triu(a) if kind == "upper" else np.tril(a) if kind == "lower" else a


@standing_in(MODULE)
def solve(
    a: Any, b: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, assume_a: Any = None, transposed: bool = False,
) -> Any:  # fmt: skip
    """A x = b, or Aᵀ x = b; `assume_a` says which elements are read."""
    p, q = floats(a, b)
    p, q = as_assumed(as_matrix(p), assume_a, lower), np.atleast_1d(q)
    return np.linalg.solve(np.swapaxes(p, -1, -2) if transposed else p, q)


@standing_in(MODULE)
def inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: Any = None,
    lower: bool = False,
) -> Any:  # fmt: skip
    return np.linalg.inv(as_assumed(floats(a)[0], assume_a, lower))


@standing_in(MODULE)
def solve_triangular(
    a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False,
    overwrite_b: bool = False, check_finite: bool = True,
) -> Any:  # fmt: skip
    p, q, vector = with_columns("solve_triangular", *floats(a, b))
    low = bool(lower) == (trans in (0, "N"))
    turned = transposed(p, trans)
    return back(tr.solve_triangular(turned, q, lower=low, unit=bool(unit_diagonal)), vector)


@standing_in(MODULE)
def cho_solve(
    c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """With the factor that `cho_factor` gives."""
    c, lower = c_and_lower
    p, q, vector = with_columns("cho_solve", *floats(c, b))
    factor = p if lower else np.conj(np.swapaxes(p, -1, -2))
    y = tr.solve_triangular(factor, q, lower=True, unit=False)
    turned = np.conj(np.swapaxes(factor, -1, -2))
    return back(tr.solve_triangular(turned, y, lower=False, unit=False), vector)


@standing_in(MODULE)
def lu_solve(
    lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """With the factors that `lu_factor` gives."""
    packed, pivots = lu_and_piv
    p, q, vector = with_columns("lu_solve", *floats(packed, b))
    n = p.shape[-1]
    order = tr.row_order(traced(packed, b).value(pivots), m=n)
    order = s.broadcast(order, shape=(*p.shape[:-2], n))
    if trans == 0:
        y = tr.solve_triangular(p, tr.permuted(q, order), lower=True, unit=True)
        return back(tr.solve_triangular(p, y, lower=False, unit=False), vector)
    turned = transposed(p, trans)
    y = tr.solve_triangular(turned, q, lower=True, unit=False)
    x = tr.solve_triangular(turned, y, lower=False, unit=True)
    undo = np.swapaxes(cast(Any, tr.permutation(order, x)), -1, -2)
    return back(np.matmul(undo, x), vector)


# --- few diagonals -------------------------------------------------------------------------------


def banded(ab: Any, b: Any, lower: int, upper: int) -> Any:
    vector = b.ndim == 1
    columns = b[:, None] if vector else b
    return back(me.solve_banded(ab, columns, lower=lower, upper=upper), vector)


@standing_in(MODULE)
def solve_banded(
    l_and_u: Any, ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    p, q = floats(ab, b)
    lower, upper = (int(k) for k in l_and_u)
    return banded(p, q, lower, upper)


@standing_in(MODULE)
def solveh_banded(
    ab: Any, b: Any, overwrite_ab: bool = False, overwrite_b: bool = False, lower: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """A Hermitian matrix, of which one half of the diagonals is given: the other half is their
    conjugates, each moved to its own columns."""
    p, q = floats(ab, b)
    count, n = p.shape[-2:]
    rows = [p[..., k, :] for k in range(count)]
    rows = rows if lower else rows[::-1]  # from the main diagonal outwards
    others = []
    for k, row in enumerate(rows[1:], 1):
        zero = np.zeros((*row.shape[:-1], min(k, n)), row.dtype)
        mirrored = np.conj(row)
        parts = [zero, mirrored[..., : n - k]] if lower else [mirrored[..., k:], zero]
        others.append(np.concatenate(parts, axis=-1))
    main = np.real(rows[0]) + 0 * rows[0]
    up, down = (others, rows[1:]) if lower else (rows[1:], others)
    return banded(np.stack([*up[::-1], main, *down], axis=-2), q, count - 1, count - 1)


# --- equations between matrices ------------------------------------------------------------------


@standing_in(MODULE)
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """A X + X B = Q."""
    return me.sylvester(*floats(a, b, q))


@standing_in(MODULE)
def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """A X + X A* = Q."""
    p, r = map(as_matrix, floats(a, q))
    return me.sylvester(p, np.conj(np.swapaxes(p, -1, -2)), r)


@standing_in(MODULE)
def solve_lyapunov(a: Any, q: Any) -> Any:
    return solve_continuous_lyapunov(a, q)


@standing_in(MODULE)
def solve_discrete_lyapunov(a: Any, q: Any, method: Any = None) -> Any:
    """A X A* - X + Q = 0: as one large system ("direct"), or brought to the continuous equation by
    B = (A* - I)(A* + I)⁻¹ ("bilinear")."""
    p, r = floats(a, q)
    n = p.shape[-1]
    method = ("bilinear" if n >= 10 else "direct") if method is None else method.lower()
    if method not in ("direct", "bilinear"):
        raise unknown("solve_discrete_lyapunov", f"method={method!r}", "'direct' or 'bilinear'")
    if method == "direct":
        large = np.eye(n * n) - np.kron(p, np.conj(p))
        return np.linalg.solve(large, r.reshape(-1)).reshape(n, n)
    eye = np.eye(n)
    adjoint = np.conj(p.T)
    inverse = np.linalg.inv(adjoint + eye)
    b = (adjoint - eye) @ inverse
    c = 2 * (np.conj(inverse.T) @ r @ inverse)
    return solve_continuous_lyapunov(np.conj(b.T), -c)
