"""Polynomials given by their coefficients, the highest power first, on traced values.

`np.roots` and `np.polyfit` are compositions of linear algebra: the roots are the eigenvalues of the
companion matrix, the fit is a least-squares solution.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace
from .elementwise import together

FROM_NUMBERS = frozenset({"polyadd", "polysub", "polymul", "polydiv", "roots"})
"""The functions for which a number is a polynomial of degree 0."""


def coefficients(t: Trace, p: Any, name: str) -> Any:
    """Coefficients as a vector."""
    if isinstance(p, np.poly1d):
        p = p.coeffs
    v: Any = t.value(p)
    v = np.atleast_1d(v) if name in FROM_NUMBERS else v
    if v.ndim != 1:
        got, want = f"{v.type}", "a vector of coefficients"
        raise ShapeError(explain(f"np.{name}{at_line()}", got, want, "Take one polynomial"))
    return v


def polyval(t: Trace, p: Any, x: Any) -> Any:
    """Horner's rule."""
    c = coefficients(t, p, "polyval")
    v: Any = t.value(x.coeffs if isinstance(x, np.poly1d) else x)
    y: Any = v.full(0) if v.ndim else v.full(0, ())
    for k in range(c.shape[0]):
        y = y * v + c[k]
    return y


def vander(t: Trace, x: Any, N: Any = None, increasing: bool = False) -> Any:
    """Powers of x in columns, each the one before times x."""
    v: Any = t.value(x)
    if v.ndim != 1:
        raise ShapeError(explain(f"np.vander{at_line()}", f"{v.type}", "a vector", "Flatten it"))
    v = v.astype(np.promote_types(v.dtype, int))
    n = v.shape[0] if N is None else int(N)
    if n == 0:
        return np.zeros((v.shape[0], 0), v.dtype)
    columns = [v.full(1)]
    for _ in range(n - 1):
        columns.append(columns[-1] * v)
    return np.stack(columns if increasing else columns[::-1], axis=1)


def longer(t: Trace, a1: Any, a2: Any, name: str) -> list[Any]:
    """Two polynomials, the shorter one with zeros in front."""
    p, q = together(t, coefficients(t, a1, name), coefficients(t, a2, name))
    n = max(p.shape[0], q.shape[0])
    return [
        s.pad(v, low=(n - v.shape[0],), high=(0,), interior=(0,)) if v.shape[0] < n else v
        for v in (p, q)
    ]


def polyadd(t: Trace, a1: Any, a2: Any) -> Any:
    p, q = longer(t, a1, a2, "polyadd")
    return p + q


def polysub(t: Trace, a1: Any, a2: Any) -> Any:
    p, q = longer(t, a1, a2, "polysub")
    return p - q


def polymul(t: Trace, a1: Any, a2: Any) -> Any:
    rows = [coefficients(t, p, "polymul") for p in (a1, a2)]
    p, q = (row if row.size else np.zeros(1, row.dtype) for row in rows)
    return np.convolve(p, q)


def polydiv(t: Trace, u: Any, v: Any) -> tuple[Any, Any]:
    """Quotient and remainder by long division. The remainder keeps a coefficient for every power
    below that of the divisor, as which of them are zero only values tell."""
    top, low = together(t, coefficients(t, u, "polydiv"), coefficients(t, v, "polydiv"))
    top, low = (x if x.type.differentiable else x.astype(np.float64) for x in (top, low))
    m, n = top.shape[0] - 1, low.shape[0] - 1
    if m < n:
        return np.zeros(1, top.dtype), top
    quotient: list[Any] = []
    rest = top
    for k in range(m - n + 1):
        quotient.append(rest[k] / low[0])
        wide = s.pad(low * quotient[-1], low=(k,), high=(m - n - k,), interior=(0,))
        rest = rest - wide
    return np.stack(quotient), rest[m - n + 1 :] if n else rest[-1:]


def polyder(t: Trace, p: Any, m: int = 1) -> Any:
    """The coefficients of the m-th derivative."""
    c = coefficients(t, p, "polyder")
    for _ in range(int(m)):
        n = c.shape[0] - 1
        c = c[:-1] * np.arange(n, 0, -1)
    return c


def polyint(t: Trace, p: Any, m: int = 1, k: Any = None) -> Any:
    """The coefficients of the m-th integral, with constants of integration."""
    c = coefficients(t, p, "polyint")
    c = c if c.type.differentiable else c.astype(np.float64)
    given = np.atleast_1d(t.value(0.0 if k is None else k))
    constants = [given[0]] * m if given.shape[0] == 1 else [given[j] for j in range(m)]
    for constant in constants:
        n = c.shape[0]
        c = np.concatenate([c / np.arange(n, 0, -1), np.reshape(constant, (1,))])
    return c


def poly(t: Trace, seq_of_zeros: Any) -> Any:
    """The coefficients of the polynomial with these roots."""
    roots: Any = np.atleast_1d(t.value(seq_of_zeros))
    if roots.ndim == 2:
        roots = np.linalg.eigvals(roots)
    roots = roots if roots.type.differentiable else roots.astype(np.float64)
    c = roots.full(1, (1,))
    for k in range(roots.shape[0]):
        c = np.concatenate([c, c[:1] * 0]) - roots[k] * np.concatenate([c[:1] * 0, c])
    return c


def roots(t: Trace, p: Any) -> Any:
    """The eigenvalues of the companion matrix. Leading and trailing zeros, which change how many
    roots there are, are looked for only where the values are known."""
    c = coefficients(t, p, "roots")
    known = c.owner.given(c)
    if known is not None and not c.type.differentiable:
        return np.roots(known)
    n = c.shape[0]
    if n < 2:
        return np.zeros(0)
    c = c if c.type.differentiable else c.astype(np.float64)
    below: Any = np.eye(n - 1, k=-1, dtype=c.dtype)[1:]
    companion = np.concatenate([np.reshape(-c[1:] / c[0], (1, n - 1)), below], axis=0)
    return np.linalg.eigvals(companion)


def polyfit(
    t: Trace, x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None,
    cov: Any = False,
) -> Any:  # fmt: skip
    """The polynomial of least squares, by columns scaled to length 1 as in NumPy. It differentiates
    by x, y and w."""
    if full or cov or np.ndim(deg) or rcond is not None:
        got, want = "full=, cov=, rcond= or a list of powers", "the coefficients for one degree"
        remedy = "Write the rest with np.vander and np.linalg.lstsq"
        raise UnsupportedError(explain(f"np.polyfit{at_line()}", got, want, remedy))
    xs, ys = (v + 0.0 for v in together(t, x, y))
    left: Any = np.vander(xs, int(deg) + 1)
    right = ys
    if w is not None:
        weights: Any = t.value(w) + 0.0
        left = left * weights[:, None]
        right = right * (weights[:, None] if right.ndim == 2 else weights)
    scale = np.sqrt(np.sum(left * left, axis=0))
    q, r = np.linalg.qr(left / scale)
    found: Any = np.linalg.solve(r, np.matmul(q.T, right))
    return found / (scale[:, None] if found.ndim == 2 else scale)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.polyval: polyval, np.vander: vander, np.polyadd: polyadd, np.polysub: polysub,
    np.polymul: polymul, np.polydiv: polydiv, np.polyder: polyder, np.polyint: polyint,
    np.poly: poly, np.roots: roots, np.polyfit: polyfit,
}  # fmt: skip
