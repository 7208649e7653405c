"""Optimisers: settings as frozen data, and two pure functions over trees.

`init(params)` is the state before the first step; `update(grads, state, params)` gives the new
parameters and the new state, and changes nothing. State is a tree too, so it can be saved, compared
and passed through any operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..errors import TreeError, explain
from ..tracing import trees


def require_like(asked: str, params: Any, *others: Any) -> None:
    """An error unless all trees have the structure of `params`."""
    wanted = trees.flatten(params)[1]
    for tree in others:
        found = trees.flatten(tree)[1]
        if found != wanted:
            remedy = "Pass gradients with respect to these parameters, and their own state"
            raise TreeError(explain(asked, f"a tree {found}", f"{wanted}, as params", remedy))


def zeros_like(params: Any) -> Any:
    """A tree of zeros of the shapes and dtypes of the parameters."""
    return trees.map_(np.zeros_like, params)


@dataclass(frozen=True, slots=True)
class SGD:
    """Gradient descent, with momentum μ:  b ← μ b + g,  θ ← θ - η b.

    Polyak (1964), in the form of Sutskever et al. (ICML 2013) without dampening, as PyTorch's. The
    state is the tree b, zero at first.

        >>> SGD(rate=0.5).update(2.0, 0.0, 3.0)
        (2.0, 2.0)
    """

    rate: float = 1e-2
    momentum: float = 0.0

    def init(self, params: Any) -> Any:
        """The velocity b, zero."""
        return zeros_like(params)

    def update(self, grads: Any, state: Any, params: Any) -> tuple[Any, Any]:
        """One step: (params, state). Raises `TreeError` if the trees differ in structure."""
        require_like("SGD.update", params, grads, state)

        def faster(g: Any, b: Any) -> Any:
            return self.momentum * b + g

        def moved(p: Any, b: Any) -> Any:
            return p - self.rate * b

        velocity = trees.map_(faster, grads, state)
        return trees.map_(moved, params, velocity), velocity


class AdamState(NamedTuple):
    """Steps taken, and the running means of the gradient and of its square."""

    steps: Any
    mean: Any
    square: Any


@dataclass(frozen=True, slots=True)
class Adam:
    """Kingma & Ba, "Adam" (ICLR 2015), algorithm 1:

        m ← β₁ m + (1 - β₁) g,    v ← β₂ v + (1 - β₂) g²,
        θ ← θ - η m̂ / (√v̂ + ε),    m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ).

    The hats undo the bias of means that start from 0. ε stands outside the root.

        >>> adam = Adam(rate=0.1)
        >>> theta, state = adam.update(5.0, adam.init(1.0), 1.0)
        >>> round(float(theta), 6), int(state.steps)
        (0.9, 1)
    """

    rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def init(self, params: Any) -> AdamState:
        """No steps, and means of zero."""
        return AdamState(np.int64(0), zeros_like(params), zeros_like(params))

    def update(self, grads: Any, state: AdamState, params: Any) -> tuple[Any, AdamState]:
        """One step: (params, state). Raises `TreeError` if the trees differ in structure."""
        require_like("Adam.update", params, grads, state.mean, state.square)
        steps = state.steps + 1
        mean_bias, square_bias = 1 - self.beta1**steps, 1 - self.beta2**steps

        def first(g: Any, m: Any) -> Any:
            return self.beta1 * m + (1 - self.beta1) * g

        def second(g: Any, v: Any) -> Any:
            return self.beta2 * v + (1 - self.beta2) * g * g

        def moved(p: Any, m: Any, v: Any) -> Any:
            # The corrections are float64; the means, and so the parameters, keep their dtype.
            root = np.sqrt((v / square_bias).astype(v.dtype)) + self.epsilon
            return p - self.rate * (m / mean_bias).astype(m.dtype) / root

        mean = trees.map_(first, grads, state.mean)
        square = trees.map_(second, grads, state.square)
        return trees.map_(moved, params, mean, square), AdamState(steps, mean, square)
