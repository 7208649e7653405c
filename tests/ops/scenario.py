"""What a scenario is: a plain NumPy function that exercises one op or one front-end function, the
point where it is tested, and where it is simple the same function written for PyTorch by hand."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffkit.graph import Op
from diffkit.tracing import Tracer, innermost

try:
    import torch
except ImportError:  # the tests that need it skip themselves
    torch = None  # type: ignore[assignment]

T = torch
"""PyTorch, as the hand-written twins name it."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """Equal to itself only, so that what is computed of one can be kept.

    `ulps`: how far the value may be from NumPy's, per element, in units of the last place, where
    the order of additions differs. `analytic`: whether the complex step answers it.
    `peer`: how closely PyTorch's own first and second derivatives are known to be right.
    `unlike`: kinds of arrays on which diffkit rightly does otherwise than NumPy, see
    test_every_kind_of_array.py. `differences`: whether its derivative is that of its values.
    `single`: whether it stays in float32 when its arguments are."""

    name: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    torch: Callable[..., Any] | None = None
    ulps: float = 4
    analytic: bool = True
    peer: tuple[float, float] = (1e-12, 1e-11)
    differences: bool = True
    single: bool = True
    unlike: tuple[str, ...] = ()

    @property
    def real(self) -> bool:
        """Whether no argument is complex."""
        return not any(np.iscomplexobj(x) for x in self.args)

    @property
    def rng(self) -> np.random.Generator:
        """Random directions that depend on nothing but the name."""
        return np.random.default_rng(zlib.crc32(self.name.encode()))


TRIGAMMA = 1e-9
"""PyTorch computes ψ′ by a short asymptotic series, right to 5e-10 only; diffkit's is held against
mpmath in test_special_functions.py."""


def case(
    name: str, f: Callable[..., Any], *args: Any, torch: Callable[..., Any] | None = None, **kw: Any
) -> Scenario:
    """A row of a table."""
    return Scenario(name, f, tuple(np.asarray(a)[()] for a in args), torch, **kw)


def direct(op: Op, **attrs: Any) -> Callable[..., Any]:
    """An op that only derivatives emit, as a function of arrays or traced values."""

    def function(*xs: Any) -> Any:
        if not any(isinstance(x, Tracer) for x in xs):
            return op.numpy(*xs, **attrs)
        trace = innermost(xs)
        assert trace is not None
        return op(*[trace.value(x) for x in xs], **attrs)

    return function


def numbers(seed: int, *shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Random numbers that keep off integers and halves, where rounding and signs have kinks, and
    apart from one another, so that no two tie."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape, dtype=int))
    # one number in each of `size` cells, each in the middle of its cell, in random order
    cells = np.linspace(low, high, size + 1)
    middle = cells[:-1] + (0.35 + 0.3 * rng.random(size)) * (cells[1:] - cells[:-1])
    near = np.rint(2 * middle) / 2
    side = np.where(middle >= near, 0.03, -0.03)
    away = np.where(np.abs(middle - near) < 0.03, near + side, middle)
    return rng.permutation(away).reshape(shape)


X = numbers(1, 2, 3)
"""Of both signs."""
Y = numbers(2, 2, 3)
P = numbers(3, 2, 3, low=0.3, high=3.0)
"""Positive."""
Q = numbers(4, 2, 3, low=0.4, high=2.5)
U = numbers(5, 2, 3, low=-0.9, high=0.9)
"""Between -1 and 1."""
G = numbers(6, 2, 3, low=1.2, high=4.0)
"""Greater than 1."""
ROW = numbers(7, 3)
COLUMN = numbers(8, 2, 1)
CUBE = numbers(9, 2, 3, 4)
SQUARE = numbers(10, 3, 3)
LINE = numbers(11, 5)
