"""Functions of matrices: exp, log, square root, the trigonometric and hyperbolic ones.

`funm(A) {name}` is f(A); its tangent is the Fréchet derivative L(A, Ȧ), which stands in the corner
of f of a matrix twice as large (Mathias, A chain rule for matrix functions and applications, 1996):

    f [A  E]   [f(A)  L(A, E)]
      [0  A] = [ 0     f(A)  ]

`frechet(A, E)` is linear in E, and its transpose is L(Aᵀ, ·). As L is itself a part of a function
of a matrix, so is its derivative by A, in a direction D: the corner of L of [A E; 0 A] in the
direction of D in both blocks. That is linear in D, so the rule closes, at every order, for every f.
"""

# SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import Undefined
from ..graph import Op, Rule, stacked
from ..types import Type
from .arithmetic import Expr, add, common
from .linalg import same_batches
from .matrix import columns, require_square, rows, turned
from .routine import refusing, routine
from .shape import concatenate, pad

NAMES = (
    "expm", "logm", "sqrtm", "sinm", "cosm", "tanm", "sinhm", "coshm", "tanhm",
)  # fmt: skip
"""SciPy's functions that are analytic functions of a matrix."""

SINGULAR_AT_0 = ("logm", "sqrtm")


def scipy_function(a: Any, name: str) -> Any:
    """f of each matrix, in the dtype of a; an error where it is complex and a is real."""
    from scipy import linalg  # scipy loads on first use

    function: Any = getattr(linalg, name)
    with warnings.catch_warnings():  # what is not finite is refused below
        warnings.simplefilter("ignore")
        parts: Any = [function(a[k]) for k in np.ndindex(a.shape[:-2])]
    out: Any = np.reshape(np.stack(parts), a.shape) if parts else np.empty(a.shape, a.dtype)
    if np.iscomplexobj(out) and not np.iscomplexobj(a):
        if np.any(out.imag != 0):
            want, remedy = "a complex matrix", "Pass x.astype(complex)"
            got = "the result for this real matrix is complex"
            raise Undefined(f"scipy.linalg.{name}", got, want, remedy)
        out = out.real
    return out.astype(a.dtype)


# --- f -------------------------------------------------------------------------------------------


def infer_funm(a: Type, name: str) -> tuple[Type, ...]:
    require_square(name, a)
    return (a,)


def numpy_funm(a: Any, name: str) -> Any:
    return (scipy_function(a, name),)


def funm_jvp(dxs: Any, xs: Any, outs: Any, name: str) -> Any:
    return (frechet(xs[0], dxs[0], name=name),)


funm = routine("funm", infer_funm, numpy_funm, funm_jvp)

# --- its derivative ------------------------------------------------------------------------------


def infer_frechet(a: Type, e: Type, name: str) -> Type:
    common(name, a, e)
    return same_batches(name, a, e)


def numpy_frechet(a: Any, e: Any, name: str) -> Any:
    """The corner, with E brought to the size of A for the calculation."""
    n = a.shape[-1]
    if a.size == 0:
        return np.zeros_like(e)
    sizes = [np.max(np.abs(x), axis=(-2, -1), keepdims=True) for x in (a, e)]
    none = (sizes[1] == 0) | (sizes[0] == 0)
    scale = np.where(none, 1, sizes[0] / np.where(none, 1, sizes[1])).astype(a.real.dtype)
    if name in SINGULAR_AT_0 and np.any(~none):
        sizes_of_w = np.abs(np.linalg.eigvals(a))
        least = n * np.finfo(a.dtype).eps * np.max(sizes_of_w, -1, keepdims=True)
        if np.any(np.any(sizes_of_w <= least, -1)[..., None, None] & ~none):
            raise undefined(name, "a singular matrix")
    whole = np.block([[a, e * scale], [np.zeros_like(a), a]])
    corner = scipy_function(whole, name)[..., :n, n:] / scale
    if np.all(np.isfinite(a)) and np.all(np.isfinite(e)) and not np.all(np.isfinite(corner)):
        raise undefined(name, "not finite")
    return corner


def undefined(name: str, got: str) -> Undefined:
    want, remedy = "a matrix where the function has a derivative", "Move the matrix away from there"
    return Undefined(f"the derivative of scipy.linalg.{name}", got, want, remedy)


def block(a: Expr, e: Expr) -> Expr:
    """[A E; 0 A]."""
    last = len(a.shape) - 1
    top = concatenate(a, e, axis=last)
    return concatenate(top, concatenate(a.full(0), a, axis=last), axis=last - 1)


def frechet_jvp(i: int, dx: Expr, a: Expr, e: Expr, ans: Expr, name: str) -> Expr:
    if i == 1:
        return frechet(a, dx, name=name)
    n = a.shape[-1]
    return corner(frechet(block(a, e), block(dx, dx.full(0)), name=name), n)


def frechet_vjp(i: int, ct: Expr, a: Expr, e: Expr, ans: Expr, name: str) -> Expr:
    if i == 1:
        return frechet(turned(a), ct, name=name)
    n, lead = a.shape[-1], (0,) * (len(a.shape) - 2)
    placed = pad(ct, low=(*lead, 0, n), high=(*lead, n, 0), interior=(*lead, 0, 0))
    whole = frechet(turned(block(a, e)), placed, name=name)
    first = columns(rows(whole, 0, n), 0, n)
    return add(first, columns(rows(whole, n, 2 * n), n, 2 * n))


def corner(x: Expr, n: int) -> Expr:
    """The upper right block."""
    return columns(rows(x, 0, n), n, 2 * n)


frechet = Op(
    "frechet",
    infer_frechet,
    numpy_frechet,
    Rule(frechet_jvp, frechet_vjp),
    complex=refusing("frechet"),
    lead=stacked,
)
