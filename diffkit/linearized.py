"""The derivative of a call at its arguments: a mode's linear map, with the structures of arguments
and results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .calls import Call, conform, record_call, require_float
from .errors import UnsupportedError, explain
from .graph import Graph
from .kept import Kept, kept_for
from .kinks import observe
from .modes import closure, forward, numerical, reverse, symbolic, taylor
from .modes.linear_map import At, LinearMap
from .modes.method import (
    Adaptive,
    Black,
    ComplexStep,
    Finite,
    Forward,
    Method,
    Multicomplex,
    Reverse,
    Richardson,
    Symbolic,
    Taylor,
)
from .ops.kinks import convention
from .tracing import Program, as_input, function_name, innermost, split_aux, trees
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
        return self.call.put_together(tree)

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


def linearize(call: Call, method: Method, held: bool = False) -> Linearized:
    """Value and derivative of a call by a method. With `held`, reverse mode computes the value and
    what the derivative needs of it once, now."""
    require_float(call)
    if isinstance(method, Finite | Richardson | Adaptive):
        return linearize_values(call, method)
    program = record_call(call, eager=True)
    inputs = [*(as_input(x) for x in call.leaves), *program.captured]
    mode, count = mode_of(method, held), len(call.leaves)
    kept, large = (Kept(program.graph), []) if mode is None else kept_for(program)
    inputs += large
    graph = kept.graph
    observe(graph, inputs)
    main_count = len(graph.outputs) - (sum(program.aux[2]) if call.has_aux else 0)
    main = kept.once(("main", main_count), lambda: first_results(graph, main_count))
    if mode is not None:
        map_ = kept.once((main, mode, count, convention()), lambda: mode(main, count))(
            inputs, kept.run
        )
    elif isinstance(method, ComplexStep | Multicomplex):
        map_ = numerical.complex_step(main, inputs, ComplexStep(method.step))
    else:
        assert isinstance(method, Symbolic)
        map_ = symbolic.linearize(main, inputs, count, kept.run, method)
    aux = unpack_aux(program, kept.run(graph, inputs)[main_count:]) if call.has_aux else None
    return Linearized(map_, call, program.out_tree, aux)


def mode_of(method: Method, held: bool) -> Callable[[Graph, int], At] | None:
    """What differentiates a graph before it is given inputs, where the method can."""
    if isinstance(method, Reverse):
        return closure.linearize if held else reverse.linearize
    if isinstance(method, Forward):
        return forward.linearize
    return taylor.linearize if isinstance(method, Taylor) else None


def first_results(graph: Graph, count: int) -> Graph:
    """The graph without its results behind the first `count`."""
    if count == len(graph.outputs):
        return graph
    return Graph(graph.name, graph.params, graph.nodes, graph.outputs[:count])


def unpack_aux(program: Program, traced: Arrays) -> Any:
    """The auxiliary result with its traced leaves replaced by values."""
    tree, leaves, is_traced = program.aux
    values = iter(traced)
    return trees.unflatten(
        tree, [next(values) if t else x for x, t in zip(leaves, is_traced, strict=True)]
    )


def linearize_values(call: Call, method: Black) -> Linearized:
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

    inputs = [as_input(x) for x in call.leaves]
    limits = limits_of(call, method)
    if isinstance(method, Finite):
        map_ = numerical.finite(flat, inputs, method, limits)
    else:
        map_ = numerical.along_lines(flat, inputs, method, limits)
    if not all(t.differentiable for t in map_.types):
        got, want = "an integer or boolean result", "floating-point results"
        remedy = "Return it through has_aux=True"
        raise UnsupportedError(explain(f"{call.asked}{at_line()}", got, want, remedy))
    return Linearized(map_, call, tree[0], auxes[0] if auxes else None)


def limits_of(call: Call, method: Black) -> numerical.Limits | None:
    """The bounds of a method for the varying leaves of a call."""
    if method.bounds is None:
        return None
    asked = f"{call.asked}{at_line()}"
    if innermost(call.leaves) is not None:
        want, remedy = "known arguments", "Use it for the outermost derivative"
        raise UnsupportedError(explain(asked, "bounds of traced arguments", want, remedy))
    varying = call.put_together(trees.unflatten(call.tree, call.leaves))
    return numerical.limits(method.bounds, varying, asked)
