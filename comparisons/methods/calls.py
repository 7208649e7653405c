"""Methods that know a function by its values alone: what they are told, and what they may ask.

They get the plain NumPy function, wrapped so that its calls are counted. One derivative of a
function of n numbers takes some calls for each of the n, so for thousands of inputs it would take
longer than a cell may: such a case is turned down beforehand, by the time of one call.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy

from comparisons.method import Prepared, Unsupported
from comparisons.problem import Case

__all__ = ["Counted", "by_values", "error_bars", "require_few_calls"]

MOST_SECONDS = 0.3  # of one derivative: it runs several times in a cell
OVERHEAD = 5e-5  # seconds of its own that a numerical method takes for each call of f, about
SHOWN = 12  # entries in the table of error bars


class Counted:
    """A function that counts its calls."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.calls = 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return self.f(x)


def by_values(
    case: Case,
    bind: Callable[[Callable[[Any], Any]], Callable[[], Any]],
    *,
    each: int,
    value: Callable[[Any], Any] = lambda found: found,
    bars: Callable[[Any], Any] | None = None,
    how: Callable[[Any], str] = lambda found: "",
) -> Prepared:
    """Prepare a method that calls f.

    Args:
        bind: what makes, of a function, the call that is timed.
        each: calls of f for each input, about.
        value: the derivative in what that call returns.
        bars: the method's own error bars in it, if it has some.
        how: its own words on how it found them.
    """
    require_few_calls(case, each)
    counted = Counted(case.f)
    bind(counted)()  # once, to count; what is timed has no counter
    run = bind(lambda x: case.f(x))
    latest: list[Any] = []
    shape = (-1, len(case.x)) if case.operator == "jacobian" else (len(case.x),)

    def derivative() -> numpy.ndarray:
        latest[:] = [run()]
        return shaped(latest[0])

    def shaped(found: Any) -> numpy.ndarray:
        return numpy.asarray(value(found)).reshape(shape)

    def details() -> dict[str, str]:
        if bars is None:
            return {}
        found = latest[0] if latest else run()
        table = error_bars(shaped(found), numpy.asarray(bars(found)))
        return {"error bars": f"{how(found)}\n{table}".strip()}

    return Prepared(
        primal=lambda: case.f(case.x),
        derivative=derivative,
        calls=counted.calls,
        details=details,
    )


def require_few_calls(case: Case, each: int) -> None:
    """Raise `Unsupported` if `each` calls of f for each input take too long.

    The faster of two calls counts, so that what only the first one does is left out.
    """
    calls = each * len(case.x)
    with numpy.errstate(all="ignore"):
        seconds = (min(_seconds(case) for _ in range(2)) + OVERHEAD) * calls
    if seconds > MOST_SECONDS:
        raise Unsupported(
            f"{len(case.x):,} inputs take some {calls:,} calls of f, about "
            f"{seconds:.1f} s; at most {MOST_SECONDS:g} s are tried"
        )


def error_bars(values: numpy.ndarray, bars: numpy.ndarray) -> str:
    """A line for each of the first entries: the value, and the error that the method reports.

    Example:
        >>> print(error_bars(numpy.array([1.0, -2.0]), numpy.array([1e-9, 2e-12])))
        entry                    value  error bar
        0                            1    1.0e-09
        1                           -2    2.0e-12
    """
    bars = numpy.broadcast_to(bars.ravel(), values.size).reshape(values.shape)
    lines = [f"{'entry':<8}{'value':>22}  error bar"]
    for at in list(numpy.ndindex(values.shape))[:SHOWN]:
        name = ", ".join(map(str, at))
        lines.append(f"{name:<8}{values[at]:>22.15g}  {bars[at]:>9.1e}")
    if values.size > SHOWN:
        lines.append(f"… and {values.size - SHOWN:,} more")
    return "\n".join(lines)


def _seconds(case: Case) -> float:
    start = time.perf_counter()
    case.f(case.x)
    return time.perf_counter() - start
