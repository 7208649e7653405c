"""Triangular matrices: solving with one, and the factorisations that give them.

`solve_triangular(T, b)` reads one triangle of T, and its derivative is the tangent of T x = b, as
for `solve`. With Φ the lower triangle with half of the diagonal, and tril₋, triu the strictly lower
and the upper triangle,

    A = L L*     L̇ = L Φ(L⁻¹ Ȧ L⁻*)
    A = P L U    L̇ = L tril₋(M),   U̇ = triu(M) U,   M = L⁻¹ Pᵀ Ȧ U⁻¹

(Murray, Differentiation of the Cholesky decomposition, 2016; de Hoog, Anderssen & Lukas,
Differentiation of matrix functionals using triangular factorization, 2011). Where A is not square,
L and U are completed to square matrices by columns and rows of the identity.
"""

# SciPy's stubs leave the results of many functions untyped; a lambda's annotations cannot be said.
# pyright: reportUnknownVariableType=false, reportUnknownLambdaType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Constant, Op, Rule, stacked
from ..types import Type, i32, i64
from .arithmetic import Expr, add, cast, equal, mul, neg
from .linalg import outer, same_batches, times
from .matrix import (
    adjoint,
    below,
    column,
    columns,
    constant,
    masked,
    matmul,
    require_square,
    rows,
    turned,
)
from .routine import routine
from .shape import broadcast, concatenate

# --- solving -------------------------------------------------------------------------------------


def infer_solve_triangular(a: Type, b: Type, lower: bool, unit: bool) -> Type:
    return same_batches("solve_triangular", a, b)


def numpy_solve_triangular(a: Any, b: Any, lower: bool, unit: bool) -> Any:
    from scipy.linalg import solve_triangular as solve  # scipy loads on first use

    if b.size == 0:
        return np.zeros_like(b)
    if not unit and np.any(np.diagonal(a, axis1=-2, axis2=-1) == 0):
        raise np.linalg.LinAlgError(
            "singular matrix: a zero on the diagonal of a triangular matrix"
        )
    return solve(a, b, lower=lower, unit_diagonal=unit, check_finite=False)


def triangle(x: Expr, lower: bool, unit: bool) -> Expr:
    """The part of x that a triangular solve reads."""
    n = x.shape[-1]
    mask = below(n, n, unit)
    return masked(x, mask if lower else mask.T)


def solve_triangular_jvp(
    i: int, dx: Expr, a: Expr, b: Expr, ans: Expr, lower: bool, unit: bool
) -> Expr:
    right = dx if i == 1 else neg(times(triangle(dx, lower, unit), ans))
    return solve_triangular(a, right, lower=lower, unit=unit)


def solve_triangular_vjp(
    i: int, ct: Expr, a: Expr, b: Expr, ans: Expr, lower: bool, unit: bool
) -> Expr:
    w = solve_triangular(turned(a), ct, lower=not lower, unit=unit)
    return w if i == 1 else neg(triangle(outer(w, ans, len(a.shape)), lower, unit))


def solve_triangular_flops(out: Type, a: Type, b: Type, **_: Any) -> int:
    return a.shape[-1] * b.size


solve_triangular = Op(  # the x with T x = b, of columns b
    "solve_triangular",
    infer_solve_triangular,
    numpy_solve_triangular,
    Rule(solve_triangular_jvp, solve_triangular_vjp),
    lead=stacked,
    flops=solve_triangular_flops,
)


def lower_solve(t: Expr, x: Expr, unit: bool = False) -> Expr:
    """T⁻¹ x for a lower triangle."""
    return solve_triangular(t, x, lower=True, unit=unit)


def solve_right(x: Expr, t: Expr) -> Expr:
    """x T⁻¹ for an upper triangle."""
    return turned(solve_triangular(turned(t), turned(x), lower=True, unit=False))


# --- Cholesky ------------------------------------------------------------------------------------


def infer_cholesky(a: Type) -> tuple[Type, ...]:
    require_square("cholesky", a)
    return (a,)


def numpy_cholesky(a: Any) -> Any:
    return (np.linalg.cholesky(a),)


def cholesky_jvp(dxs: Any, xs: Any, outs: Any) -> Any:
    (da,), (low,) = dxs, outs
    n = low.shape[-1]
    half = constant(low, np.tri(n) - 0.5 * np.eye(n))
    inner = adjoint(lower_solve(low, adjoint(lower_solve(low, da))))  # L⁻¹ Ȧ L⁻*
    return (matmul(low, mul(inner, half)),)


