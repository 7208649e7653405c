"""From a graph to a loop program: every node by its rule, in order.

This is the plain program, with storage for every value. `passes` makes it fast.
"""

from __future__ import annotations

from ..graph import Graph, Node, Var, paused_collector
from ..ops.custom import callback
from ..types import COMPILED, Type
from . import elements, indexing, products, reductions, regions
from .lowerer import Lowerer, Rule
from .program import Program
from .syntax import Assign, Buffer, Const, Expr, Local

RULES: dict[str, Rule] = {
    **elements.RULES, **reductions.RULES, **indexing.RULES, **products.RULES, **regions.RULES,
}  # fmt: skip
REAL = frozenset((*elements.ELEMENTWISE, *reductions.ORDERED)) - elements.COMPLEX
"""The ops with a compiled form for real numbers alone."""


def refusal(node: Node) -> str | None:
    """Why a node has no compiled form, apart from what is in its regions; None if it has one."""
    if node.op.name not in RULES:
        return "only Python can run it" if node.op is callback else "it has no compiled form"
    other = [t for t in (*node.args, *node.outs) if t.type.dtype not in COMPILED]
    if other:
        return f"it has no compiled form for {other[0].type.dtype}"
    if any(atom.type.complex for atom in (*node.args, *node.outs)) and node.op.name in REAL:
        return "it has no compiled form for complex numbers"
    return None


@paused_collector()
def lower(graph: Graph) -> Program:
    """The plain loop program of a graph. Raises `UnsupportedError` for an op without a rule."""
    low = Lowerer(RULES, elements.BOXED | reductions.BOXED)
    params = [parameter(p.type, p.hint) for p in graph.params]
    forms = [low.form(cell, p.type) for cell, p in zip(params, graph.params, strict=True)]
    results: list[Expr | Buffer] = []
    for form, hint in zip(low.graph(graph, forms), output_hints(low, graph), strict=True):
        if form.shape == ():
            results.append(scalar_result(low, form.at(()), hint))
            continue
        out = Buffer(hint, form.type.dtype, form.shape, "output")
        low.fill(out, form.shape, form.at)
        results.append(out)
    body = (*low.checks, *low.block)
    consts = tuple(low.consts.values())
    return Program(graph.name, tuple(params), consts, body, tuple(results))


def parameter(type_: Type, hint: str) -> Local | Buffer:
    """A scalar comes as a variable, an array as a buffer."""
    if type_.shape == ():
        return Local(hint, type_.dtype)
    return Buffer(hint, type_.dtype, type_.shape, "param")


def scalar_result(low: Lowerer, value: Expr, hint: str) -> Expr:
    """A number or a variable; no pass looks for elements of arrays among the results."""
    if isinstance(value, Const | Local):
        return value
    local = Local(hint, value.dtype)
    low.emit(Assign(local, value))
    return local


def output_hints(low: Lowerer, graph: Graph) -> list[str]:
    """The name of each result: that of its variable, but not the name of an argument."""
    return [
        low.names[atom] if isinstance(atom, Var) and atom not in graph.params else "out"
        for atom in graph.outputs
    ]
