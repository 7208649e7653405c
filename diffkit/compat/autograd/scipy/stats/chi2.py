"""The functions of `scipy.stats.chi2` for traced values."""

from __future__ import annotations

from typing import Any

from .....numpy.scipy import stats as _stats


def __getattr__(name: str) -> Any:
    return getattr(_stats.chi2, name)
