"""The sparsity pattern of a graph: for each output element, the inputs that it may depend on.

One walk along the nodes. Every value carries its index sets (`index_sets`), and what an op does to
them follows from the one fact of how it differentiates: an elementwise op unites the sets of its
operands, a reduction those along its axes, a linear op moves them as it moves elements (`linear`),
a product unites over what it sums, control flow is walked as it runs (`regions`). A rule of an op's
own, as of a linear solver, mixes all of a system.

The pattern holds for all inputs, not at one point: an operand counts if its partial derivative can
be anything but zero, both branches count, and an index that depends on an input may be any. What
depends on literals alone (tables of indices, a loop's counter, a matrix of differences) is known
while the sets are propagated, and read. So the pattern may have too many entries, never too few.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...graph import (
    Bilinear,
    Elementwise,
    Graph,
    Linear,
    Lit,
    Node,
    Reduction,
    Var,
    pointwise,
    results_of,
)
from ...modes.activity import operands
from ...ops.custom import callback
from . import index_sets as sets
from . import regions
from .index_sets import Sets, TooDense
from .linear import through_linear, through_product, through_stack


def pattern(graph: Graph, active: Sequence[bool]) -> Sets:
    """The pattern of all outputs, one after another, by the elements of the active parameters, one
    after another. Outputs that are not floating-point numbers depend on nothing.

    Raises `TooDense` where it would have more entries than can be worth it.
    """
    from scipy.sparse import vstack

    sizes = [p.type.size if on else 0 for p, on in zip(graph.params, active, strict=True)]
    width = sum(sizes)
    firsts = np.cumsum([0, *sizes])
    given = [
        sets.own(int(first), size, width) if on else None
        for first, size, on in zip(firsts, sizes, active, strict=False)
    ]
    found, _ = walk(graph, given, [None] * len(given))
    rows = [
        sets.nothing(atom.type.size, width) if a is None else a
        for a, atom in zip(found, graph.outputs, strict=True)
    ]
    return vstack([sets.nothing(0, width), *rows], format="csr", dtype=np.bool_)


def walk(
    graph: Graph, given: Sequence[Sets | None], values: Sequence[Any]
) -> tuple[list[Sets | None], list[Any]]:
    """The sets of the outputs from those of the parameters, None where there are none; and the
    values of the outputs from those of the parameters, None where they are not known."""
    reached: dict[Var, Sets] = {
        p: a for p, a in zip(graph.params, given, strict=True) if a is not None
    }
    known: dict[Var, Any] = {
        p: v for p, v in zip(graph.params, values, strict=True) if v is not None
    }

    def value(atom: Any) -> Any:
        return atom.value if isinstance(atom, Lit) else known.get(atom)

    last = {arg: k for k, node in enumerate(graph.nodes) for arg in node.args}
    kept = set(graph.outputs)
    for k, node in enumerate(graph.nodes):
        mine = [reached.get(arg) if isinstance(arg, Var) else None for arg in node.args]
        theirs = [value(arg) for arg in node.args]
        found = outcome(node, mine, theirs)
        for out, a, v in zip(node.outs, *found, strict=True):
            if a is not None and out.type.differentiable:
                reached[out] = a
            if v is not None:
                known[out] = v
        for arg in node.args:  # what nobody reads any more is a matter of memory
            if isinstance(arg, Var) and last[arg] == k and arg not in kept:
                reached.pop(arg, None)
                known.pop(arg, None)
    outs = [reached.get(atom) if isinstance(atom, Var) else None for atom in graph.outputs]
    return outs, [value(atom) for atom in graph.outputs]


def outcome(
    node: Node, given: list[Sets | None], values: list[Any]
) -> tuple[Sequence[Sets | None], Sequence[Any]]:
    """The sets and the values of the results of a node."""
    none = [None] * len(node.outs)
    if all(v is not None for v in values):
        return none, evaluated(node, values)
    if all(a is None for a in given) and not node.op.regional:
        return none, none
    try:
        if node.op.regional:
            return regions.through(node, given, values, walk)
        return [through(node, given, values)], none
    except IndexError:  # in a branch that no run takes, or in all runs, which will say so
        whole = [
            sets.everything(given, out.type.size) if out.type.differentiable else None
            for out in node.outs
        ]
        return whole, none


def evaluated(node: Node, values: list[Any]) -> list[Any]:
    """The values of a node whose operands are all known; unknown where it fails, as it may in a
    branch that no run takes."""
    if node.op is callback:
        return [None] * len(node.outs)
    try:
        with np.errstate(all="ignore"):
            return results_of(node, values)
    except (ValueError, IndexError, TypeError, ArithmeticError, RuntimeError):
        return [None] * len(node.outs)


def through(node: Node, given: list[Sets | None], values: list[Any]) -> Sets | None:
    """The sets of the result of a node, by the fact of its op."""
    fact, shape = node.op.fact, node.out.type.shape
    places = operands(node.op, len(node.args))
    if not node.out.type.differentiable or all(given[k] is None for k in places):
        return None
    fixed = [v for k, v in enumerate(values) if k not in places]
    cuts = isinstance(fact, Linear) and fixed and all(v is not None for v in fixed)  # a known mask
    if isinstance(fact, Elementwise) or (node.op.lead is pointwise and not cuts):
        return sets.union(
            *[
                sets.stretch(a, node.args[k].type.shape, shape)
                for k in places
                if (a := given[k]) is not None
            ]
        )
    if isinstance(fact, Linear):
        return through_linear(node, places, given, values)
    if isinstance(fact, Bilinear):
        return through_product(node, given, values)
    if isinstance(fact, Reduction):
        a = given[0]
        assert a is not None
        return sets.along(a, node.args[0].type.shape, node.attrs["axes"])
    return through_stack(node, [given[k] for k in places], places)


__all__ = ["TooDense", "pattern", "walk"]
