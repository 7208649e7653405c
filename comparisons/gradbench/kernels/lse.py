"""lse by hand: the kernels of the log-sum-exp benchmark, of which the gradient alone is asked."""

from collections.abc import Callable
from typing import Any

from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problems import logsumexp

__all__ = ["kernels"]


def kernels() -> dict[str, Callable[..., Any]]:
    """The value, and the gradient, the softmax of x."""
    own = logsumexp.BENCHMARK.compiled()
    value_and_gradient = own.gradient

    @numba_tools().njit
    def gradient(x):
        return value_and_gradient(x)[1]

    return {"primal": own.primal, "gradient": gradient}
