"""Scenarios of scipy.linalg, and of the ops that its derivatives emit."""

from __future__ import annotations

import numpy as np
import scipy.linalg as sl

from diffkit.ops import matrix_functions as mf
from diffkit.ops import triangular as tr

from .scenario import LINE, ROW, SQUARE, T, X, Y, case, direct, numbers
from .scenarios_linalg import (
    BASE,
    BASE_Z,
    FAR,
    NEAR,
    NO,
    STACK,
    T_MAT,
    TALL,
    TALL_Z,
    WIDE,
    A,
    T_beyond,
    T_definite,
    T_spectrum,
    T_squares,
    Z,
    beyond,
    definite,
    lower,
    spectrum,
    squares,
)

RIGHT = numbers(80, 3, 2)
SMALL = numbers(81, 2, 2) + np.diag([2.0, 3.0])
FIVE = numbers(82, 5, 2)
BANDS = numbers(83, 4, 5) + np.array([0.0, 0.0, 6.0, 0.0])[:, None]
HALF = 0.4 * numbers(84, 2, 5) + np.array([[0.0], [4.0]])
HALF_Z = HALF + np.array([[0.3j], [0.0]])
DOWN = HALF[::-1].copy()
ROW_2 = np.flip(ROW).copy()
LINE_2 = np.flip(LINE).copy() + np.array([6.0, 0, 0, 0, 0])


def T_eig(a, f):
    """f of a matrix by its eigenvalues."""
    w, v = T.linalg.eig(a)
    out = T.linalg.solve(v, v * f(w)[..., None, :], left=False)
    return out if a.is_complex() else out.real


def T_triangular(a, b, upper, unit=False):
    return T.linalg.solve_triangular(a, b, upper=upper, unitriangular=unit)


def T_banded(ab, lower_count, upper_count):
    """The matrix with these diagonals."""
    n = ab.shape[1]
    dense = T.zeros((n, n), dtype=ab.dtype)
    for k in range(-lower_count, upper_count + 1):
        row = ab[upper_count - k]
        dense = dense + T.diag(row[k:] if k >= 0 else row[:k], k)
    return dense


def T_toeplitz(c, r):
    line = T.cat([c.flip(0), r[1:]])
    k = np.arange(len(c))[:, None], np.arange(len(r))
    return line[len(c) - 1 - k[0] + k[1]]


def T_circulant(c):
    k = np.arange(len(c))
    return c[(k[:, None] - k) % len(c)]


def T_sylvester(a, b, q):
    whole = T.kron(a, T.eye(len(b), dtype=a.dtype)) + T.kron(
        T.eye(len(a), dtype=a.dtype), b.mT.contiguous()
    )
    return T.linalg.solve(whole, q.reshape(-1)).reshape(q.shape)


def T_polar(a):
    u, s, vh = T.linalg.svd(a, full_matrices=False)
    return u @ vh, vh.mH @ (s[:, None] * vh)


