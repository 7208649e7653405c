"""A graph evaluated in balls: what its results and their derivatives really are.

The meaning is that of real numbers: each literal and each argument is the exact number that its
bits say, each op the exact function, and rounding, also that of a cast to fewer digits, does not
take place. With a radius an argument is all numbers up to that far from it, and the result holds
all of their results.

Precision starts low and is doubled until every entry is known to enough digits, or nothing gets
better. Balls grow with each operation, but the growth is only linear in the rounding, so more
digits cure all but what is exactly undetermined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any

import numpy as np

from ...errors import EvaluationError, UnsupportedError, explain
from ...graph import Graph, Node, evaluate, node_flops
from ...types import Array, Type
from .arrays import MOVING, WHOLE, table
from .numbers import KNOWN, Ball, accuracy, anything, ball, balls, fineness, is_complex, load_flint
from .series import Series
from .tape import Note, Tape, Undecided, gradient, value_of

BITS_PER_DIGIT = 3.33
LEAST_BITS = 56  # of each entry: more than a double has
FIRST = 106  # bits: twice a double's
MOST_BITS = 4096
MOST_OPERATIONS = 3_000_000
PATIENCE = 3  # doublings that may bring nothing

PRECISION = RLock()  # flint has one precision for all threads


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What was found: the balls of each result, the blocks of the Jacobian (or the derivatives of
    higher order), the kinks on the way, and the bits that it took."""

    values: list[Array]
    blocks: list[list[Array]]
    notes: tuple[Note, ...]
    bits: int
    settled: bool
    """Whether more digits could not change which way choices go."""

    def entries(self) -> list[Ball]:
        arrays = [*self.values, *[b for row in self.blocks for b in row]]
        return [x for array in arrays for x in array.flat]


def enclose(graph: Graph, args: Sequence[Any], bits: int = FIRST) -> list[Array]:
    """Arrays of balls that hold the results of a graph, evaluated once at this precision.

        >>> import numpy as np, diffkit as dk
        >>> from diffkit.backends.balls import enclose
        >>> graph = dk.trace(lambda x: np.exp(x) - 1)(dk.f64[()])
        >>> print(enclose(graph, [1e-20], 200)[0].item().str(12))
        [1.00000000000e-20 +/- 3e-36]

    Raises `UnsupportedError` for an op that balls do not know, `Undecided` where a loop or a branch
    can not tell which way to go.
    """
    tape = Tape()
    with PRECISION, load_flint().ctx.workprec(bits):
        return outputs_of(graph, [given(x, 0.0) for x in args], tape)


def outputs_of(graph: Graph, inputs: Sequence[Any], tape: Tape) -> list[Array]:
    """The results as arrays of plain balls."""
    return [over(value_of, y) for y in run(graph, inputs, tape)]


def run(graph: Graph, inputs: Sequence[Any], tape: Tape) -> list[Any]:
    """The results on arrays of numbers of any kind."""
    functions = table(tape)

    def before(node: Node, values: Sequence[Any]) -> None:
        tape.node = node
        require_known(node, functions)
        sizes = [out.type.size for out in node.outs]
        tape.operations += max(1, node_flops(node) if not node.op.regional else 1, *sizes)
        if tape.operations > MOST_OPERATIONS:
            got = f"more than {MOST_OPERATIONS:,} operations on single numbers"
            want, remedy = "a smaller problem", "Certify it at a smaller size, or fewer steps"
            raise EvaluationError(explain(f"certify{where(node)}", got, want, remedy))

    return evaluate(graph, inputs, functions, given_exactly, before=before)


def where(node: Node) -> str:
    return f" at {node.loc}" if node.loc else ""


def require_known(node: Node, functions: dict[str, Any]) -> None:
    """Every op that floats pass through has a meaning in balls."""
    name = node.op.name
    if name in functions or name in MOVING or name in WHOLE:
        return
    if any(t.differentiable for t in (*types(node.args), *types(node.outs))):
        got = f"{name}{where(node)}, which has no enclosure here"
        want = "ops on real numbers that diffkit.backends.balls knows"
        remedy = "Certify the parts around it, or compute it by other functions"
        raise UnsupportedError(explain("certify", got, want, remedy))


def types(atoms: Sequence[Any]) -> list[Type]:
    return [atom.type for atom in atoms]


def given_exactly(value: Any) -> Any:
    """A literal: integers index, numbers are exact balls."""
    return value if np.asarray(value).dtype.kind in "iub" else balls(value)[()]


def given(value: Any, radius: float) -> Any:
    """An argument, or all within a radius of it."""
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        return value
    if not radius:
        return balls(array)[()]
    flint = load_flint()
    around = flint.arb(0, radius)
    if array.dtype.kind == "c":
        around = flint.acb(around, around)
    return over(lambda x: x + around, balls(array))[()]


