"""The checks that every differentiable program must pass, whatever it computes.

Taylor test: with g = ∇L, the remainder |L(p + h d) - L(p) - h g·d| shrinks as h², and without the
gradient as h. A wrong gradient leaves slope 1, however small the mistake (Farrell et al., SIAM J.
Sci. Comput. 35, 2013, section 6).

Dot-product test: forward and reverse mode are transposes, ⟨w, J v⟩ = ⟨Jᵀ w, v⟩ for all v and w.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optree

import diffkit as dk

STEPS = (1e-2, 5e-3, 2.5e-3, 1.25e-3)


def inner(x: Any, y: Any) -> float:
    """⟨x, y⟩ over the leaves of two trees."""
    pairs = zip(optree.tree_leaves(x), optree.tree_leaves(y), strict=True)
    return float(sum(np.vdot(a, b) for a, b in pairs))


def along(params: Any, direction: Any, h: float) -> Any:
    """params + h direction."""
    return optree.tree_map(lambda p, d: p + h * d, params, direction)


def direction_like(params: Any, rng: np.random.Generator) -> Any:
    """A random direction in which each leaf moves by about its own size (or 1, where it is 0)."""

    def random(p: Any) -> Any:
        size = np.sqrt(np.mean(np.square(p))) or 1.0
        return size * rng.normal(size=np.shape(p))

    return optree.tree_map(random, params)


def taylor_slopes(
    loss: Callable[[Any], Any],
    grads: Any,
    params: Any,
    direction: Any,
    steps: Sequence[float] = STEPS,
) -> tuple[list[float], list[float]]:
    """The observed orders of the remainder without and with the gradient: near 1 and near 2."""
    start, rate = loss(params), inner(grads, direction)
    rises = np.array([loss(along(params, direction, h)) - start for h in steps])
    h = np.array(steps)
    ratio = np.log(h[:-1] / h[1:])

    def orders(remainders: Any) -> list[float]:
        size = np.abs(remainders)
        return list(np.log(size[:-1] / size[1:]) / ratio)

    return orders(rises), orders(rises - h * rate)


def dot_product_error(f: Callable[[Any], Any], params: Any, rng: np.random.Generator) -> float:
    """The relative difference of ⟨w, J v⟩ and ⟨Jᵀ w, v⟩ for random v and w."""
    v = direction_like(params, rng)
    value, pushed = dk.jvp(f, (params,), (v,))
    w = optree.tree_map(lambda y: rng.normal(size=np.shape(y)), value)
    (pulled,) = dk.vjp(f, params)[1](w)
    forward, reverse = inner(w, pushed), inner(pulled, v)
    return abs(forward - reverse) / max(abs(forward), abs(reverse))
