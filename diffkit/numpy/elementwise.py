"""NumPy's ufuncs on traced values: promote as NumPy does, then emit the op.

The dtypes come from the ufunc itself (`resolve_dtypes`), with Python scalars as weak (NEP 50), so
promotion is NumPy's own and not a copy of it.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import DtypeError, explain
from ..graph import Op
from ..ops import arithmetic as a
from ..ops import elementwise as e
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..types import DType, b1, dtype_of
from .arguments import refuse

SCALARS = (int, float, bool)
WEAK: dict[str, Any] = {"f": float, "i": int, "b": np.dtype(np.bool_)}


def key_of(x: Any) -> Any:
    """What NumPy promotes by: a dtype, or the Python type of a weak scalar."""
    if isinstance(x, Tracer):
        return WEAK[x.dtype_.kind] if x.weak else x.dtype
    if type(x) in SCALARS:
        kind: Any = type(x)
        return np.dtype(np.bool_) if kind is bool else kind
    return np.asarray(x).dtype


@lru_cache(maxsize=4096)
def resolve(ufunc: Any, keys: tuple[Any, ...]) -> tuple[np.dtype[Any], ...]:
    """The operand dtypes a ufunc computes in; Python numbers among themselves have NumPy's default
    dtypes."""
    if all(isinstance(key, type) for key in keys):
        keys = tuple([np.dtype(key) for key in keys])
    return ufunc.resolve_dtypes((*keys, *(None,) * ufunc.nout))[: len(keys)]


def operands(t: Trace, ufunc: Any, xs: tuple[Any, ...]) -> list[Tracer]:
    """The operands as tracers of the dtype that the ufunc computes in."""
    keys = tuple([key_of(x) if not isinstance(x, list | tuple) else t.value(x).dtype for x in xs])
    asked = f"np.{ufunc.__name__}"
    try:
        dtypes = resolve(ufunc, keys)
    except TypeError as error:
        got = " and ".join(str(k) for k in keys)
        want = "operands that NumPy's function accepts"
        where = f"np.{ufunc.__name__}{at_line()}"
        raise DtypeError(explain(where, f"got {got}", want, f"NumPy says: {error}")) from None
    return [convert(t, x, dtype_of(d, asked)) for x, d in zip(xs, dtypes, strict=True)]


def convert(t: Trace, x: Any, dtype: DType) -> Tracer:
    """A value of this dtype; a Python scalar becomes a literal of it."""
    if type(x) in SCALARS:
        return t.value(np.asarray(x, dtype.numpy)[()])
    return a.cast(t.value(x), dtype=dtype)


def plain(ufunc: Any, op: Op) -> Callable[..., Any]:
    """The handler of a ufunc that is one op."""

    def handler(t: Trace, *xs: Any) -> Tracer:
        return op(*operands(t, ufunc, xs))

    return handler


def logical(op: Op) -> Callable[..., Any]:
    """Truth values of numbers are `x != 0`."""

    def handler(t: Trace, *xs: Any) -> Tracer:
        return op(*[truth(t, x) for x in xs])

    return handler


def truth(t: Trace, x: Any) -> Tracer:
    v = t.value(x)
    return v if v.dtype_ == b1 else a.not_equal(v, 0)


def bitwise(ufunc: Any, op: Op) -> Callable[..., Any]:
    """&, |, ^ and ~ of booleans; of integers they are not recorded."""

    def handler(t: Trace, *xs: Any) -> Tracer:
        values = operands(t, ufunc, xs)
        if values[0].dtype_ != b1:
            where, got = f"np.{ufunc.__name__}{at_line()}", f"got {values[0].type}"
            remedy = "Compare first, or compute the bits outside the traced function"
            raise DtypeError(explain(where, got, "booleans", remedy))
        return op(*values)

    return handler


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
    """min(max(x, low), high); at a bound the derivative is split evenly, as for max and min."""
    low, high = bounds.pop("min", a_min), bounds.pop("max", a_max)
    refuse("np.clip", **{key: (value, None) for key, value in bounds.items()})
    value: Any = t.value(x)
    if low is not None:
        value = np.maximum(value, low)
    return value if high is None else np.minimum(value, high)


def round_(t: Trace, x: Any, decimals: int = 0, out: Any = None) -> Any:
    """Halves to even; integers stay integers."""
    refuse("np.round", out=(out, None))
    v: Any = t.value(x)
    if not v.type.differentiable and decimals >= 0:
        return v
    scale = 10.0 ** abs(decimals)  # a power with a negative exponent would not be exact
    if decimals < 0:
        return (np.rint(v / scale) * scale).astype(v.dtype)
    return np.rint(v) if decimals == 0 else np.rint(v * scale) / scale


def nan_to_num(
    t: Trace, x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    v: Any = t.value(x)
    limits: Any = np.finfo(v.dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    bounded: Any = np.where(np.isinf(v), np.where(v > 0, high, low), v)
    return np.where(np.isnan(v), nan, bounded)


# fmt: off
ONE_OP: dict[Any, Op] = {
    np.add: a.add, np.subtract: a.sub, np.multiply: a.mul, np.true_divide: a.div,
    np.negative: a.neg, np.power: a.power, np.float_power: a.power, np.square: a.square,
    np.reciprocal: a.reciprocal, np.absolute: a.absolute, np.fabs: a.absolute, np.sign: a.sign,
    np.floor: a.floor, np.ceil: a.ceil, np.rint: a.rint, np.trunc: a.trunc,
    np.floor_divide: a.floordiv, np.remainder: a.mod,
    np.maximum: a.maximum, np.minimum: a.minimum,
    np.less: a.less, np.less_equal: a.less_equal, np.greater: a.greater,
    np.greater_equal: a.greater_equal, np.equal: a.equal, np.not_equal: a.not_equal,
    np.isnan: a.isnan, np.isfinite: a.isfinite, np.isinf: a.isinf,
    np.exp: e.exp, np.exp2: e.exp2, np.expm1: e.expm1,
    np.log: a.log, np.log2: e.log2, np.log10: e.log10, np.log1p: e.log1p,
    np.sqrt: e.sqrt, np.cbrt: e.cbrt, np.hypot: e.hypot,
    np.sin: e.sin, np.cos: e.cos, np.tan: e.tan,
    np.arcsin: e.arcsin, np.arccos: e.arccos, np.arctan: e.arctan, np.arctan2: e.arctan2,
    np.sinh: e.sinh, np.cosh: e.cosh, np.tanh: e.tanh,
    np.arcsinh: e.arcsinh, np.arccosh: e.arccosh, np.arctanh: e.arctanh,
}
UFUNCS: dict[Any, Callable[..., Any]] = {
    **{ufunc: plain(ufunc, op) for ufunc, op in ONE_OP.items()},
    np.logical_and: logical(a.logical_and), np.logical_or: logical(a.logical_or),
    np.logical_xor: logical(a.logical_xor), np.logical_not: logical(a.logical_not),
    np.bitwise_and: bitwise(np.bitwise_and, a.logical_and),
    np.bitwise_or: bitwise(np.bitwise_or, a.logical_or),
    np.bitwise_xor: bitwise(np.bitwise_xor, a.logical_xor),
    np.invert: bitwise(np.invert, a.logical_not),
    np.positive: identity, np.logaddexp: logaddexp,
    np.deg2rad: times(np.deg2rad, np.pi / 180), np.radians: times(np.radians, np.pi / 180),
    np.rad2deg: times(np.rad2deg, 180 / np.pi), np.degrees: times(np.degrees, 180 / np.pi),
}
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: where, np.clip: clip, np.round: round_, np.nan_to_num: nan_to_num,
}
# fmt: on


def special(op: Op, **attrs: Any) -> Callable[..., Any]:
    """The handler of a special function, in floating point as np.exp."""

    def handler(t: Trace, x: Any) -> Tracer:
        return op(*operands(t, np.exp, (x,)), **attrs)

    return handler


SCIPY_UFUNCS: dict[str, Callable[..., Any]] = {
    "erf": special(e.erf),
    "gammaln": special(e.lgamma),
    "psi": special(e.polygamma, n=0),
}


def erf(x: Any) -> Any:
    """The error function, elementwise, of an array or a traced value.

    >>> import diffkit.numpy as dnp
    >>> float(dnp.erf(0.5))
    0.5204998778130465
    """
    return SCIPY_UFUNCS["erf"](x.owner, x) if isinstance(x, Tracer) else e.numpy_erf(x)


def lgamma(x: Any) -> Any:
    """log|Γ(x)|, elementwise, of an array or a traced value.

    >>> import diffkit.numpy as dnp
    >>> float(dnp.lgamma(3.0))
    0.6931471805599453
    """
    return SCIPY_UFUNCS["gammaln"](x.owner, x) if isinstance(x, Tracer) else e.numpy_lgamma(x)


def digamma(x: Any) -> Any:
    """ψ(x) = Γ′(x)/Γ(x), elementwise, of an array or a traced value.

    >>> import diffkit.numpy as dnp
    >>> round(float(dnp.digamma(1.0)), 12)
    -0.577215664902
    """
    return SCIPY_UFUNCS["psi"](x.owner, x) if isinstance(x, Tracer) else e.numpy_polygamma(x, n=0)
