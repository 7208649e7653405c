"""Random programs, certified, against 200 digits: `python -m tests.backends.enclosures [count]`.

The truth knows nothing of graphs and balls. `Exact` is a number of mpmath's with the methods that
NumPy calls on objects, so the user's function itself runs on arrays of them; its derivatives are
central differences with steps of 10⁻⁸⁰ at 250 digits, which leaves about 150 right ones. A program
is one of `test_random_programs`, alone or inside a loop, a branch or a map over rows.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

import diffkit as dk
from diffkit.backends.balls import enclose
from diffkit.graph import Op, evaluate
from diffkit.ops import index, shape
from diffkit.types import type_of
from tests.modes import test_random_programs as programs

DIGITS = 250
STEP = 80  # the digits of the step
RIGHT = 140  # digits of the truth that are surely right

KINDS = ("plain", "scan", "while", "cond", "vmap", "gradient")


class Exact:
    """A number of 250 digits, as NumPy handles objects."""

    __slots__ = ("x",)
    __hash__ = None

    def __init__(self, x: Any) -> None:
        self.x = mpmath.mpf(x)

    def of(self, y: Any) -> Any:
        return y.x if isinstance(y, Exact) else mpmath.mpf(float(y))

    def __neg__(self) -> Exact:
        return Exact(-self.x)

    def conjugate(self) -> Exact:
        return self

    def hypot(self, y: Any) -> Exact:
        return Exact(mpmath.sqrt(self.x**2 + self.of(y) ** 2))

    def arctan2(self, y: Any) -> Exact:
        return Exact(mpmath.atan2(self.x, self.of(y)))


OPERATORS = {
    "add": lambda x, y: x + y, "radd": lambda x, y: y + x, "sub": lambda x, y: x - y,
    "rsub": lambda x, y: y - x, "mul": lambda x, y: x * y, "rmul": lambda x, y: y * x,
    "lt": lambda x, y: x < y, "le": lambda x, y: x <= y, "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y, "eq": lambda x, y: x == y, "ne": lambda x, y: x != y,
    "truediv": lambda x, y: x / y, "rtruediv": lambda x, y: y / x, "pow": lambda x, y: x**y,
}  # fmt: skip


def operator(function: Callable[..., Any]) -> Callable[..., Any]:
    def operate(self: Exact, y: Any) -> Any:
        whole = isinstance(y, np.ndarray)  # whose affair each element is
        if whole:
            return NotImplemented
        found = function(self.x, self.of(y))
        return found if isinstance(found, bool) else Exact(found)

    return operate


for name, function in OPERATORS.items():
    setattr(Exact, f"__{name}__", operator(function))

NAMES = {
    "sin": mpmath.sin, "cos": mpmath.cos, "tanh": mpmath.tanh, "arctan": mpmath.atan,
    "exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "sinh": mpmath.sinh,
    "cosh": mpmath.cosh, "arcsinh": mpmath.asinh, "cbrt": mpmath.cbrt,
    "log1p": lambda x: mpmath.log(1 + x), "expm1": lambda x: mpmath.exp(x) - 1,
}  # fmt: skip
for name, function in NAMES.items():
    setattr(Exact, name, lambda self, function=function: Exact(function(self.x)))


def exact_step(op: str, x: Any, y: Any, k: int) -> Any:
    """As `programs.step`, for what NumPy does not do on objects."""
    if op == "logaddexp":
        fits = True
        try:
            np.broadcast_shapes(np.shape(x), np.shape(y))
        except ValueError:
            fits = False
        return np.log(np.exp(x) + np.exp(y if fits else np.mean(y)))
    if op in ("set_at", "add_at") and np.ndim(x):
        out = np.array(x)
        for place in (0, -1, 0):
            out[place] = np.cos(x[0]) if op == "set_at" else out[place] + np.cos(x[-1])
        return out
    found = programs.step(op, x, y, k)
    return objects(found) if op == "pad" and np.ndim(x) else found


def function_of(program: programs.Program, step: Callable[..., Any]) -> Callable[..., Any]:
    """As `programs.function_of`, the scalar alone, with a step of one's own."""

    def f(matrix: Any, row: Any, number: Any) -> Any:
        values = [matrix, row, number]
        for op, i, j, k in program:
            value = np.tanh(step(op, values[i % len(values)], values[j % len(values)], k))
            values.append(value if np.size(value) <= 40 else np.mean(value, axis=-1))
        return sum(np.sum(v) for v in values[3:])

    return f


