"""Eigenvalues and eigenvectors.

With F the matrix of 1/(λⱼ - λᵢ), zero on its diagonal, and P = V⁻¹ Ȧ V,

    A = V Λ V⁻¹    λ̇ = diag P    V̇ = V (F ∘ P) + V D

where the diagonal matrix D keeps what the vectors are normed by. For a Hermitian A, V⁻¹ = V* and
D = 0 for real numbers (Giles, 2008, section 3.1). Of complex vectors LAPACK makes one component
real, and D turns them so that it stays real: the first of `eigh` from a lower triangle, the last
from an upper one, the greatest of `eig`, whose vectors have length 1. What happens where
eigenvalues are equal is said in `degenerate`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Kink
from ..types import COMPLEX, REAL, Type
from .arithmetic import (
    Expr,
    add,
    equal,
    less,
    logical_and,
    logical_not,
    mul,
    select,
    stop_gradient,
    sub,
)
from .complex import imag, join, real
from .degenerate import EQUAL, divided, equal_pairs, inverse_of, regular, shared
from .elementwise import sqrt
from .linalg import solve
from .matrix import (
    adjoint,
    column,
    constant,
    diagonal,
    identity,
    like,
    matmul,
    require_square,
    row,
    rows,
    size,
)
from .reduce import argmax
from .routine import routine
from .shape import broadcast, reshape, sum_


def part_type(a: Type) -> Type:
    """The real type of the parts of a."""
    return a.with_dtype(REAL.get(a.dtype, a.dtype))


def equals(w: Expr) -> tuple[Expr, Expr, Expr]:
    """1/(λⱼ - λᵢ), which eigenvalues are equal, and which of these are two."""
    n = w.shape[-1]
    gap = sub(row(w), column(w))
    eye = constant(w, np.eye(n, dtype=bool))
    same = equal_pairs(w, gap)
    return inverse_of(gap, same), same, logical_and(same, logical_not(eye))


# --- Hermitian -----------------------------------------------------------------------------------


def infer_eigh(a: Type, upper: bool, driver: str) -> tuple[Type, ...]:
    require_square("eigh", a)
    return (part_type(a).with_shape(a.shape[:-1]), a)


def numpy_eigh(a: Any, upper: bool, driver: str) -> Any:
    if driver == "evd" or a.size == 0:
        return np.linalg.eigh(a, "U" if upper else "L")
    import scipy.linalg  # loads on first use

    linalg: Any = scipy.linalg
    return linalg.eigh(a, lower=not upper, driver=driver, check_finite=False)


def eigh_jvp(dxs: Any, xs: Any, outs: Any, upper: bool, driver: str) -> Any:
    (da,), (w, v) = dxs, outs
    p = matmul(adjoint(v), matmul(da, v))
    f, same, pairs = equals(w)
    dv = matmul(v, divided(p, f, pairs, of="eigenvectors"))
    if v.type.complex:
        k = v.shape[-1] - 1 if upper else 0
        dv = sub(dv, mul(v, turning(rows(v, k, k + 1), rows(dv, k, k + 1))))
    return shared(real(diagonal(p)), same), dv


def turning(component: Expr, moved: Expr) -> Expr:
    """i Im(ẋ/x) for components x, which are real; 0 where x is."""
    part = real(component)
    zero = equal(part, 0)
    safe = select(zero, part.full(1, ()), part)
    angle = select(zero, part.full(0, ()), imag(moved) / safe)
    return join(angle.full(0, ()), angle)


def cubic(out: Type, a: Type, *_: Any, **__: Any) -> int:
    """The order of size of an iteration on a dense matrix."""
    return 9 * a.size * min(a.shape[-2:])


def repeated(a: Any, upper: bool, driver: str) -> Any:
    """Which eigenvalues are equal to a neighbour, to rounding."""
    w = np.linalg.eigvalsh(a, "U" if upper else "L")
    most = np.max(np.abs(w), axis=-1, keepdims=True, initial=0)
    close = np.diff(w) <= EQUAL * w.shape[-1] * np.finfo(w.dtype).eps * most
    none = np.zeros((*close.shape[:-1], 1), bool)
    return np.concatenate([close, none], -1) | np.concatenate([none, close], -1)


eigh = routine("eigh", infer_eigh, numpy_eigh, eigh_jvp, flops=cubic, kink=Kink("tie", repeated))
"""`eigh(A)`: eigenvalues λ, ascending, and eigenvectors of a Hermitian matrix, by a driver of
LAPACK's ("evd" is NumPy's, "evr" SciPy's); they differ in the signs of the vectors."""


# --- any square matrix ---------------------------------------------------------------------------


def infer_eig(a: Type) -> tuple[Type, ...]:
    require_square("eig", a)
    both = a.with_dtype(COMPLEX.get(a.dtype, a.dtype))
    return (both.with_shape(a.shape[:-1]), both)


def numpy_eig(a: Any) -> Any:
    w, v = np.linalg.eig(a)
    dtype = np.result_type(a.dtype, np.complex64)
    return w.astype(dtype), v.astype(dtype)


def eig_jvp(dxs: Any, xs: Any, outs: Any) -> Any:
    (da,), (w, v) = dxs, outs
    n = w.shape[-1]
    inverse = solve(v, broadcast(identity(v, n), shape=v.shape), strict=False)
    defective = logical_not(less(condition(v, inverse), 0.1 / (n * eps_of(v))))
    # Where the vectors do not span, their inverse is any number, or nan.
    inverse = select(defective, identity(v, n), inverse)
    p = matmul(inverse, matmul(regular(like(da, v), defective, of="defective"), v))
    f, same, pairs = equals(w)
    dv = matmul(v, divided(p, f, pairs, of="eigenvectors"))
    return shared(diagonal(p), same), sub(dv, mul(v, drift(v, dv)))


def eps_of(v: Expr) -> float:
    return float(np.finfo(v.dtype_.numpy).eps)


def condition(v: Expr, inverse: Expr) -> Expr:
    """|V| |V⁻¹| in the Frobenius norm, as matrices of one element; nan for a singular V."""
    return stop_gradient(mul(length(v), length(inverse)))


def length(x: Expr) -> Expr:
    n = len(x.shape)
    total = sum_(mul(size(x), size(x)), axes=(n - 2, n - 1))
    return sqrt(reshape(total, shape=(*total.shape, 1, 1)))


def drift(v: Expr, dv: Expr) -> Expr:
    """What moves a vector of length 1 along itself: Re v*v̇, and i Im(ẋ/x) of its greatest
    component x, which is real."""
    n = len(v.shape)
    along = real(diagonal(matmul(adjoint(v), dv)))
    place = argmax(size(v), axis=n - 2)
    hit = equal(row(place), constant(place, np.arange(v.shape[-1])[:, None]))
    zero = v.full(0, ())
    top, moved = (row(sum_(select(hit, x, zero), axes=(n - 2,))) for x in (v, dv))
    return add(join(row(along), row(along).full(0)), turning(top, moved))


eig = routine("eig", infer_eig, numpy_eig, eig_jvp, flops=cubic)
"""`eig(A)`: eigenvalues and eigenvectors of any square matrix, as complex numbers."""
