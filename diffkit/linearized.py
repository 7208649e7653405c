"""The derivative of a call at its arguments: a mode's linear map, with the structures of arguments
and results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .backends.interpreter import prepare
from .calls import Call, conform, record_call, require_float
from .errors import UnsupportedError, explain
from .graph import Graph
from .modes import closure, forward, numerical, reverse, symbolic, taylor
from .modes.linear_map import LinearMap
from .modes.method import ComplexStep, Finite, Forward, Method, Reverse, Taylor
from .tracing import Program, Run, apply, as_input, function_name, split_aux, trees
from .tracing.location import at_line
from .tracing.views import snapshot

Arrays = list[Any]


@dataclass(frozen=True, slots=True)
class Linearized:
    """The linear map of a call with the structures of its arguments and results."""

    map: LinearMap
    call: Call
    out_tree: trees.TreeDef
    aux: Any

    @property
    def is_float(self) -> list[bool]:
        """Which output leaves have a derivative."""
        return [t.differentiable for t in self.map.types]

    def describe(self) -> str:
        """The types of the outputs, for messages."""
        return ", ".join(map(str, self.map.types)) or "nothing"

    def inputs_tree(self, leaves: Arrays) -> Any:
        """Leaves in the structure of the varying arguments."""
        tree = trees.unflatten(self.call.tree, [as_input(x) for x in leaves])
        return tree[0] if self.call.single else tree

    def outputs_tree(self, leaves: Arrays) -> Any:
        return trees.unflatten(self.out_tree, [as_input(x) for x in leaves])

    def pushed(self, dxs: Arrays) -> tuple[Arrays, Arrays]:
        """Values and tangents of all outputs; the tangents of integer outputs are zero."""
        assert self.map.push is not None
        values, tangents = self.map.push(dxs)
        moving = iter(tangents)
        zero_or = [next(moving) if t.differentiable else np.zeros(t.shape) for t in self.map.types]
        return values, zero_or

    def cotangents(self, ct: Any) -> Arrays:
        """The leaves of a cotangent of the result, those of float outputs only."""
        leaves = trees.same_structure(f"vjp{at_line()}", "the cotangent", ct, self.out_tree)
        rows = zip(leaves, self.map.types, strict=True)
        return [conform(c, t, "the cotangent", "vjp") for c, t in rows if t.differentiable]


def runner() -> Run:
    """Runs graphs, preparing each once; a graph with a traced input is inlined."""
    prepared: dict[int, tuple[Graph, Callable[..., Arrays]]] = {}

    def execute(graph: Graph, inputs: Sequence[Any]) -> Arrays:
        if id(graph) not in prepared:
            prepared[id(graph)] = (graph, prepare(graph))
        return prepared[id(graph)][1](inputs)

    return lambda graph, inputs: apply(graph, inputs, execute)


def linearize(call: Call, method: Method, held: bool = False) -> Linearized:
    """Value and derivative of a call by a method. With `held`, reverse mode computes the value and
    what the derivative needs of it once, now."""
    require_float(call)
    if isinstance(method, Finite):
        return linearize_finite(call, method)
    program = record_call(call, eager=True)
    inputs = [*(as_input(x) for x in call.leaves), *program.captured]
    graph, n_aux = program.graph, 0
    if call.has_aux:
        n_aux = sum(program.aux[2])
    main = graph
    if n_aux:
        cut = len(graph.outputs) - n_aux
        main = Graph(graph.name, graph.params, graph.nodes, graph.outputs[:cut])
    run, count = runner(), len(call.leaves)
    if isinstance(method, Forward):
        map_ = forward.linearize(main, inputs, count, run)
    elif isinstance(method, Reverse):
        map_ = (closure if held else reverse).linearize(main, inputs, count, run)
    elif isinstance(method, ComplexStep):
        map_ = numerical.complex_step(main, inputs, method)
    elif isinstance(method, Taylor):
        map_ = taylor.linearize(main, inputs, count, run)
    else:
        map_ = symbolic.linearize(main, inputs, count, run, method)
    aux = None
    if call.has_aux:
        aux = unpack_aux(program, run(graph, inputs)[len(graph.outputs) - n_aux :])
    return Linearized(map_, call, program.out_tree, aux)


def unpack_aux(program: Program, traced: Arrays) -> Any:
    """The auxiliary result with its traced leaves replaced by values."""
    tree, leaves, is_traced = program.aux
    values = iter(traced)
    return trees.unflatten(
        tree, [next(values) if t else x for x, t in zip(leaves, is_traced, strict=True)]
    )


def linearize_finite(call: Call, method: Finite) -> Linearized:
    """Differences call the function itself, on plain arrays (or on traced values, inside)."""
    tree: list[trees.TreeDef] = []
    auxes: list[Any] = []

    def flat(*leaves: Any) -> Arrays:
        result = call.apart().flat(*map(snapshot, leaves))  # which the function may write
        if call.has_aux:
            result, aux = split_aux(result, function_name(call.f), call.asked)
            auxes.append(aux)
        out, treedef = trees.flatten(result)
        tree.append(treedef)
        return [as_input(y) for y in out]

    map_ = numerical.finite(flat, [as_input(x) for x in call.leaves], method)
    if not all(t.differentiable for t in map_.types):
        got, want = "an integer or boolean result", "floating-point results"
        remedy = "Return it through has_aux=True"
        raise UnsupportedError(explain(f"{call.asked}{at_line()}", got, want, remedy))
    return Linearized(map_, call, tree[0], auxes[0] if auxes else None)
