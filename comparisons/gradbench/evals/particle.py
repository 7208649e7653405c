"""particle: the control that lets a charged particle land nearest to the origin.

Two charges, at (10, 10 - w) and (10, 0), repel a particle that starts at (0, 8) with the velocity
(0.75, 0):

    a = -∇p(x),   p(x) = 1/|x - (10, 10 - w)| + 1/|x - (10, 0)|

It moves by Euler's method until it falls below y = 0, and crosses the line at x_f. Wanted is the w
that makes x_f² least. Both gradients, that of p inside the loop over time and that of the whole
flight by w, are taken by a mode: the functions are named after the outer and the inner one.

Source: Siskind & Pearlmutter, Using Polyvariant Union-Free Flow Analysis to Compile a Higher-Order
Functional-Programming Language with a First-Class Derivative Operator to Efficient Fortran-like
Code, Purdue ECE Technical Reports, paper 367 (2008).
"""

import numpy

import diffkit
from comparisons.gradbench.evals.descent import NESTINGS, argmin
from comparisons.gradbench.evaluation import Arguments, Eval, Workload

__all__ = ["EVAL", "landing", "nested"]

STEP = 0.1


def landing(w, inner, np=numpy, dk=diffkit):
    """x_f² for the control w; ∇p is taken in the mode `inner`."""
    charges = (10.0, 10.0 - w), (10.0, 0.0)

    def potential(place):
        x, y = place
        return sum(1 / np.sqrt((x - p) ** 2 + (y - q) ** 2) for p, q in charges)

    slope = dk.grad(potential, method=inner)

    def fall(state):
        (x, y), (u, v) = state
        p_x, p_y = slope((x, y))
        return (x + STEP * u, y + STEP * v), (u - STEP * p_x, v - STEP * p_y)

    # The velocity of the step that goes below the line is the one before it.
    def above(state):
        (_, y), (_, v) = state
        return y + STEP * v > 0

    (x, y), (u, v) = dk.while_loop(above, fall, ((0.0, 8.0), (0.75, 0.0)))
    x, y = x + STEP * u, y + STEP * v
    return (x - y / v * u) ** 2


def nested(outer, inner, np=numpy, dk=diffkit):
    """The best control, found from the start w."""

    def best(w):
        def objective(w):
            return landing(w, inner, np, dk)

        return argmin(objective, dk.grad(objective, method=outer), w, np, dk)

    return best


EVAL = Eval(
    name="particle",
    title="a particle between charges: argmin through an ODE",
    functions={name: nested(*modes) for name, modes in NESTINGS.items()},
    derivative="fr",
    workloads=(Workload("w=0", {"w": 0.0}),),
    small=(Workload("w=0.2", {"w": 0.2}), Workload("w=0.15", {"w": 0.15})),
    generate=lambda w: {"w": w},
    arguments=lambda given: Arguments((float(given["w"]),)),
)
