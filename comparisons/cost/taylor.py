"""Higher derivatives: tangents of tangents against one Taylor series.

Nest forward mode k times and each level doubles the numbers that are carried; the k-th derivative
of a product u v along k directions is the sum over all subsets of them,

    D^k (u v) = sum_S  D^S u  D^(rest) v,                2^k products.

Along one direction most of these are equal. A series carries each of them once, and the Cauchy
product of two series up to t^k takes 1 + 2 + ... + (k + 1) = (k + 1)(k + 2) / 2 products.

Nesting also asks for care: the tangents of different levels must not be mixed up. Siskind and
Pearlmutter's example is d/dx [x d/dy (x + y)], which is 1 at any point; a forward mode that does
not tell its levels apart gives 2 at x = 1.

Source: Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, chapter 13; Siskind &
Pearlmutter, Perturbation confusion and referential transparency, IFL 2005.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

import diffkit as dk
from comparisons.cost.counting import occurrences
from comparisons.demonstration import Curve, Demonstration, Plot, Shown, Table, at_most, equal
from comparisons.measure import sample
from diffkit.modes.taylor import taylor as expand

__all__ = [
    "DEMONSTRATION",
    "confusion",
    "nested_products",
    "secant_coefficients",
    "series_products",
    "tangent_coefficients",
]

SOURCE = "Griewank & Walther 2008, chapter 13"
EPS = float(np.finfo(float).eps)


def deeper(f: Callable[..., Any]) -> Callable[..., Any]:
    """The tangent of f, as a function of twice as many numbers."""

    def tangent(*both: Any) -> Any:
        half = len(both) // 2
        return dk.jvp(f, both[:half], both[half:])[1]

    return tangent


def nested_products(k: int) -> int:
    """Multiplications of the k-th derivative of u v by k nested tangents, in k directions."""

    def f(u, v):
        return u * v

    for _ in range(k):
        f = deeper(f)
    return occurrences(dk.trace(f)(*np.linspace(1.0, 2.0, 2 ** (k + 1)).tolist()), "mul")


def series_products(k: int) -> int:
    """Multiplications of all coefficients of u v up to t^k."""
    graph = dk.trace(lambda u, v: u * v)(1.0, 2.0)
    return occurrences(expand(graph, [True, True], k, [k, k]), "mul")


def zigzag(count: int) -> list[int]:
    """Euler's numbers: sec x + tan x = sum_k E_k x^k / k!, by the boustrophedon of Seidel."""
    numbers, row = [1], [1]
    for _ in range(count - 1):
        row = [0, *np.cumsum(np.array(row[::-1], dtype=object)).tolist()]
        numbers.append(row[-1])
    return numbers


def tangent_coefficients(count: int) -> list[Fraction]:
    """The exact Taylor coefficients of tan at 0."""
    return [Fraction(e * (k % 2), math.factorial(k)) for k, e in enumerate(zigzag(count))]


def secant_coefficients(count: int) -> list[Fraction]:
    """The exact Taylor coefficients of 1 / cos at 0."""
    return [Fraction(e * (1 - k % 2), math.factorial(k)) for k, e in enumerate(zigzag(count))]


def worst(f: Callable[[Any], Any], exact: list[Fraction]) -> float:
    """The greatest relative error of the coefficients, in units of machine precision; a coefficient
    that is zero must come out zero."""
    found = dk.taylor(f, 0.0, len(exact) - 1, coefficients=True)
    errors = [
        abs(Fraction(float(ours)) - true) / abs(true) if true else float(ours != 0) / EPS
        for ours, true in zip(found, exact, strict=True)
    ]
    return float(max(errors)) / EPS


def confusion() -> float:
    """d/dx [x d/dy (x + y)] at x = 1, by nested tangents."""

    def inner(x):
        return dk.jvp(lambda y: x + y, (1.0,), (1.0,))[1]

    return float(dk.jvp(lambda x: x * inner(x), (1.0,), (1.0,))[1])


def wave(x):
    """exp(sin x), whose higher derivatives do not repeat."""
    return np.exp(np.sin(x))


def nested(k: int) -> Callable[[Any], Any]:
    """The k-th derivative by k tangents."""
    f: Callable[[Any], Any] = wave
    for _ in range(k):
        f = dk.grad(f, method="forward")
    return f


def timed(k: int, seconds: float) -> tuple[int, int, int, float, float]:
    """The nodes of the graphs and the seconds of the k-th derivative of `wave`: nested, series."""
    programs = nested(k), lambda x: dk.taylor(wave, x, k)[-1]
    sizes, times = [], []
    for f in programs:
        run = dk.jit(f, backend="interpreter")
        sizes.append(len(run.graph(0.5).nodes))
        run(0.5)
        times.append(sample(lambda run=run: run(0.5), seconds).median)
    return k, sizes[0], sizes[1], times[0], times[1]


def measure(quick: bool) -> Shown:
    """Count products to order 10, compare series with exact coefficients, and time."""
    orders = range(1, 11)
    counts = [(k, nested_products(k), series_products(k)) for k in orders]
    figures = [
        equal("products of a 10th derivative, nested forward mode", counts[-1][1], 2**10, SOURCE),
        equal("products of a Taylor series up to t^10", counts[-1][2], 11 * 12 // 2, SOURCE),
        at_most("tan to t^19: worst coefficient's relative error, in eps",
                worst(np.tan, tangent_coefficients(20)), 8.0),
        at_most("1 / cos to t^18: worst coefficient's relative error, in eps",
                worst(lambda x: 1 / np.cos(x), secant_coefficients(19)), 8.0),
        equal("d/dx [x d/dy (x + y)] at 1 (confused: 2)", confusion(), 1.0,
              "Siskind & Pearlmutter 2005"),
    ]  # fmt: skip
    rows = [timed(k, 0.02 if quick else 0.1) for k in ((1, 4, 8) if quick else range(1, 13))]
    x = tuple(map(float, orders))
    products = (
        Curve("nested forward mode", x, tuple(float(c[1]) for c in counts)),
        Curve("Taylor series", x, tuple(float(c[2]) for c in counts)),
        Curve("2^k", x, tuple(2.0**k for k in orders), theory=True),
        Curve("(k+1)(k+2)/2", x, tuple((k + 1) * (k + 2) / 2 for k in orders), theory=True),
    )
    ks = tuple(float(row[0]) for row in rows)
    seconds = tuple(
        Curve(name, ks, tuple(row[column] for row in rows))
        for column, name in ((3, "nested forward mode"), (4, "Taylor series"))
    )
    return Shown(
        tuple(figures),
        (
            Table(
                "Products of the k-th derivative of u v", ("k", "nested", "series"), tuple(counts)
            ),
            Table(
                "The k-th derivative of exp(sin x), equal parts of the graph shared",
                ("k", "nested, nodes", "series, nodes", "nested, s", "series, s"),
                tuple(rows),
            ),
        ),
        (
            Plot("Products of the k-th derivative", "k", "multiplications", products, log_x=False),
            Plot("The k-th derivative of exp(sin x)", "k", "seconds", seconds, log_x=False),
        ),
    )


DEMONSTRATION = Demonstration(
    name="taylor",
    title="Higher derivatives: a Taylor series instead of tangents of tangents",
    text=(
        "Products counted in the k-th derivative of u v: nested forward mode doubles them with "
        "each level, a series adds k + 1. The coefficients of tan and 1 / cos are checked "
        "against Euler's numbers in exact arithmetic, and nesting against the example on which "
        "a forward mode without levels goes wrong."
    ),
    source=f"{SOURCE}; Siskind & Pearlmutter 2005",
    measure=measure,
)
