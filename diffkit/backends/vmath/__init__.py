"""Elementary functions for compiled loops, written so that LLVM vectorises them.

Numba's own `exp` and its kin are calls into the scalar C library, which keep a loop from being
vectorised. Each function here is always inlined, has no branch and no call, and so turns a plain
`for i in range(n): out[i] = exp(x[i])` into SIMD code under `fastmath=False`. float32 stays float32
(all arguments), anything else is taken as float64. Errors are at most 2 ulp over the whole
range, subnormals and huge arguments included; special values are NumPy's. A fused multiply-add in
hardware is expected (x86-64-v3, any 64-bit ARM); without one results are the same, but slow.

The package imports numba: import it in the function that compiles, not at the top of a module.
"""

from .exponential import exp, exp2, expm1
from .hyperbolic import cosh, sigmoid, sinh, tanh
from .inverse import atan, atan2
from .logarithm import log, log1p, log2
from .power import pow
from .roots import cbrt, hypot
from .special import erf, softplus
from .trigonometric import cos, sin, tan

__all__ = [
    "atan", "atan2", "cbrt", "cos", "cosh", "erf", "exp", "exp2", "expm1", "hypot", "log", "log1p",
    "log2", "pow", "sigmoid", "sin", "sinh", "softplus", "tan", "tanh",
]  # fmt: skip
