"""The functions that generated kernels call.

On a device the elementary functions are those of `math` and libdevice. In the simulator kernels are
plain Python, and there they are NumPy's: Python's own raise where a device gives inf or nan.
"""

# numba has no types; a value that passes through it is unknown to pyright.
# pyright: basic

from __future__ import annotations

import math

import numpy as np
from numba import config, cuda  # noqa: TID253  (numba code, imported by generated kernels)


@cuda.jit(device=True)
def where(condition, x, y):
    return x if condition else y


@cuda.jit(device=True)
def plus(x, y):
    return x + y


@cuda.jit(device=True)
def times(x, y):
    return x * y


@cuda.jit(device=True)
def maximum(x, y):
    """The greater number; a nan stays."""
    return x if x > y or x != x else y


@cuda.jit(device=True)
def minimum(x, y):
    """The smaller number; a nan stays."""
    return x if x < y or x != x else y


@cuda.jit(device=True)
def scale(d, t):
    """d·t, and 0 where t is 0."""
    return t if t == 0 else d * t


@cuda.jit(device=True)
def sign(x):
    """-1, 0 or 1; a nan stays."""
    return type(x)(1) if x > 0 else (type(x)(-1) if x < 0 else x)


@cuda.jit(device=True)
def floordiv(x, y):
    """⌊x/y⌋."""
    return x // y


@cuda.jit(device=True)
def mod(x, y):
    """x - y⌊x/y⌋, with the sign of y."""
    return x % y


@cuda.jit(device=True)
def shift_left(x, n, bits):
    """x·2ⁿ without what leaves an integer of so many bits."""
    return x << n if 0 <= n < bits else type(x)(0)


@cuda.jit(device=True)
def shift_right(x, n, bits):
    """⌊x/2ⁿ⌋ of an integer of so many bits."""
    return x >> n if 0 <= n < bits else x >> type(n)(bits - 1) >> type(n)(1)


@cuda.jit(device=True)
def signbit(x):
    """Whether a number is negative, or a negative zero or nan."""
    return math.copysign(1.0, x) < 0


if getattr(config, "ENABLE_CUDASIM"):  # noqa: B009
    from scipy.special import erf as erf
    from scipy.special import gammaln as lgamma

    exp, exp2, expm1, log, log2, log10 = np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10
    log1p, sqrt, cbrt, hypot, pow = np.log1p, np.sqrt, np.cbrt, np.hypot, np.power
    sin, cos, tan, asin, acos, atan = np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan
    sinh, cosh, tanh, atan2 = np.sinh, np.cosh, np.tanh, np.arctan2
    asinh, acosh, atanh = np.arcsinh, np.arccosh, np.arctanh
    floor, ceil, rint, trunc = np.floor, np.ceil, np.rint, np.trunc
else:
    from numba.cuda import libdevice

    exp, expm1, log, log2, log10 = math.exp, math.expm1, math.log, math.log2, math.log10
    log1p, sqrt, hypot, pow, lgamma = math.log1p, math.sqrt, math.hypot, math.pow, math.lgamma
    sin, cos, tan, asin, acos, atan = math.sin, math.cos, math.tan, math.asin, math.acos, math.atan
    sinh, cosh, tanh, atan2, erf = math.sinh, math.cosh, math.tanh, math.atan2, math.erf
    asinh, acosh, atanh = math.asinh, math.acosh, math.atanh
    exp2, cbrt = libdevice.exp2, libdevice.cbrt
    floor, ceil, rint, trunc = libdevice.floor, libdevice.ceil, libdevice.rint, libdevice.trunc
