"""What the ops of a graph do to arrays of single numbers.

NumPy moves, adds and multiplies objects as it does floats, so most ops on arrays are NumPy's own;
here are those where it would compare, or make floats. A table of all is built for each tape.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...graph import Node
from ...ops.region import run_cond, run_while
from ...types import DType
from . import choices
from .choices import Open, at, decide, moves
from .matrices import ROUTINES, solve, solve_triangular
from .numbers import ball, is_complex, load_flint, same
from .series import Series, mapped
from .special import PARTS, REAL, polygamma
from .tape import Active, Tape, Undecided

Body = Callable[[Sequence[Any]], list[Any]]

MOVING = (
    "broadcast", "reshape", "transpose", "slice", "pad", "reverse", "concatenate", "stack",
    "gather", "sum", "cumsum", "prod", "cumprod", "recurrence", "einsum", "scan", "call", "custom",
    "neg",
)  # fmt: skip
"""Ops whose NumPy function does to objects what it does to numbers."""
WRITING = ("slice_add", "slice_set", "scatter_add", "scatter_set")
"""Ops that write one array into another, which both have to be arrays for that."""
WHOLE = (
    "bit_and", "bit_or", "bit_xor", "bit_not", "shift_left", "shift_right", "gcd", "lcm",
    "bit_count", "row_order",
)  # fmt: skip
"""Ops on integers."""


def spread(tape: Tape, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of single numbers as a function of arrays of them, which notes where it is."""

    def over_arrays(*args: Any) -> Any:
        arrays = np.broadcast_arrays(*[np.asarray(a, object) for a in args])
        out = np.empty(arrays[0].shape, object)
        for place in np.ndindex(*out.shape):
            tape.index = place
            out[place] = function(*[a[place] for a in arrays])
        tape.index = ()
        return out[()]

    return over_arrays


