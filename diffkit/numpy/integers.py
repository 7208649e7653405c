"""NumPy's ufuncs of integers, bit by bit or by divisors, on traced values.

A generator of random numbers that counts is made of these. Of booleans, `&`, `|`, `^` and `~` are
the logical operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import Op
from ..ops import arithmetic as a
from ..ops import bits as b
from ..tracing.tracer import Trace, Tracer
from ..types import b1
from .elementwise import operands


def of_integers(ufunc: Any, op: Op) -> Callable[..., Any]:
    """The handler of a ufunc that NumPy has for integers alone."""

    def handler(t: Trace, *xs: Any) -> Tracer:
        return op(*operands(t, ufunc, xs))

    return handler


def of_bits(ufunc: Any, op: Op, logical: Op) -> Callable[..., Any]:
    """The handler of a ufunc that NumPy has for integers and for booleans."""

    def handler(t: Trace, *xs: Any) -> Tracer:
        values = operands(t, ufunc, xs)
        return (logical if values[0].dtype_ == b1 else op)(*values)

    return handler


UFUNCS: dict[Any, Callable[..., Any]] = {
    np.bitwise_and: of_bits(np.bitwise_and, b.bit_and, a.logical_and),
    np.bitwise_or: of_bits(np.bitwise_or, b.bit_or, a.logical_or),
    np.bitwise_xor: of_bits(np.bitwise_xor, b.bit_xor, a.logical_xor),
    np.invert: of_bits(np.invert, b.bit_not, a.logical_not),
    np.left_shift: of_integers(np.left_shift, b.shift_left),
    np.right_shift: of_integers(np.right_shift, b.shift_right),
    np.gcd: of_integers(np.gcd, b.gcd),
    np.lcm: of_integers(np.lcm, b.lcm),
    np.bitwise_count: of_integers(np.bitwise_count, b.bit_count),
}
