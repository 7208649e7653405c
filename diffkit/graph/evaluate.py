"""What a graph means: its nodes evaluated one after another in NumPy.

Every backend is tested against `evaluate`. The same walk gives a graph other meanings: `table`
replaces the NumPy function of some ops by name (complex numbers, multiple precision, sympy
expressions), and `constant` converts the literals to match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..errors import DiffkitError, EvaluationError, IndexingError, Undefined, explain
from .atoms import Atom, Var
from .graph import Graph, Node


def evaluate(
    graph: Graph,
    args: Sequence[Any],
    table: Mapping[str, Callable[..., Any]] | None = None,
    constant: Callable[[Any], Any] | None = None,
    visit: Callable[[Node, Any], Any] | None = None,
    before: Callable[[Node, Sequence[Any]], None] | None = None,
) -> list[Any]:
    """The results of `graph` for these arguments, in order.

    `visit(node, value)` sees each value as it is made, and what it returns takes its place; it does
    not see into regions. `before(node, operands)` is told of each node that is about to be run,
    also in regions.

    Of control flow the table has functions `run(bodies, args, node)`, like `Region.run`.

    Floating-point warnings are not raised: infinities and nans flow as in compiled code.
    """
    table = table or {}
    env: dict[Var, Any] = dict(zip(graph.params, args, strict=True))

    def read(atom: Atom) -> Any:
        if isinstance(atom, Var):
            return env[atom]
        return atom.value if constant is None else constant(atom.value)

    def body(region: Graph) -> Callable[[Sequence[Any]], list[Any]]:
        return lambda inputs: evaluate(region, inputs, table, constant, before=before)

    with np.errstate(all="ignore"):
        for node in graph.nodes:
            values = [read(arg) for arg in node.args]
            if before is not None:
                before(node, values)
            try:
                if node.op.regional:
                    bodies = [body(region) for region in node.regions]
                    run = table.get(node.op.name, node.region.run)
                    results = run(bodies, values, node)
                    env.update(zip(node.outs, results, strict=True))
                    continue
                function = table.get(node.op.name, node.op.numpy)
                value = function(*values, **node.attrs)
            except (ValueError, IndexError, TypeError, ArithmeticError) as error:
                raise located(error, node) from error
            env[node.out] = value if visit is None else visit(node, value)
    return [read(atom) for atom in graph.outputs]


def results_of(node: Node, args: Sequence[Any]) -> list[Any]:
    """The results of one node."""
    if node.op.regional:
        bodies = [partial(evaluate, region) for region in node.regions]
        return node.region.run(bodies, args, node)
    try:
        return [node.op.numpy(*args, **node.attrs)]
    except Undefined as error:
        raise located(error, node) from error


def located(error: Exception, node: Node) -> Exception:
    """The error of a failed node, with the user's line."""
    if isinstance(error, DiffkitError):
        return error  # from inside a region, where it got its line
    where = f" at {node.loc}" if node.loc else ""
    if isinstance(error, Undefined):
        asked = f"{error.asked}{where}"
        return EvaluationError(explain(asked, error.got, error.expected, error.remedy))
    kind = IndexingError if isinstance(error, IndexError) else EvaluationError
    want = "operands that NumPy accepts"
    return kind(explain(f"{node.op.name}{where}", str(error), want, "Check the values given there"))
