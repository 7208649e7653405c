"""`np.linalg` on traced values. (A module of the name `linalg` would hide NumPy's in `dnp`.)

`eigh` and `cholesky` read one triangle of their argument, so the derivative by the other one is
zero. `eig` and `eigvals` have complex results, also where NumPy, which sees the values, finds that
all of them are real. `lstsq` takes the rank to be full.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..ops import arithmetic as a
from ..ops import linalg as la
from ..ops import shape as s
from ..ops.complex import join, real
from ..ops.determinant import det as det_op
from ..ops.determinant import slogdet as slogdet_op
from ..ops.matrix import adjoint, below, identity, masked
from ..ops.orthogonal import qr as qr_op
from ..ops.routine import emit
from ..ops.spectral import eig as eig_op
from ..ops.spectral import eigh as eigh_op
from ..ops.svd import pinv as pinv_op
from ..ops.svd import svd as svd_op
from ..ops.triangular import cholesky as cholesky_op
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..types import dtype_of, f64
from .arguments import NO_VALUE, refuse


@lru_cache(maxsize=16)
def result_of(function: Any) -> Any:
    """The named tuple that a function of NumPy's returns."""
    return type(function(np.eye(1)))


def matrix(t: Trace, x: Any, name: str, square: bool = False) -> Tracer:
    """A stack of matrices of floating-point or complex numbers."""
    v = t.value(x)
    if v.ndim < 2 or (square and v.shape[-1] != v.shape[-2]):
        want = f"{'square ' if square else ''}matrices on the last two axes"
        remedy = "Reshape or slice it"
        raise ShapeError(explain(f"np.linalg.{name}{at_line()}", f"got {v.type}", want, remedy))
    return v if v.type.differentiable else a.cast(v, dtype=f64)


def hermitian_from(v: Any, upper: bool) -> Any:
    """The Hermitian matrix of which this has one triangle."""
    n = v.shape[-1]
    strict = below(n, n, True)
    half = masked(v, strict.T if upper else strict)
    middle = join(real(v), real(v).full(0)) if v.type.complex else v
    return a.add(a.add(half, adjoint(half)), masked(middle, np.eye(n, dtype=bool)))


# --- systems -------------------------------------------------------------------------------------


def solve(t: Trace, A: Any, b: Any) -> Tracer:
    """np.linalg.solve: b is a vector if it has one axis, else columns; leading axes broadcast."""
    p, q = (t.value(x) for x in (A, b))
    if p.ndim < 2 or p.shape[-1] != p.shape[-2] or q.ndim == 0:
        want, remedy = "a square matrix and a right-hand side", "Check the shapes"
        got = f"shapes {p.shape} and {q.shape}"
        raise ShapeError(explain(f"np.linalg.solve{at_line()}", got, want, remedy))
    common: Any = np.result_type(p.dtype, q.dtype)
    wide = common if common.kind in "fc" else np.float64
    p, q = (a.cast(x, dtype=dtype_of(wide)) for x in (p, q))
    core = 1 if q.ndim == 1 else 2
    if q.shape[q.ndim - core] != p.shape[-1]:
        got, want = f"shapes {p.shape} and {q.shape}", f"{p.shape[-1]} rows in the second"
        remedy = "A stack of vectors needs a last axis of 1: b[..., None]"
        raise ShapeError(explain(f"np.linalg.solve{at_line()}", got, want, remedy))
    if p.ndim > 2 or q.ndim > 2:
        lead = np.broadcast_shapes(p.shape[:-2], q.shape[: q.ndim - core])
        p = s.broadcast(p, shape=(*lead, *p.shape[-2:]))
        q = s.broadcast(q, shape=(*lead, *q.shape[q.ndim - core :]))
    return la.solve(p, q, strict=True)


def inv(t: Trace, x: Any, strict: bool = True) -> Tracer:
    v = matrix(t, x, "inv", square=True)
    eye = s.broadcast(identity(cast(Any, v), v.shape[-1]), shape=v.shape)
    return la.solve(v, eye, strict=strict)