@dataclass(frozen=True)
class Case:
    """A program and how it is wrapped."""

    program: programs.Program
    kind: str
    seed: int

    @property
    def point(self) -> list[Any]:
        return programs.point(self.seed)

    def traced(self) -> Callable[..., Any]:
        """The function with diffkit's control flow."""
        f = function_of(self.program, programs.step)
        if self.kind == "scan":
            return lambda m, r, x: dk.fori_loop(0, 3, lambda i, c: np.tanh(f(m, r, c) / 8 + x), x)
        if self.kind == "while":

            def grown(m: Any, r: Any, x: Any) -> Any:
                body = lambda c: c + 1 + np.tanh(f(m, r, c) / 8) ** 2  # noqa: E731
                return dk.while_loop(lambda c: c < 4.0, body, x)

            return grown
        if self.kind == "cond":
            return lambda m, r, x: dk.cond(x > 0, f, lambda m, r, x: f(m, r, x * x) * 2.0, m, r, x)
        if self.kind == "vmap":
            return lambda m, r, x: np.sum(dk.vmap(lambda s: f(m, s, x))(np.stack([r, r * x])) ** 2)
        return f

    def exact(self) -> Callable[..., Any]:
        """The same in Python alone."""
        f = function_of(self.program, exact_step)

        def looped(m: Any, r: Any, x: Any) -> Any:
            c = x
            for _ in range(3):
                c = np.tanh(f(m, r, c) / 8 + x)
            return c

        def grown(m: Any, r: Any, x: Any) -> Any:
            c = x
            while c.x < 4:
                c = c + 1 + np.tanh(f(m, r, c) / 8) ** 2
            return c

        if self.kind == "scan":
            return looped
        if self.kind == "while":
            return grown
        if self.kind == "cond":
            return lambda m, r, x: f(m, r, x) if x.x > 0 else f(m, r, x * x) * 2.0
        if self.kind == "vmap":
            return lambda m, r, x: f(m, r, x) ** 2 + f(m, r * x, x) ** 2
        return f


def drawn(number: int) -> Case:
    """A case by its number."""
    rng = np.random.default_rng([7, number])
    program = [
        (str(rng.choice(programs.NAMES)), *(int(rng.integers(n)) for n in (8, 8, 6)))
        for _ in range(rng.integers(1, 8))
    ]
    return Case(program, KINDS[number % len(KINDS)], int(rng.integers(1000)))


def objects(array: Any) -> Any:
    out = np.empty(np.shape(array), object)
    for place in np.ndindex(*out.shape):
        x = np.asarray(array)[place]
        out[place] = x if isinstance(x, Exact) else Exact(float(x))
    return out[()]


def slopes(f: Callable[..., Any], point: Sequence[Any], directions: Sequence[Any]) -> list[Any]:
    """The derivative of f along each direction, by central differences."""
    h = mpmath.mpf(10) ** -STEP
    found = []
    for direction in directions:
        ends = [
            f(*[objects(x) + objects(v) * Exact(t) for x, v in zip(point, direction, strict=True)])
            for t in (h, -h)
        ]
        found.append(((ends[0] - ends[1]) / Exact(2 * h)).x)
    return found


def units(point: Sequence[Any]) -> list[Any]:
    """The direction of each number of the arguments."""
    size = sum(np.size(x) for x in point)
    out = []
    for k in range(size):
        unit = np.zeros(size)
        unit[k] = 1
        out.append(shaped(unit, point))
    return out


def shaped(vector: Any, point: Sequence[Any]) -> list[Any]:
    parts = np.split(vector, np.cumsum([np.size(x) for x in point])[:-1])
    return [p.reshape(np.shape(x))[()] for p, x in zip(parts, point, strict=True)]


def mp(x: Any) -> Any:
    """An exact ball's number."""
    mantissa, exponent = x.man_exp()
    return mpmath.mpf(int(mantissa)) * mpmath.mpf(2) ** int(exponent)


def holds(ball: Any, truth: Any) -> bool:
    """Whether a bounded ball holds a number that is known to `RIGHT` digits."""
    if not ball.is_finite():
        return False
    slack = mpmath.mpf(10) ** -RIGHT * (1 + abs(truth))
    return bool(abs(mp(ball.mid()) - truth) <= mp(ball.rad()) + slack)


@dataclass(frozen=True)
class Outcome:
    """What came of a case: whether the value and each slope were held, and the worst ulps of
    reverse mode."""

    value: bool
    slopes: bool
    unique: bool
    worst: float

    @property
    def good(self) -> bool:
        return self.value and self.slopes and self.unique