# fmt: off
FUNCTIONS = [
    case("scipy.linalg.expm", lambda a: sl.expm(a), BASE, torch=lambda a: T.linalg.matrix_exp(a),
         **FAR, **NO),
    case("scipy.linalg.expm-stack", lambda a: sl.expm(0.3 * a), STACK,
         torch=lambda a: T.linalg.matrix_exp(0.3 * a), **FAR, **NO),
    case("scipy.linalg.expm-complex", lambda a: sl.expm(a), BASE_Z,
         torch=lambda a: T.linalg.matrix_exp(a), **FAR, **NO),
    case("scipy.linalg.expm_frechet", lambda a, e: sl.expm_frechet(a, e), BASE, 0.5 * SQUARE,
         **NO, **FAR, single=False),
    case("scipy.linalg.logm", lambda x: sl.logm(definite(x)), BASE,
         torch=lambda x: T_eig(T_definite(x), T.log), **NO, ulps=2048,
         single=False),
    case("scipy.linalg.logm-complex", lambda x: sl.logm(definite(x)), BASE_Z,
         torch=lambda x: T_eig(T_definite(x), T.log), **NO, ulps=2048,
         single=False),
    case("scipy.linalg.sqrtm", lambda x: sl.sqrtm(definite(x)), BASE,
         torch=lambda x: T_eig(T_definite(x), T.sqrt), **FAR, **NO),
    case("scipy.linalg.sqrtm-complex", lambda x: sl.sqrtm(definite(x)), BASE_Z,
         torch=lambda x: T_eig(T_definite(x), T.sqrt), **NO, **FAR),
    case("scipy.linalg.sinm", lambda a: sl.sinm(a), BASE, torch=lambda a: T_eig(a, T.sin), **NO,
         **FAR),
    case("scipy.linalg.cosm", lambda a: sl.cosm(a), BASE, torch=lambda a: T_eig(a, T.cos), **NO,
         **FAR),
    case("scipy.linalg.tanm", lambda a: sl.tanm(a), 0.4 * BASE, torch=lambda a: T_eig(a, T.tan),
         **NO, **FAR),
    case("scipy.linalg.sinhm", lambda a: sl.sinhm(a), BASE,
         torch=lambda a: T_eig(a, T.sinh), **FAR, **NO),
    case("scipy.linalg.coshm", lambda a: sl.coshm(a), BASE,
         torch=lambda a: T_eig(a, T.cosh), **FAR, **NO),
    case("scipy.linalg.tanhm", lambda a: sl.tanhm(a), 0.4 * BASE, torch=lambda a: T_eig(a, T.tanh),
         **FAR, **NO),
    case("frechet-sqrtm", lambda a, e: direct(mf.frechet, name="sqrtm")(a, e), definite(BASE),
         SQUARE, **FAR, **NO, unlike=("empty",)),
]
TRIANGULAR = [
    case("scipy.linalg.cholesky", lambda x: sl.cholesky(definite(x)), BASE,
         torch=lambda x: T.linalg.cholesky(T_definite(x)).mH, **NO, **NEAR),
    case("scipy.linalg.cholesky-lower", lambda a: sl.cholesky(a, lower=True), definite(BASE),
         torch=lambda a: T.linalg.cholesky(lower(a)), **NO, **NEAR),
    case("scipy.linalg.cho_factor", lambda a: sl.cho_factor(a)[0], definite(BASE), **NO, **NEAR),
    case("scipy.linalg.cho_solve", lambda a, b: sl.cho_solve(sl.cho_factor(a, lower=True), b),
         definite(BASE), ROW, torch=lambda a, b: T.linalg.solve(lower(a), b), **NO, **FAR),
    case("scipy.linalg.cho_solve-upper", lambda x, b: sl.cho_solve(sl.cho_factor(definite(x)), b),
         BASE_Z, RIGHT, torch=lambda x, b: T.linalg.solve(T_definite(x), b + 0j), **NO, **FAR),
    case("scipy.linalg.solve_triangular", lambda a, b: sl.solve_triangular(a, b), A, RIGHT,
         torch=lambda a, b: T_triangular(a, b, True), **FAR),
    case("scipy.linalg.solve_triangular-unit",
         lambda a, b: sl.solve_triangular(a, b, lower=True, unit_diagonal=True), A, ROW,
         torch=lambda a, b: T_triangular(a, b[:, None], False, True)[:, 0], **FAR),
    case("scipy.linalg.solve_triangular-trans",
         lambda a, b: sl.solve_triangular(a, b, trans="T", lower=True), A, RIGHT,
         torch=lambda a, b: T_triangular(a.mT, b, True), **FAR),
    case("scipy.linalg.solve_triangular-complex", lambda a, b: sl.solve_triangular(a, b, trans=2),
         Z, RIGHT, torch=lambda a, b: T_triangular(a.mH, b + 0j, False), **NO, **FAR),
    case("scipy.linalg.lu", lambda a: sl.lu(a), A, torch=T_MAT("lu"),
         **NO, **NEAR, unlike=("empty",)),
    case("scipy.linalg.lu-tall", lambda a: sl.lu(a, permute_l=True), TALL,
         torch=lambda a: (lambda p, low, up: (p @ low, up))(*T.linalg.lu(a)), **NO, **NEAR),
    case("scipy.linalg.lu-wide", lambda a: sl.lu(a, p_indices=True)[1:], WIDE,
         torch=lambda a: T.linalg.lu(a)[1:], **NO, **NEAR),
    case("scipy.linalg.lu-complex", lambda a: sl.lu(a)[1:], Z, torch=lambda a: T.linalg.lu(a)[1:],
         **NO, **NEAR),
    case("scipy.linalg.lu_factor", lambda a: sl.lu_factor(a)[0], A,
         torch=lambda a: T.linalg.lu_factor(a)[0], **NO, **NEAR, unlike=("no-axes",)),
    case("scipy.linalg.lu_solve", lambda a, b: sl.lu_solve(sl.lu_factor(a), b), A, RIGHT,
         torch=T_MAT("solve"), **NO, **FAR, unlike=("empty",)),
    case("scipy.linalg.lu_solve-trans", lambda a, b: sl.lu_solve(sl.lu_factor(a), b, trans=1), A,
         ROW, torch=lambda a, b: T.linalg.solve(a.mT, b), **NO, **FAR),
    case("row_order", lambda b: sl.lu_solve((SQUARE, np.array([2, 2, 2])), b), ROW, **FAR,
         single=False),
]
SYSTEMS = [
    case("scipy.linalg.solve", lambda a, b: sl.solve(a, b), A, RIGHT, torch=T_MAT("solve"), **FAR),
    case("scipy.linalg.solve-pos", lambda a, b: sl.solve(a, b, lower=True, assume_a="pos"),
         definite(BASE), ROW, torch=lambda a, b: T.linalg.solve(lower(a), b), **NO, **FAR),
    case("scipy.linalg.solve-transposed", lambda a, b: sl.solve(a, b, transposed=True), A, ROW,
         torch=lambda a, b: T.linalg.solve(a.mT, b), **FAR),
    case("scipy.linalg.solve-tridiagonal", lambda a, b: sl.solve(a, b, assume_a="tridiagonal"), A,
         ROW, torch=lambda a, b: T.linalg.solve(T.tril(T.triu(a, -1), 1), b), **FAR),
    case("scipy.linalg.inv", lambda a: sl.inv(a), A, torch=T_MAT("inv"), **FAR),
    case("scipy.linalg.pinv", lambda a: sl.pinv(a), TALL, torch=T_MAT("pinv"), **NO, **FAR),
    case("scipy.linalg.pinvh", lambda a: sl.pinvh(a), A, torch=lambda a: T.linalg.inv(lower(a)),
         **NO, **FAR),
    case("scipy.linalg.lstsq", lambda a, b: sl.lstsq(a, b)[0], TALL, numbers(73, 4),
         torch=lambda a, b: T.linalg.pinv(a) @ b, **NO, **FAR),
    case("scipy.linalg.lstsq-residual", lambda a, b: sl.lstsq(a, b)[1], TALL, numbers(73, 4),
         torch=lambda a, b: ((b - a @ (T.linalg.pinv(a) @ b)) ** 2).sum(), **NO, **FAR),
    case("scipy.linalg.solve_banded", lambda ab, b: sl.solve_banded((1, 2), ab, b), BANDS, LINE,
         torch=lambda ab, b: T.linalg.solve(T_banded(ab, 1, 2), b), **FAR),
    case("scipy.linalg.solve_banded-columns", lambda ab, b: sl.solve_banded((3, 0), ab, b),
         np.roll(BANDS, 2, 0), FIVE, torch=lambda ab, b: T.linalg.solve(T_banded(ab, 3, 0), b),
         **FAR),
    case("scipy.linalg.solveh_banded", lambda ab, b: sl.solveh_banded(ab, b), HALF, LINE,
         torch=lambda ab, b: T.linalg.solve(
             T.diag(ab[1]) + T.diag(ab[0, 1:], 1) + T.diag(ab[0, 1:], -1), b), **NO, **FAR),
    case("scipy.linalg.solveh_banded-lower", lambda ab, b: sl.solveh_banded(ab, b, lower=True),
         DOWN, LINE, torch=lambda ab, b: T.linalg.solve(
             T.diag(ab[0]) + T.diag(ab[1, :-1], 1) + T.diag(ab[1, :-1], -1), b), **NO, **FAR),
    case("scipy.linalg.solveh_banded-complex", lambda ab, b: sl.solveh_banded(ab, b), HALF_Z, LINE,
         torch=lambda ab, b: T.linalg.solve(
             T.diag(ab[1].real + 0j) + T.diag(ab[0, 1:], 1) + T.diag(ab[0, 1:].conj(), -1), b + 0j),
         **NO, **FAR),
    case("scipy.linalg.solve_toeplitz", lambda c, b: sl.solve_toeplitz(c, b), LINE_2, LINE,
         torch=lambda c, b: T.linalg.solve(T_toeplitz(c, c), b), **FAR, single=False),
    case("scipy.linalg.solve_toeplitz-pair", lambda c, r, b: sl.solve_toeplitz((c, r), b), LINE_2,
         LINE, FIVE,
         torch=lambda c, r, b: T.linalg.solve(T_toeplitz(c, r), b), **FAR, single=False),
    case("scipy.linalg.solve_circulant", lambda c, b: sl.solve_circulant(c, b), LINE_2, LINE,
         torch=lambda c, b: T.linalg.solve(T_circulant(c), b), ulps=2048),
    case("scipy.linalg.solve_sylvester", lambda a, b, q: sl.solve_sylvester(a, b, q), A, SMALL,
         RIGHT, torch=T_sylvester, **FAR, **NO, unlike=("empty",)),
    case("scipy.linalg.solve_sylvester-complex", lambda a, b, q: sl.solve_sylvester(a, b, q), Z,
         SMALL + 0.5j, RIGHT - 1j, torch=T_sylvester, **NO, **FAR, unlike=("empty",)),
    case("scipy.linalg.solve_continuous_lyapunov",
         lambda a, q: sl.solve_continuous_lyapunov(a, q), A, SQUARE,
         torch=lambda a, q: T_sylvester(a, a.mT, q), ulps=2048, **NO),
    case("scipy.linalg.solve_lyapunov", lambda a, q: sl.solve_lyapunov(a, q), Z, SQUARE,
         torch=lambda a, q: T_sylvester(a, a.mH, q + 0j), **NO, ulps=2048),
    case("scipy.linalg.solve_discrete_lyapunov", lambda a, q: sl.solve_discrete_lyapunov(a, q),
         BASE, SQUARE, torch=lambda a, q: T.linalg.solve(
             T.eye(9, dtype=a.dtype) - T.kron(a, a), q.reshape(-1)).reshape(3, 3), **FAR,
         single=False),
    case("scipy.linalg.solve_discrete_lyapunov-bilinear",
         lambda a, q: sl.solve_discrete_lyapunov(a, q, method="bilinear"), 0.5 * BASE, SQUARE,
         torch=lambda a, q: T.linalg.solve(
             T.eye(9, dtype=a.dtype) - T.kron(a, a), q.reshape(-1)).reshape(3, 3), ulps=2048,
         single=False, **NO),
]
STRUCTURED = [
    case("scipy.linalg.toeplitz", lambda c, r: sl.toeplitz(c, r), ROW, LINE, torch=T_toeplitz),
    case("scipy.linalg.toeplitz-one", lambda c: sl.toeplitz(c), ROW,
         torch=lambda c: T_toeplitz(c, c)),
    case("scipy.linalg.circulant", lambda c: sl.circulant(c), ROW, torch=T_circulant),
    case("scipy.linalg.hankel", lambda c, r: sl.hankel(c, r), ROW, LINE,
         torch=lambda c, r: T.cat([c, r[1:]])[np.arange(3)[:, None] + np.arange(5)]),
    case("scipy.linalg.hankel-one", lambda c: sl.hankel(c), ROW,
         torch=lambda c: T.cat([c, 0 * c[1:]])[np.arange(3)[:, None] + np.arange(3)]),
    case("scipy.linalg.block_diag", lambda x, y: sl.block_diag(x, y, x), X, ROW,
         torch=lambda x, y: T.block_diag(x, y, x)),
    case("scipy.linalg.khatri_rao", lambda x, y: sl.khatri_rao(x, y), X, SQUARE,
         torch=lambda x, y: (x[:, None] * y[None]).reshape(-1, 3)),
]
ORTHOGONAL = [
    case("scipy.linalg.qr", lambda a: sl.qr(a), A, torch=T_MAT("qr"), **NO, **NEAR),
    case("scipy.linalg.qr-economic", lambda a: sl.qr(a, mode="economic"), TALL, torch=T_MAT("qr"),
         **NO, **NEAR),
    case("scipy.linalg.qr-full", lambda a: beyond(sl.qr(a)[0], 2), TALL_Z,
         torch=lambda a: T_beyond(T.linalg.qr(a).Q), **NO, **NEAR),
    case("scipy.linalg.qr-r", lambda a: sl.qr(a, mode="r")[0], A, torch=lambda a: T.linalg.qr(a).R,
         **NO, **NEAR),
    case("scipy.linalg.polar", lambda a: sl.polar(a), TALL, torch=T_polar, **NO, **FAR),
    case("scipy.linalg.polar-complex", lambda a: sl.polar(a), TALL_Z, torch=T_polar, **NO, **FAR),
    case("scipy.linalg.polar-wide", lambda a: sl.polar(a), WIDE,
         torch=T_polar, **NO, **FAR),
    case("scipy.linalg.polar-left", lambda a: sl.polar(a, side="left"), WIDE,
         torch=lambda a: tuple(x.mT for x in T_polar(a.mT)), **NO, **FAR),
    case("scipy.linalg.orthogonal_procrustes", lambda a, b: sl.orthogonal_procrustes(a, b), A,
         SQUARE, torch=lambda a, b: (T_polar(a.mT @ b)[0], T.linalg.svdvals(a.mT @ b).sum()), **NO,
         **FAR),
    case("scipy.linalg.svd", lambda a: tuple(map(squares, sl.svd(a, full_matrices=False))), TALL,
         torch=lambda a: tuple(map(T_squares, T.linalg.svd(a, full_matrices=False))), **NO, **FAR),
    case("scipy.linalg.svdvals", lambda a: sl.svdvals(a), TALL, torch=T_MAT("svdvals"), **NO,
         **NEAR),
]
SPECTRA = [
    case("scipy.linalg.eigh", lambda a: squares(sl.eigh(a)[1]), A,
         torch=lambda a: T_squares(T.linalg.eigh(lower(a))[1]), **NO, **FAR),
    case("scipy.linalg.eigh-subset", lambda a: sl.eigh(a, subset_by_index=[1, 2])[0], A,
         torch=lambda a: T.linalg.eigvalsh(lower(a))[1:], **NO, **FAR),
    case("scipy.linalg.eigh-generalised", lambda a, b: squares(sl.eigh(a, definite(b))[1]), A,
         SQUARE, **NO, **FAR),
    case("scipy.linalg.eigvalsh", lambda a: sl.eigvalsh(a), Z,
         torch=lambda a: T.linalg.eigvalsh(lower(a)), **NO, **FAR),
    case("scipy.linalg.eigvalsh-generalised", lambda a, b: sl.eigvalsh(a, definite(b)), A, SQUARE,
         torch=lambda a, b: T.linalg.eigvals(
             T.linalg.solve(T_definite(b), lower(a))).real.sort().values, **NO, **FAR),
    case("scipy.linalg.eig", lambda a: squares(sl.eig(a)[1]), Z,
         torch=lambda a: T_squares(T.linalg.eig(a)[1]), **NO, **FAR),
    case("scipy.linalg.eigvals", lambda a: spectrum(sl.eigvals(a)), A,
         torch=lambda a: T_spectrum(T.linalg.eigvals(a)), **NO, **FAR),
    case("scipy.linalg.det", lambda a: sl.det(a), A, torch=T_MAT("det"), **NEAR, single=False),
    case("scipy.linalg.norm", lambda a: sl.norm(a, 2), A, torch=lambda a: T.linalg.norm(a, 2), **NO,
         **NEAR),
    case("lower_solve", lambda a, b: direct(tr.solve_triangular, lower=True, unit=False)(a, b), A,
         Y.T.copy(), torch=lambda a, b: T_triangular(a, b, False), **FAR, unlike=("empty",)),
]
# fmt: on
SCENARIOS = [
    *FUNCTIONS,
    *TRIANGULAR,
    *SYSTEMS,
    *STRUCTURED,
    *ORTHOGONAL,
    *SPECTRA,
]  # fmt: skip
