"""Scenarios of numpy.linalg. Vectors that are given up to a sign or a phase are compared with
PyTorch by what does not depend on it; `diffkit.backends.torch` turns its own to NumPy's."""

from __future__ import annotations

import numpy as np

from diffkit.ops import degenerate, determinant
from diffkit.ops.routine import emit
from diffkit.tracing import Tracer, innermost

from .scenario import ROW, SQUARE, T, X, Y, case, direct, numbers

EYE = np.eye(3)
A = numbers(60, 3, 3) + 3 * np.diag([1.0, 2.0, -1.5])
"""Regular, with eigenvalues and singular values apart."""
STACK = numbers(61, 2, 3, 3) + 3 * np.diag([1.0, 2.0, -1.5])
Z = A + 1j * numbers(62, 3, 3)
STACK_Z = STACK + 1j * numbers(63, 2, 3, 3)
TALL = numbers(64, 4, 2) + np.eye(4, 2)
WIDE = numbers(65, 2, 4) + np.eye(2, 4)
TALL_Z = TALL + 1j * numbers(66, 4, 2)
TALLS = numbers(67, 2, 3, 2) + np.eye(3, 2)
BASE = 0.4 * numbers(68, 3, 3)
BASE_Z = BASE + 0.4j * numbers(69, 3, 3)
ROW_2 = np.flip(ROW).copy()
GRID = numbers(70, 2, 3, 6) + 3 * np.eye(6).reshape(2, 3, 6)
CUBOID = numbers(71, 6, 2, 3) + 3 * np.eye(6).reshape(6, 2, 3)
MAT = np.linalg
NO = {"analytic": False}  # conjugates, comparisons, and NumPy's own routines of real numbers
NEAR = {"ulps": 64.0}
FAR = {"ulps": 512.0}


def T_MAT(name):
    """A function of torch.linalg."""
    return lambda *xs, **kw: getattr(T.linalg, name)(*xs, **kw)


def lower(a, torch=False):
    """The Hermitian matrix with this lower triangle."""
    half = T.tril(a, -1)
    diagonal = T.diag_embed(T.diagonal(a, 0, -2, -1).real + 0 * T.diagonal(a, 0, -2, -1))
    return half + half.mH + diagonal


def definite(x):
    """A positive matrix."""
    return x @ np.conj(np.swapaxes(x, -1, -2)) + 2 * np.eye(x.shape[-1], dtype=x.dtype)


def T_definite(x):
    return x @ x.mH + 2 * T.eye(x.shape[-1], dtype=x.dtype)


def squares(v):
    """|v|², which has no sign or phase."""
    return np.real(v) ** 2 + np.imag(v) ** 2


def T_squares(v):
    return T.abs(v) ** 2


def beyond(q, k):
    """The projection on the columns from the k-th on."""
    rest = q[..., k:]
    return rest @ np.conj(np.swapaxes(rest, -1, -2))


def T_beyond(q):
    """The projection on what is orthogonal to all columns."""
    return T.eye(q.shape[-2], dtype=q.dtype) - q @ q.mH


def adjugate(a):
    """The adjugate, which only the derivative of the determinant emits."""
    if not isinstance(a, Tracer):
        return determinant.numpy_adjugate(a)[0]
    trace = innermost((a,))
    return emit(determinant.adjugate, [trace.value(a)])[0]


def T_cond(a, order):
    """By its definition: PyTorch's own has no backward pass for these orders."""
    norms = [T.linalg.matrix_norm(x, order) for x in (a, T.linalg.inv(a))]
    return norms[0] * norms[1]


def spectrum(w):
    """Sums of powers of eigenvalues, whatever their order."""
    return np.real(np.sum(w * w)), np.real(np.sum(w * w * w))


def T_spectrum(w):
    return (w * w).sum().real, (w * w * w).sum().real