def outcome_of(case: Case, directions: int | None = None) -> Outcome:
    """Certify a case and hold it against the truth, in each coordinate or in some directions."""
    point, f = case.point, case.traced()
    truth = dk.certify(f, *point, argnums=(0, 1, 2))
    balls = np.concatenate([np.ravel(np.asarray(b, object)) for b in truth.balls])
    along = units(point)
    if directions is not None:
        rng = np.random.default_rng(case.seed)
        along = [shaped(rng.standard_normal(balls.size), point) for _ in range(directions)]
    with mpmath.workdps(DIGITS):
        exact = case.exact()
        value = holds(truth.result.balls[0], exact(*[objects(x) for x in point]).x)
        found = slopes(exact, point, along)
        each = balls
        if directions is not None:
            each = [combined(balls, v) for v in along]
        held = [holds(b, t) for b, t in zip(each, found, strict=True)]
        if case.kind == "gradient":
            held += derivative_graphs(f, point)
    return Outcome(value, all(held), all(np.all(u) for u in truth.unique), truth.worst)


def combined(balls: Any, direction: Sequence[Any]) -> Any:
    """The ball of the derivative along a direction."""
    weights = np.concatenate([np.ravel(v) for v in direction])
    return np.sum(balls * np.array([type(balls[0])(float(w)) for w in weights], object))


def derivative_graphs(f: Callable[..., Any], point: Sequence[Any]) -> list[bool]:
    """Whether the graphs of derivatives, as diffkit writes them, are enclosed: by reverse mode, by
    forward mode, and one of the second order. (Their meaning is that of their constants, some of
    which are rounded, as 1/3 is.)"""
    numbers = (0, 1, 2)

    def twice(*xs: Any) -> Any:
        return sum(np.sum(np.sin(g)) for g in dk.grad(f, argnums=numbers)(*xs))

    held: list[bool] = []
    for derivative in (
        dk.grad(f, argnums=numbers),
        dk.jacobian(f, argnums=numbers, method="forward"),
        dk.grad(twice, argnums=numbers),
    ):
        graph = dk.trace(derivative)(*map(type_of, point))
        found = enclose(graph, point, 212)
        exact = evaluate(graph, [objects(x) for x in point], MEANINGS, objects_of)
        pairs = zip(flat(found), flat(exact), strict=True)
        held += [holds(b, t.x if isinstance(t, Exact) else t) for b, t in pairs]
    return held


MEANINGS: dict[str, Callable[..., Any]] = {
    "reciprocal": lambda x: 1 / x,
    "square": lambda x: x * x,
    "cast": lambda x, dtype: objects(x) if dtype.kind == "f" else x,
    "isfinite": lambda x: np.ones(np.shape(x), bool)[()],
    "isnan": lambda x: np.zeros(np.shape(x), bool)[()],
    "scale": lambda d, t: d * t,
    "root": np.sqrt,
    "stop_gradient": lambda x: x,
    "pad": lambda x, **widths: objects(shape.pad.numpy(x, **widths)),
}


def on_objects(op: Op) -> Callable[..., Any]:
    """An op that writes one array into another, which NumPy is to see as such."""
    return lambda x, y, *i, **at: op.numpy(np.asarray(x, object), np.asarray(y, object), *i, **at)


MEANINGS |= {
    op.name: on_objects(op) for op in (shape.slice_add, shape.slice_set, index.scatter_add)
}


def objects_of(value: Any) -> Any:
    """A literal, exactly."""
    return value if value.dtype.kind in "ib" else objects(value)


def flat(arrays: Sequence[Any]) -> list[Any]:
    return [x for array in arrays for x in np.ravel(np.asarray(array, object))]


def main(count: int) -> int:
    """Test cases 0 … count - 1, and say what came of them."""
    good, worst, tally = 0, 0.0, dict.fromkeys(KINDS, 0)
    for number in range(count):
        case = drawn(number)
        outcome = outcome_of(case)
        good += outcome.good
        tally[case.kind] += outcome.good
        worst = max(worst, outcome.worst)
        if not outcome.good:
            print(number, case, outcome)
        if (number + 1) % 100 == 0:
            print(f"{good} of {number + 1} enclosed; worst {worst:.3g} ulps", flush=True)
    print(", ".join(f"{kind} {n}" for kind, n in tally.items()))
    print(f"{good} of {count} random programs enclosed")
    return good == count


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000) else 1)
