"""`isinstance`, `type`, and the containers, for traced values.

A container of traced values is a container here, so `list`, `tuple` and `dict` are Python's. A
traced value counts as what it stands for: an ndarray, a NumPy scalar or a Python float.
"""

# pyright: reportUnknownVariableType=false

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ...tracing import Tracer
from ...tracing.views import is_array

list, tuple, dict = builtins.list, builtins.tuple, builtins.dict


def like(x: Any) -> Any:
    """Something of the type that a traced value stands for; anything else as it is."""
    if not builtins.isinstance(x, Tracer):
        return x
    found = np.zeros(x.shape, x.dtype)
    if x.shape or is_array(x):
        return found
    return found.item() if x.weak else found[()]


def isinstance(object: Any, class_or_tuple: Any) -> bool:
    """As Python's, for what a traced value stands for.

    >>> from diffkit.compat.autograd import grad, isinstance
    >>> grad(lambda x: x * 2.0 if isinstance(x, float) else x)(1.0)
    np.float64(2.0)
    """
    return builtins.isinstance(like(object), class_or_tuple)


def type(object: Any) -> Any:
    """As Python's with one argument, for what a traced value stands for."""
    return builtins.type(like(object))


__all__ = ["dict", "isinstance", "list", "tuple", "type"]
