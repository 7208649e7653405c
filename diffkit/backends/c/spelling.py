"""How each op of the graph is written in C99.

Arithmetic is written as operators, elementary functions are those of math.h, with an f at the end
for float. What NumPy means otherwise than C (the sign of a remainder, a nan in a maximum) is a
small function that is put into the text where it is used. Ops without a row have no form in C:
digamma and the other special functions are not in math.h, and neither is LAPACK.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...types import DType, b1, f32, f64, i32, i64

TYPES: Mapping[DType, str] = {
    f64: "double", f32: "float", i64: "int64_t", i32: "int32_t", b1: "bool",
}  # fmt: skip

# Of math.h, for double; the function for float has an f more.
FUNCTIONS: Mapping[str, str] = {
    **{name: name for name in (
        "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "hypot", "sin",
        "cos", "tan", "sinh", "cosh", "tanh", "erf", "lgamma", "pow", "floor", "ceil", "rint",
        "trunc",
    )},
    "abs": "fabs", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip
TESTS = ("isnan", "isfinite", "isinf", "signbit")
BITS: Mapping[str, str] = {"bit_and": "&", "bit_or": "|", "bit_xor": "^"}

# Functions of our own. T is the type, F the letter that math.h appends for it; the second text is
# for integers, None where there is no other.
HELPERS: Mapping[str, tuple[str, str | None]] = {
    "maximum": (
        "(T x, T y) { return x > y || x != x ? x : y; }",
        "(T x, T y) { return x > y ? x : y; }",
    ),
    "minimum": (
        "(T x, T y) { return x < y || x != x ? x : y; }",
        "(T x, T y) { return x < y ? x : y; }",
    ),
    "sign": (
        "(T x) { return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x; }",
        "(T x) { return (x > 0) - (x < 0); }",
    ),
    "scale": ("(T d, T t) { return t == 0 ? t : d * t; }", None),
    "abs": ("(T x) { return fabsF(x); }", "(T x) { return x < 0 ? -x : x; }"),
    "mod": (
        "(T x, T y) {\n    T r = fmodF(x, y);\n    if (r == 0) return copysignF(r, y);\n"
        "    return (y < 0) != (r < 0) ? r + y : r;\n}",
        "(T x, T y) {\n    if (y == 0 || y == -1) return 0;\n    T r = x % y;\n"
        "    return r != 0 && (y < 0) != (r < 0) ? r + y : r;\n}",
    ),
    "floordiv": (
        "(T x, T y) {\n    if (y == 0) return x / y;\n    T r = fmodF(x, y), q = (x - r) / y;\n"
        "    if (r != 0 && (y < 0) != (r < 0)) q -= 1;\n"
        "    if (q == 0) return copysignF(0, x / y);\n    T whole = floorF(q);\n"
        "    return q - whole > (T)0.5 ? whole + 1 : whole;\n}",
        "(T x, T y) {\n    if (y == 0) return 0;\n    if (y == -1) return -x;\n    T q = x / y;\n"
        "    return x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q;\n}",
    ),
    "pow": (
        "(T x, T y) { return powF(x, y); }",
        "(T x, T n) {\n    T y = 1;\n    for (; n > 0; n >>= 1, x *= x) if (n & 1) y *= x;\n"
        "    return y;\n}",
    ),
    "shift_left": ("", "(T x, T n) { return n >= 0 && n < BITS ? (T)((UT)x << n) : 0; }"),
    "shift_right": ("", "(T x, T n) { return x >> (n >= 0 && n < BITS ? n : BITS - 1); }"),
}

# a is m × k, b is k × n, c is m × n; each with the distances of its rows and columns.
DOT = """\
(int64_t m, int64_t n, int64_t k, const T *a, int64_t ar, int64_t ac,
    const T *b, int64_t br, int64_t bc, T *c, int64_t cr, int64_t cc) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) c[i * cr + j * cc] = 0;
        for (int64_t p = 0; p < k; p++) {
            T x = a[i * ar + p * ac];
            for (int64_t j = 0; j < n; j++) c[i * cr + j * cc] += x * b[p * br + j * bc];
        }
    }
}"""

RESERVED = """
auto break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void
volatile while bool true false main status done bigger NAN INFINITY NULL malloc realloc free
isnan isfinite isinf signbit fmod copysign int64_t int32_t uint64_t uint32_t size_t INT64_C
"""
KEYWORDS = frozenset(RESERVED.split()) | set(FUNCTIONS.values())


def helper(name: str, dtype: DType) -> str:
    """The text of a function of our own for numbers of this type."""
    floats, integers = HELPERS.get(name, (DOT, None))
    body = floats if dtype.kind == "f" or integers is None else integers
    bits = 8 * dtype.numpy.itemsize
    for mark, text in (
        ("UT", f"uint{bits}_t"), ("BITS", str(bits)), ("T", TYPES[dtype]),
    ):  # fmt: skip
        body = replaced(body, mark, text)
    suffix = "f" if dtype is f32 else ""
    for function in ("fabs", "fmod", "copysign", "floor", "pow"):
        body = body.replace(f"{function}F(", f"{function}{suffix}(")
    kind = "void" if name == "dot" else TYPES[dtype]
    return f"static inline {kind} {name}_{dtype}{body}"


def replaced(text: str, mark: str, by: str) -> str:
    """The text with a word replaced."""
    return re.sub(rf"\b{mark}\b", by, text)
