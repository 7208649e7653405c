"""Helmholtz energy: the cost of a gradient over that of its function, for growing n.

The free energy of a mixture of n species (the formula is in `comparisons.problems.helmholtz`) takes
n^2 multiplications, and so does its gradient. By differences it takes n + 1 functions, by forward
mode n tangents of about as much each; reverse mode takes a few functions' worth whatever n is. The
count is of floating-point operations on the graphs, the measurement of compiled code, called
without the handling of Python arguments, which would hide a function of a microsecond.

Source: A. Griewank, On automatic differentiation, in Mathematical Programming: Recent Developments
and Applications, 1989. The published ratios are those of Baydin et al., JMLR 18(153) 2018, Table 4,
recalled and not checked against the paper again.
"""

from collections.abc import Callable
from typing import Any

import diffkit as dk
from comparisons.demonstration import (
    Curve,
    Demonstration,
    Figure,
    Plot,
    Shown,
    Table,
    at_most,
    beside,
)
from comparisons.measure import sample
from comparisons.problems.helmholtz import make

__all__ = ["DEMONSTRATION", "PUBLISHED", "counted"]

SIZES = (1, 8, 15, 22, 29, 36, 43, 50)
PUBLISHED = {
    "differences": (1.08, 6.93, 12.17, 17.15, 19.87, 23.64, 25.67, 28.63),
    "forward": (1.34, 2.66, 3.55, 4.54, 4.77, 5.59, 6.40, 7.69),
    "reverse": (1.52, 2.16, 2.16, 2.31, 2.16, 2.07, 1.99, 1.96),
}
CHEAP = 5.0  # Baur & Strassen, The complexity of partial derivatives, 1983
GOAL = 4.0  # diffkit's own, for the time of compiled code
SECONDS = 0.1


def programs(f: Callable[..., Any]) -> dict[str, Any]:
    """The function, and its gradients by both modes."""
    return {
        "value": dk.jit(f),
        "forward": dk.jit(dk.grad(f, method="forward")),
        "reverse": dk.jit(dk.grad(f)),
    }


def counted(n: int) -> dict[str, float]:
    """The operations of each gradient over those of the function."""
    case = make(n)
    flops = {name: g.graph(case.x).cost().flops for name, g in programs(case.f).items()}
    value = flops.pop("value")
    return {"differences": n + 1.0} | {name: count / value for name, count in flops.items()}


def timed(n: int) -> dict[str, float]:
    """The seconds of each gradient over those of the function; differences call the function."""
    case = make(n)
    run = {name: p.lower(case.x).compile().flat for name, p in programs(case.f).items()}

    def differences(x):
        base, gradient = run["value"](x), []
        for k in range(n):
            moved = x.copy()
            moved[k] += 1e-8
            gradient.append((run["value"](moved) - base) / 1e-8)
        return gradient

    ways = {**run, "differences": differences}
    seconds = {name: sample(lambda f=f: f(case.x), SECONDS).median for name, f in ways.items()}
    value = seconds["value"]
    return {name: seconds[name] / value for name in PUBLISHED}


def measure(quick: bool) -> Shown:
    """Count at every n; time at a few."""
    some = (8,) if quick else (1, 8, 22, 50)
    counts = {n: counted(n) for n in SIZES}
    times = {n: timed(n) for n in some}
    rows = []
    for k, n in enumerate(SIZES):
        for name, published in PUBLISHED.items():
            seconds = times[n][name] if n in times else ""
            rows.append((n, name, counts[n][name], seconds, published[k]))
    head = ("n", "gradient by", "counted", "timed, compiled", "published (recalled)")
    table = Table("Cost of the gradient over that of the function", head, tuple(rows))
    curves = [
        Curve(f"{name}, {how}", tuple(map(float, ns)), tuple(ys), theory=how == "published")
        for name, published in PUBLISHED.items()
        for how, ns, ys in (
            ("counted", SIZES, [counts[n][name] for n in SIZES]),
            ("timed", some, [times[n][name] for n in some]),
            ("published", SIZES, published),
        )
    ]
    plot = Plot("Helmholtz energy", "species n", "gradient / function", tuple(curves))
    return Shown(tuple(figures(counts, times)), (table,), (plot,))


def figures(
    counts: dict[int, dict[str, float]], times: dict[int, dict[str, float]]
) -> list[Figure]:
    """What to expect: reverse bounded for every n, forward growing."""
    reverse = [found["reverse"] for found in counts.values()]
    slowest = max(found["reverse"] for found in times.values())
    last = max(times)
    return [
        at_most(
            "operations, reverse over function, the most of all n",
            max(reverse),
            CHEAP,
            "Baur & Strassen 1983",
        ),
        at_most(
            "operations, reverse over function, n = 50 over n = 8",
            counts[50]["reverse"] / counts[8]["reverse"],
            1.0,
        ),
        at_most(
            "operations, reverse over forward, n = 50",
            counts[50]["reverse"] / counts[50]["forward"],
            0.1,
        ),
        beside(
            "time, reverse over function, the most", slowest, f"at most {GOAL:g}, diffkit's goal"
        ),
        *(
            beside(
                f"time, {name} over function, n = {last}",
                times[last][name],
                published[SIZES.index(last)],
                "Baydin, Table 4, recalled",
            )
            for name, published in PUBLISHED.items()
        ),
    ]


DEMONSTRATION = Demonstration(
    name="helmholtz",
    title="Helmholtz energy: reverse mode costs the same few functions for any n",
    text=(
        "The cost of the gradient of the free energy of n species over that of the energy itself, "
        "by differences, forward and reverse mode: floating-point operations counted on the "
        "graphs, and time of compiled code. The published figures are recalled from Baydin et "
        "al., not checked again; they are of another machine."
    ),
    source="Griewank 1989; Baydin et al., JMLR 18(153) 2018, Table 4 (recalled)",
    measure=measure,
)
