"""NumPy's functions of complex numbers on traced values: parts, conjugate, modulus, angle.

The modulus and the angle are functions of the two parts, so their kinks at 0 are those of `hypot`
and `arctan2`: |z| has derivative 0 there.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UnsupportedError, explain
from ..ops import arithmetic as a
from ..ops import complex as c
from ..ops import elementwise as e
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from .elementwise import operands, plain

REAL_ABSOLUTE = plain(np.absolute, a.absolute)
REAL_SIGN = plain(np.sign, a.sign)


def real(t: Trace, val: Any) -> Tracer:
    return c.real(t.value(val))


def imag(t: Trace, val: Any) -> Tracer:
    return c.imag(t.value(val))


def conjugate(t: Trace, x: Any) -> Tracer:
    return c.conj(*operands(t, np.conjugate, (x,)))


def is_complex(x: Any) -> bool:
    return isinstance(x, Tracer) and x.type.complex


def absolute(t: Trace, x: Any) -> Any:
    """|x|; of a complex number the length of the pair of its parts."""
    if not is_complex(x):
        return REAL_ABSOLUTE(t, x)
    return e.hypot(real(t, x), imag(t, x))


def sign(t: Trace, x: Any) -> Any:
    """The sign; of a complex number z/|z|, and 0 with derivative 0 at 0. Of a number with one part
    infinite it is the sign of that part; with both, it has no direction: nan, as in NumPy."""
    if not is_complex(x):
        return REAL_SIGN(t, x)
    parts: list[Any] = [real(t, x), imag(t, x)]
    endless = [np.isinf(part) for part in parts]
    far = np.logical_xor(*endless)
    size: Any = absolute(t, x)
    away = np.logical_and(size != 0, np.logical_not(far))
    near = np.where(away, x / np.where(away, size, 1), 0)
    p, q = (np.where(e, np.sign(part), 0.0) for e, part in zip(endless, parts, strict=True))
    return np.where(far, c.join(p, q), near)


def abs_square(x: Any) -> Any:
    """|x|², which has no kink at 0."""
    if not is_complex(x):
        return np.square(x)
    return np.square(np.real(x)) + np.square(np.imag(x))


def angle(t: Trace, z: Any, deg: bool = False) -> Any:
    """The angle of z with the positive real axis, in (-π, π]."""
    y: Any = t.value(z)
    turn: Any = np.arctan2(np.imag(y), np.real(y))
    return turn * (180 / np.pi) if deg else turn


def iscomplex(t: Trace, x: Any) -> Any:
    """Whether each element has an imaginary part that is not 0."""
    return np.not_equal(imag(t, x), 0)


def isreal(t: Trace, x: Any) -> Any:
    return np.equal(imag(t, x), 0)


def iscomplexobj(t: Trace, x: Any) -> bool:
    """Whether the dtype is complex."""
    return t.value(x).type.complex


def isrealobj(t: Trace, x: Any) -> bool:
    return not iscomplexobj(t, x)


def sort_complex(t: Trace, a: Any) -> Any:
    """Sorted by the real part, then by the imaginary one; complex also where a is not."""
    x: Any = t.value(a)
    return np.sort(x).astype(np.sort_complex(np.zeros(1, x.dtype)).dtype)


def of_complex(name: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of np.emath. Of complex numbers it is NumPy's function of the same name; of real
    ones its dtype would depend on their signs."""

    def handler(t: Trace, *xs: Any) -> Any:
        for x in xs:
            if isinstance(x, Tracer) and not x.type.complex:
                want, remedy = "complex numbers", f"Use np.{name}, or convert: x.astype(complex)"
                raise UnsupportedError(
                    explain(f"np.emath.{name}{at_line()}", f"got {x.type}", want, remedy)
                )
        return f(*[x if isinstance(x, Tracer) else np.asarray(x) for x in xs])

    return handler


def logn(n: Any, x: Any) -> Any:
    return np.log(x) / np.log(n)


UFUNCS: dict[Any, Callable[..., Any]] = {
    np.absolute: absolute, np.sign: sign, np.conjugate: conjugate,
}  # fmt: skip
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.real: real, np.imag: imag, np.angle: angle, np.iscomplex: iscomplex, np.isreal: isreal,
    np.iscomplexobj: iscomplexobj, np.isrealobj: isrealobj, np.sort_complex: sort_complex,
    np.emath.sqrt: of_complex("sqrt", np.sqrt), np.emath.power: of_complex("power", np.power),
    np.emath.log: of_complex("log", np.log), np.emath.log2: of_complex("log2", np.log2),
    np.emath.log10: of_complex("log10", np.log10), np.emath.logn: of_complex("log", logn),
    np.emath.arcsin: of_complex("arcsin", np.arcsin),
    np.emath.arccos: of_complex("arccos", np.arccos),
    np.emath.arctanh: of_complex("arctanh", np.arctanh),
}  # fmt: skip
