"""Formulas: a graph as sympy expressions.

A graph becomes formulas by evaluating it on arrays of sympy symbols. As a tree, a formula repeats
what the graph shares; so on request a value that is used more than once gets a name, by which it is
mentioned. How large the formulas would be is told before they are made (`size`).

Loops are written out, so their length must be known; integers and booleans must be known, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ...errors import EvaluationError, UnsupportedError, explain
from ...graph import Graph, Node, Var, evaluate, node_flops
from ...transforms.unroll import unroll
from ...types import Type
from ..method import Symbolic
from ..real import require_real
from .functions import Formula, load_sympy
from .size import (
    Names,
    Size,
    inputs_of,
    require_few_nodes,
    require_shallow,
    require_small,
    require_small_graph,
    size_constants,
    size_table,
)
from .table import constants, sympy_table

Lets: TypeAlias = list[tuple[Formula, Formula]]


@dataclass(frozen=True, slots=True)
class Formulas:
    """A graph as formulas: one array of symbols for each parameter, of formulas for each output,
    and the named subformulas that these mention, in order."""

    symbols: tuple[Any, ...]
    outputs: tuple[Any, ...]
    lets: Lets


LIMIT = Symbolic().limit


def to_sympy(
    graph: Graph,
    shared: bool = False,
    limit: int = LIMIT,
    asked: str = "method='symbolic'",
    derivative: bool = True,
) -> Formulas:
    """The outputs of a graph as formulas in symbols named after its parameters; with `shared`, a
    value that is used more than once is named instead of repeated.

    Raises `UnsupportedError` for an op without a formula, for complex numbers, and if the formulas,
    and with `derivative` their derivatives, would have more than `limit` operations.
    """
    sympy = load_sympy()
    require_few_nodes(graph, limit, asked)
    require_real(graph, asked)
    graph = unroll(graph)
    require_small_graph(graph, limit, asked)
    cut = places_to_cut(graph) if shared else set[Var]()
    table = sympy_table(sympy)
    measure(graph, cut, [*table], limit, asked, derivative)
    taken: set[str] = set()
    symbols = tuple(
        symbol_array(sympy, p.hint or f"x{k}", p.type, taken) for k, p in enumerate(graph.params)
    )
    lets: Lets = []

    def name(node: Node, value: Any) -> Any:
        if node.out not in cut:
            return value
        named = np.empty(np.shape(value), object)
        for place in np.ndindex(*named.shape):
            formula = value[place] if place else value
            named[place] = formula
            if not formula.is_Atom:
                named[place] = sympy.Dummy(f"t{len(lets)}", real=True)
                lets.append((named[place], formula))
        return named[()]

    outputs = walked(graph, symbols, table, lambda v: constants(sympy, v), name, asked)
    arrays = [as_formulas(sympy, out) for out in outputs]
    return Formulas(symbols, tuple(arrays), lets)


def as_formulas(sympy: Any, out: Any) -> Any:
    """An output as an array of formulas: one that no parameter reaches may be a number yet."""
    array = np.asarray(out, object)
    found = np.empty(array.shape, object)
    for place in np.ndindex(*array.shape):
        found[place] = sympy.sympify(array[place])
    return found


def walked(
    graph: Graph,
    args: Sequence[Any],
    table: Mapping[str, Callable[..., Any]],
    constant: Callable[[Any], Any],
    visit: Callable[[Node, Any], Any],
    asked: str,
) -> list[Any]:
    """A graph evaluated in another meaning, or the error that names the op without one."""
    try:
        return evaluate(graph, list(args), table, constant, visit)
    except (EvaluationError, RecursionError) as error:
        want = "ops that have a formula in diffkit/modes/symbolic/table.py"
        remedy = "Use method='forward' or 'reverse'"
        failed = str(error).partition(": ")[0]
        deep = isinstance(error, RecursionError)
        got = "a formula too deep for sympy" if deep else f"no formula for {failed}"
        raise UnsupportedError(explain(asked, got, want, remedy)) from None


def measure(
    graph: Graph, cut: set[Var], ops: Sequence[str], limit: int, asked: str, derivative: bool
) -> None:
    """An error if the formulas would be too large or too deep."""
    names = Names()
    deepest = 0

    def name(node: Node, value: Any) -> Any:
        return names.add(node, value) if node.out in cut else value

    outputs = walked(graph, inputs_of(graph), size_table(ops), size_constants, name, asked)
    operations, slopes = names.operations, names.derivative
    for size in (x for out in outputs for x in np.ravel(np.asarray(out, object))):
        if isinstance(size, Size):
            operations, slopes = operations + size.operations, slopes + size.derivative
            deepest = max(deepest, size.depth)
    require_shallow(deepest, asked)
    require_small(operations, slopes if derivative else 0, graph, limit, asked)


DEEPEST = 12  # nodes between names; sympy recurses over formulas


def places_to_cut(graph: Graph) -> set[Var]:
    """The values to name: sums, and what is used by several nodes, spread out, or deep."""
    uses: dict[Var, int] = {}
    for node in graph.nodes:
        for arg in node.args:
            if isinstance(arg, Var):
                spread_out = node.out.type.size > arg.type.size
                uses[arg] = uses.get(arg, 0) + (2 if spread_out else 1)
    depth: dict[Var, int] = {}
    cut: set[Var] = set()
    for node in graph.nodes:
        depth[node.out] = 1 + max(
            (depth.get(a, 0) for a in node.args if isinstance(a, Var)), default=0
        )
        if node.op.view or not node.out.type.differentiable:
            continue
        adds_up = node_flops(node) > node.out.type.size
        if adds_up or uses.get(node.out, 0) > 1 or depth[node.out] >= DEEPEST:
            cut.add(node.out)
            depth[node.out] = 0
    return cut


def symbol_array(sympy: Any, name: str, type_: Type, taken: set[str]) -> Any:
    """x, or x_0, x_1, … in the shape of the type; sympy takes symbols of one name for one symbol,
    so a name of which any form is taken gets a tick."""
    places = list(np.ndindex(*type_.shape))
    while True:
        names = ["_".join([name, *map(str, place)]) for place in places]
        if taken.isdisjoint(names):
            break
        name += "'"
    taken.update(names)
    out = np.empty(type_.shape, object)
    for place, text in zip(places, names, strict=True):
        out[place] = sympy.Symbol(text, real=True)
    return out[()]
