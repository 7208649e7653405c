"""What generated code calls besides arithmetic: whole-array routines and a few scalar functions.

`window` looks at a part of an array's memory as an array of another shape, without a copy and
without the checks of `reshape`, which take Numba long to compile. `solve` is LAPACK's. A tape is an
array that `grown` doubles when it is full.
"""

# numba has no types; a value that passes through it is unknown to pyright.
# pyright: basic, reportCallIssue=false

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array, populate_array
from numba.np.linalg import call_xxgemm, call_xxgemv, ensure_blas

from ..vmath import where

__all__ = [
    "dot", "floordiv", "grown", "large", "mod", "restrict", "scale", "shift_left", "shift_right",
    "sign", "signbit", "solve", "solve_or_nan", "window",
]  # fmt: skip

OPTIONS: Any = {"error_model": "numpy", "forceinline": True}


HUGEPAGE, PAGE = 14, 4096  # Linux's MADV_HUGEPAGE, and what addresses are rounded to
LINUX = sys.platform == "linux"
madvise = types.ExternalFunction("madvise", types.int32(types.uintp, types.uintp, types.int32))


@njit(error_model="numpy")
def large(array):
    """A new array, in large pages where the system has them. One this long comes fresh from the
    system at each call, and a fault for every 4 kB costs more than what is done with them. NumPy
    asks for the same; Numba's allocator does not."""
    if LINUX:
        address = array.ctypes.data
        start = (address + PAGE - 1) // PAGE * PAGE
        madvise(start, address + array.nbytes - start, HUGEPAGE)
    return array


@intrinsic
def window(typingctx, array, offset, shape, dtype):
    """`shape` elements of a dtype, in C order, from byte `offset` of a contiguous array on."""
    result = types.Array(dtype.dtype, len(shape), "C")
    signature = result(array, types.intp, types.UniTuple(types.intp, len(shape)), dtype)

    def generate(context, builder, signature, args):
        source = make_array(array)(context, builder, args[0])
        start = builder.bitcast(source.data, ir.IntType(8).as_pointer())
        item = context.get_data_type(result.dtype)
        data = builder.bitcast(builder.gep(start, [args[1]]), item.as_pointer())
        dims = cgutils.unpack_tuple(builder, args[2])
        size = context.get_constant(types.intp, context.get_abi_sizeof(item))
        strides, step = [], size
        for n in reversed(dims):
            strides.insert(0, step)
            step = builder.mul(step, n)
        view = make_array(result)(context, builder)
        populate_array(
            view, data=data, shape=dims, strides=strides, itemsize=size,
            meminfo=source.meminfo, parent=source.parent,
        )  # fmt: skip
        return impl_ret_borrowed(context, builder, result, view._getvalue())

    return signature, generate


@intrinsic
def restrict(typingctx, array):
    """The array, and a promise to LLVM that what is written through it is read only through it: C's
    `restrict`. Loops over several arrays then need no test whether they overlap. The promise is the
    return attribute `noalias` of a function that LLVM must not look into (weak linkage)."""

    def generate(context, builder, signature, args):
        source = make_array(array)(context, builder, args[0])
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(pointer, [pointer])
        own = cgutils.get_or_insert_function(builder.module, kind, "diffkit_restrict")
        if own.is_declaration:
            own.linkage = "weak"
            own.attributes.add("noinline")
            own.return_value.add_attribute("noalias")
            ir.IRBuilder(own.append_basic_block()).ret(own.args[0])
        data = builder.call(own, [builder.bitcast(source.data, pointer)])
        source.data = builder.bitcast(data, source.data.type)
        return impl_ret_borrowed(context, builder, array, source._getvalue())

    return array(array), generate


