"""What a program is: a plain NumPy function as people write it, and where it is tested."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Program:
    """`args` are arrays of floats, all of which vary. `analytic`: whether the function itself runs
    on complex numbers, so that the complex step answers it. `close`: how far the value may be from
    NumPy's, relative to its greatest element."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    analytic: bool = True
    close: float = 1e-13

    @property
    def name(self) -> str:
        return self.f.__name__

    @property
    def rng(self) -> np.random.Generator:
        """Random directions that depend on nothing but the name."""
        return np.random.default_rng(zlib.crc32(self.name.encode()))


def numbers(seed: int, *shape: int) -> Any:
    """Random numbers between 0 and 1."""
    return np.random.default_rng(seed).random(shape)


def spd(seed: int, n: int) -> Any:
    """A symmetric positive definite matrix."""
    a = numbers(seed, n, n)
    return a @ a.T + n * np.eye(n)
