"""JAX under `jit`, in float64, on the CPU and one thread.

The case's function runs on `jax.numpy`, so its Python loops are unrolled while JAX traces, which is
building time, as is XLA's compilation. JAX sees abstract values: a function that branches on one is
refused. Reverse mode is `grad` or `jacrev`, forward mode `jacfwd`, all n tangents at once.

Source: Bradbury et al., JAX: composable transformations of Python+NumPy programs, 2018.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy

from comparisons.method import Method, Prepared
from comparisons.methods.refusal import refused
from comparisons.problem import Case
from comparisons.speed.contenders import jax_module

__all__ = ["METHODS"]


def prepare(mode: str, case: Case) -> Prepared:
    """Bind `jit` of a derivative, compiled for the case, in mode "reverse" or "forward"."""
    jax = jax_module()  # sets float64 for this process, which is the worker's
    import jax.numpy as jnp

    def f(x: Any) -> Any:
        return case.f(x, np=jnp)

    scalar = case.operator == "gradient"
    reverse: Callable[..., Any] = jax.grad if scalar else jax.jacrev
    transformed = (jax.jacfwd if mode == "forward" else reverse)(f)
    derivative, primal = jax.jit(transformed), jax.jit(f)
    x = jnp.asarray(case.x)
    refusals = (jax.errors.JAXTypeError, jax.errors.JAXIndexError, NotImplementedError)
    start = time.perf_counter()
    with refused("JAX", *refusals):
        jax.block_until_ready(derivative(x))
    built = time.perf_counter() - start
    return Prepared(
        primal=lambda: numpy.asarray(primal(x)),
        derivative=lambda: numpy.asarray(derivative(x)),
        build_seconds=built,
        details=lambda: {"jaxpr": str(jax.make_jaxpr(transformed)(x))},
    )


METHODS = (
    Method("jax-reverse", "JAX jit, reverse mode", "peer", ("jax",), partial(prepare, "reverse")),
    Method("jax-forward", "JAX jit, forward mode", "peer", ("jax",), partial(prepare, "forward")),
)
