"""where, maximum, minimum, plus, times: the small steps of generated loops, made to vectorise.

`where` is LLVM's `select`: both values are there and one is taken, with no jump. In Python's
`a if c else b` the compiler sees a branch, and may not move loads or divisions out of it.

`maximum` and `minimum` are LLVM's operations of these names, which hand on a nan as NumPy's do.
They carry `nsz`, since NumPy does not say which zero is the larger of +0 and −0 either: without it
x86 spends three more instructions on telling them apart. A loop `m = maximum(m, x[i])` is known to
LLVM as a reduction that may be split into lanes, which a comparison with a choice is not.

`plus` and `times` are + and · that LLVM may regroup (`reassoc`), and nothing else: a sum over a
loop then runs in several accumulators side by side, which is faster and more accurate, while
everything around it stays in the order written. Infinities and nans are respected.

All are intrinsics of Numba: for compiled code only, and they emit their instructions in place.
"""

# llvmlite and numba have no types; a value that passes through them is unknown to pyright.
# pyright: basic, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["maximum", "minimum", "plus", "times", "where"]

REASSOCIATE = ("reassoc",)
NUMBERS = (types.Number, types.Boolean)


def common(typingctx: Any, a: Any, b: Any) -> Any:
    """The number type that holds both, as Numba promotes them."""
    kind = typingctx.unify_types(types.unliteral(a), types.unliteral(b))
    return None if kind == types.float16 or not isinstance(kind, NUMBERS) else kind


@intrinsic
def where(typingctx: Any, condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, otherwise `b`; both are computed."""
    kind = common(typingctx, a, b)
    if kind is None:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return kind(types.boolean, kind, kind), generate


def extremum(name: str, sign: str) -> Callable[..., Any]:
    """The typing and code of maximum or minimum."""

    def typed(typingctx: Any, a: Any, b: Any) -> Any:
        kind = common(typingctx, a, b)
        if kind is None or isinstance(kind, types.Complex):
            return None

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            first, second = args
            if isinstance(kind, types.Float):
                size = "f64" if kind == types.float64 else "f32"
                shape = ir.FunctionType(first.type, [first.type] * 2)
                function = builder.module.globals.get(f"{name}.{size}")
                if function is None:
                    function = ir.Function(builder.module, shape, f"{name}.{size}")
                return builder.call(function, args, fastmath=("nsz",))
            unsigned = isinstance(kind, types.Boolean) or not kind.signed
            compare = builder.icmp_unsigned if unsigned else builder.icmp_signed
            return builder.select(compare(sign, first, second), first, second)

        return kind(kind, kind), generate

    return typed


@intrinsic
def maximum(typingctx: Any, a: Any, b: Any) -> Any:
    """The larger of two numbers, nan if one is nan."""
    return LARGER(typingctx, a, b)


@intrinsic
def minimum(typingctx: Any, a: Any, b: Any) -> Any:
    """The smaller of two numbers, nan if one is nan."""
    return SMALLER(typingctx, a, b)


@intrinsic
def plus(typingctx: Any, a: Any, b: Any) -> Any:
    """a + b, for sums whose order does not matter."""
    kind = common(typingctx, a, b)
    if kind is None or isinstance(kind, types.Boolean):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if isinstance(kind, types.Integer):
            return builder.add(*args)
        if isinstance(kind, types.Float):
            return builder.fadd(*args, flags=REASSOCIATE)
        x, y = (context.make_complex(builder, kind, value) for value in args)
        total = context.make_complex(builder, kind)
        total.real = builder.fadd(x.real, y.real, flags=REASSOCIATE)
        total.imag = builder.fadd(x.imag, y.imag, flags=REASSOCIATE)
        return total._getvalue()

    return kind(kind, kind), generate


@intrinsic
def times(typingctx: Any, a: Any, b: Any) -> Any:
    """a·b, for products of real numbers whose order does not matter."""
    kind = common(typingctx, a, b)
    if kind is None or isinstance(kind, types.Boolean | types.Complex):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if isinstance(kind, types.Integer):
            return builder.mul(*args)
        return builder.fmul(*args, flags=REASSOCIATE)

    return kind(kind, kind), generate


LARGER, SMALLER = extremum("llvm.maximum", ">"), extremum("llvm.minimum", "<")