def tensorsolve(t: Trace, A: Any, b: Any, axes: Any = None) -> Any:
    p, q = t.value(A), t.value(b)
    if axes is not None:
        moved = [k % p.ndim for k in axes]
        order = [k for k in range(p.ndim) if k not in moved] + moved
        p = s.transpose(p, axes=tuple(order))
    kept = p.shape[q.ndim - p.ndim :] if q.ndim < p.ndim else ()
    size = int(np.prod(kept))
    if p.size != size * size:
        got, want = f"shapes {p.shape} and {q.shape}", "a square matrix when flattened"
        where = f"np.linalg.tensorsolve{at_line()}"
        raise ShapeError(explain(where, got, want, "Check the axes"))
    flat: Any = s.reshape(p, shape=(size, size))
    return np.linalg.solve(flat, np.reshape(cast(Any, q), -1)).reshape(kept)


def tensorinv(t: Trace, x: Any, ind: int = 2) -> Any:
    v: Any = t.value(x)
    rows, columns = v.shape[:ind], v.shape[ind:]
    if ind <= 0 or v.ndim == 0 or np.prod(rows) != np.prod(columns):
        where, got = f"np.linalg.tensorinv{at_line()}", f"shape {v.shape} and ind={ind}"
        want, remedy = "as many elements before ind as after it", "Check ind"
        raise ShapeError(explain(where, got, want, remedy))
    size = int(np.prod(rows))
    return np.linalg.inv(v.reshape(size, size)).reshape(*columns, *rows)


def lstsq(t: Trace, A: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, Any, Any]:
    """The x of least |b - A x|, by the pseudo-inverse; for a matrix that is taller than wide the
    squares of the residuals; the rank; the singular values."""
    p: Any = matrix(t, A, "lstsq")
    q: Any = t.value(b)
    m, n = p.shape[-2:]
    if p.ndim != 2 or q.ndim not in (1, 2) or q.shape[0] != m:
        got, want = f"shapes {p.shape} and {q.shape}", "a matrix and as many rows"
        where = f"np.linalg.lstsq{at_line()}"
        raise ShapeError(explain(where, got, want, "Solve one system at a time"))
    eps = float(np.finfo(p.dtype).eps)
    cutoff = eps * max(m, n) if rcond is None else eps if rcond == -1 else rcond
    x = np.linalg.pinv(p, rcond=cutoff) @ q
    sigma = np.linalg.svdvals(p)
    missed = q - p @ x
    square = np.sum(np.real(missed) ** 2 + np.imag(missed) ** 2, axis=0)
    residuals = np.atleast_1d(square) if m > n else np.zeros(0, np.real(square).dtype)
    rank = np.sum(sigma > cutoff * np.max(sigma)) if sigma.size else 0
    return x, residuals, rank, sigma


# --- determinants --------------------------------------------------------------------------------


def det(t: Trace, x: Any) -> Any:
    return emit(det_op, [matrix(t, x, "det", square=True)])[0]


def slogdet(t: Trace, x: Any) -> Any:
    found = emit(slogdet_op, [matrix(t, x, "slogdet", square=True)])
    return result_of(np.linalg.slogdet)(*found)


# --- factors -------------------------------------------------------------------------------------


def cholesky(t: Trace, x: Any, /, *, upper: bool = False) -> Any:
    v = hermitian_from(matrix(t, x, "cholesky", square=True), bool(upper))
    low = emit(cholesky_op, [v])[0]
    return adjoint(low) if upper else low


def qr(t: Trace, x: Any, mode: str = "reduced") -> Any:
    v = matrix(t, x, "qr")
    if mode not in ("reduced", "complete", "r"):
        where, got = f"np.linalg.qr{at_line()}", f"mode={mode!r}"
        want, remedy = "'reduced', 'complete' or 'r'", "Use one of these"
        raise UnsupportedError(explain(where, got, want, remedy))
    full = mode == "complete" and v.shape[-2] > v.shape[-1]
    q, r = emit(qr_op, [v], full=full)
    return r if mode == "r" else result_of(np.linalg.qr)(q, r)


