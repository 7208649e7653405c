"""Layers: functions of (parameters, input). Parameters are dicts and lists of arrays, so every
operator of diffkit takes them, and gives derivatives, as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from ..errors import ShapeError, explain
from .activations import tanh
from .init import Init, glorot_uniform

Params: TypeAlias = dict[str, Any]


def dense_params(
    rng: np.random.Generator, inputs: int, outputs: int, init: Init = glorot_uniform
) -> Params:
    """Weights float64[inputs, outputs] from `init`, and a bias float64[outputs] of zeros.

    >>> p = dense_params(np.random.default_rng(0), 3, 2)
    >>> p["weight"].shape, p["bias"]
    ((3, 2), array([0., 0.]))
    """
    return {"weight": init(rng, (inputs, outputs)), "bias": np.zeros(outputs)}


def dense(params: Params, x: Any) -> Any:
    """x W + b: an affine map of the last axis.

    Args: params, {"weight": float[n, m], "bias": float[m]}; x, float[..., n]. Gives float[..., m].
    Raises `ShapeError` if the last axis of x is not n.

        >>> dense({"weight": np.eye(2), "bias": np.array([1.0, 0.0])}, np.array([3.0, 4.0]))
        array([4., 4.])
    """
    n = np.shape(params["weight"])[0]
    if np.shape(x)[-1:] != (n,):
        want, remedy = f"a last axis of length {n}", "Check the sizes of the layer before"
        raise ShapeError(explain("dense", f"an input of shape {np.shape(x)}", want, remedy))
    return x @ params["weight"] + params["bias"]


def mlp_params(
    rng: np.random.Generator, sizes: Sequence[int], init: Init = glorot_uniform
) -> list[Params]:
    """Parameters of a multilayer perceptron; `sizes` runs from inputs to outputs.

    Raises `ShapeError` for fewer than two sizes.

        >>> [p["weight"].shape for p in mlp_params(np.random.default_rng(0), (64, 32, 10))]
        [(64, 32), (32, 10)]
    """
    if len(sizes) < 2:
        want, remedy = "at least inputs and outputs", "Pass for example (64, 32, 10)"
        raise ShapeError(explain("mlp_params", f"sizes {tuple(sizes)}", want, remedy))
    pairs = pairwise(sizes)
    return [dense_params(rng, inputs, outputs, init) for inputs, outputs in pairs]


def mlp(params: Sequence[Params], x: Any, activation: Callable[[Any], Any] = tanh) -> Any:
    """Dense layers with an activation between them, and none after the last.

    Args: params, as from `mlp_params`; x, float[..., inputs]. Gives float[..., outputs].

        >>> one = {"weight": np.eye(1), "bias": np.zeros(1)}
        >>> mlp([one, one], np.array([-3.0]), activation=abs)
        array([3.])
    """
    for layer in params[:-1]:
        x = activation(dense(layer, x))
    return dense(params[-1], x)
