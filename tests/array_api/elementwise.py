"""The elementwise functions of the standard: dtypes of their arguments, and where they are defined.

All take their arguments by position alone, `clip` but for its bounds.
"""

from __future__ import annotations

from typing import Any

from .standard import (
    ALL,
    BOOL,
    COMPLEX_FLOATING,
    FLOATING,
    INTEGER,
    INTEGER_OR_BOOL,
    NUMERIC,
    REAL,
    REAL_FLOATING,
    Function,
    given,
    row,
)


def unary(names: str, dtypes: tuple[str, ...], **more: Any) -> tuple[Function, ...]:
    return tuple(row(name, "x, /", dtypes, **more) for name in names.split())


def binary(names: str, dtypes: tuple[str, ...], **more: Any) -> tuple[Function, ...]:
    """Of two arrays that have to be broadcast."""
    more = {"arrays": ((2, 1), (3,)), **more}
    return tuple(row(name, "x1, x2, /", dtypes, **more) for name in names.split())


# fmt: off
ELEMENTWISE = (
    *unary("abs square", NUMERIC, ulps=8),
    *unary("sign negative positive", NUMERIC),
    *unary("isfinite isinf isnan", NUMERIC),
    *unary("ceil floor trunc", REAL), *unary("round", NUMERIC),
    *unary("signbit", REAL_FLOATING),
    *unary("conj real", NUMERIC), *unary("imag", COMPLEX_FLOATING),
    *unary("exp expm1 sin cos tan sinh cosh tanh asinh atan", FLOATING, ulps=16),
    *unary("acos asin atanh", FLOATING, low=-0.9, high=0.9, ulps=16),
    *unary("acosh", FLOATING, low=1.1, ulps=16),
    *unary("log log2 log10 log1p sqrt reciprocal", FLOATING, low=0.2, ulps=16),
    *unary("bitwise_invert", INTEGER_OR_BOOL), *unary("logical_not", BOOL),
    *binary("add subtract multiply", NUMERIC, ulps=8), *binary("divide", FLOATING, ulps=16),
    *binary("equal not_equal", ALL), *binary("less less_equal greater greater_equal", REAL),
    *binary("maximum minimum", REAL),
    *binary("atan2 copysign hypot logaddexp", REAL_FLOATING, ulps=16),
    *binary("nextafter", REAL_FLOATING, ulps=0),
    *binary("floor_divide remainder", REAL, low=1, high=9),
    *binary("pow", NUMERIC, low=1, high=4, ulps=16),
    *binary("bitwise_and bitwise_or bitwise_xor", INTEGER_OR_BOOL),
    *binary("bitwise_left_shift bitwise_right_shift", INTEGER, low=0, high=5),
    *binary("logical_and logical_or logical_xor", BOOL),
    row("clip", "x, /, min=None, max=None", REAL, given(min=1), given(max=2), given(1, 2),
        given(min=1, max=2), given()),
)
# fmt: on
