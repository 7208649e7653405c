"""Forward or reverse: which costs less depends on the shape of the Jacobian.

Forward mode makes an m x n Jacobian column by column, n tangents; reverse mode row by row, m
adjoints. A tangent costs up to 2.5 times the function and an adjoint up to 4 times, less what all
of them share, so they break even near n = m and where exactly tells which constant is the smaller.
The Hessian of a scalar function is the Jacobian of its gradient: n tangents of it. One product of
it with a vector costs a few gradients, whatever n is.

Source: Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.4 and chapter 5.
"""

import numpy as np

import diffkit as dk
from comparisons.cost.bounds import log_sum_exp, operations
from comparisons.demonstration import (
    Curve,
    Demonstration,
    Plot,
    Shown,
    Table,
    at_most,
    beside,
    within,
)
from comparisons.measure import sample

__all__ = ["DEMONSTRATION", "break_even", "counted", "network"]

SOURCE = "Griewank & Walther 2008, section 3.4"
HIDDEN = 32
PRODUCT = 4096  # n m of the shapes between which they break even


def network(n: int, m: int):
    """`(f, x)`: a function of n numbers with m results, through a layer of 32."""
    rng = np.random.default_rng(0)
    inner = rng.normal(size=(HIDDEN, n)) / n**0.5
    outer = rng.normal(size=(m, HIDDEN)) / HIDDEN**0.5
    return lambda x: np.tanh(outer @ np.tanh(inner @ x)), rng.normal(size=n)


def counted(n: int, m: int) -> tuple[float, float]:
    """Operations of the Jacobian over those of the function, by forward and by reverse mode."""
    f, x = network(n, m)
    value = operations(f, x)
    forward, reverse = (
        operations(dk.jacobian(f, method=method), x) for method in ("forward", "reverse")
    )
    return forward / value, reverse / value


def timed(n: int, m: int, seconds: float) -> tuple[float, float]:
    """Seconds of the Jacobian, by forward and by reverse mode."""
    f, x = network(n, m)
    found = []
    for method in ("forward", "reverse"):
        jacobian = dk.jit(dk.jacobian(f, method=method), backend="interpreter")
        jacobian(x)
        found.append(sample(lambda jacobian=jacobian: jacobian(x), seconds).median)
    return found[0], found[1]


def break_even(shapes: dict[float, tuple[float, float]]) -> float:
    """The n / m at which the costs are equal, for shapes of constant n m: the ratio of the costs is
    close to a power of the shape, so a line is drawn through their logarithms."""
    lead = np.log([forward / reverse for forward, reverse in shapes.values()])
    slope, offset = np.polyfit(np.log([*shapes]), lead, 1)
    return float(np.exp(-offset / slope))


def second_order(n: int) -> tuple[float, float]:
    """Operations of a Hessian's product with a vector and of the whole Hessian, over a gradient."""
    x = np.linspace(0.5, 1.5, n)
    gradient = operations(dk.grad(log_sum_exp), x)
    product = operations(lambda x, v: dk.jvp(dk.grad(log_sum_exp), (x,), (v,)), x, x)
    return product / gradient, operations(dk.hessian(log_sum_exp), x) / gradient


def measure(quick: bool) -> Shown:
    """The sweep over shapes, then the Hessian over n."""
    sides = (1, 16, 256) if quick else (1, 4, 16, 64, 256)
    diagonal = [(k, PRODUCT // k) for k in (16, 32, 64, 128, 256)]
    shapes = list(dict.fromkeys([(n, m) for n in sides for m in sides] + diagonal))
    counts = {shape: counted(*shape) for shape in shapes}
    times = {shape: timed(*shape, 0.03 if quick else 0.05) for shape in counts}
    by_shape = [{n / m: found[n, m] for n, m in diagonal} for found in (counts, times)]
    even, even_timed = map(break_even, by_shape)
    row, column = counts[256, 1], counts[1, 256]
    sizes = (10, 30, 100)
    orders = {n: second_order(n) for n in sizes}
    figures = (
        within(
            f"n / m at which they break even, operations, n m = {PRODUCT}", even, 0.5, 2.0, SOURCE
        ),
        beside(f"n / m at which they break even, time, n m = {PRODUCT}", even_timed, "near 1"),
        at_most("one result of 256 inputs: reverse over forward", row[1] / row[0], 4 / 256, SOURCE),
        at_most("one input, 256 results: forward over reverse", column[0] / column[1], 2.5 / 256),
        at_most("Hessian times vector, in gradients", max(p for p, _ in orders.values()), 4.0),
        within("Hessian, in gradients, over n", orders[100][1] / 100, 0.5, 4.0),
    )
    rows = tuple((*shape, *counts[shape], *times[shape]) for shape in shapes)
    head = ("n", "m", "forward, counted", "reverse, counted", "forward, s", "reverse, s")
    table = Table("An m x n Jacobian; counts are over the function's", head, rows)
    x = tuple(float(shape) for shape in by_shape[0])
    curves = tuple(
        Curve(name, x, tuple(pair[k] for pair in by_shape[0].values()))
        for k, name in enumerate(("forward", "reverse"))
    )
    ns = tuple(map(float, sizes))
    hessians = tuple(
        Curve(name, ns, tuple(pair[k] for pair in orders.values()))
        for k, name in enumerate(("Hessian times vector", "Hessian"))
    )
    plots = (
        Plot(f"Jacobians with n m = {PRODUCT}", "n / m", "operations over the function's", curves),
        Plot("Second derivatives of log-sum-exp", "n", "operations over the gradient's", hessians),
    )
    return Shown(figures, (table,), plots)


DEMONSTRATION = Demonstration(
    name="crossover",
    title="Forward or reverse: the shape of the Jacobian decides",
    text=(
        "The cost of an m x n Jacobian by forward and by reverse mode over n and m, counted on the "
        "graphs and timed, and where they break even; then the Hessian and one product of it "
        "with a vector over n."
    ),
    source="Griewank & Walther 2008, section 3.4 and chapter 5",
    measure=measure,
)
