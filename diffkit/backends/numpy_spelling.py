"""How each op of the graph is written with NumPy and scipy.special.

What is one function or operator has a form, in which {0} is the first operand; what has attributes
is written by a function of operands and attributes. Ops without a row can't be exported.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from ..ops.shape import slices
from ..types import DType, b1

# {0} is the first operand.
FORMS: dict[str, str] = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "neg": "-{0}",
    "less": "{0} < {1}", "less_equal": "{0} <= {1}", "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}", "equal": "{0} == {1}", "not_equal": "{0} != {1}",
    "pow": "np.power({0}, {1})", "mod": "np.remainder({0}, {1})", "root": "np.sqrt({0})",
    "floordiv": "np.floor_divide({0}, {1})", "bit_and": "{0} & {1}", "bit_or": "{0} | {1}",
    "bit_xor": "{0} ^ {1}", "bit_not": "~{0}", "shift_left": "np.left_shift({0}, {1})",
    "shift_right": "np.right_shift({0}, {1})", "gcd": "np.gcd({0}, {1})",
    "lcm": "np.lcm({0}, {1})", "stop_gradient": "{0}", "no_derivative": "{0}",
    "lgamma": "special.gammaln({0})", "select": "np.where({0}, {1}, {2})",
    "scale": "np.where({1} == 0, 0 * {1}, {0} * {1})",
    **{name: f"np.{name}({{0}})" for name in (
        "square", "reciprocal", "abs", "sign", "floor", "ceil", "rint", "trunc", "log", "exp",
        "exp2", "expm1", "log2", "log10", "log1p", "sqrt", "cbrt", "sin", "cos", "tan", "arcsin",
        "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "isnan",
        "isfinite", "isinf", "logical_not", "signbit", "real", "imag", "conj",
    )},
    **{name: f"np.{name}({{0}}, {{1}})" for name in (
        "maximum", "minimum", "hypot", "arctan2", "logical_and", "logical_or", "logical_xor",
        "nextafter",
    )},
    **{name: f"special.{name}({{0}})" for name in (
        "erf", "erfc", "erfcx", "erfi", "dawsn", "erfinv", "erfcinv", "ndtr", "ndtri", "log_ndtr",
        "ndtri_exp", "gamma", "rgamma", "loggamma", "gammasgn", "expit", "log_expit", "logit",
        "exp10", "cosm1", "sindg", "cosdg", "tandg", "cotdg", "wrightomega", "j0", "j1", "y0",
        "y1", "i0", "i1", "k0", "k1", "i0e", "i1e", "k0e", "k1e", "exp1", "expi", "exprel",
        "spence", "ellipk", "ellipkm1", "ellipe",
    )},
    **{name: f"special.{name}({{0}}, {{1}})" for name in (
        "poch", "binom", "beta", "betaln", "zeta", "gammainc", "gammaincc", "gammaincinv",
        "gammainccinv", "stdtr", "stdtrit", "owens_t", "jv", "yv", "iv", "kv", "ive", "kve",
        "expn", "hyp0f1", "boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p", "ellipkinc",
        "ellipeinc",
    )},
    **{name: f"special.{name}({{0}}, {{1}}, {{2}})" for name in (
        "betainc", "betaincc", "betaincinv", "betainccinv", "hyp1f1", "hyperu",
    )},
    "hyp2f1": "special.hyp2f1({0}, {1}, {2}, {3})",
}  # fmt: skip

# Of operands and attributes.
Form: TypeAlias = Callable[..., str]
REDUCTIONS = ("sum", "prod", "max", "min", "any", "all")
STRUCTURE: dict[str, Form] = {
    "cast": lambda x, dtype: f"{named(dtype)}({x})",
    "broadcast": lambda x, shape: f"np.broadcast_to({x}, {shape})",
    "reshape": lambda x, shape: f"np.reshape({x}, {shape})",
    "transpose": lambda x, axes: f"np.transpose({x}, {axes})",
    "reverse": lambda x, axes: f"np.flip({x}, {axes})",
    "slice": lambda x, **where: f"{x}[{box(**where)}]",
    "concatenate": lambda *xs, axis: f"np.concatenate([{', '.join(xs)}], {axis})",
    "stack": lambda *xs, axis: f"np.stack([{', '.join(xs)}], {axis})",
    "iota": lambda n, dtype: f"np.arange({n}, dtype={named(dtype)})",
    "gather": lambda x, *ks: f"{x}[{', '.join(ks)}]",
    "cumsum": lambda x, axis: f"np.cumsum({x}, {axis})",
    "cumprod": lambda x, axis: f"np.cumprod({x}, {axis})",
    "argmax": lambda x, axis: f"np.argmax({x}, {axis})",
    "argmin": lambda x, axis: f"np.argmin({x}, {axis})",
    "argsort": lambda x, axis, kind: f"np.argsort({x}, {axis}, kind={kind!r})",
    "polygamma": lambda x, n: f"special.polygamma({n}, {x})" if n else f"special.psi({x})",
    "einsum": lambda x, y, spec: product(x, y, spec),
    "cholesky": lambda x: f"np.linalg.cholesky({x})",
    **{name: lambda x, part, name=name: f"special.{name}({x})[{part}]" for name in (
        "airy", "sici", "shichi", "fresnel",
    )},
}  # fmt: skip
PRODUCTS = {
    "ab,bc->ac": "{0} @ {1}", "ab,b->a": "{0} @ {1}", "a,ab->b": "{0} @ {1}", "a,a->": "{0} @ {1}",
    "ab,a->b": "{1} @ {0}", "a,ba->b": "{1} @ {0}", "ab,ca->cb": "{1} @ {0}",
    "a,b->ab": "np.outer({0}, {1})", "ab,cb->ac": "{0} @ {1}.T", "ab,ac->bc": "{0}.T @ {1}",
}  # fmt: skip
"""By what they sum over, the letters in order of appearance."""


def named(dtype: DType) -> str:
    """NumPy's name of a dtype."""
    return "np.bool_" if dtype is b1 else f"np.{dtype.numpy}"


def box(start: Any, stop: Any, step: Any) -> str:
    """The text of slices."""
    parts: list[str] = []
    for s in slices(start, stop, step):
        low = "" if s.start in (0, None) and (s.step or 1) > 0 else str(s.start)
        parts.append(
            f"{low}:{'' if s.stop is None else s.stop}" + (f":{s.step}" if s.step != 1 else "")
        )
    return ", ".join(parts) or "()"


def product(x: str, y: str, spec: str) -> str:
    """A product of arrays, with @ where that is what it is."""
    order = {c: k for k, c in enumerate(dict.fromkeys(re.findall(r"[A-Za-z]", spec)))}
    plain = "".join(chr(97 + order[c]) if c in order else c for c in spec)
    form = PRODUCTS.get(plain)
    return form.format(x, y) if form else f'np.einsum("{plain}", {x}, {y})'
