"""Where a factorisation has no derivative, and what is said about it then.

The eigenvectors of a repeated eigenvalue may be any basis of a space. A change of the matrix splits
the space, in directions of its own, so the vectors jump: they have a derivative only in directions
that leave the space as it is. There the matrix that would be divided by λⱼ - λᵢ = 0 is zero. `only`
holds it to that: an error where it is not, instead of an infinity or of a number that depends on
which basis was found. Its transpose asks the same of cotangents, so that a function that does not
look into the space (the eigenvalues' sum, the span of other vectors) has its gradient. Forward
mode moves all vectors at once and can not know which of them will be used: it refuses more.

A basis of a complement, which nothing defines but its being orthogonal, is carried along with the
least motion (`strict=False`). This is right for every function that is the same for all bases; one
that is not shows by its cotangent, and is an error in reverse mode.

Eigenvalues of one space share the derivative of their sum evenly, as ties in a maximum do: exact
for symmetric functions, and for a single one the choice of the least norm (Lewis, Derivatives of
spectral functions, 1996, has the theory). What is equal to rounding counts as equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import Undefined
from ..graph import Linear, Op, stacked
from ..types import REAL, Type
from .arithmetic import Expr, cast, less_equal, mul, select, stop_gradient
from .contract import einsum
from .matrix import column, letters, size
from .reduce import max_
from .shape import broadcast, reshape, sum_

ROUNDING = 64  # units of rounding, times the size of the matrix, that count as zero
EQUAL = 16  # the same for the difference of two eigenvalues


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is said where a derivative is not unique: the parts of a message."""

    asked: str
    got: str
    want: str
    remedy: str


REFUSALS = {
    "eigenvectors": Refusal(
        "the derivative of eigenvectors",
        "some eigenvalues are equal, and their vectors not unique",
        "distinct eigenvalues, or a result that does not look into the space of equal ones",
        "Use the eigenvalues alone, a function of the matrix itself (np.linalg.inv,"
        " scipy.linalg.expm, sqrtm), or move the matrix by something that tells them apart",
    ),
    "defective": Refusal(
        "the derivative of eigenvalues",
        "a defective matrix",
        "a matrix that has as many eigenvectors as rows",
        "Move the matrix by something that tells equal eigenvalues apart",
    ),
    "singular vectors": Refusal(
        "the derivative of singular vectors",
        "some singular values are equal or zero, and their vectors not unique",
        "distinct singular values that are not zero, or a result that does not look into the"
        " space of equal ones",
        "Use the singular values alone (np.linalg.svdvals), a function of the matrix itself"
        " (scipy.linalg.polar, np.linalg.pinv), or move the matrix by something that tells them"
        " apart",
    ),
    "complement": Refusal(
        "the derivative of singular vectors beyond the singular values",
        "the result depends on which basis of the complement was found",
        "a result that is the same for every basis of the complement",
        "Call np.linalg.svd with full_matrices=False",
    ),
    "rank": Refusal(
        "the derivative of a pseudo-inverse",
        "a direction that changes the rank",
        "a direction in which the rank stays the same",
        "Solve a regularised system instead, such as (A.T @ A + c I) x = A.T @ b",
    ),
    "complement of Q": Refusal(
        "the derivative of the last columns of a square Q",
        "the result depends on which basis of the complement was found",
        "a result that is the same for every basis of the complement",
        "Call np.linalg.qr with mode='reduced'",
    ),
    "columns": Refusal(
        "the derivative of a QR factorisation",
        "linearly dependent columns",
        "linearly independent columns, of which the first are factored",
        "Drop columns, or move the matrix by something that makes them independent",
    ),
}


def infer_only(x: Type, where: Type, **_: Any) -> Type:
    return x


def numpy_only(x: Any, where: Any, of: str, strict: bool) -> Any:
    if strict and np.any(where):
        sizes = np.abs(x)
        most = np.max(sizes, axis=(-2, -1), keepdims=True)
        rounding = ROUNDING * max(np.shape(x)[-2:]) * np.finfo(x.dtype).eps
        if np.any(where & (sizes > rounding * most)):
            refusal = REFUSALS[of]
            raise Undefined(refusal.asked, refusal.got, refusal.want, refusal.remedy)
    return np.where(where, np.zeros((), x.dtype), x)


def only_transpose(i: int, ct: Expr, x: Expr, where: Expr, **attrs: Any) -> Expr:
    return only(ct, where, **{**attrs, "strict": True})


only = Op(  # x with zeros where a mask holds; with `strict` an error if x is not zero there
    "only", infer_only, numpy_only, Linear((0,), only_transpose), lead=stacked
)


def negligible(w: Expr, n: int) -> Expr:
    """The size up to which differences of the numbers w are rounding, as a column of one row."""
    real = REAL.get(w.dtype_, w.dtype_)
    eps = EQUAL * n * float(np.finfo(real.numpy).eps)
    most = max_(size(w), axes=(len(w.shape) - 1,))
    return stop_gradient(reshape(mul(most, eps), shape=(*most.shape, 1, 1)))


def equal_pairs(w: Expr, gap: Expr) -> Expr:
    """Which of the numbers w are equal to rounding, each to itself; gap is the matrix of their
    differences."""
    return less_equal(size(stop_gradient(gap)), negligible(w, w.shape[-1]))


def inverse_of(gap: Expr, none: Expr) -> Expr:
    """1/gap, and 0 where that is none."""
    return select(none, gap.full(0, ()), 1 / select(none, gap.full(1, ()), gap))


def divided(p: Expr, inverse: Expr, pairs: Expr, of: str) -> Expr:
    """P/gap, by the inverse of the gaps. Where pairs have none, P must be zero, and the cotangent
    of the quotient."""
    quotient = mul(cast(inverse, dtype=p.dtype_), only(p, pairs, of=of, strict=True))
    return only(quotient, pairs, of=of, strict=False)


def regular(x: Expr, where: Expr, of: str) -> Expr:
    """x; an error if it is not zero for a matrix where the mask holds."""
    return only(x, broadcast(where, shape=x.shape), of=of, strict=True)


def shared(d: Expr, same: Expr) -> Expr:
    """The mean of d over equals."""
    weight = cast(same, dtype=d.dtype_)
    count = sum_(weight, axes=(len(weight.shape) - 1,))
    lead = letters(weight)
    total = einsum(weight, column(d), spec=f"{lead}ij,{lead}jk->{lead}ik")
    return reshape(total, shape=d.shape) / count
