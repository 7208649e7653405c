"""The rules of the language, re-run over a finished graph.

Each variable is assigned once and before its use, no variable comes from elsewhere, and the type of
each node is what its op's type rule gives. With `DIFFKIT_CHECK=1` in the environment, as in the
tests, every builder verifies what it finishes.
"""

from __future__ import annotations

from ..errors import DiffkitError, GraphError, explain
from ..types import Type
from .atoms import Atom, Lit, Var
from .graph import Graph, Node, line, name_all, show
from .op import Region


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
        for region in node.regions:
            verify(region)
        try:
            types = types_of(node)
        except DiffkitError as error:
            raise fail(node, str(error), "operands that its type rule accepts") from error
        if types != tuple(out.type for out in node.outs):
            got = ", ".join(str(out.type) for out in node.outs)
            raise fail(node, f"type {got}", f"type {', '.join(map(str, types))}")
        for out in node.outs:
            if out in defined:
                raise fail(node, "its variable is assigned again", "single assignment")
            defined.add(out)
    for atom in graph.outputs:
        check(atom, "results")
    return graph


def types_of(node: Node) -> tuple[Type, ...]:
    """What the type rule of a node's op gives for its operands."""
    types = [arg.type for arg in node.args]
    if isinstance(node.op.fact, Region):
        return node.op.fact.infer(types, node.attrs, node.regions)
    return (node.op.infer(*types, **node.attrs),)
