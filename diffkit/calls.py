"""A call of a user's function with some of its arguments to be differentiated: trees of arguments
flattened and checked, recorded, linearised by a method, and results put back into trees."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .backends.interpreter import prepare
from .errors import DtypeError, ShapeError, TreeError, UnsupportedError, explain
from .graph import Graph
from .modes import forward, numerical, reverse, symbolic
from .modes.linear_map import LinearMap, Run
from .modes.method import ComplexStep, Finite, Forward, Method, Reverse
from .numpy import array
from .numpy.handlers import HANDLERS
from .tracing import (
    Program,
    Tracer,
    apply,
    argument_names,
    function_name,
    innermost,
    record,
    trees,
)
from .tracing.location import at_line
from .tracing.program import type_of_leaf
from .types import Type

Arrays = list[Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, of which those at `argnums` vary."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    argnums: tuple[int, ...]
    single: bool
    """Whether `argnums` was one number, so that results are not in a tuple."""
    asked: str
    has_aux: bool
    leaves: tuple[Any, ...]
    names: tuple[str, ...]
    tree: trees.TreeDef

    @staticmethod
    def of(
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        argnums: int | Sequence[int],
        asked: str,
        has_aux: bool = False,
    ) -> Call:
        """Flatten the varying arguments; `argnums` may count from the end."""
        single = not isinstance(argnums, Sequence)
        wanted = [operator.index(argnums)] if isinstance(argnums, int) else list(argnums)
        count = len(args)
        for k in wanted:
            if not -count <= k < count:
                got = f"argnums={argnums!r} with {count} positional arguments"
                want, remedy = f"numbers below {count}", "Pass the argument by position"
                raise TreeError(explain(f"{asked}{at_line()}", got, want, remedy))
        places = tuple(k % count for k in wanted)
        all_names = argument_names(f, count)
        varying = tuple(args[k] for k in places)
        leaves, tree = trees.flatten(varying)
        names = [n for k in places for n in trees.names(args[k], all_names[k])]
        return Call(
            f, args, kwargs, places, single, asked, has_aux, tuple(leaves), tuple(names), tree
        )

    def flat(self, *leaves: Any) -> Any:
        """The function of the varying leaves alone."""
        full = list(self.args)
        for k, value in zip(self.argnums, trees.unflatten(self.tree, leaves), strict=True):
            full[k] = value
        return self.f(*full, **self.kwargs)

    def copied(self) -> Call:
        """The same call with its own copy of every array, for use after this call returns."""
        own = tuple(x if isinstance(x, Tracer) else np.array(x) for x in self.leaves)
        return replace(self, leaves=own)

    def matching(self, tree: Any, what: str) -> Arrays:
        """The leaves of a tree of tangents, which must fit the varying arguments."""
        leaves = trees.same_structure(f"{self.asked}{at_line()}", what, tree, self.tree)
        rows = zip(leaves, self.leaves, self.names, strict=True)
        return [
            conform(v, type_of_leaf(x, name, self.asked), f"{what} of {name}", self.asked)
            for v, x, name in rows
        ]


def conform(v: Any, type_: Type, what: str, asked: str) -> Any:
    """A tangent or cotangent of the type of its primal, or an error if the shape differs."""
    if np.shape(v) != type_.shape:
        got = f"{what} has shape {np.shape(v)}"
        remedy = "Give it the shape of the value it belongs to"
        raise ShapeError(explain(f"{asked}{at_line()}", got, f"{type_.shape}", remedy))
    dtype = type_.dtype.numpy
    return v.astype(dtype) if isinstance(v, Tracer) else np.asarray(v, dtype)


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

    @property
    def float_outputs(self) -> int:
        return sum(self.is_float)

    def describe(self) -> str:
        """The types of the outputs, for messages."""
        return ", ".join(map(str, self.map.types)) or "nothing"

    def inputs_tree(self, leaves: Arrays) -> Any:
        """Leaves in the structure of the varying arguments."""
        tree = trees.unflatten(self.call.tree, [as_input(x) for x in leaves])
        return tree[0] if self.call.single else tree

    def outputs_tree(self, leaves: Arrays) -> Any:
        return trees.unflatten(self.out_tree, [as_input(x) for x in leaves])

    def pushed(self, dxs: Arrays) -> Arrays:
        """Tangents of all outputs; those of integer outputs are zero."""
        assert self.map.push is not None
        moving = iter(self.map.push(dxs))
        return [next(moving) if t.differentiable else np.zeros(t.shape) for t in self.map.types]

    def cotangents(self, ct: Any) -> Arrays:
        """The leaves of a cotangent of the result, those of float outputs only."""
        leaves = trees.same_structure(f"vjp{at_line()}", "the cotangent", ct, self.out_tree)
        rows = zip(leaves, self.map.types, strict=True)
        return [conform(c, t, "the cotangent", "vjp") for c, t in rows if t.differentiable]

    def pulled(self, cts: Arrays) -> Arrays:
        """Cotangents of the varying leaves; by columns where the method only pushes."""
        if self.map.pull is not None:
            return self.map.pull(cts)[1]
        blocks = jacobian_blocks(self)
        rows = [row for row, on in zip(blocks, self.is_float, strict=True) if on]
        columns = list(zip(*rows, strict=True))
        return [
            sum((np.tensordot(c, J, np.ndim(c)) for c, J in zip(cts, column, strict=True)), 0.0)
            for column in columns
        ]


def require_float(call: Call) -> None:
    """Every varying leaf is a floating-point number or array."""
    for leaf, name in zip(call.leaves, call.names, strict=True):
        type_ = type_of_leaf(leaf, name, call.asked)
        if not type_.differentiable:
            got = f"argument {name} is {type_}"
            remedy = "Pass a float (3.0, x.astype(np.float64)), or leave it out of argnums"
            raise DtypeError(explain(f"{call.asked}{at_line()}", got, "floating point", remedy))


def record_call(call: Call, eager: bool) -> Program:
    """The graph of the call as a function of its varying leaves."""
    return record(
        call.flat, call.leaves, call.names, HANDLERS,
        eager=eager, has_aux=call.has_aux, asked=call.asked, name=function_name(call.f),
    )  # fmt: skip


def runner() -> Run:
    """Runs graphs, preparing each once; a graph with a traced input is inlined."""
    prepared: dict[int, tuple[Graph, Callable[..., Arrays]]] = {}

    def execute(graph: Graph, inputs: Sequence[Any]) -> Arrays:
        if id(graph) not in prepared:
            prepared[id(graph)] = (graph, prepare(graph))
        return prepared[id(graph)][1](inputs)

    return lambda graph, inputs: apply(graph, inputs, execute)


def linearize(call: Call, method: Method) -> Linearized:
    """Value and derivative of a call by a method."""
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
        map_ = reverse.linearize(main, inputs, count, run)
    elif isinstance(method, ComplexStep):
        map_ = numerical.complex_step(main, inputs, method)
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


def as_input(x: Any) -> Any:
    return x if isinstance(x, Tracer) else np.asarray(x)[()]


def linearize_finite(call: Call, method: Finite) -> Linearized:
    """Differences call the function itself, on plain arrays (or on traced values, inside)."""
    tree: list[trees.TreeDef] = []
    auxes: list[Any] = []

    def flat(*leaves: Any) -> Arrays:
        result = call.flat(*leaves)
        if call.has_aux:
            result, aux = result
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


def basis(leaves: Sequence[Any]) -> list[Arrays]:
    """All coordinate directions of a list of arrays."""
    directions: list[Arrays] = []
    for k, leaf in enumerate(leaves):
        for place in np.ndindex(*np.shape(leaf)):
            zeros = [np.zeros(np.shape(x), x.dtype) for x in leaves]
            zeros[k][place] = 1
            directions.append([z[()] for z in zeros])
    return directions


def jacobian_blocks(lin: Linearized) -> list[Arrays]:
    """For each output leaf and each input leaf, the array of shape output.shape + input.shape."""
    ins = [as_input(x) for x in lin.call.leaves]
    types = lin.map.types
    if lin.map.pull is not None:
        return by_rows(lin.map.pull, types, ins)
    columns = iter([lin.pushed(direction) for direction in basis(ins)])
    grouped = [[next(columns) for _ in range(np.size(x))] for x in ins]
    return [
        [
            assemble([c[o] for c in cols], t.shape, np.shape(x), -1)
            for cols, x in zip(grouped, ins, strict=True)
        ]
        for o, t in enumerate(types)
    ]


def by_rows(
    pull: Callable[[Arrays], tuple[Arrays, Arrays]], types: Sequence[Type], ins: Arrays
) -> list[Arrays]:
    """The blocks of a Jacobian, one pull for each output element."""
    seeds = [np.zeros(t.shape, t.dtype.numpy) for t in types if t.differentiable]
    rows = iter([pull(direction)[1] for direction in basis(seeds)])
    blocks: list[Arrays] = []
    for t in types:
        mine = [next(rows) for _ in range(t.size)] if t.differentiable else []
        blocks.append(
            [assemble([row[k] for row in mine], t.shape, np.shape(x), 0) for k, x in enumerate(ins)]
        )
    return blocks


def assemble(parts: Arrays, out: tuple[int, ...], inp: tuple[int, ...], axis: int) -> Any:
    """Rows (axis 0) or columns (axis -1) stacked into a block of shape out + inp."""
    if not parts:
        return np.zeros(out + inp)
    if len(parts) == 1 and innermost(parts) is None:
        return np.reshape(parts[0], out + inp)[()]
    stacked: Any = np.stack([array(p) for p in parts], axis=axis)
    return np.reshape(stacked, out + inp)