def over(function: Callable[[Any], Any], array: Any) -> Array:
    """A function of each element."""
    elements = np.asarray(array, object)
    out = np.empty(elements.shape, object)
    for place in np.ndindex(*out.shape):
        out[place] = function(elements[place])
    return out


# --- derivatives ---------------------------------------------------------------------------------


def differentiated(graph: Graph, args: Sequence[Any], count: int, radius: float) -> Enclosed:
    """Results and their derivatives by the first `count` parameters, at the precision of now: for
    each result and each of these an array of shape result.shape + parameter.shape."""
    tape = Tape()
    varying = [over(tape.input, given(x, radius)) for x in args[:count]]
    inputs = [*[x[()] for x in varying], *[given(x, 0.0) for x in args[count:]]]
    results = [np.asarray(y, object) for y in run(graph, inputs, tape)]
    flat = [x for array in varying for x in array.flat]
    blocks: list[list[Array]] = []
    for y, type_ in zip(results, graph.types, strict=True):
        rows = [row(z, tape, flat, type_) for z in y.flat]
        blocks.append(split(rows, y.shape, [x.shape for x in varying]))
    values = [over(value_of, y) for y in results]
    settled = not tape.undecided
    return Enclosed(values, blocks, tuple(tape.notes.values()), 0, settled)


def row(result: Any, tape: Tape, inputs: list[Any], type_: Type) -> list[Ball]:
    """The derivatives of one element. Of a complex one by real inputs a sweep gives the real part,
    and a sweep of -i the imaginary one."""
    if not type_.differentiable:
        return [ball(0) for _ in inputs]
    real = gradient(result, tape, inputs, ball(1))
    if not type_.complex:
        return real
    turned = gradient(result, tape, inputs, load_flint().acb(0, -1))
    return [
        p if is_complex(x.value) else load_flint().acb(p, q)
        for p, q, x in zip(real, turned, inputs, strict=True)
    ]


def split(rows: list[list[Ball]], shape: tuple[int, ...], shapes: list[Any]) -> list[Array]:
    """Rows over all inputs as a block for each."""
    sizes = [math.prod(s) for s in shapes]
    table_ = np.empty((len(rows), sum(sizes)), object)
    for k, entries in enumerate(rows):
        table_[k] = entries
    parts = np.split(table_, np.cumsum(sizes)[:-1], axis=1)
    return [p.reshape(shape + tuple(s)) for p, s in zip(parts, shapes, strict=True)]


def expanded(graph: Graph, args: Sequence[Any], order: int, radius: float) -> Enclosed:
    """The derivatives of each result by the first parameter, a number, along a new axis 0: f, f′,
    f″, … up to the order."""
    tape = Tape()
    x = given(args[0], radius)
    series = Series([x, ball(1), *[ball(0)] * (order - 1)][: order + 1])
    results = run(graph, [series, *[given(a, 0.0) for a in args[1:]]], tape)
    blocks: list[list[Array]] = []
    for y in results:
        parts = [over(lambda z, k=k: term(z, k, tape), y) for k in range(order + 1)]
        blocks.append([np.stack(parts)])
    values = [np.asarray(block[0][0], object) for block in blocks]
    return Enclosed(values, blocks, tuple(tape.notes.values()), 0, not tape.undecided)


def term(z: Any, k: int, tape: Tape) -> Ball:
    """A derivative of a result: its coefficient times k!."""
    if k and tape.forced:
        return anything()
    if isinstance(z, Series):
        return z.terms[k] * math.factorial(k)
    return ball(z) if k == 0 else ball(0)


# --- precision -----------------------------------------------------------------------------------


def refined(attempt: Callable[[], Enclosed], digits: int, most: int, once: bool) -> Enclosed:
    """The best attempt at growing precision. What is undecided at the last one is raised."""
    wanted = max(int(digits * BITS_PER_DIGIT) + 1, LEAST_BITS)
    bits, known, idle = max(FIRST, wanted + 32), -(KNOWN**2), 0
    with PRECISION:
        while True:
            found = at_precision(attempt, bits)
            if isinstance(found, Undecided):
                if 2 * bits > most or once:
                    raise found
            else:
                open_ = [fineness(x) for x in found.entries() if accuracy(x) < wanted]
                finer = sum(open_) - KNOWN * len(open_)
                idle, known = idle + 1 if finer <= known else 0, max(finer, known)
                if not open_ or once or 2 * bits > most or (found.settled and idle >= PATIENCE):
                    return found
            bits *= 2


def at_precision(attempt: Callable[[], Enclosed], bits: int) -> Enclosed | Undecided:
    """An attempt, or why it came to no end."""
    with load_flint().ctx.workprec(bits):
        try:
            return replace(attempt(), bits=bits)
        except Undecided as undecided:
            return undecided
