"""`dnp.scipy.linalg`: SciPy's linear algebra, on traced values too.

Factorisations and functions of matrices are here, systems and matrix equations in `systems`,
matrices of a structure in `structured`. What has no unique derivative (`schur`, `null_space`,
`orth`) or is not recorded is refused by name. Keywords about overwriting, checking and workspace
change no result and are accepted.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError, UnsupportedError, explain
from ...ops import matrix_functions as mf
from ...ops import triangular as tr
from ...ops.matrix import turned
from ...ops.orthogonal import polar as polar_op
from ...ops.routine import emit
from ...ops.spectral import eigh as eigh_op
from ...tracing.location import at_line
from ..linear import hermitian_from, matrix
from .dispatch import rest_of, standing_in
from .structured import block_diag as block_diag
from .structured import circulant as circulant
from .structured import hankel as hankel
from .structured import khatri_rao as khatri_rao
from .structured import solve_circulant as solve_circulant
from .structured import solve_toeplitz as solve_toeplitz
from .structured import toeplitz as toeplitz
from .systems import MODULE, as_matrix, double, floats, traced, unknown
from .systems import cho_solve as cho_solve
from .systems import inv as inv
from .systems import lu_solve as lu_solve
from .systems import solve as solve
from .systems import solve_banded as solve_banded
from .systems import solve_continuous_lyapunov as solve_continuous_lyapunov
from .systems import solve_discrete_lyapunov as solve_discrete_lyapunov
from .systems import solve_lyapunov as solve_lyapunov
from .systems import solve_sylvester as solve_sylvester
from .systems import solve_triangular as solve_triangular
from .systems import solveh_banded as solveh_banded


def refuse(name: str, **keywords: Any) -> None:
    """An error that names a keyword which is not at SciPy's default."""
    for key, (value, default) in keywords.items():
        if value is not default and value != default:
            where = f"{MODULE}.{name}{at_line()}"
            remedy = f"Leave {key}= out"
            raise UnsupportedError(explain(where, f"{key}={value!r}", f"no {key}=", remedy))


def square(name: str, a: Any) -> Any:
    trace = traced(a)
    return matrix(trace, as_matrix(trace.value(a)) if name in OF_NUMBERS else a, name, square=True)


OF_NUMBERS = frozenset({"expm", "cholesky", "cho_factor"})
"""The functions to which a number is a matrix of one element."""


# --- functions of a matrix -----------------------------------------------------------------------


def function(name: str) -> Any:
    """A function f(A) by its name; its derivatives are Fréchet derivatives."""

    def recorded(A: Any) -> Any:
        a = square(name, A)
        return emit(mf.funm, [double(a) if name == "logm" else a], name=name)[0]

    recorded.__name__ = recorded.__qualname__ = name
    recorded.__doc__ = f"scipy.linalg.{name}, whose derivative is the Fréchet derivative."
    return standing_in(MODULE)(recorded)


expm, logm, sqrtm = (function(name) for name in ("expm", "logm", "sqrtm"))
sinm, cosm, tanm = (function(name) for name in ("sinm", "cosm", "tanm"))
sinhm, coshm, tanhm = (function(name) for name in ("sinhm", "coshm", "tanhm"))


@standing_in(MODULE)
def expm_frechet(
    A: Any, E: Any, method: Any = None, compute_expm: bool = True, check_finite: bool = True
) -> Any:
    """The derivative of expm at A in the direction E, after expm(A) itself."""
    a, e = map(double, floats(A, E))
    derivative = mf.frechet(a, e, name="expm")
    return (expm(a), derivative) if compute_expm else derivative


# --- triangular factors --------------------------------------------------------------------------


@standing_in(MODULE)
def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    return np.linalg.cholesky(square("cholesky", a), upper=not lower)


@standing_in(MODULE)
def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """The factor in one triangle; the other is that of a."""
    v = square("cho_factor", a)
    n = v.shape[-1]
    mask = np.tri(n, dtype=bool)
    factor = np.linalg.cholesky(v, upper=not lower)
    return np.where(mask if lower else mask.T, factor, v), lower


@standing_in(MODULE)
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, Any]:
    packed, pivots, _ = emit(tr.lu, [matrix(traced(a), a, "lu_factor")])
    return packed, pivots