def booleans(tape: Tape, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for what is True or False, as booleans if nothing is open."""
    over = spread(tape, function)

    def call(*args: Any) -> Any:
        found = np.asarray(over(*args), object)
        return found[()] if any(isinstance(p, Open) for p in found.flat) else found.astype(bool)[()]

    return call


def folded(tape: Tape, function: Callable[..., Any], x: Any, axes: tuple[int, ...]) -> Any:
    """Pairs of elements one after another, over axes."""
    x = np.asarray(x, object)
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    shape = tuple(x.shape[k] for k in rest)
    rows = np.transpose(x, (*rest, *axes)).reshape(*shape, -1)
    out = np.empty(shape, object)
    for place in np.ndindex(*shape):
        tape.index = place
        total, *others = rows[place]
        for other in others:
            total = function(tape, total, other)
        out[place] = total
    tape.index = ()
    return out[()]


def every(tape: Tape, x: Any, axes: tuple[int, ...], function: Any, start: bool) -> Any:
    """All or any of booleans."""
    x = np.asarray(x)
    if x.dtype != object:
        return (np.all if start else np.any)(x, axis=axes)
    found = np.asarray(folded(tape, function, x, axes), object)
    return found[()] if any(isinstance(p, Open) for p in found.flat) else found.astype(bool)[()]


# --- conversions ---------------------------------------------------------------------------------


def cast(tape: Tape, x: Any, dtype: DType) -> Any:
    """Rounding to fewer digits is no operation on real numbers: a cast to a narrower type is the
    identity. Booleans become 0 and 1, numbers integers by what their digits say."""
    given = np.asarray(x)
    if given.dtype != object and dtype.kind in "ib":
        return given.astype(dtype.numpy)[()]
    to: Callable[..., Any] = partial(to_number, tape, complex_=dtype.kind == "c")
    if dtype.kind == "b":
        return booleans(tape, partial(nonzero, tape))(x)
    if dtype.kind == "i":
        found = spread(tape, partial(to_integer, tape))(x)
        return np.asarray(found).astype(dtype.numpy)[()]
    return spread(tape, to)(x)


def to_number(tape: Tape, x: Any, complex_: bool) -> Any:
    if isinstance(x, Open):
        return choices.select(tape, x, ball(1), ball(0))
    if complex_ and not isinstance(x, Series):
        return x + load_flint().acb(0) if isinstance(x, Active) else load_flint().acb(ball(x))
    return ball(x)


def nonzero(tape: Tape, x: Any) -> Any:
    return x if isinstance(x, Open | bool) else choices.comparison(bool)(tape, x, 0)


def to_integer(tape: Tape, x: Any) -> int:
    if isinstance(x, Open):
        return int(decide(tape, x))
    a = choices.truncated(at(x))
    found = a.unique_fmpz()
    if found is None:
        assert tape.node is not None
        raise Undecided(tape.node)
    if moves(x) and at(x).contains_integer() and not same(at(x), 0):
        tape.note("jump")
        tape.forced = True
    return int(found)


def defined(test: Callable[[Any], Any]) -> Callable[..., Any]:
    """isnan and the like: a bounded ball is a number; what has no bound may be anything."""

    def call(tape: Tape, x: Any) -> Any:
        return test(math.pi) if at(x).is_finite() else Open(None)

    return call


# --- orders --------------------------------------------------------------------------------------


def first_extreme(greater: int) -> Callable[..., Any]:
    def call(tape: Tape, x: Any, axis: int) -> Any:
        def one(row: Any) -> int:
            best = 0
            for k in range(1, len(row)):
                found = choices.order(row[k], row[best])
                if isinstance(found, Open):
                    decide(tape, found)
                elif found == greater:
                    best = k
            return best

        return along(x, axis, one)

    return call


def along(x: Any, axis: int, function: Callable[[Any], Any]) -> Any:
    """A function of rows along an axis."""
    rows = np.moveaxis(np.asarray(x, object), axis, -1)
    out = np.empty(rows.shape[:-1], np.int64)
    for place in np.ndindex(*out.shape):
        out[place] = function(rows[place])
    return out[()]


def argsort(tape: Tape, x: Any, axis: int, kind: str) -> Any:
    """Stable insertion, each comparison decided."""
    rows = np.moveaxis(np.asarray(x, object), axis, -1)
    out = np.empty(rows.shape, np.int64)
    for place in np.ndindex(*rows.shape[:-1]):
        sorted_: list[int] = []
        for k, number in enumerate(rows[place]):
            low, high = 0, len(sorted_)
            while low < high:
                middle = (low + high) // 2
                found = choices.order(number, rows[place][sorted_[middle]])
                less = found == -1 if not isinstance(found, Open) else not decide(tape, found)
                low, high = (low, middle) if less else (middle + 1, high)
            sorted_.insert(low, k)
        out[place] = sorted_
    return np.moveaxis(out, -1, axis)


# --- complex numbers -----------------------------------------------------------------------------


def part(of: Callable[[Any], Any], partial_: Any) -> Callable[..., Any]:
    """A function of the parts of a number, with what its cotangent is times."""

    def call(x: Any) -> Any:
        if isinstance(x, Series):
            return mapped(of, x)
        if isinstance(x, Active):
            return Active(x.tape, of(x.value), (x,), (partial_(),))
        return of(ball(x))

    return call


def imaginary(sign: int) -> Any:
    return load_flint().acb(0, sign)


real = part(lambda a: a.real if is_complex(a) else a, lambda: 1)
imag = part(lambda a: a.imag if is_complex(a) else ball(0), lambda: imaginary(-1))
conj = part(
    lambda a: a.conjugate() if is_complex(a) else a,
    lambda: lambda ct: ct.conjugate() if is_complex(ct) else ct,
)


def join(x: Any, y: Any) -> Any:
    """x + iy."""
    return x + y * imaginary(1)


def fft(x: Any, axis: int, inverse: bool, norm: str) -> Any:
    n = x.shape[axis]
    return transformed(x, axis, waves(n, n, 1 if inverse else -1), factor(n, norm, inverse))


def rfft(x: Any, axis: int, norm: str) -> Any:
    n = x.shape[axis]
    return transformed(x, axis, waves(n // 2 + 1, n, -1), factor(n, norm, False))


def irfft(y: Any, axis: int, n: int, norm: str) -> Any:
    """An element of the half counts twice, for itself and for its conjugate."""
    count = n // 2 + 1
    often = [1 if k == 0 or 2 * k == n else 2 for k in range(count)]
    matrix = waves(n, n, 1)[:, :count] * np.array(often, object)
    found = transformed(y, axis, matrix, factor(n, norm, True))
    return np.frompyfunc(real, 1, 1)(found)


def waves(rows: int, n: int, sign: int) -> Any:
    """e^(±2πi jk/n)."""
    flint = load_flint()
    turns = [flint.fmpq(2 * k, n) for k in range(n)]
    roots = [flint.acb(flint.arb.cos_pi_fmpq(t), flint.arb.sin_pi_fmpq(t) * sign) for t in turns]
    out = np.empty((rows, n), object)
    for j, k in np.ndindex(rows, n):
        out[j, k] = roots[j * k % n]
    return out


def factor(n: int, norm: str, inverse: bool) -> Any:
    if norm == "ortho":
        return 1 / ball(n).sqrt()
    return 1 / ball(n) if inverse == (norm == "backward") else ball(1)


def transformed(x: Any, axis: int, matrix: Any, scale: Any) -> Any:
    rows = np.moveaxis(np.asarray(x, object), axis, 0)
    out = np.tensordot(matrix * scale, rows, axes=1)
    return np.moveaxis(out, 0, axis)


# --- the table -----------------------------------------------------------------------------------


def scale(d: Any, t: Any) -> Any:
    """d·t, and 0 where t is exactly 0, whatever d."""
    if at(t) == 0 and not at(d).is_finite():
        return t if not isinstance(t, Active) else Active(t.tape, ball(0), (t,), (at(d),))
    return d * t


def table(tape: Tape) -> dict[str, Callable[..., Any]]:
    """What each op does, by its name."""
    over, true = partial(spread, tape), partial(booleans, tape)
    found: dict[str, Callable[..., Any]] = {name: over(function) for name, function in REAL.items()}
    chosen: dict[str, Callable[..., Any]] = {
        "select": choices.select, "abs": choices.absolute, "sign": choices.sign,
        "maximum": choices.maximum, "minimum": choices.minimum, "hypot": choices.hypot,
        "floor": choices.floor, "ceil": choices.ceil, "trunc": choices.trunc,
        "rint": choices.rint, "floordiv": choices.floordiv, "mod": choices.mod,
    }  # fmt: skip
    found |= {name: over(partial(function, tape)) for name, function in chosen.items()}
    logical: dict[str, Callable[..., Any]] = {
        "less": choices.comparison(lambda s: s < 0),
        "less_equal": choices.comparison(lambda s: s <= 0),
        "greater": choices.comparison(lambda s: s > 0),
        "greater_equal": choices.comparison(lambda s: s >= 0),
        "equal": choices.comparison(lambda s: s == 0),
        "not_equal": choices.comparison(lambda s: s != 0),
        "logical_and": choices.conjunction, "logical_or": choices.disjunction,
        "logical_not": choices.negation, "logical_xor": choices.exclusive,
        "isnan": defined(math.isnan), "isfinite": defined(math.isfinite),
        "isinf": defined(math.isinf),
    }  # fmt: skip
    found |= {name: true(partial(function, tape)) for name, function in logical.items()}
    found |= {
        "add": over(lambda x, y: x + y),
        "sub": over(lambda x, y: x - y),
        "mul": over(lambda x, y: x * y),
        "max": lambda x, axes: folded(tape, choices.maximum, x, axes),
        "min": lambda x, axes: folded(tape, choices.minimum, x, axes),
        "argmax": partial(first_extreme(1), tape), "argmin": partial(first_extreme(-1), tape),
        "argsort": partial(argsort, tape),
        "stop_gradient": over(lambda x: at(x) if moves(x) else x),
    }  # fmt: skip
    found |= {name: partial(written, tape) for name in WRITING}
    found = {name: or_integers(tape, function) for name, function in found.items()}
    for name, parts in PARTS.items():
        found[name] = lambda x, part, parts=parts: over(parts[part])(x)
    return found | {
        "scale": over(scale),
        "iota": lambda n, dtype: cast(tape, np.arange(n), dtype),
        "no_derivative": lambda x, **_: x,
        "polygamma": lambda x, n: over(polygamma(n))(x),
        "cast": lambda x, dtype: cast(tape, x, dtype),
        "real": over(real), "imag": over(imag), "conj": over(conj), "complex": over(join),
        "fft": fft, "rfft": rfft, "irfft": irfft,
        "all": lambda x, axes: every(tape, x, axes, choices.conjunction, True),
        "any": lambda x, axes: every(tape, x, axes, choices.disjunction, False),
        "solve": partial(solve, tape), "solve_triangular": partial(solve_triangular, tape),
        "while": partial(while_, tape), "cond": partial(cond, tape),
        **{name: routine(partial(f, tape)) for name, f in ROUTINES.items()},
    }  # fmt: skip


def written(tape: Tape, x: Any, y: Any, *indices: Any, **attrs: Any) -> Any:
    """One array with another written into it."""
    assert tape.node is not None
    return tape.node.op.numpy(np.asarray(x, object), np.asarray(y, object), *indices, **attrs)


def or_integers(tape: Tape, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers, and NumPy's own where all operands are integers or booleans."""

    def call(*args: Any, **attrs: Any) -> Any:
        if not all(np.asarray(arg).dtype.kind in "iub" for arg in args):
            return function(*args, **attrs)
        assert tape.node is not None
        return tape.node.op.numpy(*args, **attrs)

    return call


def routine(function: Callable[..., Any]) -> Callable[..., Any]:
    """A routine in the place of control flow."""
    return lambda bodies, args, node: list(function(*args, **node.attrs))


def while_(tape: Tape, bodies: Sequence[Body], args: Sequence[Any], node: Node) -> list[Any]:
    condition, body = bodies

    def decided(inputs: Sequence[Any]) -> list[Any]:
        found = condition(inputs)[0]
        tape.node = node
        return [decide(tape, found)]

    return run_while([decided, body], args, node)


def cond(tape: Tape, bodies: Sequence[Body], args: Sequence[Any], node: Node) -> list[Any]:
    chosen = args[0] if np.asarray(args[0]).dtype.kind in "ib" else decide(tape, args[0])
    return run_cond(bodies, [chosen, *args[1:]], node)
