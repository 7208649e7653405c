"""ode: a chain of differential equations by Runge and Kutta's method, and its gradient.

    y_0' = x_0,   y_i' = x_i y_{i-1},   y(0) = 0,   0 ≤ t ≤ 2

in s steps of the classical method of order 4. The solution is y_i = t^{i+1} / (i+1)! Π_{j≤i} x_j,
which the method meets exactly for i < 4. A step reaches four places further, so that the last y and
its gradient are zero wherever n > 4s: in all of GradBench's workloads. `beyond` has some where they
are not, and `gradient_sum` is the gradient of Σy, which is zero for places beyond 4s alone.
"""

import numpy

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "gradient", "gradient_sum", "primal"]


def primal(x, *, s, np=numpy, scan=dk.scan):
    """y(2) after s steps, float64[n], for the rates x, float64[n]."""
    h = 2.0 / s

    def slope(y):
        return x * np.concatenate([np.ones(1), y[:-1]])

    def step(y, _):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    y, _ = scan(step, np.zeros(len(x)), None, length=s)
    return y


def last(x, **tools):
    """y_{n-1}."""
    return primal(x, **tools)[-1]


def total(x, np=numpy, **tools):
    """Σ y."""
    return np.sum(primal(x, np=np, **tools))


gradient = dk.grad(last)
gradient_sum = dk.grad(total)


def generate(n, s):
    """n rates between 0 and 1."""
    return {"x": numpy.random.default_rng(31337).uniform(size=n), "s": s}


def arguments(given):
    """x; s is known before."""
    return Arguments((floats(given["x"]),), {"s": int(given["s"])})


def workload(n, s):
    """Under GradBench's name."""
    return Workload(f"n={n},s={s}", {"n": n, "s": s})


SIZES = sorted(((n, s) for n in (1000, 10000, 100000) for s in (1, 10, 100)), key=numpy.prod)
EVAL = Eval(
    name="ode",
    title="a chain of differential equations",
    functions={"primal": primal, "gradient": gradient, "gradient_sum": gradient_sum},
    primal="primal",
    derivative="gradient",
    workloads=tuple(workload(n, s) for n, s in SIZES),
    small=(workload(6, 3), workload(16, 10)),
    beyond=(workload(16, 100), workload(64, 1000)),
    generate=generate,
    arguments=arguments,
)
