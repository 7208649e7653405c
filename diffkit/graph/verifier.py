"""The rules of the language, re-run over a finished graph.

Each variable is assigned once and before its use, no variable comes from elsewhere, and the type of
each node is what its op's type rule gives. With `DIFFKIT_CHECK=1` in the environment, as in the
tests, every builder verifies what it finishes.
"""

from __future__ import annotations

from ..errors import DiffkitError, GraphError, explain
from .atoms import Atom, Lit, Var
from .graph import Graph, Node, line, name_all, show


def verify(graph: Graph) -> Graph:
    """Return the graph if it keeps the rules, else raise `GraphError` naming the node."""
    defined: set[Var] = set()

    def fail(where: Node | str, got: str, want: str) -> GraphError:
        names = name_all(graph)
        place = where if isinstance(where, str) else f"node `{line(where, names)}`"
        remedy = "This is a fault of the transform that built the graph; please report it"
        return GraphError(explain(f"verify {graph.name}, {place}", got, want, remedy))

    def check(atom: Atom, where: Node | str) -> None:
        if isinstance(atom, Lit):
            if atom.value.shape != atom.type.shape or atom.value.dtype != atom.type.dtype.numpy:
                raise fail(where, f"a literal is not of its type {atom.type}", "its own type")
        elif atom not in defined:
            got = f"{show(atom, name_all(graph))} is used"
            raise fail(where, got, "a variable defined before")

    for param in graph.params:
        if param in defined:
            raise fail("parameters", f"{param.hint} stands twice", "distinct parameters")
        defined.add(param)
    for node in graph.nodes:
        for arg in node.args:
            check(arg, node)
        try:
            type_ = node.op.infer(*[arg.type for arg in node.args], **node.attrs)
        except DiffkitError as error:
            raise fail(node, str(error), "operands that its type rule accepts") from error
        if type_ != node.out.type:
            raise fail(node, f"type {node.out.type}", f"type {type_}")
        if node.out in defined:
            raise fail(node, "its variable is assigned again", "single assignment")
        defined.add(node.out)
    for atom in graph.outputs:
        check(atom, "results")
    return graph
