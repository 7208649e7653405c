"""`taylor`: the first derivatives of a function along a line, all at once."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .calls import Call, record_call, require_float
from .errors import ShapeError, UnsupportedError, explain
from .kept import Kept
from .modes import taylor as mode
from .tracing import as_input, trees
from .tracing.location import at_line

GREATEST_FACTORIAL = 170  # 171! overflows a float64


def taylor(
    f: Callable[[Any], Any],
    x: Any,
    order: int,
    direction: Any = None,
    coefficients: bool = False,
) -> Any:
    """The derivatives dᵏ/dtᵏ f(x + t·direction) at t = 0 for k = 0, 1, …, order.

    Each leaf of the result is that of f(x) with a new axis 0 of length order + 1; for a function of
    a number, f, f′, f″, … With `coefficients`, the Taylor coefficients f⁽ᵏ⁾/k! instead. The
    direction is a tree like x, by default 1 for a number. Costs O(order²) evaluations of f, through
    loops and branches; a `while_loop` needs its `max_steps`. Raises `ShapeError` where a direction
    is missing or does not fit, `UnsupportedError` for a loop without bound.

        >>> import numpy as np, diffkit as dk
        >>> dk.taylor(lambda x: 1 / (1 - x), 0.0, 4)
        array([ 1.,  1.,  2.,  6., 24.])
        >>> dk.taylor(lambda x: x[0] * x[1], np.array([3.0, 4.0]), 2, np.array([1.0, 2.0]))
        array([12., 10.,  4.])

    Griewank & Walther, Evaluating Derivatives (2008), chapter 13.
    """
    order = checked_order(order, coefficients)
    call = Call.of(f, (x,), {}, 0, "taylor")
    require_float(call)
    first = directions(call, direction)
    program = record_call(call, eager=True)
    graph, count = program.graph, len(call.leaves)
    active = [k < count for k in range(len(graph.params))]
    inputs = [*map(as_input, call.leaves), *program.captured]
    given = first if order else []
    expanded = mode.taylor(graph, active, order, [min(order, 1)] * count)
    out = Kept(graph).run(expanded, [*inputs, *given])
    rest = iter(out[len(graph.outputs) :])
    leaves: list[Any] = []
    for value, type_ in zip(out, graph.types, strict=False):
        zero = np.zeros(type_.shape, type_.dtype.numpy)
        parts = [zero] * order
        if type_.differentiable:
            parts = [next(rest) for _ in range(order)]
            if not coefficients:
                parts = [part * float(math.factorial(k)) for k, part in enumerate(parts, 1)]
        leaves.append(np.stack([value, *parts]))
    return trees.unflatten(program.out_tree, leaves)


def checked_order(order: int, coefficients: bool) -> int:
    """The order as a number that can be had."""
    number = operator.index(order)
    if number < 0:
        want, remedy = "a number of derivatives", "Pass 0 or more"
        raise ShapeError(explain(f"taylor{at_line()}", f"order={number}", want, remedy))
    if number > GREATEST_FACTORIAL and not coefficients:
        got, want = f"order={number}", f"at most {GREATEST_FACTORIAL}, as 171! is infinite"
        remedy = "Pass coefficients=True for the derivatives over k!"
        raise UnsupportedError(explain(f"taylor{at_line()}", got, want, remedy))
    return number


def directions(call: Call, direction: Any) -> list[Any]:
    """The leaves of the direction."""
    if direction is not None:
        return call.matching((direction,), "the direction")
    if [np.shape(leaf) for leaf in call.leaves] != [()]:
        shapes = ", ".join(
            f"{name}: {np.shape(leaf)}" for name, leaf in zip(call.names, call.leaves, strict=True)
        )
        remedy = "Pass direction=v, a tree like x, for derivatives of f(x + t·v) by t"
        got = f"no direction for arguments {shapes or 'without leaves'}"
        raise ShapeError(explain(f"taylor{at_line()}", got, "a direction, or a number", remedy))
    leaf = as_input(call.leaves[0])
    return [np.ones((), leaf.dtype)[()]]
