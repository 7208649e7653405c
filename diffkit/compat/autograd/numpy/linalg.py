"""`np.linalg`, whose functions record themselves when given traced values, and two helpers that
autograd's users borrow from it."""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import functools
from typing import Any

import numpy as _numpy

from .reach import reaching as _reaching

__all__ = list(_numpy.linalg.__all__)  # pyright: ignore


def T(x: Any) -> Any:
    """The transposes of a stack of matrices."""
    return _numpy.swapaxes(x, -1, -2)


def _dot(x: Any, y: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    """The products of two stacks of matrices."""
    return _numpy.matmul(x, y)


@functools.cache
def __getattr__(name: str) -> Any:
    return _reaching(getattr(_numpy.linalg, name))
