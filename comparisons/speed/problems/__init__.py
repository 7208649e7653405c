"""The benchmarks, from an array at a time to a scalar at a time."""

from comparisons.speed.problem import Benchmark
from comparisons.speed.problems import (
    bodies,
    elementwise,
    heat,
    logsumexp,
    lotka_volterra,
    lstm,
    mlp,
    projection,
    rosenbrock,
    springs,
)

__all__ = ["BENCHMARKS"]

BENCHMARKS: tuple[Benchmark, ...] = (
    elementwise.BENCHMARK,
    logsumexp.BENCHMARK,
    rosenbrock.BENCHMARK,
    mlp.BENCHMARK,
    lstm.BENCHMARK,
    projection.BENCHMARK,
    heat.BENCHMARK,
    springs.BENCHMARK,
    bodies.BENCHMARK,
    lotka_volterra.BENCHMARK,
)
