"""lse: the logarithm of a sum of exponentials, and its gradient.

    LSE(x) = a + log Σ exp(x_i - a),   a = max x

built from its parts, as the benchmark asks: the derivative goes through the maximum, where it
cancels.
"""

import numpy

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "gradient", "primal"]


def primal(x, np=numpy):
    """LSE of x, float64[n]."""
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


gradient = dk.grad(primal)


def generate(n):
    """n numbers between 0 and 1."""
    return {"x": numpy.random.default_rng(31337).uniform(size=n)}


def arguments(given):
    """x."""
    return Arguments((floats(given["x"]),))


SIZES = tuple(2500 * 2**k for k in range(10))
EVAL = Eval(
    name="lse",
    title="logarithm of a sum of exponentials",
    functions={"primal": primal, "gradient": gradient},
    primal="primal",
    derivative="gradient",
    workloads=tuple(Workload(str(n), {"n": n}) for n in SIZES),
    small=(Workload("7", {"n": 7}), Workload("2500", {"n": 2500})),
    generate=generate,
    arguments=arguments,
)
