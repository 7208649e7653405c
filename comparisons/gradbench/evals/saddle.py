"""saddle: argmin over p of the maximum over q of |p|² - |q|², p and q in the plane.

Each maximum is found by a descent of its own, through which the outer gradient is taken. The
functions are named after the modes of the outer and of the inner gradient.

Source: Siskind & Pearlmutter, as for `particle`.
"""

import numpy

import diffkit
from comparisons.gradbench.evals.descent import NESTINGS, argmin
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "nested"]


def nested(outer, inner, np=numpy, dk=diffkit):
    """(p, q) at the saddle, float64[4], found from one start for both."""

    def height(p, q):
        return np.sum(p * p) - np.sum(q * q)

    def saddle(start):
        def argmax(p):
            def depth(q):
                return -height(p, q)

            return argmin(depth, dk.grad(depth, method=inner), start, np, dk)

        def largest(p):
            return height(p, argmax(p))

        p = argmin(largest, dk.grad(largest, method=outer), start, np, dk)
        return np.concatenate([p, argmax(p)])

    return saddle


EVAL = Eval(
    name="saddle",
    title="a saddle point: argmin of a maximum that is searched",
    functions={name: nested(*modes) for name, modes in NESTINGS.items()},
    derivative="fr",
    workloads=(Workload("w=0", {"start": (1.0, 1.0)}),),
    small=(Workload("near", {"start": (0.6, 0.3)}), Workload("aside", {"start": (1.0, -0.5)})),
    generate=lambda start: {"start": start},
    arguments=lambda given: Arguments((floats(given["start"]),)),
)
