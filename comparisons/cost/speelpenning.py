"""Speelpenning's product: what a gradient needs to cost.

The product of n numbers takes n - 1 multiplications. Its n partial derivatives, each written out,
take n (n - 2); by reverse mode value and gradient together take 3 (n - 1) - 1, because the products
of what stands before and behind each factor are shared.

Source: B. Speelpenning, Compiling fast partial derivatives of functions given by algorithms, PhD
thesis, University of Illinois, 1980; Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM
2008, section 3.
"""

import numpy as np

import diffkit as dk
from comparisons.demonstration import Demonstration, Figure, Shown, Table
from diffkit.graph import Graph

__all__ = ["DEMONSTRATION", "multiplications", "product"]


def product(x):
    """The product, one factor after another, as plain Python."""
    p = x[0]
    for factor in x[1:]:
        p = p * factor
    return p


def multiplications(graph: Graph) -> int:
    """How many scalar multiplications a graph without loops has."""
    return sum(node.out.type.size for node in graph.nodes if node.op.name == "mul")


def measure(quick: bool) -> Shown:
    """Count at several n."""
    figures, rows = [], []
    for n in (10, 50) if quick else (10, 50, 100):
        x = np.ones(n)
        primal, both = (dk.trace(f)(x) for f in (product, dk.value_and_grad(product)))
        counted, gradient = multiplications(primal), multiplications(both)
        bound = 3 * (n - 1) - 1
        figures.append(
            Figure(
                f"multiplications of value and gradient, n = {n}",
                gradient,
                f"at most 3(n-1)-1 = {bound}",
                "holds" if gradient <= bound else "fails",
                "Griewank & Walther 2008",
            )
        )
        rows.append((n, counted, n * (n - 2), bound, gradient))
    head = ("n", "primal", "each partial written out", "reverse, published", "reverse, counted")
    return Shown(tuple(figures), (Table("Multiplications", head, tuple(rows)),))


DEMONSTRATION = Demonstration(
    name="speelpenning",
    title="Speelpenning's product: the gradient shares what the partial derivatives repeat",
    text=(
        "Multiplications counted on the graphs of the product of n numbers, of its partial "
        "derivatives written out one by one, and of value and gradient by reverse mode."
    ),
    source="Speelpenning 1980; Griewank & Walther 2008, section 3",
    measure=measure,
)
