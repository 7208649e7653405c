"""`np.fft` on traced values: lengths, axes and norms put in normal form, then a transform an axis.

A transform first cuts its axis to the length asked for, or fills it up with zeros. That of several
axes is one after another, from the last to the first as in NumPy; of real numbers the last axis is
halved, and all others are complex. (A module of the name `fft` would hide NumPy's in `dnp`.)
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError, explain
from ..ops import arithmetic as a
from ..ops import complex as c
from ..ops import fft as f
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..types import COMPLEX, f16, f32, f64
from .arguments import as_tuple, normal_axis, refuse

LAST_TWO = (-2, -1)
Line = Callable[[str, Tracer, int | None, int, str], Tracer]
"""A transform of one axis: for the user's name of it, an array, a length, an axis and a norm."""


# --- arguments ------------------------------------------------------------------------------------


def normal_norm(asked: str, norm: Any) -> str:
    """The name of the scaling, of which None is the first."""
    if norm is None:
        return "backward"
    if norm not in f.OPPOSITE:
        want = "norm='backward', 'ortho' or 'forward'"
        raise ShapeError(explain(f"{asked}{at_line()}", f"norm={norm!r}", want, "Choose one"))
    return norm


def length(asked: str, n: Any) -> int:
    """The number of points, which is one or more."""
    found = operator.index(n)
    if found < 1:
        want, remedy = "at least one point", "Check n= and s= and the length of the axis"
        raise ShapeError(explain(f"{asked}{at_line()}", f"a length of {found}", want, remedy))
    return found


def require_axis(asked: str, x: Tracer, axes: Sequence[Any]) -> None:
    """An error where there is no axis to go along."""
    if not axes:
        want, remedy = "at least one axis", "Give the array one with np.reshape(x, 1)"
        raise ShapeError(explain(f"{asked}{at_line()}", f"no axis of {x.type}", want, remedy))


def floating(t: Trace, x: Any) -> Tracer:
    """An array of floating-point numbers: integers are f64."""
    v = t.value(x)
    return v if v.type.differentiable else a.cast(v, dtype=f64)


def resized(x: Tracer, axis: int, n: int) -> Tracer:
    """x cut or filled up with zeros at the end of an axis."""
    have = x.shape[axis]
    if n <= have:
        return s.take_range(x, axis, 0, n)
    none = (0,) * x.ndim
    high = tuple(n - have if k == axis else 0 for k in range(x.ndim))
    return s.pad(x, low=none, high=high, interior=none)


def at_least_single(x: Tracer) -> Tracer:
    """x in a precision that complex numbers come in."""
    return a.cast(x, dtype=f32) if x.dtype_ == f16 else x


def cast_complex(x: Tracer) -> Tracer:
    v = at_least_single(x)
    return a.cast(v, dtype=COMPLEX.get(v.dtype_, v.dtype_))


# --- transforms of one axis -----------------------------------------------------------------------


def full(inverse: bool) -> Line:
    """fft and ifft: complex numbers to complex numbers."""

    def line(asked: str, x: Tracer, n: int | None, axis: int, norm: str) -> Tracer:
        k = normal_axis(axis, x.ndim, asked)
        there = resized(x, k, length(asked, x.shape[k] if n is None else n))
        return f.fft(cast_complex(there), axis=k, inverse=inverse, norm=norm)

    return line


def halve(asked: str, x: Tracer, n: int | None, axis: int, norm: str) -> Tracer:
    """rfft: real numbers to the first half."""
    if x.type.complex:
        got, remedy = f"got {x.type}", "Take np.real, or use the transform without the r"
        raise DtypeError(explain(f"{asked}{at_line()}", got, "real numbers", remedy))
    k = normal_axis(axis, x.ndim, asked)
    there = resized(x, k, length(asked, x.shape[k] if n is None else n))
    return f.rfft(at_least_single(there), axis=k, norm=norm)


