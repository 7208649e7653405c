"""The first call of a gradient in a new process: recording, differentiating, compiling, running.

    python -m comparisons.speed.first_call PROBLEM CONTENDER

prints the seconds. Imports come before the clock, Numba's and that of the vector functions too
(SciPy's linear algebra is imported by Numba for BLAS), and so do the inputs, which for JAX lie on
its device: that starts its runtime. The size is the smallest one of the problem, so that running
it costs next to nothing.
"""

import importlib
import importlib.util
import sys
import time
from collections.abc import Callable
from typing import Any

from comparisons.speed.contenders import diffkit_functions, jax_function
from comparisons.speed.problem import Benchmark
from comparisons.speed.problems import BENCHMARKS
from comparisons.speed.processes import one_core

__all__ = ["main"]

BACKEND_MODULES = (
    "numba", "scipy.linalg", "diffkit", "diffkit.backends.vmath", "diffkit.backends.numba.routines",
)  # fmt: skip


def main() -> None:
    """Time one first call."""
    one_core()
    problem, method = sys.argv[1:]
    benchmark = next(b for b in BENCHMARKS if b.name == problem)
    call = {"diffkit": for_diffkit, "jax": for_jax}[method](benchmark)
    start = time.perf_counter()
    call()
    print(time.perf_counter() - start)


def for_diffkit(benchmark: Benchmark) -> Callable[[], Any]:
    """diffkit's first call."""
    for name in BACKEND_MODULES:
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    _, gradient, data = diffkit_functions(benchmark, benchmark.inputs(benchmark.sizes[0]))
    return lambda: gradient(*data)


def for_jax(benchmark: Benchmark) -> Callable[[], Any]:
    """JAX's first call."""
    import jax

    gradient, data = jax_function(benchmark, benchmark.inputs(benchmark.sizes[0]))
    return lambda: jax.block_until_ready(gradient(*data))


if __name__ == "__main__":
    main()