@standing_in(MODULE)
def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True,
    p_indices: bool = False,
) -> Any:  # fmt: skip
    v: Any = matrix(traced(a), a, "lu")
    packed, _, order = emit(tr.lu, [v])
    m, n = v.shape[-2:]
    k = min(m, n)
    low: Any = np.tril(packed, -1)[..., :k] + np.eye(m, k, dtype=v.dtype)
    up: Any = np.triu(packed)[..., :k, :]
    undo: Any = turned(tr.permutation(order, v))
    if permute_l:
        return undo @ low, up
    if p_indices:
        return np.argsort(order, axis=-1).astype(np.int32), low, up
    return np.real(undo), low, up


# --- orthogonal factors --------------------------------------------------------------------------


@standing_in(MODULE)
def qr(
    a: Any, overwrite_a: bool = False, lwork: Any = None, mode: str = "full",
    pivoting: bool = False, check_finite: bool = True,
) -> Any:  # fmt: skip
    refuse("qr", pivoting=(pivoting, False))
    if mode not in ("full", "economic", "r"):
        raise unknown("qr", f"mode={mode!r}", "'full', 'economic' or 'r'")
    q, r = np.linalg.qr(a, "reduced" if mode == "economic" else "complete")
    return (r,) if mode == "r" else (q, r)


@standing_in(MODULE)
def polar(a: Any, side: str = "right") -> tuple[Any, Any]:
    """A = U P, or A = P U with side "left"."""
    v: Any = matrix(traced(a), a, "polar")
    if side not in ("right", "left"):
        raise unknown("polar", f"side={side!r}", "'right' or 'left'")
    if side == "left":
        u, p = polar(np.conj(np.swapaxes(v, -1, -2)))
        return np.conj(np.swapaxes(u, -1, -2)), p
    if v.shape[-2] >= v.shape[-1]:
        u, p = emit(polar_op, [v])
        return u, p
    # Of a wide matrix A = P' U, and P = U* P' U.
    u, p = polar(v, "left")
    adjoint = np.conj(np.swapaxes(u, -1, -2))
    return u, adjoint @ p @ u


@standing_in(MODULE)
def orthogonal_procrustes(A: Any, B: Any, check_finite: bool = True) -> tuple[Any, Any]:
    """The orthogonal R with the least |A R - B|, and the sum of the singular values of A* B."""
    a, b = floats(A, B)
    if a.ndim != 2 or a.shape != b.shape:
        where, got = f"{MODULE}.orthogonal_procrustes{at_line()}", f"{a.type} and {b.type}"
        raise ShapeError(explain(where, got, "two matrices of one shape", "Check the shapes"))
    u, p = polar(np.conj(a.T) @ b)
    return u, np.real(np.trace(p))


# --- eigenvalues and singular values -------------------------------------------------------------


