"""`scipy.special` for traced values."""

from __future__ import annotations

import functools
from typing import Any

from ....numpy.scipy import special as _special
from ..numpy.reach import reaching as _reaching


@functools.cache
def __getattr__(name: str) -> Any:
    return _reaching(getattr(_special, name))
