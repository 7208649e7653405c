"""Rare arguments leave the vector loop, compute alone, and come back.

A few arguments need far more work than the rest: the sine of 10²⁰ takes a reduction by a thousand
bits of π. Computed in every lane and selected at the end, that work costs all arguments; behind an
`if`, it would keep the loop from being vectorised. So the kernel leaves a nan where its short way
does not hold, and hands value and arguments to an ordinary function that is never inlined. LLVM is
told vector versions of this function (attribute `vector-function-abi-variant`, LLVM Language
Reference, "Call Site Attributes"; the vectoriser then calls these): they look for a nan, which
takes two instructions a vector, return at once when there is none, and otherwise send every lane
to the scalar function. A true nan takes the long way too, and the long way returns a nan.

Whoever calls the scalar function without vectors gets the same value. If LLVM once ignored the
attribute, loops would be slower, not wrong; tests/backends/test_vmath.py would notice.
"""

# pyright: basic

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from .bits import FLOATS, Num

__all__ = ["rescue"]

LANES = {True: (2, 4, 8), False: (4, 8, 16)}  # float64, float32: 128 to 512 bits
PURE = ("noinline", "nounwind", "willreturn", "memory(none)")
ANYWHERE = (*PURE, "speculatable")  # may be called early, from a branch that is not yet taken


def rescue(value: Num, slow: Callable[..., Num], *args: Num) -> Num:
    """`value`, and where it is nan slow(*args), which is emitted once a module."""
    function = scalar(value.builder.module, slow, len(args), value.wide)
    # The call makes the loop keep its constants on the stack; there they should be aligned.
    value.builder.function.attributes.update(["alignstack(64)"])
    return value.new(value.builder.call(function, [value.value, *(a.value for a in args)]))


def scalar(module: Any, slow: Callable[..., Num], count: int, wide: bool) -> Any:
    """The function (value, *args) → value, with its vector versions."""
    name = f"vmath_{slow.__name__}_{'f64' if wide else 'f32'}"
    if name in module.globals:
        return module.globals[name]
    kind, inputs = FLOATS[wide], count + 1
    variants = ",".join(f"_ZGV_LLVM_N{n}{'v' * inputs}_{name}({name}_{n})" for n in LANES[wide])
    function = ir.Function(module, ir.FunctionType(kind, [kind] * inputs), name)
    function.linkage = "linkonce_odr"
    function.attributes.update((*ANYWHERE, f'"vector-function-abi-variant"="{variants}"'))
    builder = entry(function, lambda b, v: b.fcmp_unordered("uno", v, v))
    builder.ret(slow(*(Num(builder, a, wide) for a in function.args[1:])).value)
    for n in LANES[wide]:
        add_variant(module, function, n)
    return function


def entry(function: Any, missing: Callable[[Any, Any], Any]) -> Any:
    """Return the first argument unless something is missing; where it is, building goes on."""
    builder, value = ir.IRBuilder(function.append_basic_block()), function.args[0]
    long, short = function.append_basic_block("long"), function.append_basic_block("short")
    builder.cbranch(missing(builder, value), long, short)
    builder.position_at_end(short)
    builder.ret(value)
    builder.position_at_end(long)
    return builder


def add_variant(module: Any, function: Any, lanes: int) -> None:
    """The version for vectors: `weak_odr`, since nobody calls it until loops are vectorised."""
    kind = ir.VectorType(function.return_value.type, lanes)
    shape = ir.FunctionType(kind, [kind] * len(function.args))
    variant = ir.Function(module, shape, f"{function.name}_{lanes}")
    every_lane = ir.Function(module, shape, f"{function.name}_{lanes}_long")
    variant.linkage, every_lane.linkage = "weak_odr", "linkonce_odr"
    variant.attributes.update(ANYWHERE)
    every_lane.attributes.update(PURE)
    one_by_one(every_lane, function, lanes)
    truth = ir.VectorType(ir.IntType(1), lanes)
    name = f"llvm.vector.reduce.or.v{lanes}i1"
    any_of = module.globals.get(name)
    if any_of is None:
        any_of = ir.Function(module, ir.FunctionType(ir.IntType(1), [truth]), name)
    builder = entry(variant, lambda b, v: b.call(any_of, [b.fcmp_unordered("uno", v, v)]))
    # A jump to another function, so that the common way needs no stack frame.
    builder.ret(builder.call(every_lane, variant.args, tail=True))


def one_by_one(vector: Any, function: Any, lanes: int) -> None:
    """Call the scalar function for each lane, through memory: a loop is shorter than its lanes."""
    builder, int32 = ir.IRBuilder(vector.append_basic_block()), ir.IntType(32)
    body, end = vector.append_basic_block(), vector.append_basic_block()
    arrays = [builder.alloca(value.type) for value in vector.args]
    for array, value in zip(arrays, vector.args, strict=True):
        builder.store(value, array)
    number = function.return_value.type.as_pointer()
    starts = [builder.bitcast(array, number) for array in arrays]
    start = builder.block
    builder.branch(body)
    builder.position_at_end(body)
    lane = builder.phi(int32)
    lane.add_incoming(int32(0), start)
    places = [builder.gep(first, [lane]) for first in starts]
    builder.store(builder.call(function, [builder.load(place) for place in places]), places[0])
    following = builder.add(lane, int32(1))
    lane.add_incoming(following, body)
    builder.cbranch(builder.icmp_unsigned("<", following, int32(lanes)), body, end)
    builder.position_at_end(end)
    builder.ret(builder.load(arrays[0]))
