"""Which graphs the complex step and the symbolic mode take.

The complex step has the imaginary axis for itself, and formulas are simplified as those of real
symbols: both would give wrong numbers where a function computes with complex ones. Nor does a
formula know the rule that a user has given for its derivative.
"""

from __future__ import annotations

from ..errors import UnsupportedError, explain
from ..graph import Graph, all_nodes
from ..ops.custom import custom


def require_real(graph: Graph, asked: str) -> None:
    """An error that names the first complex value of a graph and its line, if there is one."""
    found = [(p.type, f"the argument {p.hint}".rstrip()) for p in graph.params]
    for node in all_nodes(graph):
        where = f" at {node.loc}" if node.loc else ""
        found += [(out.type, f"{node.op.name}{where}") for out in node.outs]
    for type_, name in found:
        if type_.complex:
            want = "a function that computes with real numbers throughout"
            remedy = "Use method='forward', 'reverse' or 'finite', which take complex numbers"
            raise UnsupportedError(explain(asked, f"{name} is {type_}", want, remedy))


def require_no_rules(graph: Graph, asked: str) -> None:
    """An error that names the first custom function of a graph and its line, if there is one."""
    for node in all_nodes(graph):
        if node.op is custom:
            where = f" at {node.loc}" if node.loc else ""
            got = f"a custom function{where}, which has its own rule"
            want = "a function whose derivative is that of its formula"
            remedy = "Use method='forward' or 'reverse', which ask the rule"
            raise UnsupportedError(explain(asked, got, want, remedy))
