"""Taylor mode: `taylor(graph, active, order)` is the graph of values and Taylor coefficients.

Along a curve x(t) through the arguments every value of a program is a power series in t; one walk
along the nodes carries its first coefficients, f⁽ᵏ⁾/k!, where forward mode carries one tangent. All
derivatives up to order k cost O(k²) evaluations (a product takes (k+1)(k+2)/2 multiplications, 66
for ten derivatives), where tangents of tangents cost 2ᵏ. See `taylor_rules` for the recurrences,
and Griewank & Walther, Evaluating Derivatives (2008), chapter 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Builder, Graph, Var, paused_collector
from ..ops import Expr
from ..tracing import Run
from . import taylor_regions as regions
from .activity import active_variables
from .linear_map import At, LinearMap
from .taylor_rules import recurrence
from .taylor_series import Expansion, Series


@paused_collector()
def taylor(
    graph: Graph,
    active: Sequence[bool],
    order: int,
    given: Sequence[int] | None = None,
    wanted: Sequence[bool] | None = None,
) -> Graph:
    """The graph (params, coefficients 1, 2, … of each active param) -> (outputs, coefficients 1 to
    `order` of each wanted output).

    `given` says how many coefficients each active param has, those after being zero; by default
    `order`. By default all floating-point outputs are wanted. Coefficients have the types of their
    values.
    """
    b = Builder.like(graph, f"{graph.name}_taylor")
    e = Expansion(b, recurrence)
    flows = active_variables(graph, active)
    counts = iter([order] * sum(active) if given is None else given)
    env: dict[Var, Series] = {}
    for param, on in zip(graph.params, active, strict=True):
        count = next(counts) if on else 0
        names = [f"{param.hint}_{k}" if param.hint else "" for k in range(1, count + 1)]
        known = [param, *(b.param(param.type, name).atom for name in names)]
        env[param] = Series(param.type, count > 0, [Expr(b, atom) for atom in known])
    for node in graph.nodes:
        b.loc = node.loc
        xs = e.read_all(env, node.args)
        atoms = [x.value.atom for x in xs]
        moving = any(out in flows for out in node.outs) and any(x.moving for x in xs)
        if node.op.regional:
            if moving:
                env.update(regions.push(e, node, xs, order, taylor))
                continue
            outs = b.emit_region(node.op, atoms, node.attrs, node.regions)
            env.update((old, e.constant(new)) for old, new in zip(node.outs, outs, strict=True))
        elif moving:
            series = env[node.out] = e.apply(node.op, xs, node.attrs)
            for k in range(order + 1):
                _ = series[k]  # here, so that none waits for a chain of others
        else:
            env[node.out] = e.constant(b.emit(node.op, atoms, node.attrs))
    b.loc = None
    results = e.read_all(env, graph.outputs)
    on = [t.differentiable for t in graph.types] if wanted is None else wanted
    coefficients = [
        (e.zeros(s.type) if (part := s[k]) is None else part).atom
        for s, yes in zip(results, on, strict=True)
        if yes
        for k in range(1, order + 1)
    ]
    e.close()
    return b.finish([*(s.value.atom for s in results), *coefficients])


def linearize(graph: Graph, count: int) -> At:
    """The derivative with respect to the first `count` inputs, to be pushed: the order 1."""
    moved = taylor(graph, [k < count for k in range(len(graph.params))], 1)
    n = len(graph.outputs)

    def at(inputs: Sequence[Any], run: Run) -> LinearMap:
        def push(dxs: list[Any]) -> tuple[list[Any], list[Any]]:
            out = run(moved, [*inputs, *dxs])
            return out[:n], out[n:]

        return LinearMap(graph.types, lambda: run(graph, inputs), push)

    return at
