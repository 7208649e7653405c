"""Linear algebra on arrays of single numbers: elimination and substitution, written out.

A pivot is the element that is surely not zero and largest by its midpoint; which one it is changes
the work and not the answer. Where none is surely different from zero more digits may find one; a
matrix that is exactly singular has no inverse at any. What has no finite recipe (eigenvalues and
all that needs them, functions of matrices) is not here, and so refused by name.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .choices import absolute, at, sign
from .functions import divide, log, sqrt
from .numbers import ball
from .tape import Tape, Undecided

Matrix = Any


def stacked(function: Callable[..., Any], *arrays: Any) -> Any:
    """A function of matrices on stacks of them."""
    lead = arrays[0].shape[:-2]
    if not lead:
        return function(*arrays)
    found = [function(*[a[place] for a in arrays]) for place in np.ndindex(*lead)]
    out = np.empty((*lead, *np.shape(found[0])), object)
    for place, part in zip(np.ndindex(*lead), found, strict=True):
        out[place] = part
    return out


def pivot(tape: Tape, column: Any) -> int:
    """The row of the largest element that is not zero."""
    sizes = [at(x).abs_lower() for x in column]
    best = 0
    for k, size in enumerate(sizes):
        best = k if size > sizes[best] else best
    if not sizes[best] > 0:
        if all(at(x) == 0 for x in column):
            raise np.linalg.LinAlgError("singular matrix")
        assert tape.node is not None
        raise Undecided(tape.node)
    return best


def eliminated(tape: Tape, a: Matrix, b: Matrix) -> tuple[Matrix, Matrix, int]:
    """The triangle U of a matrix, the right-hand sides that go with it, and the sign of the
    exchanges of rows."""
    u, right, parity = a.copy(), b.copy(), 1
    n = len(u)
    for k in range(n):
        best = k + pivot(tape, u[k:, k])
        if best != k:
            u[[k, best]], right[[k, best]], parity = u[[best, k]], right[[best, k]], -parity
        for i in range(k + 1, n):
            factor = divide(u[i, k], u[k, k])
            u[i, k + 1 :] = [
                x - factor * y for x, y in zip(u[i, k + 1 :], u[k, k + 1 :], strict=True)
            ]
            right[i] = [x - factor * y for x, y in zip(right[i], right[k], strict=True)]
    return u, right, parity


def substituted(t: Matrix, b: Matrix, lower: bool, unit: bool) -> Matrix:
    """T⁻¹ b, reading one triangle of T."""
    n, x = len(t), b.copy()
    order_ = range(n) if lower else range(n - 1, -1, -1)
    for i in order_:
        for j in range(i) if lower else range(i + 1, n):
            x[i] = [p - t[i, j] * q for p, q in zip(x[i], x[j], strict=True)]
        if not unit:
            x[i] = [divide(p, t[i, i]) for p in x[i]]
    return x


def solve(tape: Tape, a: Any, b: Any, strict: bool) -> Any:
    def one(a: Matrix, b: Matrix) -> Matrix:
        u, right, _ = eliminated(tape, a, b)
        return substituted(u, right, lower=False, unit=False)

    return of_columns(one, a, b)


def solve_triangular(tape: Tape, a: Any, b: Any, lower: bool, unit: bool) -> Any:
    return of_columns(lambda t, x: substituted(t, x, lower, unit), a, b)


def of_columns(one: Callable[[Matrix, Matrix], Matrix], a: Any, b: Any) -> Any:
    if b.ndim < a.ndim:
        return stacked(one, a, b[..., None])[..., 0]
    return stacked(one, a, b)


SMALL = 4  # rows up to which a determinant is expanded, which divides by nothing


def minor(a: Matrix) -> Any:
    """The determinant by expansion along the first row, right for singular matrices, too."""
    n = len(a)
    if n == 0:
        return ball(1)
    if n == 1:
        return a[0, 0]
    total: Any = ball(0)
    for j in range(n):
        rest = minor(np.delete(a[1:], j, axis=1))
        total = total + a[0, j] * rest * (-1) ** j
    return total


def determinant(tape: Tape, a: Matrix) -> Any:
    if len(a) <= SMALL:
        return minor(a)
    u, _, parity = eliminated(tape, a, np.empty((len(a), 0), object))
    total: Any = ball(parity)
    for k in range(len(u)):
        total = u[k, k] * total
    return total


def slogdet(tape: Tape, a: Any) -> tuple[Any, Any]:
    found = np.asarray(stacked(lambda m: determinant(tape, m), a), object)
    signs, logs = np.empty(found.shape, object), np.empty(found.shape, object)
    for place in np.ndindex(*found.shape):
        signs[place] = sign(tape, found[place])
        logs[place] = log(absolute(tape, found[place]))
    return signs[()], logs[()]


def adjugate(tape: Tape, a: Any) -> tuple[Any]:
    def one(a: Matrix) -> Matrix:
        n = len(a)
        out = np.empty((n, n), object)
        for i, j in np.ndindex(n, n):
            part = np.delete(np.delete(a, i, axis=0), j, axis=1)
            out[j, i] = determinant(tape, part) * (-1) ** (i + j)
        return out

    return (stacked(one, a),)


def cholesky(tape: Tape, a: Any) -> tuple[Any]:
    """L with A = L Lᵀ, reading the lower triangle."""

    def one(a: Matrix) -> Matrix:
        n = len(a)
        low = np.full((n, n), ball(0), object)
        for j in range(n):
            for i in range(j, n):
                known = a[i, j]
                for k in range(j):
                    known = known - low[i, k] * low[j, k]
                low[i, j] = sqrt(known) if i == j else divide(known, low[j, j])
        return low

    return (stacked(one, a),)


ROUTINES: dict[str, Callable[..., Any]] = {
    "det": lambda tape, a: (stacked(lambda m: determinant(tape, m), a),),
    "slogdet": slogdet, "adjugate": adjugate, "cholesky": cholesky,
}  # fmt: skip
"""Ops with several results, real matrices only."""
