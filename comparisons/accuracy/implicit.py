"""Through the iterations, or by the implicit function theorem.

A solver repeats z <- g(z, a). Differentiate through the repetitions and the derivative is itself an
iteration,

    z' <- g_z z' + g_a,

which converges one step behind: it is multiplied by g_z at the iterate before. Newton's method for
sqrt(a), z <- (z + a / z) / 2, squares the relative error e of the value, e^2 / 2 roughly, and
multiplies that of the derivative by 2e or so: after the last step the value is exact and the
derivative as good as the value was before. At the solution itself one step is enough, since g_z = 0
there, and in general z' = (1 - g_z)^-1 g_a. That is exact to rounding, and keeps no iterate: the
memory of the reverse mode does not grow with their number.

Source: Griewank & Faure, Piggyback differentiation and optimization, 2003; Blondel et al.,
Efficient and modular implicit differentiation, NeurIPS 2022.
"""

import math

import numpy as np

import diffkit as dk
from comparisons.demonstration import Curve, Demonstration, Plot, Shown, Table, at_most, equal

__all__ = ["DEMONSTRATION", "cosine", "kept", "newton", "unrolled"]

A = 2.0
EPS = 2.0**-53


def newton(a, steps: int):
    """sqrt(a) from 1 in so many steps."""
    return dk.scan(lambda z, _: (0.5 * (z + a / z), None), 1.0 + 0.0 * a, length=steps)[0]


def unrolled(steps: int) -> tuple[float, float, float]:
    """Relative errors after so many steps: of the value, of the derivative through the steps, and
    of that by one step at the last iterate, 1 / (2 z)."""
    z, slope = dk.jvp(lambda a: newton(a, steps), (A,), (1.0,))
    root = math.sqrt(A)
    return tuple(float(abs(e)) for e in (z / root - 1, slope * 2 * root - 1, root / z - 1))


def cosine(a, steps: int | None):
    """The fixed point x = cos(a x): in so many steps, or solved for."""
    if steps is None:
        return dk.solve.fixed_point(lambda x: np.cos(a * x), 1.0)
    return dk.scan(lambda x, _: (np.cos(a * x), None), 1.0, length=steps)[0]


def kept(steps: int, implicit: bool) -> int:
    """Bytes at the peak of the reverse mode, counted on the graph of the derivative."""
    solve = None if implicit else steps
    gradient = dk.jit(dk.grad(lambda a: cosine(a, solve)), backend="interpreter")
    return gradient.graph(1.0).cost(trips=steps).peak


def slope(x: float, a: float) -> float:
    """d/da of the fixed point, by hand: x' = -sin(a x) (x + a x')."""
    s = math.sin(a * x)
    return -s * x / (1 + a * s)


def measure(_quick: bool) -> Shown:
    """Newton's method step by step, then the memory of a fixed point."""
    steps = range(1, 8)
    errors = {k: unrolled(k) for k in steps}
    solved = float(dk.grad(lambda a: dk.solve.root(lambda z: z * z - a, 1.0))(A))
    exact = 0.5 / math.sqrt(A)
    behind = max(errors[k + 1][1] / errors[k][0] for k in steps[:-1] if errors[k][0] > 4 * EPS)
    ahead = min(errors[k][1] / errors[k][0] for k in steps[:4])
    x = 0.7390851332151607  # cos x = x
    fixed = float(dk.grad(lambda a: cosine(a, None))(1.0))
    memory = [(n, kept(n, False), kept(n, True)) for n in (10, 100, 1000)]
    growth = [(memory[-1][k] - memory[0][k]) / (1000 - 10) for k in (1, 2)]
    figures = (
        at_most("derivative's error over the value's of the step before, the most", behind, 1.0),
        at_most("value's error over the derivative's of the same step, the most", 1 / ahead, 0.5),
        at_most("implicit derivative of sqrt(2), error in eps", abs(solved / exact - 1) / EPS, 2.0),
        at_most("implicit derivative of x = cos(a x), relative error",
                abs(fixed / slope(x, 1.0) - 1), 1e-11),
        equal("bytes kept for a step, through the iterations", growth[0], 8),
        equal("bytes kept for a step, implicit", growth[1], 0),
    )  # fmt: skip
    rows = tuple((k, *errors[k]) for k in steps)
    head = ("step", "value", "derivative through the steps", "one step at the iterate")
    x_axis = tuple(map(float, steps))
    newton_curves = tuple(
        Curve(name, x_axis, tuple(max(errors[k][column], EPS) for k in steps))
        for column, name in enumerate(head[1:])
    )
    ns = tuple(float(row[0]) for row in memory)
    memory_curves = tuple(
        Curve(name, ns, tuple(float(row[k]) for row in memory))
        for k, name in ((1, "through the iterations"), (2, "implicit"))
    )
    return Shown(
        figures,
        (
            Table("Newton's method for sqrt(2): relative errors", head, rows),
            Table("Bytes at the peak of the reverse mode, x = cos(a x)",
                  ("iterations", "through them", "implicit"), tuple(memory)),
        ),
        (
            Plot("Newton's method for sqrt(2)", "step", "error", newton_curves, log_x=False),
            Plot("Memory of the reverse mode", "iterations", "bytes", memory_curves),
        ),
    )  # fmt: skip


DEMONSTRATION = Demonstration(
    name="implicit",
    title="Solvers: through the iterations the derivative comes one step late",
    text=(
        "Newton's method for a square root, with the error of the value and of the derivative "
        "through its steps; the derivative by the implicit function theorem, exact to rounding; "
        "and the memory of the reverse mode for a fixed point, which grows with the iterations "
        "only where it goes through them."
    ),
    source="Griewank & Faure 2003; Blondel et al. 2022",
    measure=measure,
)
