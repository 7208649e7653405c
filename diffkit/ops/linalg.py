"""Dense linear algebra: `solve(A, b)`, the x with A x = b.

Differentiating A x = b gives A ẋ = ḃ - Ȧ x, so the tangent is another solve with the same matrix.
Its transpose is b̄ = A⁻ᵀ x̄ and Ā = -b̄ xᵀ (Giles, Collected matrix derivative results for forward and
reverse mode AD, 2008, section 2.3.1). Neither needs the factorisation nor the inverse, and both are
written with `solve` again, so they differentiate further.

A is [..., n, n]; b is [..., n], a vector, or [..., n, m], columns; the leading axes agree. A
singular matrix is an error, or with `strict=False` a solution of nan, for iterations that go on.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..graph import Op, Rule, stacked
from ..types import Type
from .arithmetic import Expr, common, neg
from .contract import einsum
from .matrix import turned


def infer_solve(a: Type, b: Type, strict: bool) -> Type:
    return same_batches("solve", a, b)


def same_batches(asked: str, a: Type, b: Type) -> Type:
    """The type of b, a right-hand side for the square matrices a, or the error that it is none."""
    common(asked, a.with_shape(()), b.with_shape(()))
    square = a.ndim >= 2 and a.shape[-1] == a.shape[-2]
    fits = square and b.ndim in (a.ndim - 1, a.ndim) and b.shape[: a.ndim - 1] == a.shape[:-1]
    if not fits:
        want = "a square matrix and as many rows on the right-hand side"
        remedy = "Transpose or reshape an operand"
        raise ShapeError(explain(asked, f"{a} and {b}", want, remedy))
    return b


def numpy_solve(a: Any, b: Any, strict: bool) -> Any:
    if np.ndim(b) < np.ndim(a):
        return numpy_solve(a, b[..., None], strict)[..., 0]
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        if strict:
            raise
    if np.ndim(a) == 2:
        return np.full(np.shape(b), np.nan, np.result_type(b))
    return np.stack([numpy_solve(row, right, strict) for row, right in zip(a, b, strict=True)])


def times(a: Expr, x: Expr) -> Expr:
    """A x, where x is a vector or columns."""
    lead = ascii_uppercase[: len(a.shape) - 2]
    columns = "k" if len(x.shape) == len(a.shape) else ""
    return einsum(a, x, spec=f"{lead}ij,{lead}j{columns}->{lead}i{columns}")


def outer(w: Expr, x: Expr, ndim: int) -> Expr:
    """w xᵀ, summed over columns."""
    lead = ascii_uppercase[: ndim - 2]
    columns = "k" if len(x.shape) == ndim else ""
    return einsum(w, x, spec=f"{lead}i{columns},{lead}j{columns}->{lead}ij")


def solve_jvp(i: int, dx: Expr, a: Expr, b: Expr, ans: Expr, strict: bool) -> Expr:
    right = dx if i == 1 else neg(times(dx, ans))
    return solve(a, right, strict=strict)


def solve_vjp(i: int, ct: Expr, a: Expr, b: Expr, ans: Expr, strict: bool) -> Expr:
    w = solve(turned(a), ct, strict=strict)
    return neg(outer(w, ans, len(a.shape))) if i == 0 else w


def solve_flops(out: Type, a: Type, b: Type, strict: bool) -> int:
    """2n³/3 for the factorisation, 2n² for each column."""
    n = a.shape[-1]
    return (a.size * 2 * n) // 3 + 2 * n * b.size


solve = Op(
    "solve",
    infer_solve,
    numpy_solve,
    Rule(solve_jvp, solve_vjp),
    lead=stacked,
    flops=solve_flops,
)
