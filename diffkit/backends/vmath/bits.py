"""Scalars that write LLVM: the language in which the kernels of this package are written.

A kernel is an ordinary Python function over `Num`, a scalar whose operators append LLVM
instructions instead of computing. It runs once, while Numba compiles a caller, and leaves straight
line code behind: no calls, no branches, `select` in place of `if`, so a loop around it vectorises.
One body serves float64 and float32 (`x.wide` tells which, `pick` gives each its constant), integer
arithmetic keeps the width of the float it came from, and Numba types a single call, not each line.

Every sum and product is rounded on its own, in the order written: no fast-math flag is set, and the
only contraction is the explicit `fma`. Error-free transformations rely on that
(Dekker, Numer. Math. 18, 1971; Knuth, TAOCP vol. 2, 4.2.2; Ogita, Rump, Oishi, SISC 26, 2005).
"""

# llvmlite and numba have no types; a value that passes through them is unknown to pyright.
# pyright: basic, reportAttributeAccessIssue=false, reportReturnType=false

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = [
    "Num", "both", "copysign", "either", "fma", "gather", "kernel", "pick", "poly", "power_of_two",
    "quick_sum", "quotient", "rint", "round_to_integer", "select", "sqrt", "two_product", "two_sum",
]  # fmt: skip

Real = "Num | float"
FLOATS = {True: ir.DoubleType(), False: ir.FloatType()}
INTS = {True: ir.IntType(64), False: ir.IntType(32)}


class Num:
    """One LLVM scalar: a float, an integer of the same width, or a truth value."""

    __slots__ = ("builder", "value", "wide")

    def __init__(self, builder: ir.IRBuilder, value: Any, wide: bool) -> None:
        self.builder, self.value, self.wide = builder, value, wide

    @property
    def is_float(self) -> bool:
        return isinstance(self.value.type, ir.DoubleType | ir.FloatType)

    def new(self, value: Any) -> Num:
        return Num(self.builder, value, self.wide)

    def lift(self, other: Any) -> Any:
        """The LLVM value of an operand; a Python number becomes a constant of this type."""
        if isinstance(other, Num):
            return other.value
        return ir.Constant(self.value.type, rounded(other, self.wide) if self.is_float else other)

    def binary(self, floating: str | None, integer: str | None, other: Any, swap: bool = False):
        name = floating if self.is_float else integer
        assert name is not None
        a, b = self.value, self.lift(other)
        return self.new(getattr(self.builder, name)(*((b, a) if swap else (a, b))))

    def compare(self, sign: str, other: Any) -> Num:
        test = self.builder.fcmp_ordered if self.is_float else self.builder.icmp_signed
        return self.new(test(sign, self.value, self.lift(other)))

    def __add__(self, other: Any) -> Num:
        return self.binary("fadd", "add", other)

    def __radd__(self, other: Any) -> Num:
        return self.binary("fadd", "add", other, swap=True)

    def __sub__(self, other: Any) -> Num:
        return self.binary("fsub", "sub", other)

    def __rsub__(self, other: Any) -> Num:
        return self.binary("fsub", "sub", other, swap=True)

    def __mul__(self, other: Any) -> Num:
        return self.binary("fmul", "mul", other)

    def __rmul__(self, other: Any) -> Num:
        return self.binary("fmul", "mul", other, swap=True)

    def __truediv__(self, other: Any) -> Num:
        return self.binary("fdiv", None, other)

    def __rtruediv__(self, other: Any) -> Num:
        return self.binary("fdiv", None, other, swap=True)

    def __and__(self, other: Any) -> Num:
        return self.binary(None, "and_", other)

    def __or__(self, other: Any) -> Num:
        return self.binary(None, "or_", other)

    def __xor__(self, other: Any) -> Num:
        return self.binary(None, "xor", other)

    def __lshift__(self, other: Any) -> Num:
        return self.binary(None, "shl", other)

    def __rshift__(self, other: Any) -> Num:
        """Logical: zeros come in from the left."""
        return self.binary(None, "lshr", other)

    def __neg__(self) -> Num:
        return self.new(self.builder.fneg(self.value))

    def __abs__(self) -> Num:
        return call("llvm.fabs", self)

    def __lt__(self, other: Any) -> Num:
        return self.compare("<", other)

    def __le__(self, other: Any) -> Num:
        return self.compare("<=", other)

    def __gt__(self, other: Any) -> Num:
        return self.compare(">", other)

    def __ge__(self, other: Any) -> Num:
        return self.compare(">=", other)

    def equals(self, other: Any) -> Num:
        return self.compare("==", other)

    def is_nan(self) -> Num:
        return self.new(self.builder.fcmp_unordered("uno", self.value, self.value))

    def bits(self) -> Num:
        """The bit pattern, an integer of the same width."""
        return self.new(self.builder.bitcast(self.value, INTS[self.wide]))

    def floating(self) -> Num:
        """The float with this bit pattern."""
        return self.new(self.builder.bitcast(self.value, FLOATS[self.wide]))

    def like(self, value: float) -> Num:
        """A constant float of this width."""
        value = rounded(value, self.wide)
        return self.new(ir.Constant(FLOATS[self.wide], value))

    def cast(self, wide: bool) -> Num:
        """The same number in float64 or float32."""
        if wide == self.wide:
            return self
        name = "fpext" if wide else "fptrunc"
        return Num(self.builder, getattr(self.builder, name)(self.value, FLOATS[wide]), wide)


def rounded(value: float, wide: bool) -> float:
    """A constant as the type holds it; llvmlite wants a float32 constant already rounded."""
    import numpy as np

    return float(value) if wide else float(np.float32(value))