def unhalve(asked: str, x: Tracer, n: int | None, axis: int, norm: str) -> Tracer:
    """irfft: a half to n real numbers, by default as many as an even number can be."""
    k = normal_axis(axis, x.ndim, asked)
    count = length(asked, 2 * (x.shape[k] - 1) if n is None else n)
    half = cast_complex(resized(x, k, count // 2 + 1))
    out = f.irfft(half, axis=k, n=count, norm=norm)
    return a.cast(out, dtype=f16) if x.dtype_ == f16 else out  # as NumPy has it


def hermitian(asked: str, x: Tracer, n: int | None, axis: int, norm: str) -> Tracer:
    """hfft: irfft of the conjugate, with the factor of the other sign."""
    return unhalve(asked, c.conj(x), n, axis, f.OPPOSITE[norm])


def from_hermitian(asked: str, x: Tracer, n: int | None, axis: int, norm: str) -> Tracer:
    """ihfft: the conjugate of rfft, with the factor of the other sign."""
    return c.conj(halve(asked, x, n, axis, f.OPPOSITE[norm]))


def one(name: str, line: Line) -> Callable[..., Tracer]:
    """The handler of a transform along one axis."""
    asked = f"np.fft.{name}"

    def handler(
        t: Trace, a: Any, n: int | None = None, axis: int = -1, norm: Any = None, out: Any = None
    ) -> Tracer:
        refuse(asked, out=(out, None))
        x = floating(t, a)
        require_axis(asked, x, x.shape)
        return line(asked, x, n, axis, normal_norm(asked, norm))

    return handler


# --- transforms of several axes -------------------------------------------------------------------

Plan = list[tuple[int | None, int]]
"""Length and axis of each transform; no length for the default."""
Steps = list[tuple[Line, int | None, int]]


def plan(asked: str, x: Tracer, s: Any, axes: Any) -> Plan:
    """The transforms asked for. In `s`, -1 and None stand for the axis as it is; without `axes`,
    the lengths are those of the last axes."""
    if s is None:
        over = range(x.ndim) if axes is None else as_tuple(axes)
        return [(None, operator.index(k)) for k in over]
    sizes = as_tuple(s)
    over = range(-len(sizes), 0) if axes is None else as_tuple(axes)
    if len(sizes) != len(over):
        got, want = f"s={s!r} and axes={axes!r}", "as many lengths as axes"
        raise ShapeError(explain(f"{asked}{at_line()}", got, want, "Give one for each axis"))
    pairs = zip(sizes, over, strict=True)
    return [(x.shape[normal_axis(k, x.ndim, asked)] if n == -1 else n, k) for n, k in pairs]


def all_full(inverse: bool) -> Callable[[Plan], Steps]:
    return lambda todo: [(full(inverse), n, k) for n, k in reversed(todo)]


def halve_first(todo: Plan) -> Steps:
    """rfftn: the last axis, of real numbers, then the others."""
    return [(halve, *todo[-1]), *all_full(False)(todo[:-1])]


def unhalve_last(todo: Plan) -> Steps:
    """irfftn: the last axis at the end, when all others are done."""
    return [*((full(True), n, k) for n, k in todo[:-1]), (unhalve, *todo[-1])]


def several(name: str, steps: Callable[[Plan], Steps], default: Any) -> Callable[..., Tracer]:
    """The handler of a transform along several axes."""
    asked = f"np.fft.{name}"

    def handler(
        t: Trace, a: Any, s: Any = None, axes: Any = default, norm: Any = None, out: Any = None
    ) -> Tracer:
        refuse(asked, out=(out, None))
        x, scaling = t.value(a), normal_norm(asked, norm)
        todo = plan(asked, x, s, axes)
        if steps in (halve_first, unhalve_last):
            require_axis(asked, x, todo)
        for line, n, k in steps(todo):
            x = line(asked, floating(t, x), n, k, scaling)
        return x

    return handler


# --- the order of frequencies ---------------------------------------------------------------------


def shift(name: str, half: Callable[[int], int]) -> Callable[..., Any]:
    """fftshift and ifftshift: a roll by half of each axis."""
    asked = f"np.fft.{name}"

    def handler(t: Trace, x: Any, axes: Any = None) -> Any:
        v: Any = t.value(x)
        over = tuple(range(v.ndim)) if axes is None else as_tuple(axes)
        require_axis(asked, v, over)
        sizes = [v.shape[normal_axis(k, v.ndim, asked)] for k in over]
        return np.roll(v, [half(n) for n in sizes], over)

    return handler


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.fft.fft: one("fft", full(False)),
    np.fft.ifft: one("ifft", full(True)),
    np.fft.rfft: one("rfft", halve),
    np.fft.irfft: one("irfft", unhalve),
    np.fft.hfft: one("hfft", hermitian),
    np.fft.ihfft: one("ihfft", from_hermitian),
    np.fft.fft2: several("fft2", all_full(False), LAST_TWO),
    np.fft.ifft2: several("ifft2", all_full(True), LAST_TWO),
    np.fft.rfft2: several("rfft2", halve_first, LAST_TWO),
    np.fft.irfft2: several("irfft2", unhalve_last, LAST_TWO),
    np.fft.fftn: several("fftn", all_full(False), None),
    np.fft.ifftn: several("ifftn", all_full(True), None),
    np.fft.rfftn: several("rfftn", halve_first, None),
    np.fft.irfftn: several("irfftn", unhalve_last, None),
    np.fft.fftshift: shift("fftshift", lambda n: n // 2),
    np.fft.ifftshift: shift("ifftshift", lambda n: -(n // 2)),
}
