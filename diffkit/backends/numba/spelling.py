"""How each op of the graph is written for Numba.

Arithmetic is written as operators, elementary functions are those of `vmath`. A row gives the text
for numbers of any dtype, or for floats and for integers where they differ; `{0}` is the first
argument. Names in brackets are those to import.
"""

from __future__ import annotations

from typing import NamedTuple

MATH = "math"
VMATH = "diffkit.backends.vmath"
ROUTINES = "diffkit.backends.numba.routines"
COMPLEXES = "diffkit.backends.numba.complexes"


class Spelling(NamedTuple):
    """A function to call: its module and its name there."""

    module: str
    name: str


FUNCTIONS: dict[str, Spelling] = {
    **{name: Spelling(VMATH, name) for name in (
        "exp", "exp2", "expm1", "log", "log1p", "log2", "cbrt", "hypot", "sin", "cos", "tan",
        "sinh", "cosh", "tanh", "erf", "maximum", "minimum", "log10", "lgamma",
    )},
    "arctan": Spelling(VMATH, "atan"),
    "arctan2": Spelling(VMATH, "atan2"),
    "arcsin": Spelling(VMATH, "asin"),
    "arccos": Spelling(VMATH, "acos"),
    "arcsinh": Spelling(VMATH, "asinh"),
    "arccosh": Spelling(VMATH, "acosh"),
    "arctanh": Spelling(VMATH, "atanh"),
    "pow": Spelling(VMATH, "pow"),
    "select": Spelling(VMATH, "where"),
    "sqrt": Spelling(MATH, "sqrt"),
    "scale": Spelling(ROUTINES, "scale"),
    "sign": Spelling(ROUTINES, "sign"),
    "floordiv": Spelling(ROUTINES, "floordiv"),
    "mod": Spelling(ROUTINES, "mod"),
    "signbit": Spelling(ROUTINES, "signbit"),
}  # fmt: skip

# Written in place. The argument of the second group stands twice: it is a variable or a number.
FORMS: dict[str, str] = {
    "abs": "abs({0})", "floor": "np.floor({0})", "ceil": "np.ceil({0})", "rint": "np.rint({0})",
    "trunc": "np.trunc({0})",
}  # fmt: skip
BITS: dict[str, str] = {"bit_and": "&", "bit_or": "|", "bit_xor": "^"}
SHIFTS = ("shift_left", "shift_right")  # routines that are told how many bits there are
TWICE: dict[str, tuple[str, int]] = {
    "square": ("{0} * {0}", 6), "isnan": ("{0} != {0}", 4),
}  # fmt: skip

# Of complex numbers; what is not here is written as for real ones. A quotient is NumPy's function,
# since Numba's operator raises where the divisor is zero.
COMPLEX: dict[str, str] = {
    **{name: f"np.{name}({{0}})" for name in (
        "square", "reciprocal", "log", "log2", "log10", "log1p", "sqrt", "tan", "arcsin", "arccos",
        "arctan", "arcsinh", "arctanh", "isnan", "isfinite", "isinf", "conj",
    )},
    "div": "np.divide({0}, {1})",
    "complex": "complex({0}, {1})",
}  # fmt: skip
COMPLEX_FUNCTIONS: dict[str, Spelling] = {
    "exp": Spelling(COMPLEXES, "cexp"),
    "exp2": Spelling(COMPLEXES, "cexp2"),
    "expm1": Spelling(COMPLEXES, "cexpm1"),
    "sin": Spelling(COMPLEXES, "csin"),
    "cos": Spelling(COMPLEXES, "ccos"),
    "sinh": Spelling(COMPLEXES, "csinh"),
    "cosh": Spelling(COMPLEXES, "ccosh"),
    "tanh": Spelling(COMPLEXES, "ctanh"),
    "arccosh": Spelling(COMPLEXES, "cacosh"),
    "pow": Spelling(COMPLEXES, "cpow"),
    "scale": Spelling(COMPLEXES, "cscale"),
    "select": Spelling(VMATH, "where"),
    "less": Spelling(COMPLEXES, "cless"),
    "less_equal": Spelling(COMPLEXES, "cless_equal"),
}
COMPLEX_TURNED = {"greater": "less", "greater_equal": "less_equal"}  # with their operands exchanged
