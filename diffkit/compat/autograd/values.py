"""Traced values and the values they stand for."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...tracing import Tracer, trees
from ...tracing.tracer import CURRENT


def isbox(x: Any) -> bool:
    """Whether x stands for a value that is being recorded."""
    return isinstance(x, Tracer)


def getval(x: Any) -> Any:
    """The value that x stands for, or x; `TracingError` where there is none."""
    if not isinstance(x, Tracer):
        return x
    value = np.array(x.owner.concrete_or_refuse(x))[()]
    return value.item() if x.weak else value


def is_traced(tree: Any) -> bool:
    """Whether a tree has a traced leaf."""
    return any(isinstance(x, Tracer) for x in trees.flatten(tree)[0])


def is_moving(tree: Any) -> bool:
    """Whether a tree has a traced leaf that has a derivative."""
    return any(isinstance(x, Tracer) and x.type.differentiable for x in trees.flatten(tree)[0])


def plain_if_known(x: Any) -> Any:
    """The value of what no parameter has a part in, such as `np.zeros(3)`; else x."""
    return getval(x) if isinstance(x, Tracer) and x.owner.known(x) else x


def dtype_kind(x: Any) -> str:
    """The kind of the dtype of a value: "f", "c", "i", "b" ..."""
    return x.dtype.kind if isinstance(x, Tracer) else np.asarray(x).dtype.kind


def has_derivative(x: Any) -> bool:
    """Whether a value is of floating-point or complex numbers."""
    return dtype_kind(x) in "fc"


@contextmanager
def nothing_recorded() -> Generator[None]:
    """A block whose code runs as it would outside of any derivative."""
    token = CURRENT.set(None)
    try:
        yield
    finally:
        CURRENT.reset(token)
