"""Activations that stay finite, and right in every derivative, over all floating-point arguments.

σ(x) = 1/(1 + e^-x) and log(1 + e^x) overflow when written as printed; both are safe in terms of
e^-|x|, which lies in (0, 1]. But |x| has a kink at 0, where these functions have none. `below` is
-|x| with the derivative of one side at 0 instead of the mean of both: a formula that picks the same
side by the same comparison is then smooth piece by piece, and all its derivatives at 0 are right.

Kinks: relu'(0) = 0. All functions are elementwise unless they take an axis; they accept arrays,
numbers and traced values and keep shape and floating-point dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import numpy as dnp

tanh: Any = np.tanh  # the name that a list of activations expects; NumPy's own function


def below(x: Any) -> Any:
    """-|x|, with derivative -1 at 0."""
    return dnp.where(x >= 0, -x, x)


def relu(x: Any) -> Any:
    """max(x, 0), with relu'(0) = 0.

    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return np.where(x > 0, x, 0.0)


def sigmoid(x: Any) -> Any:
    """The logistic function 1/(1 + e^-x), to full relative accuracy on both tails.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    z = np.exp(below(x))
    return np.where(x >= 0, 1.0, z) / (1 + z)


def softplus(x: Any) -> Any:
    """log(1 + e^x) = max(x, 0) + log1p(e^-|x|), a smooth relu; its derivative is `sigmoid`.

    >>> softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """
    return np.where(x >= 0, x, 0.0) + np.log1p(np.exp(below(x)))


def softmax(x: Any, axis: int = -1) -> Any:
    """e^x / Σ e^x along an axis, shifted by the greatest element so that nothing overflows.

    The shift cancels in the quotient, so it is a constant to the derivative.

        >>> softmax(np.array([1000.0, 1000.0]))
        array([0.5, 0.5])
    """
    top: Any = np.max(x, axis=axis, keepdims=True)
    e = np.exp(x - dnp.stop_gradient(top))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log softmax(x) = x - log Σ e^x along an axis, finite where softmax rounds to 0.

    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    return x - dnp.logsumexp(x, axis=axis, keepdims=True)
