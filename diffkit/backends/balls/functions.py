"""The elementary functions on balls, one row each: value, partials, algebra.

Values are flint's, or made of flint's by an identity; a formula that cancels needs more digits, and
gets them by the doubling of precision. Formulas: DLMF chapter 4.
"""

# The table's lambdas take balls or series, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

from .lift import Function
from .numbers import Ball, anything, ball, is_complex, load_flint
from .series import Series, native


def ln2() -> Ball:
    return load_flint().arb.const_log2()


def ln10() -> Ball:
    return load_flint().arb.const_log10()


def pi() -> Ball:
    return load_flint().arb.pi()


def cube_root(x: Ball) -> Ball:
    """The real one, of either sign."""
    if x == 0:
        return x
    if x > 0:
        return x.root(3)
    return -(-x).root(3) if x < 0 else anything()


def whole(y: Ball) -> int | None:
    """The integer that a ball exactly is."""
    if is_complex(y):
        return whole(y.real) if y.imag == 0 else None
    known = y.is_exact() and y.is_integer() and abs(y) < GREATEST_POWER
    return int(y.unique_fmpz()) if known else None


GREATEST_POWER = 10**6


def squared(x: Ball) -> Ball:
    """x², which of a real number is not negative."""
    return x * x if is_complex(x) else (x * x).nonnegative_part()


def raised(x: Ball, n: int) -> Ball:
    """xⁿ by squaring. (flint's own power of a ball around 0 is by the logarithm, and unbounded.)"""
    if n < 0:
        return 1 / raised(x, -n)
    out = ball(1)
    while n:
        out, x, n = out * x if n % 2 else out, x * x, n // 2
    return out


def power_value(x: Ball, y: Ball) -> Ball:
    """x^y; by multiplication for a whole y, and 0 at 0 for y > 0."""
    n = whole(y)
    if n is not None:
        return raised(x, n)
    if x == 0 and not is_complex(y) and y > 0:
        return x
    return x**y


def power_by_base(x: Any, y: Any, ans: Any) -> Any:
    """y x^(y-1), and 0 for y = 0 even at x = 0."""
    return 0 if whole(y) == 0 else y * power(x, y - 1)


def power_by_exponent(x: Any, y: Any, ans: Any) -> Any:
    """x^y log x, and 0 at x = 0 for y > 0."""
    if x == 0 and not is_complex(y) and y > 0:
        return 0
    return ans * log(x)


def tanh_slope(x: Any, y: Any) -> Any:
    """1/cosh² x = 4e/(1 + e)² with e = e^(-2|x|), which neither cancels nor overflows."""
    if isinstance(x, Series) or is_complex(x):
        return 1 - y * y
    e = (-2 * abs(x)).exp()
    return 4 * e / ((1 + e) * (1 + e))


# fmt: off
divide     = Function("div", lambda x, y: x / y, (lambda x, y, q: 1 / y, lambda x, y, q: -q / y), lambda x, y: x / y)
reciprocal = Function("reciprocal", lambda x: 1 / x, (lambda x, y: -y * y,), lambda x: 1 / x)
square     = Function("square", squared, (lambda x, y: 2 * x,), lambda x: x * x)
power      = Function("pow", power_value, (power_by_base, power_by_exponent))
sqrt       = Function("sqrt", lambda x: x.sqrt(), (lambda x, y: 1 / (2 * y),))                      # 1/(2√x)
root       = Function("root", lambda x: x.sqrt(), (lambda x, y: 1 / (2 * y),), kink="kink")         # of a sum of squares
cbrt       = Function("cbrt", cube_root, (lambda x, y: 1 / (3 * y * y),))                           # 1/(3 x^⅔)
exp        = Function("exp", lambda x: x.exp(), (lambda x, y: y,), native("exp"))
exp2       = Function("exp2", lambda x: (x * ln2()).exp(), (lambda x, y: y * ln2(),))
exp10      = Function("exp10", lambda x: (x * ln10()).exp(), (lambda x, y: y * ln10(),))
expm1      = Function("expm1", lambda x: x.expm1(), (lambda x, y: y + 1,))
log        = Function("log", lambda x: x.log(), (lambda x, y: 1 / x,))
log2       = Function("log2", lambda x: x.log() / ln2(), (lambda x, y: 1 / (x * ln2()),))
log10      = Function("log10", lambda x: x.log() / ln10(), (lambda x, y: 1 / (x * ln10()),))
log1p      = Function("log1p", lambda x: x.log1p(), (lambda x, y: 1 / (1 + x),))
sin        = Function("sin", lambda x: x.sin(), (lambda x, y: cos(x),), native("sin"))
cos        = Function("cos", lambda x: x.cos(), (lambda x, y: -sin(x),), native("cos"))
tan        = Function("tan", lambda x: x.tan(), (lambda x, y: 1 + y * y,))
arcsin     = Function("arcsin", lambda x: x.asin(), (lambda x, y: 1 / sqrt((1 - x) * (1 + x)),))
arccos     = Function("arccos", lambda x: x.acos(), (lambda x, y: -1 / sqrt((1 - x) * (1 + x)),))
arctan     = Function("arctan", lambda x: x.atan(), (lambda x, y: 1 / (1 + x * x),))
sinh       = Function("sinh", lambda x: x.sinh(), (lambda x, y: cosh(x),))
cosh       = Function("cosh", lambda x: x.cosh(), (lambda x, y: sinh(x),))
tanh       = Function("tanh", lambda x: x.tanh(), (tanh_slope,))
arcsinh    = Function("arcsinh", lambda x: x.asinh(), (lambda x, y: 1 / sqrt(x * x + 1),))
arccosh    = Function("arccosh", lambda x: x.acosh(), (lambda x, y: 1 / (sqrt(x - 1) * sqrt(x + 1)),))
arctanh    = Function("arctanh", lambda x: x.atanh(), (lambda x, y: 1 / ((1 - x) * (1 + x)),))
arctan2    = Function("arctan2", lambda y, x: load_flint().arb.atan2(y, x),
                      (lambda y, x, a: x / (x * x + y * y), lambda y, x, a: -y / (x * x + y * y)))
# fmt: on

ELEMENTARY = (
    divide, reciprocal, square, power, sqrt, root, cbrt, exp, exp2, exp10, expm1, log, log2, log10,
    log1p, sin, cos, tan, arcsin, arccos, arctan, sinh, cosh, tanh, arcsinh, arccosh, arctanh,
    arctan2,
)  # fmt: skip
