"""Expression swell: what a derivative costs as a formula, and as a graph.

The logistic map l₁ = x, lₙ₊₁ = 4 lₙ (1 - lₙ) is a formula that has the one before it in it
twice. Its derivative by the product rule, written down as it comes, contains function and
derivative of the one before it several times more. What is repeated can be shared (common
subexpressions), or, for a polynomial of one variable, multiplied out and nested by Horner's rule.
Forward mode never repeats it: an iteration has three operations and its tangent four.

Source: Baydin, Pearlmutter, Radul & Siskind, Automatic differentiation in machine learning: a
survey, JMLR 18 (153), 2018, table 1. The counts are those of sympy's count_ops, of formulas that
sympy has not simplified.
"""

import diffkit as dk
from comparisons.demonstration import Curve, Demonstration, Figure, Plot, Shown, Table

__all__ = ["DEMONSTRATION", "FORWARD", "PUBLISHED", "Counts", "counts", "logistic"]

PUBLISHED = {
    "function": (0, 3, 8, 18, 38, 78, 158, 318),
    "derivative as on paper": (0, 2, 21, 82, 264, 768, 2096, 5472),
    "derivative by Horner's rule": (0, 2, 6, 14, 30, 62, 126, 254),
    "both, shared": (0, 5, 13, 28, 46, 68, 94, 124),
}
"""Of l₁ to l₈, in sympy's operations."""
FORWARD = (3, 4)
"""Operations of an iteration, and of its tangent."""
FOURTH = 9.0660864
"""l₄'(0.2), exactly: 64 (1 - 42x + 504x² - 2640x³ + 7040x⁴ - 9984x⁵ + 7168x⁶ - 2048x⁷)."""


def logistic(n: int):
    """lₙ as a function of x."""

    def f(x):
        for _ in range(n - 1):
            x = 4 * x * (1 - x)
        return x

    return f


Counts = dict[str, int]


def counts(n: int) -> Counts:
    """The operations of lₙ and of its derivative, in every form."""
    import sympy  # loads on first use

    report = dk.formula(logistic(n))(dk.f64[()])
    polynomials, _ = sympy.ring(list(report.flat), sympy.ZZ)
    nested = sympy.horner(polynomials.from_expr(report.partials[0]).as_expr())
    return {
        "function": report.operations,
        "derivative as on paper": report.operations_derivative,
        "derivative by Horner's rule": int(sympy.count_ops(nested)),
        "both, shared": report.operations_shared,
    }


def pushed(n: int) -> int:
    """The additions and multiplications on the graph of lₙ and its tangent by forward mode. A
    change of sign is none: written by hand, it is part of a subtraction."""
    f = logistic(n)
    graph = dk.trace(lambda x, dx: dk.jvp(f, (x,), (dx,)))(dk.f64[()], dk.f64[()])
    return sum(node.op.name != "neg" for node in graph.nodes)


def measure(quick: bool) -> Shown:
    """Count for l₁ to l₆ or l₈."""
    last = 6 if quick else 8
    found = [counts(n) for n in range(1, last + 1)]
    forward = [pushed(n) for n in range(1, last + 1)]
    source = "Baydin et al. 2018, table 1"
    figures: list[Figure] = []
    for form, published in PUBLISHED.items():
        ours = tuple(row[form] for row in found)
        same = "holds" if ours == published[:last] else "fails"
        figures.append(Figure(form, listed(ours), listed(published[:last]), same, source))
    expected = (last - 1) * sum(FORWARD)
    same = "holds" if forward[-1] == expected else "fails"
    figures.append(Figure(f"l{last} with its tangent, on the graph", forward[-1], expected, same))
    slope = float(dk.grad(logistic(4), method="symbolic")(0.2))
    close = "holds" if abs(slope - FOURTH) <= 1e-14 * FOURTH else "fails"
    figures.append(Figure("l4'(0.2)", slope, FOURTH, close, source))
    head = ("n", *PUBLISHED, "forward mode, on the graph")
    rows = tuple((n + 1, *row.values(), forward[n]) for n, row in enumerate(found))
    ns = tuple(map(float, range(2, last + 1)))
    curves = [Curve(form, ns, tuple(float(row[form]) for row in found[1:])) for form in PUBLISHED]
    curves.append(Curve("forward mode, on the graph", ns, tuple(map(float, forward[1:]))))
    plot = Plot("Operations of lₙ and its derivative", "n", "operations", tuple(curves), False)
    return Shown(tuple(figures), (Table("Operations", head, rows),), (plot,))


def listed(numbers: tuple[int, ...]) -> str:
    return " ".join(map(str, numbers))


DEMONSTRATION = Demonstration(
    name="swell",
    title="Expression swell: a derivative as a formula repeats what a graph shares",
    text=(
        "The logistic map, iterated: operations of the formula, of its derivative as the product "
        "rule leaves it, of that derivative by Horner's rule, and of both with common "
        "subexpressions shared, counted by sympy; beside them the operations of forward mode on "
        "the graph, which grow by seven an iteration."
    ),
    source="Baydin et al., JMLR 18 (153), 2018, table 1",
    measure=measure,
)
