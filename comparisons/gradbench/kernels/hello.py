"""hello by hand."""

from collections.abc import Callable
from typing import Any

from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]


def kernels() -> dict[str, Callable[..., Any]]:
    """x² and 2x."""
    njit = numba_tools().njit

    @njit
    def square(x):
        return x * x

    @njit
    def double(x):
        return 2.0 * x

    return {"square": square, "double": double}
