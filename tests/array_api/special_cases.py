"""What the standard says of particular numbers: infinities, nan, signed zeros, ends of domains.

A row is a function, its operands and the result. Zeros count with their signs; a nan is a nan. Of
complex numbers there are those cases on which the mathematical libraries agree.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

inf, nan, pi = math.inf, math.nan, math.pi
ODD = {
    "sin": (), "tan": (), "sinh": (inf,), "asinh": (inf,), "asin": (), "atanh": (), "tanh": (),
    "atan": (), "expm1": (), "log1p": (), "sqrt": (), "positive": (inf,), "ceil": (inf,),
    "floor": (inf,), "trunc": (inf,), "round": (inf,),
}  # fmt: skip
"""f(±0) = ±0 for all, and f(±v) = ±v for these values v."""

# fmt: off
ONE: dict[str, list[tuple[Any, Any]]] = {
    "abs": [(nan, nan), (-0.0, 0.0), (inf, inf), (-inf, inf)],
    "acos": [(nan, nan), (1.5, nan), (-1.5, nan), (1.0, 0.0), (0.0, pi / 2), (-1.0, pi)],
    "acosh": [(nan, nan), (0.5, nan), (1.0, 0.0), (inf, inf)],
    "asin": [(nan, nan), (1.5, nan), (-1.5, nan), (1.0, pi / 2), (-1.0, -pi / 2)],
    "asinh": [(nan, nan)],
    "atan": [(nan, nan), (inf, pi / 2), (-inf, -pi / 2)],
    "atanh": [(nan, nan), (-1.5, nan), (1.5, nan), (-1.0, -inf), (1.0, inf)],
    "ceil": [(nan, nan), (2.0, 2.0), (1.5, 2.0), (-1.5, -1.0), (-0.5, -0.0)],
    "cos": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, nan), (-inf, nan)],
    "cosh": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, inf)],
    "exp": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0)],
    "expm1": [(nan, nan), (inf, inf), (-inf, -1.0)],
    "floor": [(nan, nan), (2.0, 2.0), (1.5, 1.0), (-1.5, -2.0)],
    "isfinite": [(inf, False), (-inf, False), (nan, False), (1.0, True)],
    "isinf": [(inf, True), (-inf, True), (nan, False), (1.0, False)],
    "isnan": [(nan, True), (inf, False), (1.0, False)],
    "log": [(nan, nan), (-1.0, nan), (0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf)],
    "log1p": [(nan, nan), (-1.5, nan), (-1.0, -inf), (inf, inf)],
    "log2": [(nan, nan), (-1.0, nan), (0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf)],
    "log10": [(nan, nan), (-1.0, nan), (0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf)],
    "negative": [(nan, nan), (0.0, -0.0), (-0.0, 0.0), (inf, -inf)],
    "reciprocal": [(nan, nan), (inf, 0.0), (-inf, -0.0), (0.0, inf), (-0.0, -inf)],
    "round": [(nan, nan), (0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (3.0, 3.0)],
    "sign": [(nan, nan), (3.0, 1.0), (-3.0, -1.0), (inf, 1.0), (0.0, 0.0), (-0.0, 0.0)],
    "signbit": [(0.0, False), (-0.0, True), (inf, False), (-inf, True), (1.0, False),
                (-1.0, True), (nan, False), (-nan, True)],
    "sin": [(nan, nan), (inf, nan), (-inf, nan)],
    "sinh": [(nan, nan)],
    "sqrt": [(nan, nan), (-1.0, nan), (inf, inf)],
    "square": [(nan, nan), (-0.0, 0.0), (-inf, inf)],
    "tan": [(nan, nan), (inf, nan), (-inf, nan)],
    "tanh": [(nan, nan), (inf, 1.0), (-inf, -1.0)],
    "trunc": [(nan, nan), (2.0, 2.0), (1.7, 1.0), (-1.7, -1.0), (-0.7, -0.0)],
}
for name, values in ODD.items():
    ONE[name] = ONE.get(name, []) + [(s * v, s * v) for v in (0.0, *values) for s in (1.0, -1.0)]

ONE_COMPLEX: dict[str, list[tuple[complex, complex]]] = {
    "abs": [(complex(inf, nan), inf), (complex(nan, -inf), inf), (complex(nan, 0), nan),
            (complex(3, 4), 5.0), (complex(-0.0, -0.0), 0.0)],
    "conj": [(complex(1, 0.0), complex(1, -0.0)), (complex(nan, inf), complex(nan, -inf))],
    "cosh": [(0j, 1 + 0j), (complex(0, inf), complex(nan, 0)), (complex(inf, 0), complex(inf, 0)),
             (complex(nan, nan), complex(nan, nan))],
    "exp": [(0j, 1 + 0j), (complex(-0.0, 0), 1 + 0j), (complex(inf, 0), complex(inf, 0)),
            (complex(-inf, 1), complex(0, 0)), (complex(nan, 0), complex(nan, 0)),
            (complex(1, inf), complex(nan, nan))],
    "expm1": [(0j, 0j), (complex(-inf, 1), complex(-1, 0))],
    "isfinite": [(complex(inf, 0), False), (complex(0, nan), False), (1j, True)],
    "isinf": [(complex(nan, inf), True), (complex(nan, 0), False)],
    "isnan": [(complex(inf, nan), True), (complex(inf, 0), False)],
    "log": [(complex(-0.0, 0.0), complex(-inf, pi)), (0j, complex(-inf, 0)),
            (complex(1, inf), complex(inf, pi / 2)), (complex(-inf, 1), complex(inf, pi)),
            (complex(inf, 1), complex(inf, 0)), (complex(inf, inf), complex(inf, pi / 4)),
            (complex(inf, nan), complex(inf, nan)), (complex(nan, nan), complex(nan, nan))],
    "sign": [(0j, 0j), (complex(3, 4), complex(0.6, 0.8)), (complex(nan, 1), complex(nan, nan)),
             (complex(-inf, 1), complex(-1, 0)), (complex(1, inf), 1j),
             (complex(inf, inf), complex(nan, nan))],
    "sinh": [(0j, 0j), (complex(inf, 0), complex(inf, 0)), (complex(nan, 0), complex(nan, 0)),
             (complex(nan, nan), complex(nan, nan))],
    "sqrt": [(0j, 0j), (complex(-0.0, 0), 0j), (complex(1, inf), complex(inf, inf)),
             (complex(-inf, 1), complex(0, inf)), (complex(inf, 1), complex(inf, 0)),
             (complex(-4, 0.0), 2j), (complex(-4, -0.0), -2j)],
    "tanh": [(0j, 0j), (complex(inf, 1), complex(1, 0)), (complex(nan, 0), complex(nan, 0))],
}

TWO: dict[str, list[tuple[Any, Any, Any]]] = {
    "add": [(inf, -inf, nan), (-inf, inf, nan), (inf, inf, inf), (inf, 1.0, inf),
            (-0.0, -0.0, -0.0),
            (-0.0, 0.0, 0.0), (0.0, -0.0, 0.0), (nan, 1.0, nan), (1.0, -1.0, 0.0)],
    "atan2": [(nan, 1.0, nan), (1.0, nan, nan), (1.0, 0.0, pi / 2), (1.0, -0.0, pi / 2),
              (0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (0.0, -0.0, pi), (0.0, -1.0, pi), (-0.0, 1.0, -0.0),
              (-0.0, 0.0, -0.0), (-0.0, -0.0, -pi), (-0.0, -1.0, -pi), (-1.0, 0.0, -pi / 2),
              (1.0, inf, 0.0), (1.0, -inf, pi), (-1.0, inf, -0.0), (-1.0, -inf, -pi),
              (inf, 1.0, pi / 2), (-inf, 1.0, -pi / 2), (inf, inf, pi / 4), (inf, -inf, 3 * pi / 4),
              (-inf, inf, -pi / 4), (-inf, -inf, -3 * pi / 4)],
    "copysign": [(0.0, 5.0, 0.0), (-0.0, 5.0, 0.0), (0.0, -5.0, -0.0), (3.0, -0.0, -3.0),
                 (-3.0, 0.0, 3.0), (nan, 5.0, nan), (inf, -1.0, -inf)],
    "divide": [(nan, 1.0, nan), (inf, inf, nan), (-inf, inf, nan), (0.0, 0.0, nan),
               (0.0, -0.0, nan), (0.0, 1.0, 0.0), (-0.0, 1.0, -0.0), (0.0, -1.0, -0.0),
               (-0.0, -1.0, 0.0), (1.0, 0.0, inf), (1.0, -0.0, -inf), (-1.0, 0.0, -inf),
               (-1.0, -0.0, inf), (inf, 1.0, inf), (inf, -1.0, -inf), (-inf, 1.0, -inf),
               (1.0, inf, 0.0), (1.0, -inf, -0.0), (-1.0, inf, -0.0), (-1.0, -inf, 0.0)],
    "equal": [(nan, nan, False), (nan, 1.0, False), (inf, inf, True), (-inf, -inf, True),
              (0.0, -0.0, True), (inf, -inf, False)],
    "not_equal": [(nan, nan, True), (inf, inf, False), (0.0, -0.0, False), (inf, -inf, True)],
    "less": [(nan, 1.0, False), (1.0, nan, False), (-inf, inf, True), (-0.0, 0.0, False)],
    "less_equal": [(nan, nan, False), (-0.0, 0.0, True), (0.0, -0.0, True), (inf, inf, True)],
    "greater": [(nan, 1.0, False), (inf, 1.0, True), (0.0, -0.0, False)],
    "greater_equal": [(nan, nan, False), (-0.0, 0.0, True), (inf, inf, True)],
    "floor_divide": [(nan, 1.0, nan), (0.0, 0.0, nan), (0.0, 1.0, 0.0), (-0.0, 1.0, -0.0),
                     (0.0, -1.0, -0.0), (-0.0, -1.0, 0.0), (7.0, 2.0, 3.0), (-7.0, 2.0, -4.0)],
    "hypot": [(inf, nan, inf), (-inf, 1.0, inf), (nan, inf, inf), (nan, 1.0, nan), (-3.0, 4.0, 5.0),
              (0.0, -2.0, 2.0), (-0.0, 0.0, 0.0)],
    "logaddexp": [(nan, 1.0, nan), (1.0, nan, nan), (inf, 1.0, inf), (1.0, inf, inf),
                  (-inf, 2.0, 2.0), (-inf, -inf, -inf)],
    "maximum": [(nan, 1.0, nan), (1.0, nan, nan), (inf, 1.0, inf), (-inf, 1.0, 1.0)],
    "minimum": [(nan, 1.0, nan), (1.0, nan, nan), (inf, 1.0, 1.0), (-inf, 1.0, -inf)],
    "multiply": [(nan, 0.0, nan), (inf, 0.0, nan), (-inf, -0.0, nan), (0.0, -1.0, -0.0),
                 (-0.0, -1.0, 0.0), (inf, -inf, -inf), (-inf, -inf, inf), (inf, -2.0, -inf)],
    "nextafter": [(nan, 1.0, nan), (1.0, nan, nan), (0.0, -0.0, -0.0), (-0.0, 0.0, 0.0),
                  (inf, 0.0, 1.7976931348623157e308), (1.7976931348623157e308, inf, inf),
                  (0.0, 1.0, 5e-324), (5e-324, -1.0, 0.0), (1.0, 2.0, 1 + 2**-52),
                  (1.0, 0.0, 1 - 2**-53), (2.0, 2.0, 2.0)],
    "pow": [(2.0, nan, nan), (1.0, nan, 1.0), (nan, 0.0, 1.0), (nan, -0.0, 1.0), (nan, 2.0, nan),
            (2.0, inf, inf), (2.0, -inf, 0.0), (1.0, inf, 1.0), (-1.0, -inf, 1.0), (0.5, inf, 0.0),
            (0.5, -inf, inf), (inf, 2.0, inf), (inf, -2.0, 0.0), (-inf, 3.0, -inf),
            (-inf, 2.0, inf),
            (-inf, -3.0, -0.0), (-inf, -2.0, 0.0), (0.0, 2.0, 0.0), (0.0, -2.0, inf),
            (-0.0, 3.0, -0.0), (-0.0, 2.0, 0.0), (-0.0, -3.0, -inf), (-0.0, -2.0, inf),
            (-2.0, 0.5, nan)],
    "remainder": [(nan, 1.0, nan), (1.0, nan, nan), (inf, 1.0, nan), (1.0, 0.0, nan),
                  (0.0, 1.0, 0.0), (0.0, -1.0, -0.0), (-0.0, 1.0, 0.0), (-0.0, -1.0, -0.0),
                  (5.0, 3.0, 2.0), (-5.0, 3.0, 1.0), (5.0, -3.0, -1.0), (3.0, 3.0, 0.0),
                  (-3.0, 3.0, 0.0), (3.0, -3.0, -0.0)],
    "subtract": [(inf, inf, nan), (-inf, -inf, nan), (inf, -inf, inf), (0.0, 0.0, 0.0),
                 (-0.0, 0.0, -0.0), (nan, 0.0, nan)],
}
INTEGERS: dict[str, list[tuple[int, int, int]]] = {
    "floor_divide": [(7, 2, 3), (-7, 2, -4), (7, -2, -4), (-7, -2, 3)],
    "remainder": [(7, 3, 1), (-7, 3, 2), (7, -3, -2), (-7, -3, -1)],
    "bitwise_left_shift": [(1, 4, 16), (-3, 2, -12)],
    "bitwise_right_shift": [(-8, 1, -4), (-1, 5, -1), (9, 2, 2)],
    "bitwise_and": [(-1, 6, 6)], "bitwise_or": [(-8, 3, -5)], "bitwise_xor": [(-1, 5, -6)],
}
OF_NOTHING = {"sum": 0.0, "prod": 1.0, "all": True, "any": False, "mean": nan, "var": nan,
              "std": nan, "count_nonzero": 0}
"""Reductions of empty arrays."""
WITH_NAN = ("sum", "prod", "max", "min", "mean", "var", "std", "cumulative_sum", "cumulative_prod")
"""Whose result is nan with one in the array."""
# fmt: on

LOGICAL = {
    "logical_and": lambda p, q: p and q,
    "logical_or": lambda p, q: p or q,
    "logical_xor": lambda p, q: p is not q,
}
TRUTH = [
    (name, p, q, f(p, q))
    for name, f in LOGICAL.items()
    for p, q in product([True, False], repeat=2)
]
