"""`dk.jacobian` by passes in the directions of a colouring, or by whatever costs least.

The result is an array as from every other method; sparse is the way to it. A choice is made by
counts, not by clocks, so that it is the same on every machine: the passes that a method takes times
the counted cost of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .calls import By, Call
from .compressed import Compressed, Passes, found_pattern, jacobian_plan
from .errors import UnsupportedError, explain
from .jacobians import jacobian_blocks
from .linearized import linearize, unpack_aux
from .modes.method import Auto, Forward, Method, Reverse, Sparse
from .signatures import Inputs, Record, Signatures
from .tracing import as_input, trees
from .tracing.location import at_line
from .transforms.sparsity.index_sets import TooDense
from .transforms.sparsity.plan import Plan

Function = Callable[..., Any]

FEW = 4
"""Passes that no colouring is worth looking for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a Jacobian is computed: the method, the counted cost of each alternative, the reason."""

    method: str
    """"sparse", "forward" or "reverse"."""
    costs: Mapping[str, int]
    why: str
    plan: Plan | None = field(default=None, repr=False)
    """The plan of "sparse"."""

    def __str__(self) -> str:
        lines = [f"method   {self.method}"]
        lines += [f"cost     {name}: {cost:.3g}" for name, cost in self.costs.items()]
        return "\n".join([*lines, f"why      {self.why}"])


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice, and what computes it: compressed passes, or a method for one direction."""

    choice: Choice
    by: Compressed | Method


def jacobian_by_pattern(
    f: Function, by: By, has_aux: bool, method: Sparse | Auto
) -> tuple[Function, Function]:
    """The function that `dk.jacobian` returns, and its `plan`."""
    chooser = chosen if isinstance(method, Auto) else sparse
    kept = Signatures(f, by, "jacobian", chooser, has_aux)

    def jacobian(*args: Any, **kwargs: Any) -> Any:
        inputs, record, found = kept.find(args, kwargs)
        if isinstance(found.by, Compressed):
            result, aux = whole(inputs, record, found.by)
        else:
            call = Call.of(f, args, kwargs, by, "jacobian", has_aux)
            lin = linearize(call, found.by)
            rows = [lin.inputs_tree(row) for row in jacobian_blocks(lin)]
            result, aux = trees.unflatten(lin.out_tree, rows), lin.aux
        return (result, aux) if has_aux else result

    def plan(*args: Any, **kwargs: Any) -> Plan | Choice:
        found = kept.find(args, kwargs)[2]
        if isinstance(method, Sparse):
            assert found.choice.plan is not None
            return found.choice.plan
        return found.choice

    return jacobian, plan


def whole(inputs: Inputs, record: Record, found: Compressed) -> tuple[Any, Any]:
    """The blocks of the matrix in the trees of outputs and inputs, and the auxiliary result."""
    matrix = found.dense(inputs.values)
    call, shapes = inputs.call, [t.shape for t in found.passes.inputs]
    rows: list[Any] = []
    top = 0
    for t in found.passes.outputs:
        left = 0
        blocks: list[Any] = []
        for shape, like in zip(shapes, found.passes.inputs, strict=True):
            block = matrix[top : top + t.size, left : left + like.size]
            blocks.append(as_input(block.reshape(t.shape + shape)))
            left += like.size
        tree = trees.unflatten(call.tree, blocks)
        rows.append(call.put_together(tree))
        top += t.size
    aux = None
    if call.has_aux:
        graph = record.program.graph
        traced = found.run(graph, inputs.values)[len(graph.outputs) - record.n_aux :]
        aux = unpack_aux(record.program, traced)
    return trees.unflatten(record.program.out_tree, rows), aux


def sparse(record: Record) -> Chosen:
    """By compressed passes, as asked for."""
    passes = Passes(record.graph, record.count)
    try:
        plan = jacobian_plan(passes, found_pattern(passes), "auto")
    except TooDense as dense:
        remedy = 'Use method="auto", "forward" or "reverse"'
        asked = f"jacobian{at_line()}"
        raise UnsupportedError(explain(asked, str(dense), "a sparse one", remedy)) from None
    costs = {"sparse": plan.costs[plan.mode]}
    choice = Choice("sparse", costs, plan.why, plan)
    return Chosen(choice, Compressed(passes, plan, "interpreter"))


def chosen(record: Record) -> Chosen:
    """By what costs least. The pattern is looked for where it could save passes; what that takes is
    not counted, since it is done once."""
    passes = Passes(record.graph, record.count)
    (m, n), each = passes.shape, passes.cost
    every = {"forward": (each.forward, n), "reverse": (each.reverse, m)}
    costs = {name: cost * size for name, (cost, size) in every.items() if cost is not None}
    best = min(costs, key=costs.__getitem__)
    by = {"forward": Forward(), "reverse": Reverse()}[best]
    number = {"forward": n, "reverse": m}[best]
    why = f"{number} {best} {'pass costs' if number == 1 else 'passes cost'} {costs[best]:.3g}"
    if number <= FEW:
        return Chosen(Choice(best, costs, f"{why}, and no pattern could save many"), by)
    try:
        plan = jacobian_plan(passes, found_pattern(passes), "auto")
    except TooDense as dense:
        return Chosen(Choice(best, costs, f"{why}, and {dense} is as good as dense"), by)
    costs = {"sparse": plan.costs[plan.mode], **costs}
    if costs["sparse"] >= costs[best]:
        return Chosen(Choice(best, costs, f"{why}, and the pattern saves none of them"), by)
    why = f"{plan.described} can show all {plan.pattern.nnz} entries of {m} × {n}"
    choice = Choice("sparse", costs, why, plan)
    return Chosen(choice, Compressed(passes, plan, "interpreter"))
