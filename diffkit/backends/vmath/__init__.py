"""Elementary functions for compiled loops, written so that LLVM vectorises them.

Numba's own `exp` and its kin are calls into the scalar C library, which keep a loop from being
vectorised. Each function here is emitted in place as straight line code, and so turns a plain
`for i in range(n): out[i] = exp(x[i])` into SIMD code under `fastmath=False`. Arguments too rare
for that, such as sin(10²⁰), leave the loop by a call that LLVM vectorises as well (rare.py).
float32 stays float32 (all arguments), anything else is taken as float64. Errors are at most 2 ulp
over the whole range, subnormals and huge arguments included; special values are NumPy's. A fused
multiply-add in hardware is expected (x86-64-v3, any 64-bit ARM); without one results are the same,
but slow. `python -m comparisons vmath` measures each against NumPy's loop, on the machine at hand.

`lgamma`, `digamma` and `polygamma` are ordinary compiled functions with loops. `where`, `maximum`,
`minimum`, `plus` and `times` are the small steps of generated loops (choice.py).

All are for compiled code (`numba.njit`, cached on disk or not), not to be called from Python.
The package imports numba: import it in the function that compiles, not at the top of a module.
"""

from .area import acosh, asinh, atanh
from .choice import maximum, minimum, plus, times, where
from .exponential import exp, exp2, expm1
from .gamma import digamma, lgamma, polygamma
from .hyperbolic import cosh, sigmoid, sinh, tanh
from .inverse import acos, asin, atan, atan2
from .logarithm import log, log1p, log2, log10
from .power import pow
from .roots import cbrt, hypot
from .special import erf, softplus
from .trigonometric import cos, sin, tan

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "digamma",
    "erf", "exp", "exp2", "expm1", "hypot", "lgamma", "log", "log10", "log1p", "log2", "maximum",
    "minimum", "plus", "polygamma", "pow", "sigmoid", "sin", "sinh", "softplus", "tan", "tanh",
    "times", "where",
]  # fmt: skip
