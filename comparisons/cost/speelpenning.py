"""Speelpenning's product: what a gradient needs to cost.

The product of n numbers takes n - 1 multiplications. Its n partial derivatives, each written out,
take n (n - 2); by reverse mode value and gradient together take 3 (n - 1) - 1, because the products
of what stands before and behind each factor are shared: two multiplications for each but the first
and the last, besides those of the value.

Which of these a program does depends on how it is written down. Straight-line code starts with the
adjoint 1 of the result and need not multiply by it, which spares one more; a loop, all of whose
steps are alike, multiplies by it and takes 3 (n - 1). diffkit finds the loop in a long enough
sequence of Python statements by itself.

Source: B. Speelpenning, Compiling fast partial derivatives of functions given by algorithms, PhD
thesis, University of Illinois, 1980; Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM
2008, section 3.
"""

import numpy as np

import diffkit as dk
from comparisons.cost.counting import occurrences
from comparisons.demonstration import Curve, Demonstration, Plot, Shown, Table, at_most, equal
from diffkit.transforms.unroll import unroll

__all__ = ["DEMONSTRATION", "in_a_loop", "in_the_formulas", "product", "straight"]

SIZES = (10, 100, 1000)
SOURCE = "Speelpenning 1980; Griewank & Walther 2008, section 3"


def product(x):
    """The product, one factor after another, as plain Python."""
    p = x[0]
    for factor in x[1:]:
        p = p * factor
    return p


def in_a_loop(n: int) -> tuple[int, int]:
    """Multiplications of the value, and of value and gradient, written as a loop."""

    def f(x):
        return dk.scan(lambda p, factor: (p * factor, None), x[0], x[1:])[0]

    primal, both = (dk.trace(g)(np.ones(n)) for g in (f, dk.value_and_grad(f)))
    return occurrences(primal, "mul"), occurrences(both, "mul")


def straight(n: int) -> int:
    """Multiplications of value and gradient, written as straight-line code."""
    both = unroll(dk.trace(dk.value_and_grad(product))(np.ones(n)))
    return occurrences(both, "mul")


def in_the_formulas(n: int) -> int:
    """Multiplications of all partial derivatives as formulas, which share nothing: n times those of
    one, the product of the other factors, since the product is symmetric."""

    def partial(x):
        return product([*x[: n // 2], *x[n // 2 + 1 :]])

    return n * occurrences(dk.trace(partial)(np.ones(n)), "mul")


def measure(_quick: bool) -> Shown:
    """Count at several n."""
    figures, rows = [], []
    for n in SIZES:
        bound = 3 * (n - 1) - 1
        both, (value, looped), formulas = straight(n), in_a_loop(n), in_the_formulas(n)
        rows.append((n, value, formulas, bound, both, looped))
        if n in (SIZES[0], SIZES[-1]):
            figures += [
                equal(f"multiplications of the value, n = {n}", value, n - 1, SOURCE),
                equal(
                    f"multiplications of the partial derivatives' formulas, n = {n}",
                    formulas,
                    n * (n - 2),
                ),
                at_most(
                    f"multiplications of value and gradient, straight-line, n = {n}",
                    both,
                    bound,
                    SOURCE,
                ),
                equal(
                    f"multiplications of value and gradient in a loop, n = {n}", looped, 3 * (n - 1)
                ),
            ]
    head = ("n", "value", "formulas", "3(n-1)-1", "reverse, straight-line", "reverse, loop")
    table = Table("Multiplications", head, tuple(rows))
    columns = [*zip(*rows, strict=True)]
    names = {2: "each partial derivative's formula", 4: "value and gradient by reverse mode"}
    curves = [
        Curve(name, tuple(map(float, SIZES)), tuple(map(float, columns[k])))
        for k, name in names.items()
    ]
    curves.append(Curve("3 (n - 1) - 1", curves[0].x, tuple(map(float, columns[3])), theory=True))
    plot = Plot("A gradient shares its products", "factors n", "multiplications", tuple(curves))
    return Shown(tuple(figures), (table,), (plot,))


DEMONSTRATION = Demonstration(
    name="speelpenning",
    title="Speelpenning's product: the gradient shares what the partial derivatives repeat",
    text=(
        "Multiplications counted: of the product of n numbers, of its partial derivatives as "
        "formulas, and of value and gradient by reverse mode. Straight-line code spares the "
        "multiplication by the adjoint 1 of the result and stays one below 3 (n - 1) - 1; the "
        "steps of a loop are all alike, so it does that one too, and one more."
    ),
    source=SOURCE,
    measure=measure,
)
