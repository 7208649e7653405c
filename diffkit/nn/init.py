"""Random initial weights that keep the size of signals from layer to layer.

A layer of n_in inputs and n_out outputs multiplies the variance of a signal by n_in Var(w), and
that of a gradient by n_out Var(w). Glorot & Bengio (AISTATS 2010, eq. 12 and 16) choose the mean of
both demands, Var(w) = 2 / (n_in + n_out). A relu passes half of the square of its input, so He et
al. (ICCV 2015, eq. 10) double the first demand's choice, Var(w) = 2 / n_in.

All take a NumPy `Generator` and a shape (n_in, n_out), and return float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..errors import ShapeError, explain

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Init: TypeAlias = Callable[[np.random.Generator, tuple[int, int]], Array]


def fans(asked: str, shape: tuple[int, int]) -> tuple[int, int]:
    """The numbers of inputs and outputs, both positive."""
    if len(shape) != 2 or min(shape) < 1:
        want, remedy = "two positive lengths", "Pass (inputs, outputs)"
        raise ShapeError(explain(asked, f"shape {shape}", want, remedy))
    return shape


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Uniform on ±√(6 / (n_in + n_out)).

    >>> w = glorot_uniform(np.random.default_rng(0), (4, 2))
    >>> w.shape, bool(np.all(abs(w) <= 1))
    ((4, 2), True)
    """
    n_in, n_out = fans("glorot_uniform", shape)
    bound = math.sqrt(6 / (n_in + n_out))  # the variance of U[-b, b] is b²/3
    return rng.uniform(-bound, bound, shape)


def glorot_normal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Normal of mean 0 and variance 2 / (n_in + n_out).

    >>> glorot_normal(np.random.default_rng(0), (4, 2)).shape
    (4, 2)
    """
    n_in, n_out = fans("glorot_normal", shape)
    return rng.normal(0.0, math.sqrt(2 / (n_in + n_out)), shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Normal of mean 0 and variance 2 / n_in, for layers followed by relu.

    >>> he_normal(np.random.default_rng(0), (4, 2)).shape
    (4, 2)
    """
    n_in, _ = fans("he_normal", shape)
    return rng.normal(0.0, math.sqrt(2 / n_in), shape)
