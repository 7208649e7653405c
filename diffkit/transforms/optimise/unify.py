"""Equal regions as one object, so that equal loops are found to be equal.

A builder keeps one of two nodes that do the same on the same operands. Of a loop it can tell that
by its region only if both have the very same one; but regions that were recorded, differentiated or
pruned one by one are copies of each other. Here two regions are equal if they differ in nothing but
the names of their variables, and the first stands for all. What remains are the operands: a loop
that the reverse mode executes again on what it had the first time is gone.

A loop that calls back into Python keeps its own region: it is called as often as it was written.
(Numbering values to find equal ones: Cocke & Schwartz, Programming Languages and Their Compilers,
1970.)
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ...graph import Atom, Builder, Graph, Lit, Node, Var
from ...graph.builder import key_of
from .rewrite import calls_python, rewrite


def unify(graph: Graph) -> Graph:
    """The graph in which equal regions are one, and of equal loops one is left."""
    first: dict[Hashable, Graph] = {}
    known: dict[Graph, Graph] = {}

    def visit(b: Builder, node: Node, atoms: list[Atom]) -> Sequence[Atom] | None:
        if not node.regions or calls_python(node):
            return None
        for region in node.regions:
            if region not in known:
                known[region] = first.setdefault(structure(region), region)
        regions = tuple([known[region] for region in node.regions])
        if all(new is old for new, old in zip(regions, node.regions, strict=True)):
            return None
        return b.emit_region(node.op, atoms, node.attrs, regions)

    return rewrite(graph, visit)


def structure(region: Graph) -> Hashable:
    """What a region does, whatever its variables are called. Regions inside it are unified."""
    numbers: dict[Var, int] = {p: k for k, p in enumerate(region.params)}

    def numbered(atom: Atom) -> Hashable:
        return ("literal", atom.key) if isinstance(atom, Lit) else numbers[atom]

    lines: list[Hashable] = [tuple([p.type for p in region.params])]
    for node in region.nodes:
        does = key_of(node.op, (), node.attrs, node.regions)
        lines.append((does, tuple(map(numbered, node.args)), tuple([v.type for v in node.outs])))
        for out in node.outs:
            numbers[out] = len(numbers)
    return (*lines, tuple(map(numbered, region.outputs)))
