"""Initial value problems dy/dt = f(y, t): the solution at given times, and its derivatives.

The discrete adjoint differentiates the program that ran, its steps and their lengths. Whatever the
tolerance, the derivative is exactly that of the computed numbers, in every mode and to any order.
"Backsolve" integrates the adjoint equation backward in time instead (see `backsolve`).
"""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..errors import ShapeError, UnsupportedError, explain
from ..tracing import as_input
from ..tracing.location import at_line
from ..types import Type, dtype_of
from .backsolve import backsolve
from .implicit import answer, route_of
from .info import Info, checked, flagged
from .integrate import METHODS, Settings, integrate
from .recorded import explicit, is_traced, region, run_region, traceable, vector_type
from .vectors import Layout

Function = Callable[..., Any]


def odeint(
    f: Function,
    y0: Any,
    ts: Any,
    *args: Any,
    method: str = "dopri5",
    rtol: float = 1e-7,
    atol: float = 1e-9,
    steps_per_interval: int | None = None,
    max_steps: int = 10_000,
    adjoint: str = "discrete",
    differentiate: str = "implicit",
    checkpoint: int | str | None = None,
    full: bool = False,
) -> Any:
    """y at the times ts, for dy/dt = f(y, t, *args) and y = y0 at ts[0].

    Args: f, from a tree y (and a number t) to a tree of the same structure and shapes; ts, an array
    of m times that go up, or down. Methods: "dopri5" (Dormand–Prince 5(4)), "radau" (Radau IIA of
    order 5, implicit, for stiff equations), both with error control by rtol and atol; "rk4", with
    `steps_per_interval` equal steps from each time to the next (by default 1). The other two take
    equal steps if that is given. max_steps, in all, of an adaptive method. adjoint, "discrete" or
    "backsolve". differentiate, the derivative of radau's stages, "implicit" or "unrolled".
    checkpoint, as in `dk.scan`, over the intervals.

    Returns a tree like y0, each leaf with a first axis of length m; with `full=True` the pair of it
    and `Info`, whose residual is the time that was left. Derivatives by y0, ts, args and what f
    captures. Raises `EvaluationError` if max_steps do not suffice, if a stage can not be solved, or
    if ts is not monotonic; with `full`, the result and its derivatives are nan then.

        >>> import numpy as np, diffkit as dk
        >>> last = lambda k: dk.solve.odeint(lambda y, t: -k * y, 1.0, np.array([0.0, 1.0]))[-1]
        >>> round(float(last(2.0)), 6), round(float(dk.grad(last)(2.0)), 6)
        (0.135335, -0.135335)
    """
    layout = Layout.of(y0, "odeint", "y0")
    settings = Settings(
        known(method, METHODS, "method"), rtol, atol,
        steps_of(method, steps_per_interval), operator.index(max_steps),
        checkpoint, route_of(differentiate, "odeint"),
    )  # fmt: skip
    known(adjoint, ("discrete", "backsolve"), "adjoint")
    if full and adjoint == "backsolve":
        want, remedy = 'full=True with adjoint="discrete"', "Drop one of the two"
        got = 'full=True with adjoint="backsolve"'
        raise UnsupportedError(explain(f"odeint{at_line()}", got, want, remedy))
    times = times_of(ts, layout)
    scalar = Type(dtype_of(layout.dtype), ())

    own = traceable(f)

    def flat(v: Any, t: Any) -> Any:
        return layout.ravel(own(layout.unravel(v), t, *args), "odeint", "what f returned")

    field, captured = explicit(flat, [vector_type(layout.size, layout.dtype), scalar], "odeint")
    asked = f"odeint{at_line()}"
    want = f"the end of ts within {max_steps} steps, and times that are in order"
    if settings.steps is not None:
        want = "stages that can be solved, and times that are in order"
    remedy = 'Raise max_steps, rtol or atol, sort ts, or use method="radau" for a stiff equation'

    def program(start: Any, times: Any, *theta: Any) -> list[Any]:
        rows, info = integrate(settings, lambda y, t: field(y, t, *theta), start, times)
        if full:
            return [rows, *info]
        return [checked(rows, info, asked, want, remedy, "time left"), *info]

    operands = [layout.ravel(y0, "odeint", "y0"), times, *captured]
    if adjoint == "backsolve" and is_traced(operands):
        return layout.unravel_rows(backsolve(program, settings, field, operands))
    rows, *said = run_region(region(program, operands, "odeint", "odeint"), operands)
    info = Info(*said)
    return answer(layout.unravel_rows(flagged(rows, info) if full else rows), info, full)


def known(value: str, choices: tuple[str, ...], name: str) -> str:
    """One of several names."""
    if value not in choices:
        want = ", ".join(f'"{choice}"' for choice in choices)
        asked = f"odeint{at_line()}"
        raise UnsupportedError(explain(asked, f"{name}={value!r}", want, "Choose one of these"))
    return value


def steps_of(method: str, steps: int | None) -> int | None:
    """The number of equal steps in an interval, or None for an adaptive method."""
    if steps is None:
        return 1 if method == "rk4" else None
    count = operator.index(steps)
    if count < 1:
        want, remedy = "1 or more", "Leave it out for an adaptive method"
        got = f"steps_per_interval={steps}"
        raise ShapeError(explain(f"odeint{at_line()}", got, want, remedy))
    return count


def times_of(ts: Any, layout: Layout) -> Any:
    """The times as a vector of the dtype of the state."""
    times = as_input(ts)
    if times.ndim != 1 or times.shape[0] < 1:
        got, want = f"ts of shape {times.shape}", "an array of times, the first that of y0"
        remedy = "Pass np.array([t0, t1])"
        raise ShapeError(explain(f"odeint{at_line()}", got, want, remedy))
    return times.astype(layout.dtype)
