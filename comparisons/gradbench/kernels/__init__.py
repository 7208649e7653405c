"""The evals by hand, in Numba, as an expert writes them: what diffkit is measured against.

A file an eval; `KERNELS[name]()` is its functions by name, called with the data and then the static
arguments in the order of `Arguments.static`.
"""

from collections.abc import Callable
from typing import Any

from comparisons.gradbench.kernels import (
    ba,
    det,
    gmm,
    hello,
    ht,
    kmeans,
    llsq,
    lse,
    lstm,
    ode,
    particle,
    saddle,
)

__all__ = ["KERNELS"]

KERNELS: dict[str, Callable[[], dict[str, Callable[..., Any]]]] = {
    "hello": hello.kernels,
    "llsq": llsq.kernels,
    "lse": lse.kernels,
    "gmm": gmm.kernels,
    "ba": ba.kernels,
    "ht": ht.kernels,
    "kmeans": kmeans.kernels,
    "lstm": lstm.kernels,
    "ode": ode.kernels,
    "det": det.kernels,
    "particle": particle.kernels,
    "saddle": saddle.kernels,
}
