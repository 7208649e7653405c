"""Accuracy and cost of one prepared method on one case. Runs inside the worker.

Times are taken warm, in samples long enough for the clock (short calls are repeated within a
sample), until the budget or the number of samples is used up; median and quartiles resist the
occasional interruption where a mean does not. A first call of more than two seconds is taken as it
is, since what it starts up is small beside it. The garbage collector stays on: a method that makes
garbage pays for it, but not for walking the objects of packages that happen to be loaded.
"""

import contextlib
import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator

import numpy

from comparisons import text
from comparisons.memory import peak_increase
from comparisons.method import Prepared
from comparisons.problem import Case
from comparisons.records import FEW, Measurement, Timing

__all__ = ["measure", "relative_error", "sample", "ulp_error"]

SHORTEST_SAMPLE = 2e-4  # seconds; the clock's own cost, near 1e-7, is then below 0.1 %
MOST_SAMPLES = 100
SLOW_FIRST_CALL = 2.0  # seconds
LONGEST_DETAIL = 80  # lines
# Shares of the budget.
DERIVATIVE, PRIMAL, NUMPY = 0.5, 0.25, 0.25


def measure(
    case: Case,
    prepared: Prepared,
    prepare_seconds: float,
    truth: numpy.ndarray | None,
    how: str,
    seconds: float,
) -> Measurement:
    """Run a prepared method and judge it.

    Args:
        truth: the true derivative, or None.
        how: how the truth was obtained, or why there is none.
        seconds: the budget for repeated runs.

    Raises:
        ValueError: the method's result has the wrong shape, or it computes another f.
    """

    def timed_call() -> tuple[numpy.ndarray, float]:
        start = time.perf_counter()
        result = prepared.derivative()
        return result, time.perf_counter() - start

    with _frozen_heap():
        (result, first), peak = peak_increase(timed_call)
        derivative = numpy.asarray(result)
        value = numpy.asarray(prepared.primal(), dtype=numpy.float64)
        _check_shape(case, derivative, value)
        _check_value(case, derivative if truth is None else truth, value)
        once = first
        if first < SLOW_FIRST_CALL:
            # The first call may have filled caches; the second shows what one call needs.
            (_, once), peak = peak_increase(timed_call)
        cost = _once(once)
        if once < seconds * DERIVATIVE:
            cost = sample(prepared.derivative, seconds * DERIVATIVE)
        primal = sample(prepared.primal, seconds * PRIMAL)
        plain = sample(lambda: case.f(case.x), seconds * NUMPY)
    flops_ratio = None
    if prepared.flops is not None and prepared.primal_flops:
        flops_ratio = prepared.flops / prepared.primal_flops
    return Measurement(
        value=float(numpy.linalg.norm(value)) if value.ndim else float(value),
        relative_error=None if truth is None else relative_error(derivative, truth),
        ulps=None if truth is None else ulp_error(derivative, truth),
        truth=how,
        numpy=plain,
        primal=primal,
        derivative=cost,
        ratio=cost.median / primal.median,
        ratio_numpy=cost.median / plain.median,
        prepare_seconds=prepare_seconds,
        build_seconds=prepared.build_seconds,
        first_seconds=first,
        peak_bytes=peak,
        nodes=prepared.nodes,
        flops=prepared.flops,
        flops_ratio=flops_ratio,
        calls=prepared.calls,
        derivative_values=tuple(derivative.ravel().tolist()) if derivative.size <= FEW else None,
        details=_details(prepared),
    )


def _details(prepared: Prepared) -> dict[str, str]:
    """The titled texts of a cell, each cut to a length that a journal and a page can bear."""
    texts = prepared.details() if prepared.details is not None else {}
    return {title: text.shorten(content, LONGEST_DETAIL) for title, content in texts.items()}


def _check_shape(case: Case, derivative: numpy.ndarray, value: numpy.ndarray) -> None:
    n = len(case.x)
    expected = (n,) if case.operator == "gradient" else (value.size, n)
    if derivative.shape != expected:
        raise ValueError(
            f"a {case.operator} was asked for; got shape {derivative.shape}; expected {expected}; "
            f"correct the method's prepare()"
        )


def _check_value(case: Case, derivative: numpy.ndarray, value: numpy.ndarray) -> None:
    """Whether the method's f is the case's: what is timed must be the same function.

    Two evaluations in float64 differ by some rounding, and by what f makes of a rounding of its
    input, |f'| |x| of the same relative size. Both together, times 2^-40, leave room for a few
    thousand roundings, and none for float32.
    """
    plain = numpy.asarray(case.f(case.x), dtype=numpy.float64)
    reach = numpy.abs(derivative) @ numpy.abs(case.x)
    scale = numpy.max(numpy.abs(plain), initial=0.0) + numpy.max(reach, initial=0.0)
    room = 2.0**-40 * scale if numpy.isfinite(scale) else 0.0
    if value.shape == plain.shape and numpy.allclose(value, plain, 0.0, room, equal_nan=True):
        return
    got = f"shape {value.shape}"
    if value.shape == plain.shape:
        got = f"one that is off by {numpy.max(numpy.abs(value - plain)):.1e}"
    raise ValueError(
        f"the value of NumPy's f was asked for; got {got}; expected a distance of at most "
        f"{room:.1e}; correct the method, or the problem's twin"
    )


@contextlib.contextmanager
def _frozen_heap() -> Iterator[None]:
    """Hide what exists from the collector: a collection then costs what the method made."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def sample(call: Callable[[], object], seconds: float) -> Timing:
    """Time warm runs of `call` within about `seconds`; at least one run."""
    once = _timed(call, 1)
    if once >= seconds:
        return _once(once)
    repeat = max(1, math.ceil(SHORTEST_SAMPLE / once))
    times: list[float] = []
    deadline = time.perf_counter() + seconds
    while len(times) < MOST_SAMPLES and (not times or time.perf_counter() < deadline):
        times.append(_timed(call, repeat) / repeat)
    median = statistics.median(times)
    low, _, high = statistics.quantiles(times, n=4) if len(times) > 1 else (median,) * 3
    return Timing(median, min(times), (high - low) / median, repeat * len(times), len(times))


def _once(seconds: float) -> Timing:
    return Timing(median=seconds, best=seconds, spread=0.0, runs=1, samples=1)


def _timed(call: Callable[[], object], repeat: int) -> float:
    start = time.perf_counter()
    for _ in range(repeat):
        call()
    return time.perf_counter() - start


def relative_error(derivative: numpy.ndarray, truth: numpy.ndarray) -> float:
    """max |d - t| / max |t|; max |d| where the truth is zero; nan if any entry of d is."""
    scale = float(numpy.max(numpy.abs(truth), initial=0.0))
    error = float(numpy.max(numpy.abs(derivative - truth), initial=0.0))
    return error / scale if scale > 0.0 else error


def ulp_error(derivative: numpy.ndarray, truth: numpy.ndarray) -> float:
    """The worst entry's error in units in the last place of that entry of the truth.

    Entries below 2^-52 of the largest, zeros among them, are held to the last place of that bound
    instead: to ask more of a sum that cancels would measure the conditioning of the problem.
    """
    size = numpy.abs(truth)
    floor = float(numpy.max(size, initial=0.0)) * 2.0**-52
    unit = numpy.spacing(numpy.maximum(size, floor))
    return float(numpy.max(numpy.abs(derivative - truth) / unit, initial=0.0))
