"""`certify`: what a derivative is, for sure, and how far from it a method's answer lies.

The function is recorded once and evaluated in ball arithmetic (`backends.balls`), derivative
included, by rules of its own: the truth that comes out shares no formula with the method that it
judges. It is the truth of real numbers, at the exact numbers that the arguments are; what a
method's answer is off by is then the method's own, rounding and all.

Arguments that are held fixed are exact numbers as well. What the function computes without any
argument of floating-point numbers (of a closure, of integers) counts as NumPy computed it.
`stop_gradient` has derivative zero here, too. A custom function is what its body computes, so a
rule that is not the derivative of the body is found out. A Python branch is taken as recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from . import numerical
from .api import grad, jacobian
from .backends import balls
from .backends.balls.enclosure import MOST_BITS, Enclosed
from .backends.balls.judge import not_known
from .calls import Call, record_call, require_float
from .certificate import Certificate, apart, truth_of
from .errors import DtypeError, ShapeError, TracingError, UnsupportedError, explain
from .graph import Graph
from .modes.method import Auto, Black, Method, Sparse
from .taylor import taylor
from .tracing import Program, as_input, function_name, trees
from .tracing.location import at_line

Function: TypeAlias = Callable[..., Any]
DIGITS = 18


def certify(
    f: Function,
    *args: Any,
    method: str | Method | Sparse | Auto | Function = "reverse",
    argnums: int | Sequence[int] = 0,
    order: int | None = None,
    radius: float = 0.0,
    digits: int = DIGITS,
    most_bits: int = MOST_BITS,
) -> Certificate:
    """Enclose the gradient of a scalar function, or the Jacobian of another, for certain, and hold
    a method's answer against it.

    `method` is a name or a settings object, as for `grad` and `jacobian`, or a function
    `method(f, *args)` that returns such a derivative, or something with `.value` and `.error`.
    `argnums` are as for `grad`. With `order=k`, f is a function of one number, and what is enclosed
    is the array of f, f′, …, f⁽ᵏ⁾, as from `dk.taylor`. With a `radius`, each argument is all
    numbers that far around it, the bounds hold all derivatives there, and no answer is judged.
    `digits` is how many decimal digits of each entry are to be known, `most_bits` the precision at
    which to give up.

    Raises `UnsupportedError` if python-flint is missing (`pip install 'diffkit[certify]'`), or for
    an op that it can not enclose; `EvaluationError` for a program that is too long.

        >>> import numpy as np, diffkit as dk
        >>> found = dk.certify(lambda x: np.sum(np.exp(x)), np.array([0.0, 1.0]))
        >>> found.within(1), found.lower[1] <= np.e <= found.upper[1]
        (True, np.True_)
        >>> at_kink = dk.certify(np.abs, 0.0)
        >>> at_kink.lower <= -1 < 1 <= at_kink.upper, bool(at_kink.unique)
        (np.True_, False)
        >>> [(hit.op, hit.kind) for hit in at_kink.kinks]
        [('abs', 'kink')]
    """
    balls.load_flint()
    if not 0 <= radius < math.inf:
        want, remedy = "a number of at least 0", "Pass how far around each argument to look"
        raise ShapeError(explain(f"certify{at_line()}", f"radius={radius!r}", want, remedy))
    if order is not None:
        return of_order(f, args, method, order, radius, digits, most_bits)
    by = argnums if isinstance(argnums, int) else tuple(argnums)
    call = Call.of(f, args, {}, by, "certify")
    require_float(call)
    program, inputs = recorded(f, args, call)
    graph, count = program.graph, len(call.leaves)
    found = enclosed(
        lambda: balls.differentiated(graph, inputs, count, radius),
        graph, [t.shape + np.shape(x) for t in graph.types for x in call.leaves],
        radius, digits, most_bits,
    )  # fmt: skip
    scalar = len(graph.types) == 1 and graph.types[0].shape == ()
    rows = [
        call.put_together(trees.unflatten(call.tree, [as_object(b) for b in blocks]))
        for blocks in found.blocks
    ]
    derivative = rows[0] if scalar else trees.unflatten(program.out_tree, rows)
    asked = f"{'gradient' if scalar else 'Jacobian'} of {function_name(f)}"
    truth = truth_of(asked, derivative, found, radius)
    value, error = answer(f, args, call, by, scalar, method, program)
    return truth.judge(value, error, name_of(method))


def of_order(
    f: Function,
    args: Sequence[Any],
    method: Any,
    order: int,
    radius: float,
    digits: int,
    most_bits: int,
) -> Certificate:
    """A certificate of the first derivatives of a function of one number."""
    if len(args) != 1 or np.shape(args[0]) != () or order < 0:
        got = f"order={order} with {', '.join(str(np.shape(x)) for x in args)}"
        want, remedy = "a function of one number", "Leave order out, or hold the others fixed"
        raise ShapeError(explain(f"certify{at_line()}", got, want, remedy))
    call = Call.of(f, tuple(args), {}, 0, "certify")
    require_float(call)
    program, inputs = recorded(f, args, call)
    graph = program.graph
    if len(graph.types) != 1 or graph.types[0].shape != ():
        got = f"{function_name(f)} returned {', '.join(map(str, graph.types))}"
        remedy = "Take one element"
        raise ShapeError(explain(f"certify{at_line()}", got, "one scalar", remedy))
    found = enclosed(
        lambda: balls.expanded(graph, inputs, order, radius),
        graph, [(order + 1,)], radius, digits, most_bits,
    )  # fmt: skip
    truth = truth_of(f"derivatives of {function_name(f)}", found.blocks[0][0], found, radius)
    if callable(method):
        value, error = apart(method(f, *args), None)
        return truth.judge(value, error, name_of(method))
    return truth.judge(taylor(f, args[0], order), None, "taylor")


def recorded(f: Function, args: Sequence[Any], call: Call) -> tuple[Program, list[Any]]:
    """The program, and what its graph takes: the varying numbers first, then those of the other
    arguments, which are recorded too where f lets them, so that nothing made of them is rounded."""
    others = [k for k, x in enumerate(args) if k not in call.places and is_numbers(x)]
    everything = Call.of(f, tuple(args), {}, tuple([*call.places, *others]), "certify")
    try:
        program = record_call(everything, eager=True)
    except (TracingError, UnsupportedError):
        everything = call
        program = record_call(call, eager=True)
    require_results(program, call)
    return program, [*map(as_input, everything.leaves), *program.captured]


def is_numbers(x: Any) -> bool:
    """Whether all leaves of an argument are floating-point numbers or arrays."""
    leaves = trees.flatten(x)[0]
    return all(isinstance(y, float | complex | np.ndarray | np.inexact) for y in leaves) and all(
        np.asarray(y).dtype.kind in "fc" for y in leaves
    )


def require_results(program: Program, call: Call) -> None:
    """Complex results by complex arguments are had of analytic functions alone, which a graph does
    not say."""
    into = any(t.complex for t in program.graph.types)
    if into and any(np.iscomplexobj(as_input(x)) for x in call.leaves):
        got, want = "a complex result of complex arguments", "a real result"
        remedy = "Take its real part or its modulus"
        raise DtypeError(explain(f"certify{at_line()}", got, want, remedy))


def enclosed(
    attempt: Callable[[], Enclosed],
    graph: Graph,
    shapes: Sequence[tuple[int, ...]],
    radius: float,
    digits: int,
    most_bits: int,
) -> Enclosed:
    """The best enclosure; where no precision decides which way the program goes, that of
    anything."""
    try:
        return balls.refined(attempt, digits, most_bits, once=bool(radius))
    except balls.Undecided as undecided:
        return not_known(graph, shapes, undecided.node, most_bits)


def as_object(array: Any) -> Any:
    """An array of balls; of shape () the ball itself."""
    return np.asarray(array, object)[()]


def name_of(method: Any) -> str:
    """How a method is called in a report."""
    if callable(method):
        return getattr(method, "__name__", "a function")
    return method if isinstance(method, str) else repr(method)


# --- what is judged ------------------------------------------------------------------------------


def answer(
    f: Function,
    args: Sequence[Any],
    call: Call,
    by: Any,
    scalar: bool,
    method: Any,
    program: Program,
) -> tuple[Any, Any]:
    """The answer of a method, and its error bar."""
    if callable(method):
        return apart(method(f, *args), None)
    real = scalar and not program.graph.types[0].complex
    operator: Any = grad if real else jacobian
    settings = numerical.METHODS.get(method) if isinstance(method, str) else method
    if isinstance(settings, Black) and settings.bounds is None and len(program.graph.types) == 1:
        return estimated(call, settings)
    return operator(f, by, method=method)(*args), None


def estimated(call: Call, method: Black) -> tuple[Any, Any]:
    """The estimate of a numerical method, of all varying numbers as one vector."""
    leaves = [np.asarray(x) for x in call.leaves]
    ends = np.cumsum([x.size for x in leaves])[:-1]

    def of_vector(vector: Any) -> Any:
        parts = np.split(vector, ends)
        shaped = [p.reshape(x.shape)[()] for p, x in zip(parts, leaves, strict=True)]
        return trees.flatten(call.apart().flat(*shaped))[0][0]

    vector = np.concatenate([np.ravel(x) for x in leaves])
    found = numerical.jacobian(of_vector, vector, method=method)

    def blocks(matrix: Any) -> Any:
        parts = np.split(np.asarray(matrix), ends, axis=-1)
        rows = zip(parts, leaves, strict=True)
        shaped = [p.reshape(p.shape[:-1] + x.shape)[()] for p, x in rows]
        return call.put_together(trees.unflatten(call.tree, shaped))

    return blocks(found.value), blocks(found.error)
