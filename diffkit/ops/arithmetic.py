"""Arithmetic, comparison, choice and conversion; and `Expr`, the handle with operators.

A row of the table is an op: its name, its meaning in NumPy, the partial derivative for each
operand (`ans` is the result), and in the comment the algebra. This one fact gives every mode:
forward sums d_i·dx_i, reverse adds d_i·ct to operand i, summed over broadcast axes.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DtypeError, explain
from ..graph import Bilinear, Constant, Elementwise, Kink, Linear, Op, Value, pointwise
from ..types import DType, Type, b1, broadcast_shapes
from . import continuation as analytic
from .kinks import at


def common(name: str, *types: Type) -> Type:
    """The broadcast type of operands that must share one dtype."""
    first = types[0]
    if all([t is first or t == first for t in types]):
        return first
    if any(t.dtype != first.dtype for t in types):
        got = ", ".join(map(str, types))
        raise DtypeError(explain(name, f"got {got}", "operands of one dtype", "Cast one of them"))
    return Type(first.dtype, broadcast_shapes(name, *[t.shape for t in types]))


def each(out: Type, *_: Type, **__: Any) -> int:
    """One operation for each element of the result."""
    return out.size


def elementwise(
    name: str,
    numpy: Callable[..., Any],
    *partials: Any,
    singular: bool = False,
    selects: bool = False,
    complex: Callable[..., Any] | None = None,
    simplify: Callable[..., Value | None] | None = None,
    kink: Kink | None = None,
) -> Op:
    """A row of the table; an op without partials is piecewise constant."""
    fact = Elementwise(partials, singular, selects) if partials else Constant()
    if complex is None and not partials:
        complex = analytic.by_real_part(numpy)

    def infer(*types: Type, **_: Any) -> Type:
        first = types[0]
        for other in types:
            if other is not first:
                return common(name, *types)
        return first

    return Op(
        name, infer, numpy, fact, complex,
        simplify=simplify, lead=pointwise, flops=each, kink=kink,
    )  # fmt: skip


def predicate(name: str, numpy: Callable[..., Any]) -> Op:
    """A row whose result is a boolean."""

    def infer(*types: Type) -> Type:
        return common(name, *types).with_dtype(b1)

    return Op(name, infer, numpy, Constant(), analytic.by_real_part(numpy), lead=pointwise)


# --- exact simplifications: a value equal bit for bit, or None -----------------------------------


def is_splat(x: Value, number: float) -> bool:
    """Whether x is a small literal, every element of which is `number` (0.0 is not -0.0)."""
    lit = x.lit
    if lit is None or lit.splat is None or lit.splat != number:
        return False
    if number != 0:
        return True
    return not x.type.complex and math.copysign(1, lit.splat) == math.copysign(1, number)


def keeps(x: Value, y: Value) -> bool:
    """Whether x broadcast with y still has the shape of x."""
    if y.shape in ((), x.shape):
        return True
    return broadcast_shapes("simplify", x.shape, y.shape) == x.shape


def is_zero(x: Value) -> bool:
    """Whether x is a literal zero of either sign, and the builder ignores nan, inf and -0."""
    return x.builder.finite_math and (is_splat(x, 0.0) or is_splat(x, -0.0))


def simplify_add(x: Value, y: Value) -> Value | None:
    if x.lit is None and y.lit is None:
        return None
    for p, q in ((x, y), (y, x)):
        if (is_splat(q, -0.0) or is_zero(q)) and keeps(p, q):
            return p  # x + (-0) = x
    return None


def simplify_sub(x: Value, y: Value) -> Value | None:
    if is_splat(y, 0.0) and keeps(x, y):
        return x  # x - 0 = x
    if x.builder.finite_math and is_zero(x) and keeps(y, x):
        return neg(y)
    return None


def simplify_mul(x: Value, y: Value) -> Value | None:
    if x.lit is None and y.lit is None:
        return None
    for p, q in ((x, y), (y, x)):
        if q.lit is not None and keeps(p, q):
            if is_splat(q, 1):
                return p  # x·1 = x
            if is_splat(q, -1):
                return neg(p)  # x·(-1) = -x
            if is_zero(q):
                return p.full(0)
    return None


def simplify_div(x: Value, y: Value) -> Value | None:
    if is_splat(y, 1) and keeps(x, y):
        return x  # x/1 = x
    if is_splat(x, 1) and keeps(y, x) and y.type.dtype.kind == "f":
        return reciprocal(y)  # 1/y
    return None


def simplify_neg(x: Value) -> Value | None:
    made = x.producer
    return x.wrap(made.args[0]) if made and made.op.name == "neg" else None  # -(-x) = x


def simplify_pow(x: Value, y: Value) -> Value | None:
    if y.lit is None or not keeps(x, y):
        return None
    if is_splat(y, 1):
        return x
    if is_splat(y, 2):
        return square(x)  # what NumPy's ** does, too
    if is_splat(y, -1) and x.type.differentiable:
        return reciprocal(x)
    return None


def simplify_select(c: Value, x: Value, y: Value) -> Value | None:
    for chosen, number in ((x, 1), (y, 0)):
        if is_splat(c, number) and keeps(chosen, c) and keeps(chosen, x) and keeps(chosen, y):
            return chosen
    return None


# --- partials that need more than a line ---------------------------------------------------------


def pow_by_base(x: Expr, y: Expr, ans: Expr) -> Expr:
    """y x^(y-1), and 0 for y = 0 even at x = 0."""
    if is_splat(y, 0):
        return x.full(0)
    slope = y * power(x, y - 1)
    if y.lit is not None and np.all(y.lit.value != 0):
        return slope
    return select(equal(y, 0), x.full(0, ()), slope)


def pow_by_exponent(x: Expr, y: Expr, ans: Expr) -> Expr:
    """x^y log x, and 0 at x = 0 for y ≥ 0, where the limit from the right is 0."""
    flat = logical_and(equal(x, 0), y >= 0)
    return select(flat, x.full(0, ()), ans * log(x))


def defined(ans: Expr, slope: Expr) -> Expr:
    """slope, and nan where the function itself is: 1/x goes on where log x has ended. (The nan is
    that of ans, whose derivative is nan again; that of a constant would be zero.)"""
    return select(isnan(ans), ans, slope)


def slope_of_absolute(x: Expr) -> Expr:
    """The sign, and at 0 what the convention says."""
    if at("abs") == 0:
        return sign(x)
    return select(equal(x, 0), x.full(at("abs"), ()), sign(x))


def tie(x: Expr, y: Expr) -> Expr:
    """The share of x in max(x, y): 1 where it is greater, one half where both are equal."""
    one = x.dtype_
    return cast(x > y, dtype=one) + cast(equal(x, y), dtype=one) * 0.5


# --- where an op has no derivative ----------------------------------------------------------------
KINK_AT_0 = Kink("kink", lambda x: x == 0)
JUMP_AT_0 = Kink("jump", lambda x: x == 0)
JUMP_AT_INTEGERS = Kink("jump", lambda x: x == np.floor(x))
POLE = Kink("singularity", lambda x: x == 0)
TIE = Kink("tie", lambda x, y: np.equal(x, y))


# --- the table -----------------------------------------------------------------------------------
# fmt: off
add        = elementwise("add", np.add,           1, 1, simplify=simplify_add)                      # (x + y)
sub        = elementwise("sub", np.subtract,      1, -1, simplify=simplify_sub)                     # (x - y)
mul        = elementwise("mul", np.multiply,                                                        # (x y)
                         lambda x, y, ans: y,                                                       #   ∂x = y
                         lambda x, y, ans: x, simplify=simplify_mul)                                #   ∂y = x
div        = elementwise("div", np.true_divide,                                                     # (x / y)
                         lambda x, y, ans: 1 / y,                                                   #   ∂x = 1/y
                         lambda x, y, ans: -ans / y, singular=True, simplify=simplify_div,
                         kink=Kink("singularity", lambda x, y: y == 0 * x))                                #   ∂y = -x/y²
neg        = elementwise("neg", np.negative,      -1, simplify=simplify_neg)                        # (-x)
power      = elementwise("pow", np.power,         pow_by_base, pow_by_exponent,                     # (x^y)
                         singular=True, complex=analytic.power, simplify=simplify_pow,
                         kink=Kink("singularity", lambda x, y: (x == 0) & (y < 1) & (y != 0)))
square     = elementwise("square", np.square,     lambda x, ans: 2 * x)                             # (x²)' = 2x
reciprocal = elementwise("reciprocal", np.reciprocal, lambda x, ans: -square(ans), singular=True, kink=POLE)   # (1/x)' = -1/x²
absolute   = elementwise("abs", np.abs,           lambda x, ans: slope_of_absolute(x), complex=analytic.absolute, kink=KINK_AT_0)  # |x|' = sign x, 0 at 0
sign       = elementwise("sign", np.sign, kink=JUMP_AT_0)
floor      = elementwise("floor", np.floor, kink=JUMP_AT_INTEGERS)
ceil       = elementwise("ceil", np.ceil, kink=JUMP_AT_INTEGERS)
rint       = elementwise("rint", np.rint, kink=Kink("jump", lambda x: np.abs(x - np.trunc(x)) == 0.5))
trunc      = elementwise("trunc", np.trunc, kink=JUMP_AT_INTEGERS)
floordiv   = elementwise("floordiv", np.floor_divide)
mod        = elementwise("mod", np.remainder,     1,                                                # x - y⌊x/y⌋
                         lambda x, y, ans: -floordiv(x, y), singular=True,
                         complex=lambda x, y: x - y * np.floor(np.real(x) / np.real(y)),
                         kink=Kink("jump", lambda x, y: np.remainder(x, y) == 0))
maximum    = elementwise("maximum", np.maximum,   lambda x, y, ans: tie(x, y),                      # ties split evenly
                         lambda x, y, ans: tie(y, x), selects=True, complex=analytic.maximum, kink=TIE)
minimum    = elementwise("minimum", np.minimum,   lambda x, y, ans: tie(y, x),
                         lambda x, y, ans: tie(x, y), selects=True, complex=analytic.minimum, kink=TIE)

log        = elementwise("log", np.log,           lambda x, ans: defined(ans, 1 / x), singular=True, kink=POLE)  # (ln x)' = 1/x

less          = predicate("less", np.less)
less_equal    = predicate("less_equal", np.less_equal)
greater       = predicate("greater", np.greater)
greater_equal = predicate("greater_equal", np.greater_equal)
equal         = predicate("equal", np.equal)
not_equal     = predicate("not_equal", np.not_equal)
logical_and   = predicate("logical_and", np.logical_and)
logical_or    = predicate("logical_or", np.logical_or)
logical_xor   = predicate("logical_xor", np.logical_xor)
logical_not   = predicate("logical_not", np.logical_not)
isnan         = predicate("isnan", np.isnan)
isfinite      = predicate("isfinite", np.isfinite)
isinf         = predicate("isinf", np.isinf)
# fmt: on


# --- choice, conversion, and the product that a zero tangent switches off ------------------------


def infer_select(c: Type, x: Type, y: Type) -> Type:
    if c.dtype != b1:
        raise DtypeError(explain("select", f"got a condition {c}", "b1", "Compare it with a value"))
    both = common("select", x, y)
    return both.with_shape(broadcast_shapes("select", c.shape, both.shape))


def select_transpose(i: int, ct: Expr, c: Expr, x: Expr, y: Expr) -> Expr:
    zero = ct.full(0, ())
    return select(c, ct, zero) if i == 1 else select(c, zero, ct)


select = Op(
    "select",
    infer_select,
    np.where,
    Linear((1, 2), select_transpose, masks=True),
    simplify=simplify_select,
    lead=pointwise,
)


def infer_cast(x: Type, dtype: DType) -> Type:
    return x.with_dtype(dtype)


def numpy_cast(x: Any, dtype: DType) -> Any:
    if dtype.kind not in "cb":
        x = np.real(x)  # without NumPy's warning: it is given where a user's cast is recorded
    return np.asarray(x).astype(dtype.numpy)[()]


def continued_cast(x: Any, dtype: DType) -> Any:
    """Inside a complex step the real axis is f64, whatever its name."""
    return x if dtype.kind == "f" else np.real(x).astype(dtype.numpy)


def cast_transpose(i: int, ct: Expr, x: Expr, dtype: DType) -> Expr:
    return cast(ct, dtype=x.dtype_)


def simplify_cast(x: Value, dtype: DType) -> Value | None:
    return x if x.dtype_ == dtype else None


cast = Op(
    "cast",
    infer_cast,
    numpy_cast,
    Linear((0,), cast_transpose),
    complex=continued_cast,
    simplify=simplify_cast,
    lead=pointwise,
)


def infer_scale(d: Type, t: Type) -> Type:
    return common("scale", d, t)


def numpy_scale(d: Any, t: Any) -> Any:
    product = np.multiply(d, t)
    zero = np.equal(t, 0)
    return np.where(zero, 0 * t, product) if np.any(zero) else product


def scale_transpose(i: int, ct: Expr, d: Expr, t: Expr) -> Expr:
    return scale(ct, t) if i == 0 else scale(d, ct)


def simplify_scale(d: Value, t: Value) -> Value | None:
    """A finite literal needs no guard."""
    known = d.lit is not None and d.lit.small and bool(np.all(np.isfinite(d.lit.value)))
    return mul(d, t) if known or d.builder.finite_math else None


# d·t, and 0 where t is exactly 0, even if d is infinite or nan. Linear in each operand.
scale = Op(
    "scale",
    infer_scale,
    numpy_scale,
    Bilinear(scale_transpose),
    simplify=simplify_scale,
    lead=pointwise,
    flops=each,
)


def infer_same(x: Type) -> Type:
    return x


# The identity with derivative zero.
stop_gradient = Op(
    "stop_gradient",
    infer_same,
    lambda x: x,
    Constant(),
    complex=np.real,
    view=True,
    lead=pointwise,
)


class Expr(Value):
    """A value with arithmetic: what derivative rules are written with. A Python number among the
    operands takes the dtype of the other."""

    __slots__ = ()

    def __add__(self, other: Any) -> Expr:
        return add(self, other)

    def __radd__(self, other: Any) -> Expr:
        return add(other, self)

    def __sub__(self, other: Any) -> Expr:
        return sub(self, other)

    def __rsub__(self, other: Any) -> Expr:
        return sub(other, self)

    def __mul__(self, other: Any) -> Expr:
        return mul(self, other)

    def __rmul__(self, other: Any) -> Expr:
        return mul(other, self)

    def __truediv__(self, other: Any) -> Expr:
        return div(self, other)

    def __rtruediv__(self, other: Any) -> Expr:
        return div(other, self)

    def __neg__(self) -> Expr:
        return neg(self)

    def __gt__(self, other: Any) -> Expr:
        return greater(self, other)

    def __ge__(self, other: Any) -> Expr:
        return greater_equal(self, other)

    def __lt__(self, other: Any) -> Expr:
        return less(self, other)
