"""The rules of the language, re-run over a finished graph.

Each variable is assigned once and before its use, no variable comes from elsewhere, and the type of
each node is what its op's type rule gives. Tests verify after every transform.
"""

from __future__ import annotations

from ..errors import DiffkitError, GraphError, explain
from .atoms import Atom, Lit, Var
from .graph import Graph, line, name_all, show


def verify(graph: Graph) -> Graph:
    """Return the graph if it keeps the rules, else raise `GraphError` naming the node."""
    defined: set[Var] = set()
    names = name_all(graph)

    def fail(where: str, got: str, want: str) -> GraphError:
        remedy = "This is a fault of the transform that built the graph; please report it"
        return GraphError(explain(f"verify {graph.name}, {where}", got, want, remedy))

    def check(atom: Atom, where: str) -> None:
        if isinstance(atom, Lit):
            if atom.value.shape != atom.type.shape or atom.value.dtype != atom.type.dtype.numpy:
                raise fail(where, f"a literal is not of its type {atom.type}", "its own type")
        elif atom not in defined:
            raise fail(where, f"{show(atom, names)} is used", "a variable defined before")

    for param in graph.params:
        if param in defined:
            raise fail("parameters", f"{names[param]} stands twice", "distinct parameters")
        defined.add(param)
    for node in graph.nodes:
        where = f"node `{line(node, names)}`"
        for arg in node.args:
            check(arg, where)
        try:
            type_ = node.op.infer(*[arg.type for arg in node.args], **node.attrs)
        except DiffkitError as error:
            raise fail(where, str(error), "operands that its type rule accepts") from error
        if type_ != node.out.type:
            raise fail(where, f"type {node.out.type}", f"type {type_}")
        if node.out in defined:
            raise fail(where, f"{names[node.out]} is assigned again", "single assignment")
        defined.add(node.out)
    for atom in graph.outputs:
        check(atom, "results")
    return graph
