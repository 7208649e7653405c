"""Losses, each the mean over a batch.

Classification losses take logits, not probabilities: -log softmax(z)_k = log Σ e^z - z_k needs no
logarithm of a number that may have rounded to 0. Derivative: softmax(z) - onehot(k).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import numpy as dnp
from ..errors import DtypeError, IndexingError, ShapeError, explain
from .activations import softplus


def mse(prediction: Any, target: Any) -> Any:
    """The mean of squared differences, over all elements.

    Args: prediction and target, of one shape (broadcasting would hide a transposed target).
    Raises `ShapeError` if the shapes differ.

        >>> float(mse(np.array([1.0, 3.0]), np.array([1.0, 1.0])))
        2.0
    """
    require_same_shape("mse", prediction, target)
    return dnp.mean(np.square(prediction - target))


def cross_entropy(logits: Any, labels: Any) -> Any:
    """The mean of log Σ_j e^z_j - z_label, the negative log-likelihood of integer labels.

    Args: logits, float[..., classes]; labels, integers[...] from 0 to classes - 1.
    Raises `ShapeError`, `DtypeError` or `IndexingError` if the labels do not fit the logits.

        >>> round(float(cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))), 6)
        0.693147
        >>> float(cross_entropy(np.array([[1000.0, -1000.0]]), np.array([1])))
        2000.0
    """
    labels = labels if hasattr(labels, "dtype") else np.asarray(labels)
    check_labels(logits, labels)
    rows = np.reshape(logits, (-1, logits.shape[-1]))
    chosen = rows[np.arange(rows.shape[0]), np.reshape(labels, (-1,))]
    return dnp.mean(dnp.logsumexp(rows, axis=-1) - chosen)


def binary_cross_entropy(logits: Any, targets: Any) -> Any:
    """The mean of log(1 + e^z) - t z = -t log p - (1 - t) log (1 - p), p = sigmoid(z).

    Args: logits and targets, of one shape. Raises `ShapeError` if the shapes differ.

        >>> float(binary_cross_entropy(np.array([1000.0]), np.array([0.0])))
        1000.0
    """
    require_same_shape("binary_cross_entropy", logits, targets)
    return dnp.mean(softplus(logits) - targets * logits)


def require_same_shape(asked: str, first: Any, second: Any) -> None:
    """An error unless the two arguments have one shape."""
    if np.shape(first) != np.shape(second):
        got = f"shapes {np.shape(first)} and {np.shape(second)}"
        raise ShapeError(explain(asked, got, "equal shapes", "Reshape one of them"))


def check_labels(logits: Any, labels: Any) -> None:
    """Labels are one integer for each row of logits. Their values are checked where they are known:
    a negative one would silently count from the last class."""
    wanted = np.shape(logits)[:-1]
    if np.ndim(logits) == 0 or np.shape(labels) != wanted:
        got = f"logits of shape {np.shape(logits)} and labels of shape {np.shape(labels)}"
        remedy = "Pass class numbers, not one-hot rows; np.argmax(onehot, axis=-1) gives them"
        raise ShapeError(explain("cross_entropy", got, "labels of logits.shape[:-1]", remedy))
    if labels.dtype.kind not in "iu":
        got, remedy = f"labels of dtype {labels.dtype}", "Convert them: labels.astype(np.int64)"
        raise DtypeError(explain("cross_entropy", got, "integers", remedy))
    classes = np.shape(logits)[-1]
    known: Any = isinstance(labels, np.ndarray | np.generic)
    if known and labels.size:
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= classes:
            got, want = f"labels from {low} to {high}", f"0 to {classes - 1}"
            raise IndexingError(explain("cross_entropy", got, want, "Renumber the classes"))
