"""Training: batches in random order, one step, and the share of right answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import numpy as dnp
from ..api import value_and_grad
from ..errors import ShapeError, explain
from ..jit import jit


def minibatches(rng: np.random.Generator, size: int, *arrays: Any) -> Iterator[tuple[Any, ...]]:
    """One epoch: the rows of all arrays in one random order, `size` at a time.

    Every row comes once; the last batch is smaller where `size` does not divide their number.
    Raises `ShapeError` if the arrays differ in length, or if size is not positive.

        >>> [len(x) for (x,) in minibatches(np.random.default_rng(0), 2, np.arange(5))]
        [2, 2, 1]
    """
    lengths = {len(a) for a in arrays}
    if len(lengths) != 1 or size < 1:
        got = f"lengths {sorted(lengths)} and size {size}"
        want, remedy = "arrays of one length, and a positive size", "Check the data"
        raise ShapeError(explain("minibatches", got, want, remedy))
    order = rng.permutation(lengths.pop())
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield tuple(a[rows] for a in arrays)


def train_step(loss: Callable[..., Any], optimiser: Any) -> Callable[..., tuple[Any, Any, Any]]:
    """`step(params, state, *batch) -> (params, state, value)`, for a loss(params, *batch).

    Value and gradient are recorded once for each shape of batch, so the loss may not branch on
    values, and labels are not checked: that needs values too.

    >>> from diffkit.nn import SGD
    >>> step = train_step(lambda p, x: (p - x) ** 2, SGD(rate=0.5))
    >>> p, _, value = step(3.0, 0.0, 1.0)
    >>> float(p), float(value)
    (1.0, 4.0)
    """
    both = jit(value_and_grad(loss))

    def step(params: Any, state: Any, *batch: Any) -> tuple[Any, Any, Any]:
        value, grads = both(params, *batch)
        params, state = optimiser.update(grads, state, params)
        return params, state, value

    return step


def accuracy(logits: Any, labels: Any) -> float:
    """The share of rows whose greatest logit is the label's, from 0 to 1.

    >>> accuracy(np.array([[2.0, 1.0], [3.0, 0.0]]), np.array([0, 1]))
    0.5
    """
    return float(dnp.mean(dnp.argmax(logits, axis=-1) == labels))