@intrinsic
def dot(typingctx, a, b, out):
    """out = a b for matrices and vectors, by BLAS. Numba's `np.dot` calls the same routines, but
    compiles a third of a second of checks around them, which shapes known before do not need."""
    vectors = (a.ndim == 1) + (b.ndim == 1)
    signature = types.none(a, b, out)

    def generate(context, builder, signature, args):
        ensure_blas()
        parts = []
        for kind, value in zip(signature.args, args, strict=True):
            array = make_array(kind)(context, builder, value)
            parts += [kind, cgutils.unpack_tuple(builder, array.shape), array.data]
        if not vectors:
            call_xxgemm(context, builder, *parts)
        else:
            matrix, vector = (parts[:3], parts[3:6]) if b.ndim == 1 else (parts[3:6], parts[:3])
            turned = (matrix[0].layout == "C") == (b.ndim == 1)
            out_data = parts[8]
            call_xxgemv(context, builder, turned, *matrix, vector[2], out_data)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def scale(typingctx, d, t):
    """d·t, and 0 where t is 0."""
    kind = types.float32 if d == t == types.float32 else types.float64

    def generate(context, builder, signature, args):
        zero = builder.fcmp_ordered("==", args[1], ir.Constant(args[1].type, 0.0))
        return builder.select(zero, args[1], builder.fmul(*args))

    return kind(kind, kind), generate


@njit(**OPTIONS)
def sign(x):
    """-1, 0 or 1, without the sign of a zero; a nan stays."""
    one = type(x)(1)
    return where(x > 0, one, where(x < 0, -one, where(x == 0, type(x)(0), x)))


def floordiv(x, y):
    """⌊x/y⌋ as NumPy has it: from the exact remainder, so nan where x is infinite."""


@overload(floordiv, jit_options=OPTIONS)
def floordiv_of(x, y):
    def of_floats(x, y):
        if y == 0:
            return x / y
        rest = np.fmod(x, y)
        quotient = (x - rest) / y
        if rest != 0 and (y < 0) != (rest < 0):
            quotient -= type(x)(1)
        if quotient == 0:
            return math.copysign(type(x)(0), x / y)
        whole = np.floor(quotient)
        return where(quotient - whole > 0.5, whole + type(x)(1), whole)

    return of_floats if isinstance(x, types.Float) else lambda x, y: np.floor_divide(x, y)


def mod(x, y):
    """x - y⌊x/y⌋ as NumPy has it: a zero has the sign of y."""


@overload(mod, jit_options=OPTIONS)
def mod_of(x, y):
    def of_floats(x, y):
        rest = np.fmod(x, y)
        if rest == 0:
            return math.copysign(rest, y)
        return where((y < 0) != (rest < 0), rest + y, rest)

    return of_floats if isinstance(x, types.Float) else lambda x, y: np.remainder(x, y)


@njit(**OPTIONS)
def shift_left(x, n, bits):
    """x·2ⁿ without what leaves an integer of so many bits."""
    return x << n if 0 <= n < bits else type(x)(0)


@njit(**OPTIONS)
def shift_right(x, n, bits):
    """⌊x/2ⁿ⌋ of an integer of so many bits."""
    return x >> n if 0 <= n < bits else x >> type(n)(bits - 1) >> type(n)(1)


def signbit(x):
    """Whether a number is negative, or a negative zero or nan."""


@overload(signbit, jit_options=OPTIONS)
def signbit_of(x):
    if isinstance(x, types.Float):
        return lambda x: math.copysign(type(x)(1), x) < 0
    return lambda x: x < 0


@njit(error_model="numpy")
def grown(tape, count):
    """The tape with room for row `count`."""
    rows = tape.shape[0]
    if count < rows:
        return tape
    bigger = np.empty((max(2 * rows, count + 1), *tape.shape[1:]), tape.dtype)
    bigger[:rows] = tape
    return bigger


@njit(error_model="numpy")
def solve(a, b, out):
    """out = a⁻¹ b; a singular matrix raises."""
    out[...] = np.linalg.solve(a, b)


@njit(error_model="numpy")
def solve_or_nan(a, b, out):
    """out = a⁻¹ b; nan for a singular matrix."""
    try:
        out[...] = np.linalg.solve(a, b)
    except Exception:
        out[...] = np.nan
