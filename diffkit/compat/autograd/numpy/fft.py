"""`np.fft`, whose functions record themselves when given traced values."""

from __future__ import annotations

import functools
from typing import Any

import numpy as _numpy

from .reach import reaching as _reaching

__all__ = list(_numpy.fft.__all__)  # pyright: ignore


@functools.cache
def __getattr__(name: str) -> Any:
    return _reaching(getattr(_numpy.fft, name))
