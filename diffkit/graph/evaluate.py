"""What a graph means: its nodes evaluated one after another in NumPy.

Every backend is tested against `evaluate`. The same walk gives a graph other meanings: `table`
replaces the NumPy function of some ops by name (complex numbers, multiple precision, sympy
expressions), and `constant` converts the literals to match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import EvaluationError, IndexingError, explain
from .atoms import Atom, Var
from .graph import Graph, Node


def evaluate(
    graph: Graph,
    args: Sequence[Any],
    table: Mapping[str, Callable[..., Any]] | None = None,
    constant: Callable[[Any], Any] | None = None,
    visit: Callable[[Node, Any], Any] | None = None,
) -> list[Any]:
    """The results of `graph` for these arguments, in order.

    `visit(node, value)` sees each value as it is made, and what it returns takes its place.

    Floating-point warnings are not raised: infinities and nans flow as in compiled code.
    """
    table = table or {}
    env: dict[Var, Any] = dict(zip(graph.params, args, strict=True))

    def read(atom: Atom) -> Any:
        if isinstance(atom, Var):
            return env[atom]
        return atom.value if constant is None else constant(atom.value)

    with np.errstate(all="ignore"):
        for node in graph.nodes:
            function = table.get(node.op.name, node.op.numpy)
            try:
                env[node.out] = function(*[read(arg) for arg in node.args], **node.attrs)
            except (ValueError, IndexError, TypeError, ArithmeticError) as error:
                raise located(error, node) from error
            if visit is not None:
                env[node.out] = visit(node, env[node.out])
    return [read(atom) for atom in graph.outputs]


def located(error: Exception, node: Node) -> Exception:
    """The error of a failed node, with the user's line."""
    where = f" at {node.loc}" if node.loc else ""
    kind = IndexingError if isinstance(error, IndexError) else EvaluationError
    want = "operands that NumPy accepts"
    return kind(explain(f"{node.op.name}{where}", str(error), want, "Check the values given there"))


def flops(graph: Graph) -> int:
    """Counted floating-point operations: one for each elementary function of one element, 2mnk for
    a product, n-1 (counted as n) for a sum; moving data costs none."""
    return sum(node_flops(node) for node in graph.nodes)


def node_flops(node: Node) -> int:
    """The count of one node."""
    return node.op.flops(node.out.type, *[arg.type for arg in node.args], **node.attrs)
