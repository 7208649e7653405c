"""What each op is as a formula: the table from ops to sympy.

Elementwise ops are functions of formulas, spread over arrays of them; a literal becomes a number
that keeps every digit. Where sympy has no function of that name, the formula is written with those
that it has (DLMF chapters 5 to 13 and 19). Ops that only move elements need no row: NumPy moves
formulas as well as numbers. A formula is of real numbers, so nothing in it is nan or infinite.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .functions import Formula, own

Row = Callable[..., Any]


def number(sympy: Any, value: Any) -> Formula:
    """A float as an integer or a simple fraction where it is exactly that, else as it is: both keep
    all its digits."""
    if isinstance(value, bool | np.bool_):
        return sympy.true if value else sympy.false
    numerator, denominator = float(value).as_integer_ratio() if np.isfinite(value) else (0, 0)
    if denominator and denominator <= 1024 and abs(numerator) < 2**53:
        return sympy.Rational(numerator, denominator)
    return sympy.Float(float(value))


def constants(sympy: Any, value: Any) -> Any:
    """A literal: integers stay NumPy (they index), numbers become sympy's."""
    if value.dtype.kind == "i":
        return value
    out = np.empty(value.shape, object)
    for place in np.ndindex(*value.shape):
        out[place] = number(sympy, value[place])
    return out[()]


def sympy_table(sympy: Any) -> dict[str, Row]:
    """Each op as a function of arrays of formulas."""
    S = sympy
    table = {name: spread(row) for name, row in {**elementary(S), **special(S)}.items()}
    # Formulas are of real numbers.
    table |= {name: spread(lambda x: S.false) for name in ("isnan", "isinf")}
    table["isfinite"] = spread(lambda x: S.true)
    table["polygamma"] = lambda x, n: spread(lambda v: S.polygamma(n, v))(x)
    table["no_derivative"] = lambda x, function, argument: spread(own().Held)(x)
    table["cast"] = lambda x, dtype: cast(S, x, dtype)
    table["max"] = lambda x, axes: reduce_by(S.Max, x, axes)
    table["min"] = lambda x, axes: reduce_by(S.Min, x, axes)
    table["any"] = lambda x, axes: reduce_by(S.Or, x, axes)
    table["all"] = lambda x, axes: reduce_by(S.And, x, axes)
    table |= {name: by_part(rows) for name, rows in several(S).items()}
    return table


def elementary(S: Any) -> dict[str, Row]:
    """Arithmetic, comparisons and elementary functions."""
    log2, log10 = S.log(2), S.log(10)
    return {
        "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y,
        "div": lambda x, y: x / y, "neg": lambda x: -x, "pow": lambda x, y: x**y,
        "scale": lambda d, t: d * t, "square": lambda x: x**2, "reciprocal": lambda x: 1 / x,
        "abs": S.Abs, "sign": S.sign, "floor": S.floor, "ceil": S.ceiling,
        "trunc": lambda x: S.sign(x) * S.floor(S.Abs(x)),
        "floordiv": lambda x, y: S.floor(x / y), "mod": lambda x, y: x - y * S.floor(x / y),
        "maximum": S.Max, "minimum": S.Min, "stop_gradient": own().Held,
        "select": lambda c, x, y: S.Piecewise((x, c), (y, True)),
        "exp": S.exp, "exp2": lambda x: 2**x, "expm1": lambda x: S.exp(x) - 1,
        "log": S.log, "log2": lambda x: S.log(x) / log2, "log10": lambda x: S.log(x) / log10,
        "log1p": lambda x: S.log(1 + x), "sqrt": S.sqrt, "root": S.sqrt,
        "cbrt": lambda x: S.sign(x) * S.cbrt(S.Abs(x)),
        "hypot": lambda x, y: S.sqrt(x**2 + y**2),
        "sin": S.sin, "cos": S.cos, "tan": S.tan, "arcsin": S.asin, "arccos": S.acos,
        "arctan": S.atan, "arctan2": S.atan2, "sinh": S.sinh, "cosh": S.cosh, "tanh": S.tanh,
        "arcsinh": S.asinh, "arccosh": S.acosh, "arctanh": S.atanh,
        "less": S.Lt, "less_equal": S.Le, "greater": S.Gt, "greater_equal": S.Ge,
        "equal": S.Eq, "not_equal": S.Ne, "logical_and": S.And, "logical_or": S.Or,
        "logical_not": S.Not, "logical_xor": S.Xor,
    }  # fmt: skip


