"""Linear equations between matrices, and systems with few diagonals.

Each op solves an equation that is linear in its right-hand side and in its coefficients, so its
tangent is the same equation again, and its transpose the equation with transposed coefficients:

    sylvester       A X + X B = Q       A Ẋ + Ẋ B = Q̇ - Ȧ X - X Ḃ
    solve_banded    A x = b             A ẋ = ḃ - Ȧ x        A by its diagonals

`solve_banded` takes the diagonals as rows, a[i, j] at ab[u + i - j, j]. A product with such a
matrix adds up the rows times the vector, each shifted by the place of its diagonal.
"""

# SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..graph import Op, Rule, stacked
from ..types import Type
from .arithmetic import Expr, add, common, mul, neg
from .matrix import matmul, rows, turned
from .routine import refusing
from .shape import concatenate, pad, reshape, sum_

# --- A X + X B = Q -------------------------------------------------------------------------------


def infer_sylvester(a: Type, b: Type, q: Type) -> Type:
    common("solve_sylvester", *[t.with_shape(()) for t in (a, b, q)])
    fits = a.shape[-2:] == (q.shape[-2],) * 2 and b.shape[-2:] == (q.shape[-1],) * 2
    if not fits:
        want, remedy = "A (m, m), B (n, n) and Q (m, n)", "Check the shapes"
        raise ShapeError(explain("solve_sylvester", f"{a}, {b} and {q}", want, remedy))
    return q


def numpy_sylvester(a: Any, b: Any, q: Any) -> Any:
    from scipy.linalg import solve_sylvester  # scipy loads on first use

    dtype = np.result_type(a, b, q)
    if q.ndim == 2:
        return solve_sylvester(a, b, q).astype(dtype)
    out = np.empty(q.shape, dtype)
    for k in np.ndindex(q.shape[:-2]):
        out[k] = solve_sylvester(a[k], b[k], q[k])
    return out


def sylvester_jvp(i: int, dx: Expr, a: Expr, b: Expr, q: Expr, ans: Expr) -> Expr:
    if i == 2:
        return sylvester(a, b, dx)
    return sylvester(a, b, neg(matmul(dx, ans) if i == 0 else matmul(ans, dx)))


def sylvester_vjp(i: int, ct: Expr, a: Expr, b: Expr, q: Expr, ans: Expr) -> Expr:
    w = sylvester(turned(a), turned(b), ct)
    if i == 0:
        return neg(matmul(w, turned(ans)))
    return neg(matmul(turned(ans), w)) if i == 1 else w


sylvester = Op(
    "sylvester",
    infer_sylvester,
    numpy_sylvester,
    Rule(sylvester_jvp, sylvester_vjp),
    complex=refusing("solve_sylvester"),
    lead=stacked,
)

# --- few diagonals -------------------------------------------------------------------------------


def infer_solve_banded(ab: Type, b: Type, lower: int, upper: int) -> Type:
    common("solve_banded", ab.with_shape(()), b.with_shape(()))
    if ab.shape[-2] != lower + upper + 1 or ab.shape[-1] != b.shape[-2]:
        want = f"{lower + upper + 1} rows of diagonals, as long as the right-hand side"
        raise ShapeError(
            explain("solve_banded", f"{ab} and {b}", want, "Check l, u and the shapes")
        )
    return b


def numpy_solve_banded(ab: Any, b: Any, lower: int, upper: int) -> Any:
    from scipy.linalg import solve_banded as solve

    if b.ndim == 2:
        return solve((lower, upper), ab, b)
    out = np.empty(b.shape, np.result_type(ab, b))
    for k in np.ndindex(b.shape[:-2]):
        out[k] = solve((lower, upper), ab[k], b[k])
    return out


def shifted(x: Expr, k: int) -> Expr:
    """x moved down by k rows, with zeros in their place."""
    n, lead = x.shape[-2], len(x.shape) - 2
    k = max(-n, min(n, k))
    kept = rows(x, 0, n - k) if k >= 0 else rows(x, -k, n)
    low, high = (*(0,) * lead, max(k, 0), 0), (*(0,) * lead, max(-k, 0), 0)
    return pad(kept, low=low, high=high, interior=(0,) * (lead + 2))


def band(ab: Expr, r: int) -> Expr:
    """Row r of the diagonals, as a column."""
    one = rows(ab, r, r + 1)
    return reshape(one, shape=(*ab.shape[:-2], ab.shape[-1], 1))


def band_times(ab: Expr, x: Expr, upper: int) -> Expr:
    """A x, of columns x."""
    count = ab.shape[-2]
    return reduce(add, [shifted(mul(band(ab, r), x), r - upper) for r in range(count)])


def band_outer(w: Expr, x: Expr, lower: int, upper: int) -> Expr:
    """The diagonals of w xᵀ, summed over columns."""
    last = len(w.shape) - 1
    shape = (*w.shape[:-2], 1, w.shape[-2])
    parts = [
        reshape(sum_(mul(shifted(w, upper - r), x), axes=(last,)), shape=shape)
        for r in range(lower + upper + 1)
    ]
    return concatenate(*parts, axis=len(shape) - 2)


def band_turned(ab: Expr, upper: int) -> Expr:
    """The diagonals of Aᵀ, in reverse order and moved to the columns they are in there."""
    shape = (*ab.shape[:-2], 1, ab.shape[-1])
    count = ab.shape[-2]
    parts = [reshape(shifted(band(ab, r), r - upper), shape=shape) for r in range(count)]
    return concatenate(*parts[::-1], axis=len(shape) - 2)


def solve_banded_jvp(
    i: int, dx: Expr, ab: Expr, b: Expr, ans: Expr, lower: int, upper: int
) -> Expr:
    right = dx if i == 1 else neg(band_times(dx, ans, upper))
    return solve_banded(ab, right, lower=lower, upper=upper)


def solve_banded_vjp(
    i: int, ct: Expr, ab: Expr, b: Expr, ans: Expr, lower: int, upper: int
) -> Expr:
    w = solve_banded(band_turned(ab, upper), ct, lower=upper, upper=lower)
    return w if i == 1 else neg(band_outer(w, ans, lower, upper))


def solve_banded_flops(out: Type, ab: Type, b: Type, lower: int, upper: int) -> int:
    return 2 * ab.size * lower + 2 * ab.shape[-2] * b.size


solve_banded = Op(  # the x with A x = b, of columns b
    "solve_banded",
    infer_solve_banded,
    numpy_solve_banded,
    Rule(solve_banded_jvp, solve_banded_vjp),
    lead=stacked,
    flops=solve_banded_flops,
)
