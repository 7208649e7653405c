"""`np.random`: draws are constants to every derivative."""

from __future__ import annotations

from typing import Any

import numpy as _numpy

__all__ = list(_numpy.random.__all__)  # pyright: ignore


def __getattr__(name: str) -> Any:
    return getattr(_numpy.random, name)
