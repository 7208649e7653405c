"""The evals in JAX: the same NumPy lines with `jax.numpy` and `jax.lax.scan`, jitted, in float64.

The evals with unbounded loops (particle, saddle), which JAX cannot reverse, and det are not here.
"""

import functools
from collections.abc import Callable
from typing import Any

from comparisons.gradbench.evals import llsq, lse
from comparisons.gradbench.evaluation import Arguments
from comparisons.speed.contenders import jax_module

__all__ = ["DERIVATIVES"]

Builder = Callable[[Arguments], Callable[[], Any]]


def ready(derivative: Callable[[Any], Any]) -> Builder:
    """The builder for `derivative(jax)`, a function of the data and the static arguments, that
    takes `np` and, where it needs them, JAX's tools."""

    def build(arguments: Arguments) -> Callable[[], Any]:
        jax = jax_module()
        function = jax.jit(functools.partial(derivative(jax), **arguments.static))
        data = jax.tree.map(jax.numpy.asarray, arguments.data)
        return lambda: jax.block_until_ready(function(*data))

    return build


def gradient_of(function: Callable[..., Any], **tools: str) -> Callable[[Any], Any]:
    """`jax.grad` of a function written for NumPy; `tools` names what else it takes, of jax.lax."""

    def derivative(jax: Any) -> Any:
        own = {name: getattr(jax.lax, tool) for name, tool in tools.items()}
        return jax.grad(functools.partial(function, np=jax.numpy, **own))

    return derivative


DERIVATIVES: dict[str, Builder] = {
    "lse": ready(gradient_of(lse.primal)),
    "llsq": ready(gradient_of(llsq.primal, scan="scan")),
}