def svd(
    t: Trace, x: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    v = matrix(t, x, "svd", square=hermitian)
    if hermitian:
        u, sigma, vh = hermitian_svd(v)
    else:
        full = bool(full_matrices and compute_uv) and v.shape[-1] != v.shape[-2]
        u, sigma, vh = emit(svd_op, [v], full=full)
    return result_of(np.linalg.svd)(u, sigma, vh) if compute_uv else sigma


def hermitian_svd(v: Any) -> tuple[Any, Any, Any]:
    """By eigenvalues, whose signs go to V."""
    w, u = np.linalg.eigh(v)
    order = np.flip(np.argsort(np.abs(w), axis=-1), -1)
    w = np.take_along_axis(w, order, -1)
    u = np.take_along_axis(u, order[..., None, :], -1)
    vh = np.conj(np.swapaxes(u * np.sign(w)[..., None, :], -1, -2))
    return u, np.abs(w), vh


def svdvals(t: Trace, x: Any, /) -> Any:
    return svd(t, x, compute_uv=False)


def eigh(t: Trace, x: Any, UPLO: str = "L") -> Any:
    upper = UPLO.upper() == "U"
    if UPLO.upper() not in ("L", "U"):
        where, got = f"np.linalg.eigh{at_line()}", f"UPLO={UPLO!r}"
        raise UnsupportedError(explain(where, got, "'L' or 'U'", "Name one triangle"))
    v = hermitian_from(matrix(t, x, "eigh", square=True), upper)
    return result_of(np.linalg.eigh)(*emit(eigh_op, [v], upper=upper, driver="evd"))


def eigvalsh(t: Trace, x: Any, UPLO: str = "L") -> Any:
    return eigh(t, x, UPLO)[0]


def eig(t: Trace, x: Any) -> Any:
    return result_of(np.linalg.eig)(*emit(eig_op, [matrix(t, x, "eig", square=True)]))


def eigvals(t: Trace, x: Any) -> Any:
    return eig(t, x)[0]


def pinv(
    t: Trace, x: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = NO_VALUE
) -> Any:
    """The derivative is that at a fixed rank. A hermitian one reads one triangle."""
    v: Any = matrix(t, x, "pinv")
    if v.size == 0:
        return np.swapaxes(v, -1, -2)
    if hermitian:
        v = hermitian_from(v, False)
    default = 1e-15
    if rcond is None:
        eps = float(np.finfo(v.dtype).eps)
        rcond = default if rtol is NO_VALUE else max(v.shape[-2:]) * eps if rtol is None else rtol
    real_dtype = np.zeros((), v.dtype).real.dtype
    cutoff = a.stop_gradient(t.value(rcond if isinstance(rcond, Tracer) else np.asarray(rcond)))
    cutoff = s.broadcast(a.cast(cutoff, dtype=dtype_of(real_dtype)), shape=v.shape[:-2])
    return emit(pinv_op, [v, cutoff])[0]


# --- numbers and powers --------------------------------------------------------------------------


def cond(t: Trace, x: Any, p: Any = None) -> Any:
    """Infinite at a singular matrix, with derivative 0."""
    v: Any = matrix(t, x, "cond")
    if p in (None, 2, -2):
        sigma = np.linalg.svdvals(v)
        top, low = sigma[..., 0], sigma[..., -1]
        found = low / top if p == -2 else top / low
    else:
        inverse: Any = inv(t, v, strict=False)
        norms = [np.linalg.norm(y, p, (-2, -1)) for y in (v, inverse)]
        found = norms[0] * norms[1]
    unknown = np.isnan(found) & ~np.any(np.isnan(v), axis=(-2, -1))
    return np.where(unknown, np.inf, found).astype(found.dtype)


def matrix_rank(
    t: Trace, A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None
) -> Any:
    """A count, whose derivative is zero."""
    v: Any = a.stop_gradient(t.value(A))
    if v.ndim < 2:
        return np.any(np.not_equal(v, 0)).astype(np.int64)
    sigma = np.linalg.svd(v, compute_uv=False, hermitian=hermitian)
    if tol is None:
        eps = np.finfo(sigma.dtype).eps
        factor = max(v.shape[-2:]) * eps if rtol is None else np.asarray(rtol)[..., None]
        limit = np.max(sigma, axis=-1, keepdims=True) * factor if sigma.size else 0
    else:
        limit = np.asarray(tol)[..., None]
    return np.sum(sigma > limit, axis=-1)


def matrix_power(t: Trace, x: Any, n: int) -> Any:
    """By squaring, in NumPy's order."""
    v: Any = t.value(x)
    if v.ndim < 2 or v.shape[-1] != v.shape[-2]:
        v = matrix(t, x, "matrix_power", square=True)
    if n == 0:
        eye = identity(v, v.shape[-1])
        return s.broadcast(eye, shape=v.shape)
    if n < 0:
        v, n = np.linalg.inv(v), -n
    if n == 3:
        return (v @ v) @ v
    result: Any = None
    while n:
        n, odd = divmod(n, 2)
        if odd:
            result = v if result is None else result @ v
        v = v @ v if n else v
    return result


def multi_dot(t: Trace, arrays: Any, *, out: Any = None) -> Any:
    """The product of a chain, in the order of the fewest multiplications."""
    refuse("np.linalg.multi_dot", out=(out, None))
    chain: list[Any] = [t.value(x) for x in arrays]
    first, last = chain[0].ndim == 1, chain[-1].ndim == 1
    chain[0] = chain[0][None, :] if first else chain[0]
    chain[-1] = chain[-1][:, None] if last else chain[-1]
    sizes = [x.shape[0] for x in chain] + [chain[-1].shape[1]]
    product = chain_product(chain, sizes, best_splits(sizes), 0, len(chain) - 1)
    if first and last:
        return product[0, 0]
    return product[0] if first else product[:, 0] if last else product


def best_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to cut each part of a chain (Cormen et al., Introduction to Algorithms, 15.2)."""
    n = len(sizes) - 1
    cost: dict[tuple[int, int], int] = {(i, i): 0 for i in range(n)}
    cuts: dict[tuple[int, int], int] = {}
    for width in range(1, n):
        for i in range(n - width):
            j = i + width
            prices = [
                cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                for k in range(i, j)
            ]
            cuts[i, j] = i + prices.index(min(prices))
            cost[i, j] = min(prices)
    return cuts


def chain_product(chain: list[Any], sizes: list[int], cuts: Any, i: int, j: int) -> Any:
    if i == j:
        return chain[i]
    k = cuts[i, j]
    left = chain_product(chain, sizes, cuts, i, k)
    return left @ chain_product(chain, sizes, cuts, k + 1, j)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.linalg.solve: solve, np.linalg.inv: inv, np.linalg.tensorsolve: tensorsolve,
    np.linalg.tensorinv: tensorinv, np.linalg.lstsq: lstsq, np.linalg.det: det,
    np.linalg.slogdet: slogdet, np.linalg.cholesky: cholesky, np.linalg.qr: qr, np.linalg.svd: svd,
    np.linalg.svdvals: svdvals, np.linalg.eigh: eigh, np.linalg.eigvalsh: eigvalsh,
    np.linalg.eig: eig, np.linalg.eigvals: eigvals, np.linalg.pinv: pinv, np.linalg.cond: cond,
    np.linalg.matrix_rank: matrix_rank, np.linalg.matrix_power: matrix_power,
    np.linalg.multi_dot: multi_dot,
}  # fmt: skip