def call(name: str, *args: Num) -> Num:
    """An LLVM intrinsic that is a single instruction or a vectorisable pattern."""
    first = args[0]
    kind = FLOATS[first.wide]
    full = f"{name}.{'f64' if first.wide else 'f32'}"
    module = first.builder.module
    function = module.globals.get(full)
    if function is None:
        function = ir.Function(module, ir.FunctionType(kind, [kind] * len(args)), name=full)
    return first.new(first.builder.call(function, [a.value for a in args]))


def pick(x: Num, wide: Any, narrow: Any) -> Any:
    """The constant for float64 or for float32."""
    return wide if x.wide else narrow


def fma(a: Any, b: Any, c: Any) -> Num:
    """a·b + c, rounded once."""
    like = next(v for v in (a, b, c) if isinstance(v, Num))
    return call("llvm.fma", *(v if isinstance(v, Num) else like.like(v) for v in (a, b, c)))


def round_to_integer(x: Num) -> Num:
    """The nearest integer as a float, for any x."""
    return call("llvm.rint", x)


def sqrt(x: Num) -> Num:
    return call("llvm.sqrt", x)


def copysign(size: Num, sign: Num) -> Num:
    return call("llvm.copysign", size, sign)


def select(condition: Num, yes: Any, no: Any) -> Num:
    """`yes` where the condition holds; both are computed."""
    like = yes if isinstance(yes, Num) else no
    if not isinstance(like, Num):
        like = condition.like(0.0)
    builder = condition.builder
    return like.new(builder.select(condition.value, like.lift(yes), like.lift(no)))


def both(a: Num, b: Num) -> Num:
    return a.new(a.builder.and_(a.value, b.value))


def either(a: Num, b: Num) -> Num:
    return a.new(a.builder.or_(a.value, b.value))


def rint(x: Num) -> tuple[Num, Num]:
    """The nearest integer, ties to even, as a float and as an integer, for |x| < 2^51 (2^22).

    Adding 1.5·2^52 (1.5·2^23) pushes the fraction out of the significand: the low bits of the sum
    are the integer, in two's complement. There is no float-to-integer conversion, which AVX2 lacks.
    """
    magic = pick(x, 1.5 * 2.0**52, 1.5 * 2.0**23)
    shifted = x + magic
    pattern = pick(x, 0x4338_0000_0000_0000, 0x4B40_0000)
    return shifted - magic, shifted.bits() - pattern


def power_of_two(k: Num) -> Num:
    """2^k for an integer k in the range of normal exponents."""
    bias, shift = pick(k, 1023, 127), pick(k, 52, 23)
    return ((k + bias) << shift).floating()


def poly(x: Num, coefficients: Sequence[float]) -> Num:
    """Σ cᵢ·xⁱ, lowest first, by Estrin's scheme in pairs: half of Horner's chain of latencies.

    The low half of the tree is finished last, so small high terms do not disturb the leading one.
    """
    terms: list[Any] = list(coefficients)
    while len(terms) > 1:
        pairs = [
            fma(x, terms[i + 1], terms[i]) if i + 1 < len(terms) else terms[i]
            for i in range(0, len(terms), 2)
        ]
        terms = pairs
        if len(terms) > 1:
            x = x * x
    return terms[0] if isinstance(terms[0], Num) else x.like(terms[0])


def two_sum(a: Any, b: Any) -> tuple[Num, Num]:
    """a + b and its rounding error, exactly (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def quick_sum(a: Any, b: Any) -> tuple[Num, Num]:
    """The same for |a| ≥ |b| or a = 0 (Dekker)."""
    s = a + b
    return s, b - (s - a)


def two_product(a: Num, b: Any) -> tuple[Num, Num]:
    """a·b and its rounding error, exactly."""
    p = a * b
    return p, fma(a, b, -p)


def quotient(top: tuple[Num, Num], bottom: tuple[Num, Num]) -> Num:
    """The quotient of two unevaluated sums: that of the rounded sums, and one Newton step."""
    inverse = 1.0 / (bottom[0] + bottom[1])
    q = (top[0] + top[1]) * inverse
    return fma(fma(-q, bottom[0], top[0]) + fma(-q, bottom[1], top[1]), inverse, q)


def gather(table: Sequence[float], index: Num, name: str) -> Num:
    """table[index] from a constant array of float64 in the compiled module; LLVM gathers."""
    module = index.builder.module
    kind = ir.ArrayType(ir.DoubleType(), len(table))
    data = module.globals.get(name)
    if data is None:
        data = ir.GlobalVariable(module, kind, name=name)
        data.initializer = ir.Constant(kind, list(table))
        data.global_constant, data.linkage = True, "private"
    at = index.builder.gep(data, [ir.Constant(ir.IntType(64), 0), index.value], inbounds=True)
    return Num(index.builder, index.builder.load(at), True)


def kernel(body: Callable[..., Num]) -> Any:
    """Make a body over `Num` an intrinsic of float64 or float32 (other numbers: float64)."""
    count = len(inspect.signature(body).parameters)

    def typed(*args: Any) -> Any:
        """float32 if all are; what is neither float is taken as float64."""
        narrow = all(a == types.float32 for a in args)
        kind = types.float32 if narrow else types.float64

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return body(*(Num(builder, v, not narrow) for v in values)).value

        return kind(*[kind] * count), generate

    def one(typingctx: Any, x: Any) -> Any:
        return typed(x)

    def two(typingctx: Any, x: Any, y: Any) -> Any:
        return typed(x, y)

    function: Any = one if count == 1 else two
    function.__name__ = function.__qualname__ = body.__name__
    function.__doc__, function.__module__ = body.__doc__, body.__module__
    return intrinsic(function)
