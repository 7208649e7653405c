"""The evals in JAX: the same NumPy lines with `jax.numpy` and `jax.lax.scan`, jitted, in float64.

A loop without a bound has no reverse in JAX: particle and saddle, which have one in every
objective, it can do with the outer gradient forward only. det takes it ten times longer with each
row.
"""

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from comparisons.gradbench.evals import ba, det, gmm, llsq, lse, lstm, ode, particle, saddle
from comparisons.gradbench.evals.blocks import whole
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


def gradient_of(
    function: Callable[..., Any], argnums: int | tuple[int, ...] = 0, **tools: str
) -> Callable[[Any], Any]:
    """`jax.grad` of a function written for NumPy; `tools` names what else it takes, of jax.lax."""

    def derivative(jax: Any) -> Any:
        own = {name: getattr(jax.lax, tool) for name, tool in tools.items()}
        return jax.grad(functools.partial(function, np=jax.numpy, **own), argnums)

    return derivative


def direction(jax: Any) -> Any:
    """kmeans: the gradient and the Hessian times a vector of ones, in one go, with the minimum over
    a matrix of distances, which suits JAX better than a gather."""
    np = jax.numpy

    def cost(centroids: Any, points: Any) -> Any:
        lengths = np.sum(points**2, axis=1)[:, None] + np.sum(centroids**2, axis=1)
        return np.sum(np.min(lengths - 2.0 * (points @ centroids.T), axis=1))

    def ratio(centroids: Any, points: Any) -> Any:
        ones = np.ones_like(centroids)
        found, diagonal = jax.jvp(lambda c: jax.grad(cost)(c, points), (centroids,), (ones,))
        return found / diagonal

    return ratio


def ba_jacobian(jax: Any) -> Any:
    """ba: the blocks of all observations at once."""
    np = jax.numpy
    errors = functools.partial(ba.residual, np=np)
    slopes = jax.vmap(jax.jacrev(errors, argnums=(0, 1, 2)))
    return functools.partial(ba.in_batches, slopes, jax.vmap(jax.grad(ba.weight_error)), np=np)


def lstm_jacobian(jax: Any) -> Any:
    """lstm: both parts of the gradient, one after the other."""
    gradient = gradient_of(lstm.objective, (0, 1), scan="scan")(jax)
    return lambda *data: jax.numpy.concatenate([part.ravel() for part in gradient(*data)])


def forward_over_reverse(eval: Any) -> Callable[[Any], Any]:
    """particle and saddle, in the one of their nestings that JAX can do and that is quick."""

    def derivative(jax: Any) -> Any:
        def grad(f: Callable[..., Any], method: str) -> Any:
            return jax.jacfwd(f) if method == "forward" else jax.grad(f)

        own = SimpleNamespace(grad=grad, while_loop=jax.lax.while_loop, cond=jax.lax.cond)
        return eval.nested("forward", "reverse", jax.numpy, own)

    return derivative


DERIVATIVES: dict[str, Builder] = {
    "lse": ready(gradient_of(lse.primal)),
    "llsq": ready(gradient_of(llsq.primal, scan="scan")),
    "gmm": ready(gradient_of(functools.partial(gmm.objective, rows=whole))),
    "ba": ready(ba_jacobian),
    "kmeans": ready(direction),
    "lstm": ready(lstm_jacobian),
    "ode": ready(gradient_of(ode.last, scan="scan")),
    "det": ready(gradient_of(det.primal, scan="scan")),
    "particle": ready(forward_over_reverse(particle)),
    "saddle": ready(forward_over_reverse(saddle)),
}
