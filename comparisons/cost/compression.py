"""Compressed Jacobians: columns that meet in no row share a pass.

If no row has entries in both of two columns, one forward pass along the sum of their unit vectors
shows both. The columns of a matrix of bandwidth b, b beside the diagonal on either side, fall into
2b + 1 such groups for any n. An arrowhead, dense first row and column, defeats columns and rows
each, and takes three passes if both are used. A symmetric Hessian needs less still (star
colouring).

Source: Curtis, Powell & Reid, On the estimation of sparse Jacobian matrices, IMA J. Appl. Math. 13
(1974); Gebremedhin, Manne & Pothen, What color is your Jacobian?, SIAM Review 47 (2005).
"""

from typing import Any

import numpy as np

import diffkit as dk
from comparisons.demonstration import Curve, Demonstration, Figure, Plot, Shown, Table, equal
from comparisons.measure import sample

__all__ = ["DEMONSTRATION", "arrowhead", "banded", "chain", "rosenbrock"]

CPR = "Curtis, Powell & Reid 1974"
COLOURS = "Gebremedhin, Manne & Pothen 2005"


def banded(b: int):
    """A function whose i-th result depends on the inputs from i - b to i + b."""

    def f(x):
        n, padded = len(x), np.pad(x, b)
        return sum((k + 1) * np.sin(padded[k : k + n]) for k in range(2 * b + 1))

    return f


def arrowhead(x):
    """Dense first row, dense first column, and the diagonal."""
    return np.concatenate([np.sum(x**2)[None], x[1:] ** 2 + x[0] * x[1:]])


def rosenbrock(x):
    """The chained valley, whose Hessian is tridiagonal."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def chain(x):
    """Springs between neighbours: a tridiagonal Hessian, too."""
    return np.sum((x[1:] - x[:-1]) ** 4)


def passes(f: Any, n: int, method: str = "auto") -> int:
    """The passes for a Jacobian at n."""
    return dk.sparse_jacobian(f, method=method).plan(np.ones(n)).passes


def measure(quick: bool) -> Shown:
    """Count passes, then time a compressed Jacobian against one pass a column."""
    n = 1000
    hessian = dk.sparse_hessian(rosenbrock).plan(np.ones(50))
    columns, rows, both = (
        passes(arrowhead, 50, method) for method in ("forward", "reverse", "bidirectional")
    )
    bands = {b: passes(banded(b), n) for b in (1, 2, 5, 10)}
    figures = [
        *(equal(f"passes, bandwidth {b}, n = {n}", k, 2 * b + 1, CPR) for b, k in bands.items()),
        equal("passes, arrowhead, n = 50, by columns", columns, 50),
        equal("passes, arrowhead, n = 50, by rows", rows, 50),
        equal("passes, arrowhead, n = 50, by both", both, 3, COLOURS),
        equal("passes, tridiagonal Hessian, star colouring",
              dk.sparse_hessian(chain).plan(np.ones(n)).passes, 3, COLOURS),
        equal("entries of Rosenbrock's Hessian, n = 50, of 2500", hessian.pattern.nnz, 148,
              "50 + 2 · 49; CasADi finds as many"),
    ]  # fmt: skip
    sizes = (10, 30, 100) if quick else (10, 30, 100, 300, 1000)
    times = [timed(size, 0.02 if quick else 0.2) for size in sizes]
    figures.append(agreement())
    x = tuple(map(float, sizes))
    names = ("one pass a column", "compressed")
    curves = tuple(
        Curve(name, x, tuple(row[k + 1] for row in times)) for k, name in enumerate(names)
    )
    table = Table("A tridiagonal Jacobian in seconds", ("n", *names), tuple(times))
    return Shown(tuple(figures), (table,), (Plot(table.title, "n", "seconds", curves),))


def timed(n: int, seconds: float) -> tuple[int, float, float]:
    """`(n, dense, compressed)` of a tridiagonal Jacobian, warm."""
    f, x = banded(1), np.linspace(-1.0, 1.0, n)
    ways = (dk.jit(dk.jacobian(f, method="forward"), backend="interpreter"), dk.sparse_jacobian(f))
    for way in ways:
        way(x)  # pattern, colouring and graphs are made once
    dense, compressed = (sample(lambda way=way: way(x), seconds).median for way in ways)
    return n, dense, compressed


def agreement() -> Figure:
    """The compressed Jacobian is the Jacobian, entry by entry."""
    f, x = banded(2), np.linspace(-1.0, 1.0, 30)
    difference = dk.sparse_jacobian(f)(x).toarray() - dk.jacobian(f, method="reverse")(x)
    return equal("entries that differ from reverse mode", np.count_nonzero(difference), 0)


DEMONSTRATION = Demonstration(
    name="compression",
    title="Sparse Jacobians: three passes where there are a thousand columns",
    text=(
        "The passes that a Jacobian or Hessian takes when its columns or rows are coloured so that "
        "those of one colour share a pass, and the time of a tridiagonal Jacobian with and "
        "without."
    ),
    source=f"{CPR}; {COLOURS}",
    measure=measure,
)
