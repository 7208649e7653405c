"""Times of several calls, taken in turn: a slow moment of the machine then hits all of them.

In each round every call is sampled once, and each round starts with another call, so that nobody
always runs after the same neighbour. A sample repeats short calls until the clock is fine enough,
after one more that is not timed: it finds the caches as the neighbour has left them. A call leaves
the rounds when its share of the time is used up, but not before three samples.
"""

import gc
import math
import statistics
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from comparisons.speed.records import Timing

__all__ = ["interleave", "summary"]

SHORTEST_SAMPLE = 1e-3  # seconds
FEWEST, MOST = 3, 101
MOST_REPEATS = 100_000
PATIENCE = 20  # a call that takes this many times its share is sampled once

Clock = Callable[[], float]
Name = TypeVar("Name", bound=Hashable)


def interleave(
    calls: dict[Name, Callable[[], Any]], seconds: float, clock: Clock = time.perf_counter
) -> dict[Name, Timing]:
    """The timing of each call, for about `seconds` each. Every call has run before."""
    repeats = {name: repeats_of(call, clock) for name, call in calls.items()}
    times: dict[Name, list[float]] = {name: [] for name in calls}
    active, turn = list(calls), 0
    gc.collect()
    gc.freeze()  # a collection then walks what the calls make, not the packages that are loaded
    try:
        while active:
            turn += 1
            start = turn % len(active)
            for name in (*active[start:], *active[:start]):
                times[name].append(sample(calls[name], repeats[name], clock) / repeats[name])
            active = [n for n in active if not finished(times[n], repeats[n], seconds)]
    finally:
        gc.unfreeze()
    return {name: summary(samples) for name, samples in times.items()}


def repeats_of(call: Callable[[], Any], clock: Clock) -> int:
    """How many calls make a sample."""
    repeat = 1
    while repeat < MOST_REPEATS:
        seconds = sample(call, repeat, clock)
        if seconds >= SHORTEST_SAMPLE:
            break
        # one slow call must not decide: go on from what a few of them took, a step at a time
        repeat = min(16 * repeat, math.ceil(1.2 * repeat * SHORTEST_SAMPLE / max(seconds, 1e-9)))
    return repeat


def sample(call: Callable[[], Any], repeat: int, clock: Clock) -> float:
    """Seconds of some calls in a row."""
    if repeat > 1:
        call()
    start = clock()
    for _ in range(repeat):
        call()
    return clock() - start


def finished(samples: list[float], repeat: int, seconds: float) -> bool:
    """Whether a call has had its share."""
    spent = sum(samples) * repeat
    enough = len(samples) >= FEWEST and spent >= seconds
    return enough or len(samples) >= MOST or spent >= PATIENCE * seconds


def summary(samples: list[float]) -> Timing:
    """Median and quartiles."""
    median = statistics.median(samples)
    low, _, high = statistics.quantiles(samples, n=4) if len(samples) > 1 else (median,) * 3
    return Timing(median, low, high, len(samples))
