"""llsq: least squares by polynomials, and its gradient.

    y(x) = ½ Σ_i (s_i - Σ_{j<m} x_j t_i^j)²,   t_i = -1 + 2i/(n-1),   s_i = sign t_i

in the coefficients x. The points and their powers are part of the function.
"""

import numpy

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "gradient", "primal"]


def primal(x, *, n, np=numpy, scan=dk.scan):
    """The misfit of the polynomial with coefficients x, float64[m], at n points."""
    t = -1.0 + np.arange(n) * 2.0 / (n - 1.0)

    def horner(value, coefficient):
        return value * t + coefficient, None

    fitted, _ = scan(horner, np.zeros(n), x[::-1])
    return 0.5 * np.sum((np.sign(t) - fitted) ** 2)


gradient = dk.grad(primal)


def generate(n, m=128):
    """m coefficients between 0 and 1."""
    return {"x": numpy.random.default_rng(31337).uniform(size=m), "n": n}


def arguments(given):
    """x; n is known before."""
    return Arguments((floats(given["x"]),), {"n": int(given["n"])})


SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8196, 16392)
EVAL = Eval(
    name="llsq",
    title="least squares by polynomials",
    functions={"primal": primal, "gradient": gradient},
    primal="primal",
    derivative="gradient",
    workloads=tuple(Workload(str(n), {"n": n}) for n in SIZES),
    small=(Workload("16, 5", {"n": 16, "m": 5}), Workload("64", {"n": 64})),
    generate=generate,
    arguments=arguments,
)