def special(S: Any) -> dict[str, Row]:
    """Gamma, error, Bessel, hypergeometric and elliptic functions."""
    root2, rootpi, degree = S.sqrt(2), S.sqrt(S.pi), S.pi / 180

    def normal(x: Formula) -> Formula:
        return S.erfc(-x / root2) / 2

    def spherical(bessel: Any, factor: Formula) -> Row:
        return lambda n, x: S.sqrt(factor / x) * bessel(n + S.Rational(1, 2), x)

    return {
        "lgamma": S.loggamma, "loggamma": S.loggamma, "gamma": S.gamma,
        "rgamma": lambda x: 1 / S.gamma(x), "poch": lambda z, m: S.gamma(z + m) / S.gamma(z),
        "binom": S.binomial, "beta": lambda a, b: S.gamma(a) * S.gamma(b) / S.gamma(a + b),
        "betaln": lambda a, b: S.loggamma(a) + S.loggamma(b) - S.loggamma(a + b),
        "zeta": S.zeta,
        "gammainc": lambda a, x: S.lowergamma(a, x) / S.gamma(a),
        "gammaincc": lambda a, x: S.uppergamma(a, x) / S.gamma(a),
        "erf": S.erf, "erfc": S.erfc, "erfi": S.erfi, "erfinv": S.erfinv, "erfcinv": S.erfcinv,
        "erfcx": lambda x: S.exp(x**2) * S.erfc(x),
        "dawsn": lambda x: rootpi / 2 * S.exp(-(x**2)) * S.erfi(x),
        "ndtr": normal, "ndtri": lambda p: -root2 * S.erfcinv(2 * p),
        "log_ndtr": lambda x: S.log(normal(x)),
        "ndtri_exp": lambda y: -root2 * S.erfcinv(2 * S.exp(y)),
        "expit": lambda x: 1 / (1 + S.exp(-x)), "log_expit": lambda x: -S.log(1 + S.exp(-x)),
        "logit": lambda p: S.log(p / (1 - p)), "exp10": lambda x: 10**x,
        "cosm1": lambda x: S.cos(x) - 1, "sindg": lambda x: S.sin(degree * x),
        "cosdg": lambda x: S.cos(degree * x), "tandg": lambda x: S.tan(degree * x),
        "cotdg": lambda x: S.cot(degree * x), "wrightomega": lambda x: S.LambertW(S.exp(x)),
        "jv": S.besselj, "yv": S.bessely, "iv": S.besseli, "kv": S.besselk,
        "ive": lambda v, x: S.exp(-S.Abs(x)) * S.besseli(v, x),
        "kve": lambda v, x: S.exp(x) * S.besselk(v, x),
        "j0": lambda x: S.besselj(0, x), "j1": lambda x: S.besselj(1, x),
        "y0": lambda x: S.bessely(0, x), "y1": lambda x: S.bessely(1, x),
        "i0": lambda x: S.besseli(0, x), "i1": lambda x: S.besseli(1, x),
        "k0": lambda x: S.besselk(0, x), "k1": lambda x: S.besselk(1, x),
        "i0e": lambda x: S.exp(-S.Abs(x)) * S.besseli(0, x),
        "i1e": lambda x: S.exp(-S.Abs(x)) * S.besseli(1, x),
        "k0e": lambda x: S.exp(x) * S.besselk(0, x), "k1e": lambda x: S.exp(x) * S.besselk(1, x),
        "spherical_jn": spherical(S.besselj, S.pi / 2),
        "spherical_yn": spherical(S.bessely, S.pi / 2),
        "spherical_in": spherical(S.besseli, S.pi / 2),
        "spherical_kn": spherical(S.besselk, S.pi / 2),
        "exp1": lambda x: S.expint(1, x), "expi": S.Ei, "expn": S.expint,
        "hyp0f1": lambda v, z: S.hyper([], [v], z), "hyp1f1": lambda a, b, z: S.hyper([a], [b], z),
        "hyp2f1": lambda a, b, c, z: S.hyper([a, b], [c], z),
        "exprel": lambda x: (S.exp(x) - 1) / x, "boxcox": lambda x, k: (x**k - 1) / k,
        "boxcox1p": lambda x, k: ((1 + x) ** k - 1) / k,
        "inv_boxcox": lambda y, k: (1 + k * y) ** (1 / k),
        "inv_boxcox1p": lambda y, k: (1 + k * y) ** (1 / k) - 1,
        "spence": lambda z: S.polylog(2, 1 - z),
        "ellipk": S.elliptic_k, "ellipkm1": lambda p: S.elliptic_k(1 - p),
        "ellipe": S.elliptic_e, "ellipem1": lambda p: S.elliptic_e(1 - p),
        "ellipkinc": S.elliptic_f, "ellipeinc": S.elliptic_e,
    }  # fmt: skip


def several(S: Any) -> dict[str, tuple[Row, ...]]:
    """Functions with several results, of which an op is one."""
    return {
        "sici": (S.Si, S.Ci), "shichi": (S.Shi, S.Chi), "fresnel": (S.fresnels, S.fresnelc),
        "airy": (S.airyai, S.airyaiprime, S.airybi, S.airybiprime),
    }  # fmt: skip


def by_part(rows: tuple[Row, ...]) -> Row:
    return lambda x, part: spread(rows[part])(x)


def cast(sympy: Any, x: Any, dtype: Any) -> Any:
    """A truth value as a number is a choice; all other numbers stay what they are."""
    if dtype.kind != "f":
        return np.asarray(x).astype(dtype.numpy)

    def one(value: Any) -> Formula:
        if isinstance(value, sympy.logic.boolalg.Boolean):
            return sympy.Piecewise((1, value), (0, True))
        return number(sympy, value) if isinstance(value, np.generic | int | bool) else value

    return spread(one)(x)


def spread(function: Row) -> Row:
    """A function of formulas as a function of arrays of them."""

    def over_arrays(*args: Any) -> Any:
        return np.frompyfunc(function, len(args), 1)(*args)

    return over_arrays


def reduce_by(function: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """A function of many formulas over axes of an array of them."""
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    rows = np.transpose(x, (*rest, *axes)).reshape(*(x.shape[k] for k in rest), -1)
    out = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(*out.shape):
        out[place] = function(*rows[place])
    return out[()]