def cholesky_flops(out: Type, a: Type) -> int:
    return a.size * a.shape[-1] // 3


cholesky = routine("cholesky", infer_cholesky, numpy_cholesky, cholesky_jvp, flops=cholesky_flops)
"""`cholesky(A)`: the lower triangle L of a Hermitian A = L L*."""


# --- LU ------------------------------------------------------------------------------------------


def infer_lu(a: Type) -> tuple[Type, ...]:
    k = min(a.shape[-2:])
    lead = a.shape[:-2]
    return (a, Type(i32, (*lead, k)), Type(i64, (*lead, a.shape[-2])))


def numpy_lu(a: Any) -> Any:
    import warnings

    from scipy.linalg import LinAlgWarning, lu_factor

    with warnings.catch_warnings():  # a singular U is for whoever solves with it to refuse
        warnings.simplefilter("ignore", LinAlgWarning)
        packed, pivots = lu_factor(a, check_finite=False)
    return packed, np.asarray(pivots, np.int32), order_of(pivots, a.shape[-2])


def order_of(pivots: Any, m: int) -> Any:
    """The rows in the order that exchanging row k with row pivots[k], one by one, brings about."""
    lead = np.shape(pivots)[:-1]
    order = np.broadcast_to(np.arange(m), (*lead, m)).copy()
    for k in range(np.shape(pivots)[-1]):
        other = np.asarray(pivots)[..., k, None].astype(np.int64)
        there = np.take_along_axis(order, other, -1)
        np.put_along_axis(order, other, order[..., k, None].copy(), -1)
        order[..., k] = there[..., 0]
    return order


def lu_jvp(dxs: Any, xs: Any, outs: Any) -> Any:
    (da,), (packed, _, order) = dxs, outs
    m, n = packed.shape[-2:]
    k = min(m, n)
    lead = packed.shape[:-2]
    low, up = masked(packed, below(m, n, True)), masked(packed, ~below(m, n, True))
    left = add(columns(low, 0, k), constant(packed, np.eye(m, k)))
    right = rows(up, 0, k)
    if m > k:
        rest = broadcast(constant(packed, np.eye(m)[:, k:]), shape=(*lead, m, m - k))
        left = concatenate(left, rest, axis=len(lead) + 1)
    if n > k:
        rest = broadcast(constant(packed, np.eye(n)[k:]), shape=(*lead, n - k, n))
        right = concatenate(right, rest, axis=len(lead))
    inner = solve_right(lower_solve(left, permuted(da, order), unit=True), right)
    strict = below(m, n, True)
    moved_low = matmul(left, columns(masked(inner, strict), 0, k))
    moved_up = matmul(rows(masked(inner, ~strict), 0, k), right)
    return add(pad_columns(moved_low, n), pad_rows(moved_up, m)), None, None


def pad_columns(x: Expr, n: int) -> Expr:
    """x with columns of zeros, n in all."""
    missing = n - x.shape[-1]
    zero = x.full(0, (*x.shape[:-1], missing))
    return concatenate(x, zero, axis=len(x.shape) - 1) if missing else x


def pad_rows(x: Expr, m: int) -> Expr:
    """x with rows of zeros, m in all."""
    missing = m - x.shape[-2]
    zero = x.full(0, (*x.shape[:-2], missing, x.shape[-1]))
    return concatenate(x, zero, axis=len(x.shape) - 2) if missing else x


def permutation(order: Expr, like: Expr) -> Expr:
    """The matrix that brings rows into an order, in the dtype of a matrix."""
    m = order.shape[-1]
    return cast(equal(column(order), constant(order, np.arange(m))), dtype=like.dtype_)


def permuted(x: Expr, order: Expr) -> Expr:
    """The rows of x in an order."""
    return matmul(permutation(order, x), x)


lu = routine("lu", infer_lu, numpy_lu, lu_jvp, analytic=True)
"""`lu(A)`: L below the diagonal and U above, in one matrix; the exchanges of rows that LAPACK made;
and the order of rows that they bring about."""

row_order = Op(  # the order of m rows after exchanges
    "row_order",
    lambda pivots, m: Type(i64, (*pivots.shape[:-1], m)),
    lambda pivots, m: order_of(pivots, m),
    Constant(),
    lead=stacked,
)