@standing_in(MODULE)
def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, overwrite_a: bool = False,
    check_finite: bool = True, lapack_driver: str = "gesdd",
) -> Any:  # fmt: skip
    refuse("svd", lapack_driver=(lapack_driver, "gesdd"))
    found = np.linalg.svd(a, full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


@standing_in(MODULE)
def svdvals(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    return np.linalg.svdvals(a)


@standing_in(MODULE)
def eigh(
    a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False,
    overwrite_a: bool = False, overwrite_b: bool = False, type: int = 1, check_finite: bool = True,
    subset_by_index: Any = None, subset_by_value: Any = None, driver: Any = None,
) -> Any:  # fmt: skip
    """A v = λ v, or A v = λ B v with a positive B = L L*: the eigenvalues of L⁻¹ A L⁻*."""
    refuse("eigh", type=(type, 1), subset_by_value=(subset_by_value, None))
    if driver not in (None, "ev", "evd", "evr", "gv", "gvd"):
        raise unknown("eigh", f"driver={driver!r}", "'ev', 'evd', 'evr', 'gv' or 'gvd'")
    if b is None:
        v = hermitian_from(square("eigh", a), not lower)
        w, vectors = emit(eigh_op, [v], upper=not lower, driver=driver or "evr")
    else:
        p, q = floats(a, b)
        v, low = hermitian_from(p, not lower), np.linalg.cholesky(q, upper=not lower)
        low = low if lower else np.conj(np.swapaxes(low, -1, -2))
        half: Any = tr.lower_solve(low, v)
        inner: Any = tr.lower_solve(low, np.conj(np.swapaxes(half, -1, -2)))
        name = {None: "evd", "gvd": "evd", "gv": "ev"}.get(driver, driver)
        w, y = emit(eigh_op, [hermitian_from(inner, not lower)], upper=not lower, driver=name)
        vectors = tr.solve_triangular(np.conj(np.swapaxes(low, -1, -2)), y, lower=False, unit=False)
    if subset_by_index is not None:
        first, last = subset_by_index
        w, vectors = w[..., first : last + 1], vectors[..., first : last + 1]
    return w if eigvals_only else (w, vectors)


@standing_in(MODULE)
def eigvalsh(
    a: Any, b: Any = None, *, lower: bool = True, overwrite_a: bool = False,
    overwrite_b: bool = False, type: int = 1, check_finite: bool = True,
    subset_by_index: Any = None, subset_by_value: Any = None, driver: Any = None,
) -> Any:  # fmt: skip
    return eigh(
        a, b, lower=lower, eigvals_only=True, type=type, subset_by_index=subset_by_index,
        subset_by_value=subset_by_value, driver=driver,
    )  # fmt: skip


@standing_in(MODULE)
def eig(
    a: Any, b: Any = None, left: bool = False, right: bool = True, overwrite_a: bool = False,
    overwrite_b: bool = False, check_finite: bool = True, homogeneous_eigvals: bool = False,
) -> Any:  # fmt: skip
    """Eigenvalues and right eigenvectors, as complex numbers."""
    refuse("eig", b=(b, None), left=(left, False), homogeneous_eigvals=(homogeneous_eigvals, False))
    found = np.linalg.eig(a)
    return (found[0], found[1]) if right else found[0]


@standing_in(MODULE)
def eigvals(
    a: Any, b: Any = None, overwrite_a: bool = False, check_finite: bool = True,
    homogeneous_eigvals: bool = False,
) -> Any:  # fmt: skip
    return eig(a, b, right=False, homogeneous_eigvals=homogeneous_eigvals)


# --- numbers, norms, least squares ---------------------------------------------------------------


@standing_in(MODULE)
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """In double precision, as SciPy's."""
    return np.linalg.det(double(square("det", a)))


@standing_in(MODULE)
def norm(
    a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True
) -> Any:
    return np.linalg.norm(a, ord, axis, keepdims)


@standing_in(MODULE)
def pinv(
    a: Any, *, atol: Any = None, rtol: Any = None, return_rank: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    """The derivative is that at a fixed rank."""
    refuse("pinv", atol=(atol, None))
    v: Any = matrix(traced(a), a, "pinv")
    eps = float(np.finfo(v.dtype).eps)
    cutoff = max(v.shape[-2:]) * eps if rtol is None else rtol
    found = np.linalg.pinv(v, rcond=cutoff)
    return (found, np.linalg.matrix_rank(v, rtol=cutoff)) if return_rank else found


@standing_in(MODULE)
def pinvh(
    a: Any, atol: Any = None, rtol: Any = None, lower: bool = True, return_rank: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    return pinv(
        hermitian_from(square("pinvh", a), not lower), atol=atol, rtol=rtol, return_rank=return_rank
    )


@standing_in(MODULE)
def lstsq(
    a: Any, b: Any, cond: Any = None, overwrite_a: bool = False, overwrite_b: bool = False,
    check_finite: bool = True, lapack_driver: Any = None,
) -> Any:  # fmt: skip
    """As `np.linalg.lstsq`; the rank is taken to be full."""
    if lapack_driver not in (None, "gelsd", "gelss"):
        raise unknown("lstsq", f"lapack_driver={lapack_driver!r}", "'gelsd' or 'gelss'")
    x, residuals, rank, sigma = np.linalg.lstsq(a, b, -1 if cond is None else cond)
    one = np.ndim(b) == 1 and np.ndim(residuals) == 1 and np.shape(residuals)[0] == 1
    return x, residuals[0] if one else residuals, rank, sigma


__getattr__ = rest_of(MODULE)
