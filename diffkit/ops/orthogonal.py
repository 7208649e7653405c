"""Orthogonal factors: QR and the polar decomposition.

A = Q R, with B = Q* Ȧ R⁻¹ and Ω the skew matrix that has B's elements below the diagonal (and,
R's diagonal being real, the imaginary part of B's diagonal), has

    Q̇ = (Ȧ R⁻¹ - Q B) + Q Ω      Ṙ = (B - Ω) R

(Walter & Lehmann, Algorithmic differentiation of linear algebra functions, 2012). A matrix wider
than tall is factored by its first columns; the other columns of R are Q* A. A square Q of a matrix
taller than wide (`full`) goes on in any basis of the complement, which is carried along.

A = U P, where P is Hermitian, has U* Ȧ - Ȧ* U = X P + P X for a skew X, and then
U̇ = U X + (I - UU*) Ȧ P⁻¹, Ṗ = U* Ȧ - X P.
"""

# SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..types import Type
from .arithmetic import Expr, add, less_equal, mul, neg, select, stop_gradient, sub
from .complex import imag, join
from .degenerate import EQUAL, only, regular
from .linalg import solve
from .matrix import (
    adjoint,
    below,
    columns,
    constant,
    diagonal,
    hermitian,
    identity,
    masked,
    matmul,
    rows,
    size,
    skew,
    turned,
)
from .matrix_equations import sylvester
from .reduce import max_, min_
from .routine import routine
from .shape import broadcast, concatenate, reshape
from .triangular import solve_right


def infer_qr(a: Type, full: bool) -> tuple[Type, ...]:
    *lead, m, n = a.shape
    k = m if full else min(m, n)
    return (a.with_shape((*lead, m, k)), a.with_shape((*lead, k, n)))


def numpy_qr(a: Any, full: bool) -> Any:
    return np.linalg.qr(a, "complete" if full else "reduced")


def qr_jvp(dxs: Any, xs: Any, outs: Any, full: bool) -> Any:
    (da,), (q, r) = dxs, outs
    k, n = min(r.shape[-2:]), r.shape[-1]
    q1, first = columns(q, 0, k), columns(rows(r, 0, k), 0, k)
    sizes = size(diagonal(first))
    least, most = (f(sizes, axes=(len(sizes.shape) - 1,)) for f in (min_, max_))
    rounding = EQUAL * max(da.shape[-2:]) * float(np.finfo(da.dtype_.numpy).eps)
    deficient = reshape(less_equal(least, mul(most, rounding)), shape=(*least.shape, 1, 1))
    safe = select(stop_gradient(deficient), identity(first, k), first)
    image = solve_right(regular(columns(da, 0, k), deficient, of="columns"), safe)
    b = matmul(adjoint(q1), image)
    omega = rotation(b)
    dr = matmul(sub(b, omega), first)
    m = q.shape[-1]
    if m > k:  # a square Q of a tall matrix
        return complete(q, omega, image, k), filled(dr, m)
    dq = add(sub(image, matmul(q1, b)), matmul(q1, omega))
    if n > k:
        a_rest, da_rest = columns(xs[0], k, n), columns(da, k, n)
        rest = add(matmul(adjoint(dq), a_rest), matmul(adjoint(q), da_rest))
        dr = concatenate(dr, rest, axis=len(dr.shape) - 1)
    return dq, dr


def rotation(b: Expr) -> Expr:
    """The skew matrix that agrees with b below the diagonal, and on it where b is imaginary."""
    n = b.shape[-1]
    low = masked(b, below(n, n, True))
    omega = sub(low, adjoint(low))
    if not b.type.complex:
        return omega
    turn = imag(b)
    return add(omega, masked(join(turn.full(0), turn), np.eye(n, dtype=bool)))


def complete(q: Expr, omega: Expr, image: Expr, k: int) -> Expr:
    """Q̇ of a square Q: Q times a skew matrix, known but for the rotation of the complement."""
    m, lead = q.shape[-1], len(q.shape) - 2
    low = matmul(adjoint(columns(q, k, m)), image)
    corner = low.full(0, (*low.shape[:-2], m - k, m - k))
    top = concatenate(omega, neg(adjoint(low)), axis=lead + 1)
    bottom = concatenate(low, corner, axis=lead + 1)
    whole = concatenate(top, bottom, axis=lead)
    free = np.arange(m)[:, None] >= k
    mask = broadcast(constant(q, free & free.T), shape=whole.shape)
    return matmul(q, skew(only(whole, mask, of="complement of Q", strict=False)))


def filled(r: Expr, m: int) -> Expr:
    """r with rows of zeros, m in all."""
    zero = r.full(0, (*r.shape[:-2], m - r.shape[-2], r.shape[-1]))
    return concatenate(r, zero, axis=len(r.shape) - 2)


def qr_flops(out: Type, a: Type, full: bool) -> int:
    return 4 * a.size * min(a.shape[-2:])


qr = routine("qr", infer_qr, numpy_qr, qr_jvp, flops=qr_flops)
"""`qr(A)`: Q, with orthogonal columns, and the upper triangle R; with `full` a square Q."""


# --- polar ---------------------------------------------------------------------------------------


def infer_polar(a: Type) -> tuple[Type, ...]:
    n = a.shape[-1]
    return (a, a.with_shape((*a.shape[:-2], n, n)))


def numpy_polar(a: Any) -> Any:
    """U = W V* and P = V S V*, of the singular value decomposition A = W S V*."""
    w, s, vh = np.linalg.svd(a, full_matrices=False)
    v = np.conj(np.swapaxes(vh, -1, -2))
    return w @ vh, (v * s[..., None, :]) @ vh


def polar_jvp(dxs: Any, xs: Any, outs: Any) -> Any:
    (da,), (u, p) = dxs, outs
    image = matmul(adjoint(u), da)
    x = sylvester(p, p, sub(image, adjoint(image)))
    du, dp = matmul(u, x), sub(image, matmul(x, p))
    if u.shape[-2] > u.shape[-1]:
        beyond = sub(da, matmul(u, image))
        du = add(du, turned(solve(turned(p), turned(beyond), strict=True)))
    return du, hermitian(dp)


polar = routine("polar", infer_polar, numpy_polar, polar_jvp)
"""`polar(A)`: A = U P with orthogonal columns U and P positive; A is not wider than tall."""