# fmt: off
SYSTEMS = [
    case("linalg.solve-complex", MAT.solve, Z, BASE_Z, torch=T_MAT("solve"), **FAR),
    case("linalg.inv", MAT.inv, A, torch=T_MAT("inv"), **NEAR),
    case("linalg.inv-stack", MAT.inv, STACK, torch=T_MAT("inv"), **FAR),
    case("linalg.inv-complex", MAT.inv, Z, torch=T_MAT("inv"), **FAR),
    case("linalg.pinv-tall", MAT.pinv, TALL, torch=T_MAT("pinv"), **NO, **FAR),
    case("linalg.pinv-wide", MAT.pinv, WIDE, torch=T_MAT("pinv"), **NO, **FAR),
    case("linalg.pinv-square", MAT.pinv, A, torch=T_MAT("inv"), **NO, **FAR),
    case("linalg.pinv-stack", lambda a: MAT.pinv(a, rcond=1e-10), TALLS, torch=T_MAT("pinv"), **NO,
         **FAR),
    case("linalg.pinv-rtol", lambda a: MAT.pinv(a, rtol=None), TALL, torch=T_MAT("pinv"), **NO,
         **FAR),
    case("linalg.pinv-complex", MAT.pinv, TALL_Z, torch=T_MAT("pinv"), **NO, **FAR),
    case("linalg.pinv-hermitian", lambda a: MAT.pinv(a, hermitian=True), A,
         torch=lambda a: T.linalg.inv(lower(a)), **NO, **FAR),
    case("linalg.lstsq-columns", lambda a, b: MAT.lstsq(a, b)[0], TALL, numbers(72, 4, 2),
         torch=lambda a, b: T.linalg.pinv(a) @ b, **NO, **FAR),
    case("linalg.lstsq-vector", lambda a, b: MAT.lstsq(a, b)[0], TALL, numbers(73, 4),
         torch=lambda a, b: T.linalg.pinv(a) @ b, **NO, **FAR),
    case("linalg.lstsq-wide", lambda a, b: MAT.lstsq(a, b)[0], WIDE, numbers(74, 2),
         torch=lambda a, b: T.linalg.pinv(a) @ b, **NO, **FAR),
    case("linalg.lstsq-residuals", lambda a, b: MAT.lstsq(a, b)[1], TALL, numbers(72, 4, 2),
         torch=lambda a, b: ((b - a @ (T.linalg.pinv(a) @ b)) ** 2).sum(0), **NO, **FAR),
    case("linalg.lstsq-complex", lambda a, b: MAT.lstsq(a, b)[0], TALL_Z, numbers(73, 4) + 0.5j,
         torch=lambda a, b: T.linalg.pinv(a) @ b, **NO, **FAR),
    case("linalg.tensorsolve", MAT.tensorsolve, GRID, X, torch=T_MAT("tensorsolve"), **FAR),
    case("linalg.tensorsolve-axes", lambda a, b: MAT.tensorsolve(a, b, axes=(0,)),
         np.moveaxis(GRID, 2, 0), X, torch=lambda a, b: T.linalg.tensorsolve(a, b, dims=(0,)),
         **FAR),
    case("linalg.tensorinv", lambda a: MAT.tensorinv(a, 1), CUBOID,
         torch=lambda a: T.linalg.tensorinv(a, 1), **FAR),
    case("linalg.matrix_power-0", lambda a: a * MAT.matrix_power(a, 0), A,
         torch=lambda a: a * T.eye(3, dtype=a.dtype)),
    case("linalg.matrix_power-3", lambda a: MAT.matrix_power(a, 3), A,
         torch=lambda a: a @ a @ a, **NEAR),
    case("linalg.matrix_power-6", lambda a: MAT.matrix_power(a, 6), BASE,
         torch=lambda a: T.linalg.matrix_power(a, 6), **NEAR),
    case("linalg.matrix_power-negative", lambda a: MAT.matrix_power(a, -2), A,
         torch=lambda a: T.linalg.matrix_power(a, -2), **FAR),
    case("linalg.multi_dot", lambda a, b, c: MAT.multi_dot([a, b, c, a]), X, BASE,
         numbers(75, 3, 2), torch=lambda a, b, c: a @ b @ c @ a, **NEAR),
    case("linalg.multi_dot-vectors", lambda u, a, v: MAT.multi_dot([u, a, v]), ROW, BASE, ROW_2,
         torch=lambda u, a, v: u @ a @ v, **NEAR),
]
NUMBERS = [
    case("linalg.det", MAT.det, A, torch=T_MAT("det"), **NEAR),
    case("linalg.det-stack", MAT.det, STACK, torch=T_MAT("det"), **NEAR),
    case("linalg.det-complex", MAT.det, Z, torch=T_MAT("det"), **NEAR),
    case("linalg.det-adjugate", adjugate, A, **NO, **FAR),
    case("linalg.slogdet", lambda a: MAT.slogdet(a)[1], A, torch=lambda a: T.linalg.slogdet(a)[1],
         **NO, **NEAR),
    case("linalg.slogdet-stack", lambda a: MAT.slogdet(a).logabsdet, STACK,
         torch=lambda a: T.linalg.slogdet(a)[1], **NO, **NEAR),
    case("linalg.slogdet-complex", MAT.slogdet, Z, torch=T_MAT("slogdet"), **NO, **NEAR),
    case("linalg.trace", lambda a: MAT.trace(a, offset=1), STACK,
         torch=lambda a: T.diagonal(a, 1, -2, -1).sum(-1)),
    case("linalg.diagonal", MAT.diagonal, STACK, torch=lambda a: T.diagonal(a, 0, -2, -1)),
    case("linalg.matrix_rank", lambda a: a * MAT.matrix_rank(a), A, torch=lambda a: 3 * a),
    case("linalg.matrix_rank-tol", lambda a: a * MAT.matrix_rank(a, tol=0.1), A,
         torch=lambda a: 3 * a),
    case("linalg.cond", MAT.cond, A, torch=T_MAT("cond"), **NO, **FAR),
    case("linalg.cond-inverse", lambda a: MAT.cond(a, -2), A,
         torch=lambda a: T.linalg.cond(a, -2), **NO, **FAR),
    case("linalg.cond-fro", lambda a: MAT.cond(a, "fro"), STACK,
         torch=lambda a: T_cond(a, "fro"), **NO, **FAR),
    case("linalg.cond-1", lambda a: MAT.cond(a, 1), A, torch=lambda a: T_cond(a, 1), **NO, **FAR),
]
FACTORS = [
    case("linalg.cholesky", lambda x: MAT.cholesky(definite(x)), BASE,
         torch=lambda x: T.linalg.cholesky(T_definite(x)), **NO, **NEAR),
    case("linalg.cholesky-triangle", MAT.cholesky, definite(BASE),
         torch=lambda a: T.linalg.cholesky(lower(a)), **NO, **NEAR),
    case("linalg.cholesky-upper", lambda a: MAT.cholesky(a, upper=True), definite(STACK),
         torch=lambda a: T.linalg.cholesky(lower(a.mH)).mH, **NO, **NEAR),
    case("linalg.cholesky-complex", lambda x: MAT.cholesky(definite(x)), BASE_Z,
         torch=lambda x: T.linalg.cholesky(T_definite(x)), **NO, **NEAR),
    case("linalg.qr", MAT.qr, A, torch=T_MAT("qr"), **NO, **NEAR),
    case("linalg.qr-tall", MAT.qr, TALL, torch=T_MAT("qr"), **NO, **NEAR),
    case("linalg.qr-wide", MAT.qr, WIDE, torch=T_MAT("qr"), **NO, **NEAR),
    case("linalg.qr-stack", MAT.qr, TALLS, torch=T_MAT("qr"), **NO, **NEAR),
    case("linalg.qr-r", lambda a: MAT.qr(a, mode="r"), TALL,
         torch=lambda a: T.linalg.qr(a).R, **NO, **NEAR),
    case("linalg.qr-complete", lambda a: beyond(MAT.qr(a, mode="complete").Q, 2), TALL,
         torch=lambda a: T_beyond(T.linalg.qr(a).Q), **NO, **NEAR),
    case("linalg.qr-complex", MAT.qr, TALL_Z, torch=T_MAT("qr"), **NO, **NEAR),
    case("linalg.svd", lambda a: MAT.svd(a), A, **NO, **FAR),
    case("linalg.svd-squares", lambda a: tuple(map(squares, MAT.svd(a))), A,
         torch=lambda a: tuple(map(T_squares, T.linalg.svd(a))), **NO, **FAR),
    case("linalg.svd-tall", lambda a: MAT.svd(a, full_matrices=False), TALL, **NO, **FAR),
    case("linalg.svd-wide", lambda a: MAT.svd(a, full_matrices=False), WIDE, **NO, **FAR),
    case("linalg.svd-stack", lambda a: MAT.svd(a, False), TALLS, **NO, **FAR),
    case("linalg.svd-product", lambda a: (lambda u, s, vh: (u * s**3) @ vh)(*MAT.svd(a, False)),
         TALL, torch=lambda a: a @ a.mH @ a, **NO, **FAR),
    case("linalg.svd-full", lambda a: beyond(MAT.svd(a).U, 2), TALL,
         torch=lambda a: T_beyond(T.linalg.qr(a).Q), **NO, **FAR),
    case("linalg.svd-full-wide", lambda a: beyond(np.swapaxes(MAT.svd(a).Vh, -1, -2), 2), WIDE,
         torch=lambda a: T_beyond(T.linalg.qr(a.mT).Q), **NO, **FAR),
    case("linalg.svd-complex", lambda a: tuple(map(squares, MAT.svd(a, False))), TALL_Z,
         torch=lambda a: tuple(map(T_squares, T.linalg.svd(a, full_matrices=False))), **NO, **FAR),
    case("linalg.svd-hermitian", lambda a: squares(MAT.svd(a, hermitian=True)[0]), A,
         torch=lambda a: T_squares(T.linalg.svd(lower(a))[0]), **NO, **FAR),
    case("linalg.svdvals", MAT.svdvals, TALL, torch=T_MAT("svdvals"), **NO, **NEAR),
    case("linalg.svdvals-complex", MAT.svdvals, STACK_Z, torch=T_MAT("svdvals"), **NO, **NEAR),
]
SPECTRA = [
    case("linalg.eigh", MAT.eigh, A, **NO, **FAR),
    case("linalg.eigh-squares", lambda a: squares(MAT.eigh(a).eigenvectors), A,
         torch=lambda a: T_squares(T.linalg.eigh(lower(a))[1]), **NO, **FAR),
    case("linalg.eigh-upper", lambda a: MAT.eigh(a, "U"), A, **NO, **FAR),
    case("linalg.eigh-stack", lambda a: squares(MAT.eigh(a)[1]), STACK,
         torch=lambda a: T_squares(T.linalg.eigh(lower(a))[1]), **NO, **FAR),
    case("linalg.eigh-complex", lambda a: squares(MAT.eigh(a)[1]), Z,
         torch=lambda a: T_squares(T.linalg.eigh(lower(a))[1]), **NO, **FAR),
    case("linalg.eigvalsh", MAT.eigvalsh, A, torch=lambda a: T.linalg.eigvalsh(lower(a)), **NO,
         **NEAR),
    case("linalg.eigvalsh-complex", lambda a: MAT.eigvalsh(a, UPLO="U"), STACK_Z,
         torch=lambda a: T.linalg.eigvalsh(lower(a.mH)), **NO, **NEAR),
    case("linalg.eig", lambda a: spectrum(MAT.eig(a)[0]), A,
         torch=lambda a: T_spectrum(T.linalg.eigvals(a)), **NO, **FAR),
    case("linalg.eig-squares", lambda a: squares(MAT.eig(a).eigenvectors), Z,
         torch=lambda a: T_squares(T.linalg.eig(a)[1]), **NO, **FAR),
    case("linalg.eigvals", lambda a: spectrum(MAT.eigvals(a)), STACK,
         torch=lambda a: T_spectrum(T.linalg.eigvals(a)), **NO, **FAR),
    case("linalg.eigvals-complex", MAT.eigvals, Z, torch=T_MAT("eigvals"), **NO, **FAR),
]
NORMS = [
    case(f"linalg.norm-matrix-{order}", lambda a, k=order: MAT.norm(a, k), A,
         torch=lambda a, k=order: T.linalg.matrix_norm(a, k), **NO, **NEAR)
    for order in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
] + [
    case(f"linalg.vector_norm-{order}", lambda x, k=order: MAT.vector_norm(x, ord=k, axis=-1), X,
         torch=lambda x, k=order: T.linalg.vector_norm(x, k, -1), analytic=order != 0, **NEAR)
    for order in (0, 1, -1, 2, 3, 0.5, -2.5, np.inf, -np.inf)
] + [
    case("linalg.norm-axes", lambda a: MAT.norm(a, "nuc", axis=(2, 0), keepdims=True), STACK,
         torch=lambda a: T.linalg.matrix_norm(a, "nuc", (2, 0), True), **NO, **NEAR),
    case("linalg.norm-all", lambda a: MAT.norm(a, keepdims=True), STACK,
         torch=lambda a: T.linalg.vector_norm(a, keepdim=True), **NEAR),
    case("linalg.norm-complex", lambda a: MAT.norm(a, 3, axis=0), Z,
         torch=lambda a: T.linalg.vector_norm(a, 3, 0), **NO, **NEAR),
    case("linalg.matrix_norm", MAT.matrix_norm, STACK, torch=T_MAT("matrix_norm"), **NEAR),
    case("linalg.matrix_norm-2", lambda a: MAT.matrix_norm(a, ord=2, keepdims=True), STACK,
         torch=lambda a: T.linalg.matrix_norm(a, 2, keepdim=True), **NO, **NEAR),
]
PRODUCTS = [
    case("linalg.vecdot", lambda x, y: MAT.vecdot(x, y, axis=0), X, Y,
         torch=lambda x, y: (x * y).sum(0)),
    case("linalg.vecdot-complex", MAT.vecdot, Z, BASE_Z,
         torch=lambda x, y: (x.conj() * y).sum(-1)),
    case("linalg.outer", MAT.outer, ROW, ROW_2, torch=lambda x, y: T.outer(x, y)),
    case("linalg.cross", MAT.cross, X, Y, torch=lambda x, y: T.linalg.cross(x, y)),
    case("linalg.matmul", MAT.matmul, X, SQUARE, torch=lambda x, y: x @ y),
    case("linalg.tensordot", lambda x, y: MAT.tensordot(x, y, axes=1), X, SQUARE,
         torch=lambda x, y: x @ y),
    case("linalg.matrix_transpose", MAT.matrix_transpose, STACK, torch=lambda x: x.mT),
    case("vecdot-rows", np.vecdot, X, ROW, torch=lambda x, y: (x * y).sum(-1)),
    case("matvec-stack", np.matvec, STACK, ROW, torch=lambda x, y: x @ y),
    case("vecmat-stack", np.vecmat, ROW, STACK, torch=lambda x, y: x @ y),
    case("only", lambda x: direct(degenerate.only, of="rank", strict=False)(
        x, np.zeros(np.shape(x), bool)), A),
]
# fmt: on
SCENARIOS = [*SYSTEMS, *NUMBERS, *FACTORS, *SPECTRA, *NORMS, *PRODUCTS]
