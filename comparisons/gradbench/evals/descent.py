"""The gradient descent that `particle` and `saddle` share, and how these nest the modes.

    η = 10⁻⁵, until |∇f(x)| ≤ 10⁻⁵:
        after ten successes   η ← 2η, and count anew
        x' = x - η ∇f(x)      if |x - x'| ≤ 10⁻⁵, end at x
        f(x') < f(x)          a success: x ← x'
        otherwise             η ← η/2, and count anew

These are GradBench's rules, step by step, since what they find is compared. The loop is a
`while_loop`, so derivatives go through it, and all of it compiles into one function.
"""

import numpy

import diffkit

__all__ = ["NESTINGS", "argmin"]

MODES = {"r": "reverse", "f": "forward"}
NESTINGS = {a + b: (MODES[a], MODES[b]) for a, b in ("rr", "ff", "fr", "rf")}
SMALL = 1e-5
ENOUGH = 10  # successes before the step grows


def argmin(f, gradient, x, np=numpy, dk=diffkit):
    """Where the descent from x ends, x a number or float64[n]; `f` and `gradient` take it."""

    def length(x):
        return np.sqrt(np.sum(x * x))

    def proposal(state):
        x, _, gx, eta, successes = state
        enough = successes == ENOUGH
        eta = np.where(enough, 2 * eta, eta)
        return x - eta * gx, eta, np.where(enough, 0, successes)

    def moving(state):
        x, _, gx, _, _ = state
        new, _, _ = proposal(state)
        return (length(gx) > SMALL) & (length(x - new) > SMALL)

    def step(state):
        x, fx, gx, _, _ = state
        new, eta, successes = proposal(state)
        f_new = f(new)
        return dk.cond(
            f_new < fx,
            lambda: (new, f_new, gradient(new), eta, successes + 1),
            lambda: (x, fx, gx, eta / 2, 0),
        )

    return dk.while_loop(moving, step, (x, f(x), gradient(x), 1e-5, 0))[0]
