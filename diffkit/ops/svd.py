"""Singular values and vectors, and the pseudo-inverse.

A = U S V*, with P = U* Ȧ V, its Hermitian half H and its skew half K, has Ṡ = Re diag P and
U̇ = U (E∘H + D∘K), V̇ = V (E∘H - D∘K) within the spans of U and V, where E is the matrix of
1/(sⱼ - sᵢ) and D that of 1/(sᵢ + sⱼ). Out of the spans U̇ has (I - UU*) Ȧ V S⁻¹ besides, and V̇
(I - VV*) Ȧ* U S⁻¹ (Townsend, Differentiating the singular value decomposition, 2016, where both
halves are written as one). Square matrices of vectors (`full`) go on beyond the singular values, in
any basis of the complement; it is carried along (see `degenerate`). Of complex vectors LAPACK makes
the first component real, of V or, if A is wider than tall, of U, and so it stays.

The pseudo-inverse has a derivative where the rank stays the same (Golub & Pereyra, The
differentiation of pseudo-inverses and nonlinear least squares problems, 1973):

    A⁺˙ = -A⁺ Ȧ A⁺ + A⁺A⁺* Ȧ* (I - AA⁺) + (I - A⁺A) Ȧ* A⁺*A⁺

A direction that changes the rank, (I - AA⁺) Ȧ (I - A⁺A) ≠ 0, is an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..types import Type
from .arithmetic import (
    Expr,
    add,
    less,
    less_equal,
    logical_and,
    logical_not,
    mul,
    neg,
    select,
    stop_gradient,
    sub,
)
from .complex import real
from .degenerate import divided, equal_pairs, inverse_of, negligible, only, regular, shared
from .matrix import (
    adjoint,
    column,
    columns,
    constant,
    diagonal,
    hermitian,
    identity,
    like,
    matmul,
    row,
    rows,
    skew,
    trace,
)
from .routine import routine
from .shape import broadcast, concatenate, reshape
from .spectral import cubic, part_type, turning

# --- svd -----------------------------------------------------------------------------------------


def infer_svd(a: Type, full: bool) -> tuple[Type, ...]:
    *lead, m, n = a.shape
    k = min(m, n)
    left, right = (m, n) if full else (k, k)
    s = part_type(a).with_shape((*lead, k))
    return (a.with_shape((*lead, m, left)), s, a.with_shape((*lead, right, n)))


def numpy_svd(a: Any, full: bool) -> Any:
    return np.linalg.svd(a, full_matrices=full)


def svd_jvp(dxs: Any, xs: Any, outs: Any, full: bool) -> Any:
    (da,), (u, s, vh) = dxs, outs
    v, k = adjoint(vh), s.shape[-1]
    u1, v1 = columns(u, 0, k), columns(v, 0, k)
    dav, dau = matmul(da, v1), matmul(adjoint(da), u1)
    p = matmul(adjoint(u1), dav)
    none = negligible(s, max(da.shape[-2:]))
    same, turn, spin = rotations(s, p, none)
    within = shared(real(diagonal(p)), same)
    zero = reshape(less_equal(column(s), none), shape=s.shape)
    ds = select(zero, s.full(0, ()), within)
    du = moved(u, add(turn, spin), dav, s, none)
    dv = moved(v, sub(turn, spin), dau, s, none)
    if u.type.complex:
        real_row = rows(v if da.shape[-2] >= da.shape[-1] else u, 0, 1)
        moved_row = rows(dv if da.shape[-2] >= da.shape[-1] else du, 0, 1)
        du, dv = turned_back(du, dv, u, v, columns(real_row, 0, k), columns(moved_row, 0, k))
    return du, ds, adjoint(dv)


def turned_back(
    du: Expr, dv: Expr, u: Expr, v: Expr, component: Expr, change: Expr
) -> tuple[Expr, Expr]:
    """U̇ and V̇, with pairs of vectors turned together so that the components stay real."""
    turn = turning(component, change)
    found: list[Expr] = []
    for moving, x in ((du, u), (dv, v)):
        rest = turn.full(0, (*turn.shape[:-1], x.shape[-1] - turn.shape[-1]))
        whole = concatenate(turn, rest, axis=len(turn.shape) - 1) if rest.shape[-1] else turn
        found.append(sub(moving, mul(x, whole)))
    return found[0], found[1]


def rotations(s: Expr, p: Expr, none: Expr) -> tuple[Expr, Expr, Expr]:
    """Which singular values are equal; E∘H, the rotation of both bases, and D∘K, that of one
    against the other."""
    n = s.shape[-1]
    eye = constant(s, np.eye(n, dtype=bool))
    off = logical_not(eye)
    gap, total = sub(row(s), column(s)), add(row(s), column(s))
    same, void = equal_pairs(s, gap), less_equal(total, none)
    turn = divided(
        hermitian(p), inverse_of(gap, same), logical_and(same, off), of="singular vectors"
    )
    spin = skew(divided(p, inverse_of(total, void), logical_and(void, off), of="singular vectors"))
    return same, turn, spin


def moved(u: Expr, inner: Expr, image: Expr, s: Expr, none: Expr) -> Expr:
    """U̇, from its part within the first vectors and from Ȧ V, whose part out of them it gets."""
    k, m = s.shape[-1], u.shape[-1]
    zero = less_equal(row(s), none)
    scale = like(inverse_of(row(s), zero), u)
    if m == k:
        beyond = sub(image, matmul(u, matmul(adjoint(u), image)))
        if u.shape[-2] == k:
            return matmul(u, inner)
        return add(matmul(u, inner), mul(regular(beyond, zero, of="singular vectors"), scale))
    rest = columns(u, k, m)
    low = mul(regular(matmul(adjoint(rest), image), zero, of="singular vectors"), scale)
    corner = low.full(0, (*low.shape[:-2], m - k, m - k))
    lead = len(low.shape) - 2
    top = concatenate(inner, neg(adjoint(low)), axis=lead + 1)
    bottom = concatenate(low, corner, axis=lead + 1)
    whole = concatenate(top, bottom, axis=lead)
    free = np.arange(m)[:, None] >= k
    mask = broadcast(constant(s, free & free.T), shape=whole.shape)
    return matmul(u, skew(only(whole, mask, of="complement", strict=False)))


svd = routine("svd", infer_svd, numpy_svd, svd_jvp, flops=cubic)
"""`svd(A)`: U, the singular values, descending, and V*; with `full` square U and V."""

# --- pinv ----------------------------------------------------------------------------------------


def infer_pinv(a: Type, cutoff: Type) -> tuple[Type, ...]:
    return (a.with_shape((*a.shape[:-2], a.shape[-1], a.shape[-2])),)


def numpy_pinv(a: Any, cutoff: Any) -> Any:
    return (np.linalg.pinv(a, rcond=cutoff),)


def pinv_jvp(dxs: Any, xs: Any, outs: Any) -> Any:
    (da, _), (a, _), (x,) = dxs, xs, outs
    m, n = a.shape[-2:]
    onto = matmul(x, a)
    out = sub(identity(a, m), matmul(a, x))  # I - AA⁺
    null = sub(identity(a, n), onto)  # I - A⁺A
    change = matmul(out, matmul(da, null))
    # What must vanish, of a matrix of less than full rank, is measured against the whole of Ȧ.
    rank = stop_gradient(real(trace(onto)))
    less_than = reshape(less(rank, min(m, n) - 0.5), shape=(*rank.shape, 1, 1))
    upper = constant(a, np.arange(2 * m)[:, None] < m)
    tall = concatenate(change, da, axis=len(a.shape) - 2)
    mask = broadcast(logical_and(less_than, upper), shape=tall.shape)
    da = rows(only(tall, mask, of="rank", strict=True), m, 2 * m)
    xh, dah = adjoint(x), adjoint(da)
    first = neg(matmul(x, matmul(da, x)))
    second = matmul(matmul(x, xh), matmul(dah, out))
    third = matmul(null, matmul(dah, matmul(xh, x)))
    return (add(first, add(second, third)),)


pinv = routine("pinv", infer_pinv, numpy_pinv, pinv_jvp, flops=cubic)
"""`pinv(A, cutoff)`: the pseudo-inverse, where singular values up to `cutoff` times the greatest
count as zero."""
