"""The graph optimiser: a fixed short pipeline of passes, each `pass(graph) -> Graph`.

    powers       x³, x⁴, x⁻² as products
    peel         loops of at most four steps and a small body are written out
    share        what the reverse of a loop would compute again, the loop keeps
    invariant    what does not change from step to step moves out of the loop
    products     einsum(x_t, W) of all rows at once, before the loop
    accumulate   Σ a_t b_tᵀ as one product of matrices, after the loop
    unify        equal regions are one object, so equal loops are one
    merge        neighbouring loops become one

Each pass works inside regions too, the innermost first (`merge` the outermost), and gives the graph
itself where it finds nothing to do. One pass makes work for another, so the pipeline is repeated
until nothing changes (then optimising again changes nothing), a few rounds at most. Dead code goes
whenever a builder finishes.

Results are equal bit for bit, nan, inf and -0 too, with two exceptions: `products`, `accumulate`
and `merge` change the order of additions, and the sign of a sum that is zero may follow; `powers`
is within 2 ulp of NumPy's. What can raise still raises, but maybe another of several errors is the
first.
"""

from __future__ import annotations

from collections.abc import Callable

from ...graph import Graph
from .accumulate import accumulate
from .invariant import invariant
from .merge import merge
from .peel import peel
from .powers import powers
from .products import products
from .share import share
from .unify import unify

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    powers, peel, share, invariant, products, accumulate, unify, merge,
)  # fmt: skip
ROUNDS = 8


def optimise(graph: Graph) -> Graph:
    """The graph after the pipeline; the same graph if there is nothing to improve."""
    regional = any(node.op.regional for node in graph.nodes)
    for _ in range(ROUNDS):
        before = graph
        for change in PASSES if regional else PASSES[:1]:  # the others are about loops
            graph = change(graph)
        if graph is before:
            break
    return graph
