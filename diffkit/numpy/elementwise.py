"""NumPy's ufuncs on traced values: promote as NumPy does, then emit the op.

The dtypes come from the ufunc itself (`resolve_dtypes`), with Python scalars as weak (NEP 50), so
promotion is NumPy's own and not a copy of it.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import DtypeError, explain
from ..graph import Atom, Op, literal
from ..ops import arithmetic as a
from ..ops import elementwise as e
from ..ops.kinks import at
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..types import DType, b1, dtype_of
from .arguments import refuse

INTEGER = ("i", "u")
SCALARS = (int, float, bool, complex)
WEAK: dict[str, Any] = {"f": float, "c": complex, "i": int, "b": np.dtype(np.bool_)}


def key_of(x: Any) -> Any:
    """What NumPy promotes by: a dtype, or the Python type of a weak scalar."""
    if type(x) is Tracer:
        dtype = x.held.type.dtype
        return WEAK[dtype.kind] if x.weak else dtype.numpy
    if type(x) in SCALARS:
        kind: Any = type(x)
        return np.dtype(np.bool_) if kind is bool else kind
    return np.asarray(x).dtype


@lru_cache(maxsize=4096)
def resolve(ufunc: Any, keys: tuple[Any, ...]) -> tuple[DType, ...]:
    """The operand dtypes a ufunc computes in; Python numbers among themselves have NumPy's default
    dtypes."""
    if all(isinstance(key, type) for key in keys):
        keys = tuple([np.dtype(key) for key in keys])
    found = ufunc.resolve_dtypes((*keys, *(None,) * ufunc.nout))[: len(keys)]
    return tuple([dtype_of(dtype, f"np.{ufunc.__name__}") for dtype in found])


def operands(t: Trace, ufunc: Any, xs: tuple[Any, ...]) -> list[Tracer]:
    """The operands as tracers of the dtype that the ufunc computes in."""
    return [Tracer(t, atom) for atom in atoms(t, ufunc, xs)]


def atoms(t: Trace, ufunc: Any, xs: tuple[Any, ...]) -> list[Atom]:
    """The operands as atoms of the trace, of the dtype that the ufunc computes in."""
    keys = tuple([key_of(t.value(x) if isinstance(x, list | tuple) else x) for x in xs])
    try:
        dtypes = resolve(ufunc, keys)
    except DtypeError:
        raise
    except TypeError as error:
        got = " and ".join(str(k) for k in keys)
        want = "operands that NumPy's function accepts"
        where = f"np.{ufunc.__name__}{at_line()}"
        raise DtypeError(explain(where, f"got {got}", want, f"NumPy says: {error}")) from None
    return [converted(t, x, dtype) for x, dtype in zip(xs, dtypes, strict=True)]


def converted(t: Trace, x: Any, dtype: DType) -> Atom:
    """The atom of a value of this dtype; a Python scalar becomes a literal of it."""
    if type(x) in SCALARS:
        return literal(x, dtype.numpy)
    value = x if type(x) is Tracer and x.owner is t else t.value(x)
    return value.atom if value.held.type.dtype is dtype else a.cast(value, dtype=dtype).atom


def convert(t: Trace, x: Any, dtype: DType) -> Tracer:
    """A value of this dtype as a tracer: not x itself, which may be written."""
    return Tracer(t, converted(t, x, dtype))


def plain(ufunc: Any, op: Op) -> Callable[..., Any]:
    """The handler of a ufunc that is one op. Most of what a program does comes through here, so the
    op is emitted on atoms, without the checks of a call."""

    def handler(t: Trace, *xs: Any) -> Tracer:
        return Tracer(t, t.builder.emit(op, atoms(t, ufunc, xs), {}))

    return handler


def comparing(ufunc: Any, op: Op) -> Callable[..., Any]:
    """The handler of a comparison. A Python integer may lie beyond the integers of the array: it is
    then less or greater than all of them, as an infinity is."""
    compare = plain(ufunc, op)

    def handler(t: Trace, x: Any, y: Any) -> Tracer:
        return compare(t, reachable(x, y), reachable(y, x))

    return handler


def reachable(number: Any, other: Any) -> Any:
    """A number as it is, or an infinity for a Python integer that the dtype of other has not."""
    if type(number) is not int or getattr(getattr(other, "dtype", None), "kind", "") not in INTEGER:
        return number
    limits = np.iinfo(other.dtype)
    inside = int(limits.min) <= number <= int(limits.max) or getattr(other, "weak", False)
    return number if inside else math.copysign(math.inf, number)


def logical(op: Op) -> Callable[..., Any]:
    """Truth values of numbers are `x != 0`."""

    def handler(t: Trace, *xs: Any) -> Tracer:
        return op(*[truth(t, x) for x in xs])

    return handler


def truth(t: Trace, x: Any) -> Tracer:
    v = t.value(x)
    return v if v.dtype_ == b1 else a.not_equal(v, 0)


def floats(t: Trace, ufunc: Any, *xs: Any) -> list[Tracer]:
    """Operands of a composite, promoted as the ufunc would."""
    return operands(t, ufunc, xs)


def logaddexp(t: Trace, x: Any, y: Any) -> Any:
    """log(e^x + e^y) = m + log1p(expm1(high - m) + e^(low - m)), where m is the value of the
    higher, held fixed by the derivative: no digit is lost, at any order."""
    p, q = floats(t, np.logaddexp, x, y)
    first = a.greater_equal(p, q)
    high, low = a.select(first, p, q), a.select(first, q, p)
    m = a.stop_gradient(high)
    m = a.select(a.isfinite(m), m, m.full(0, ()))
    return np.add(m, np.log1p(np.add(e.expm1(a.sub(high, m)), e.exp(a.sub(low, m)))))


def identity(t: Trace, x: Any) -> Tracer:
    """A new array of the same value."""
    return Tracer(t, t.value(x).atom)


def times(ufunc: Any, factor: float) -> Callable[..., Any]:
    def handler(t: Trace, x: Any) -> Tracer:
        return a.mul(floats(t, ufunc, x)[0], factor)

    return handler


def where(t: Trace, condition: Any, x: Any = None, y: Any = None) -> Tracer:
    """np.where with three arguments: chosen, with nothing leaking from the branch not taken."""
    if x is None or y is None:
        where_ = f"np.where{at_line()}"
        want, remedy = "three arguments", "The shape of one-argument where depends on values"
        raise DtypeError(explain(where_, "got one argument", want, remedy))
    p, q = together(t, x, y)
    return a.select(truth(t, condition), p, q)


def together(t: Trace, *xs: Any) -> list[Tracer]:
    """Values promoted to one dtype."""
    keys = [key_of(x) if not isinstance(x, list | tuple) else t.value(x).dtype for x in xs]
    weak = [k(0) if isinstance(k, type) else k for k in keys]
    dtype = dtype_of(np.result_type(*weak))
    return [convert(t, x, dtype) for x in xs]


def clip(t: Trace, x: Any, a_min: Any = None, a_max: Any = None, **bounds: Any) -> Tracer:
    """min(max(x, low), high); at a bound the derivative is split evenly, as for max and min, if the
    convention does not say otherwise."""
    low, high = bounds.pop("min", a_min), bounds.pop("max", a_max)
    refuse("np.clip", **{key: (value, None) for key, value in bounds.items()})
    value: Any = t.value(x)
    if at("clip") == 0.5:
        return between(value, low, high)
    # outside, and at the bounds unless they belong to the inside, only the bounds move the result
    inside: Any = True
    if low is not None:
        inside = value >= low if at("clip") == 1 else value > low
    if high is not None:
        inside = inside & (value <= high if at("clip") == 1 else value < high)
    return np.where(inside, value, between(a.stop_gradient(value), low, high))


def between(x: Any, low: Any, high: Any) -> Any:
    """min(max(x, low), high), where a bound may be None."""
    raised = x if low is None else np.maximum(x, low)
    return raised if high is None else np.minimum(raised, high)


def round_(t: Trace, x: Any, decimals: int = 0, out: Any = None) -> Any:
    """Halves to even; integers stay integers."""
    refuse("np.round", out=(out, None))
    v: Any = t.value(x)
    v = v.astype(np.float16) if v.dtype.kind == "b" else v
    if not v.type.differentiable and decimals >= 0:
        return v
    scale = 10.0 ** abs(decimals)  # a power with a negative exponent would not be exact
    if decimals < 0:
        return (np.rint(v / scale) * scale).astype(v.dtype)
    return np.rint(v) if decimals == 0 else np.rint(v * scale) / scale


# fmt: off
ONE_OP: dict[Any, Op] = {
    np.add: a.add, np.subtract: a.sub, np.multiply: a.mul, np.true_divide: a.div,
    np.negative: a.neg, np.power: a.power, np.float_power: a.power, np.square: a.square,
    np.reciprocal: a.reciprocal, np.absolute: a.absolute, np.fabs: a.absolute, np.sign: a.sign,
    np.floor: a.floor, np.ceil: a.ceil, np.rint: a.rint, np.trunc: a.trunc,
    np.floor_divide: a.floordiv, np.remainder: a.mod,
    np.maximum: a.maximum, np.minimum: a.minimum,
    np.isnan: a.isnan, np.isfinite: a.isfinite, np.isinf: a.isinf,
    np.exp: e.exp, np.exp2: e.exp2, np.expm1: e.expm1,
    np.log: a.log, np.log2: e.log2, np.log10: e.log10, np.log1p: e.log1p,
    np.sqrt: e.sqrt, np.cbrt: e.cbrt, np.hypot: e.hypot,
    np.sin: e.sin, np.cos: e.cos, np.tan: e.tan,
    np.arcsin: e.arcsin, np.arccos: e.arccos, np.arctan: e.arctan, np.arctan2: e.arctan2,
    np.sinh: e.sinh, np.cosh: e.cosh, np.tanh: e.tanh,
    np.arcsinh: e.arcsinh, np.arccosh: e.arccosh, np.arctanh: e.arctanh,
}
COMPARISONS: dict[Any, Op] = {
    np.less: a.less, np.less_equal: a.less_equal, np.greater: a.greater,
    np.greater_equal: a.greater_equal, np.equal: a.equal, np.not_equal: a.not_equal,
}
UFUNCS: dict[Any, Callable[..., Any]] = {
    **{ufunc: plain(ufunc, op) for ufunc, op in ONE_OP.items()},
    **{ufunc: comparing(ufunc, op) for ufunc, op in COMPARISONS.items()},
    np.logical_and: logical(a.logical_and), np.logical_or: logical(a.logical_or),
    np.logical_xor: logical(a.logical_xor), np.logical_not: logical(a.logical_not),
    np.positive: identity, np.logaddexp: logaddexp,
    np.deg2rad: times(np.deg2rad, np.pi / 180), np.radians: times(np.radians, np.pi / 180),
    np.rad2deg: times(np.rad2deg, 180 / np.pi), np.degrees: times(np.degrees, 180 / np.pi),
}
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: where, np.clip: clip, np.round: round_,
}
# fmt: on
