"""Reverse mode: `vjp(graph)` is the joint graph of values and cotangents, x̄ = Jᵀ ȳ.

The primal nodes, then one walk backwards, in one graph, so that value and gradient share every
common subexpression and compile to one program. A node with cotangent c adds to each operand its
partial derivative times c (elementwise), the transpose applied to c (linear, bilinear), or the
weights times c (reductions). Reads of a part of an array add into one accumulator instead of
summing padded arrays. Cheap gradient principle: Baur & Strassen (1983), at most 5 evaluations of
the function whatever the number of parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph import (
    Bilinear,
    Builder,
    Elementwise,
    Graph,
    Linear,
    Node,
    Reduction,
    Var,
    paused_collector,
)
from ..ops import Expr
from ..ops.arithmetic import add, scale
from ..ops.reduce import spread
from ..ops.shape import unbroadcast, zeros
from ..tracing import Run
from .activity import active_variables, operands, partial_value, product
from .linear_map import LinearMap


class Cotangents:
    """The cotangent of each variable so far, absent while it is zero; and which of them are masked,
    that is, zero on branches that were not taken."""

    def __init__(self) -> None:
        self.of: dict[Var, Expr] = {}
        self.masked: set[Var] = set()

    def add(self, var: Var, term: Expr, masked: bool) -> None:
        """Add a term to the cotangent of a variable."""
        term = unbroadcast(term, var.type.shape)
        sofar = self.of.get(var)
        self.of[var] = term if sofar is None else add(sofar, term)
        if masked:
            self.masked.add(var)


@paused_collector()
def vjp(graph: Graph, active: Sequence[bool]) -> Graph:
    """The joint graph (params, cotangents of outputs) -> (outputs, cotangents of active params).

    Only floating-point outputs have a cotangent parameter; it has the output's type.
    """
    b = Builder.extending(graph, f"{graph.name}_vjp")
    flows = active_variables(graph, active)
    cts = Cotangents()
    count = sum(t.differentiable for t in graph.types)
    for k, atom in enumerate(a for a in graph.outputs if a.type.differentiable):
        seed = b.param(atom.type, "ct" if count == 1 else f"ct{k}")
        if isinstance(atom, Var) and atom in flows:
            cts.add(atom, Expr(b, seed.atom), masked=False)
    for node in reversed(graph.nodes):
        ct = cts.of.get(node.out)
        if ct is None or node.out not in flows:
            continue
        b.loc = node.loc
        pull(node, [Expr(b, arg) for arg in node.args], Expr(b, node.out), ct, cts, flows)
        del cts.of[node.out]
    b.loc = None
    wanted = [p for p, on in zip(graph.params, active, strict=True) if on]
    pulled = [cts.of[p] if p in cts.of else zeros(b, p.type) for p in wanted]
    return b.finish([*graph.outputs, *[ct.atom for ct in pulled]])


def pull(node: Node, xs: list[Expr], ans: Expr, ct: Expr, cts: Cotangents, flows: set[Var]) -> None:
    """Add the cotangents of a node's operands."""
    fact = node.op.fact
    masked = node.out in cts.masked
    for k in operands(node.op, len(xs)):
        arg = node.args[k]
        if not isinstance(arg, Var) or arg not in flows:
            continue
        if isinstance(fact, Elementwise):
            partial = partial_value(fact.partials[k], node, xs, ans)
            cts.add(arg, product(partial, ct, fact.singular or masked), masked or fact.selects)
        elif isinstance(fact, Linear):
            if k == 0 and fact.push is not None and arg in cts.of:
                cts.of[arg] = fact.push(cts.of[arg], ct, *xs, **node.attrs)
                if masked or fact.masks:
                    cts.masked.add(arg)
            else:
                term = fact.transpose(k, ct, *xs, **node.attrs)
                cts.add(arg, term, masked or fact.masks)
        elif node.op is scale and k == 0:
            # zero where the tangent was, and that zero has to survive an infinity further up
            t = xs[1]
            cts.add(arg, scale(t, ct) if masked else scale(ct, t), True)
        elif isinstance(fact, Bilinear):
            cts.add(arg, fact.transpose(k, ct, *xs, **node.attrs), masked)
        else:
            assert isinstance(fact, Reduction), f"no reverse rule for {node.op}"
            axes = node.attrs["axes"]
            weights = fact.weights(xs[0], ans, axes)
            cts.add(arg, product(weights, spread(ct, xs[0], axes), masked), True)


def linearize(graph: Graph, inputs: Sequence[Any], count: int, run: Run) -> LinearMap:
    """The derivative with respect to the first `count` inputs, to be pulled; and to be pushed, as
    the pull is linear in the cotangent and its own pull is J again."""
    active = [k < count for k in range(len(graph.params))]
    joint = vjp(graph, active)
    n = len(graph.outputs)
    floats = [t for t in graph.types if t.differentiable]

    def pull(cts: list[Any]) -> tuple[list[Any], list[Any]]:
        out = run(joint, [*inputs, *cts])
        return out[:n], out[n:]

    def push(dxs: list[Any]) -> tuple[list[Any], list[Any]]:
        pulled = Graph(joint.name, joint.params, joint.nodes, joint.outputs[n:])
        by_ct = [False] * len(graph.params) + [True] * len(floats)
        twice = vjp(pulled, by_ct)
        zero_cts = [np.zeros(t.shape, t.dtype.numpy) for t in floats]
        pushed = run(twice, [*inputs, *zero_cts, *dxs])[len(pulled.outputs) :]
        return run(graph, inputs), pushed

    return LinearMap(graph.types, lambda: run(graph, inputs), push, pull)
