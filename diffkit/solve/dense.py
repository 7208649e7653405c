"""Dense linearisations: the Jacobian of a function of vectors as a matrix, in a graph whose size
does not grow with it, and steps that it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..api import jvp
from ..control import scan
from ..ops import linalg
from ..tracing import innermost

UNROLLED = 4
"""Up to this size the columns stand side by side and share the values they have in common."""


def jacobian_columns(f: Callable[..., Any], v: Any) -> Any:
    """The transposed Jacobian [n, m] of f at the vector v: row k is the derivative by v[k]."""
    (n,) = np.shape(v)
    basis = np.eye(n, dtype=v.dtype)

    def column(e: Any) -> Any:
        return jvp(f, (v,), (e,))[1]

    if n <= UNROLLED:
        return np.stack([column(basis[k]) for k in range(n)])

    def row(carry: Any, e: Any) -> Any:
        return carry, column(e)

    return scan(row, None, basis)[1]


def solve_or_nan(A: Any, b: Any) -> Any:
    """As `np.linalg.solve` for one vector, but nan where the matrix is singular."""
    trace = innermost((A, b))
    if trace is None:
        return linalg.numpy_solve(A, b, strict=False)
    return linalg.solve(trace.value(A), trace.value(b), strict=False)
