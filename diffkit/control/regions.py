"""What all front ends of control flow share: recording a function as a region, and emitting the
node that runs it, or running it at once where nothing is traced.

A function is recorded on the types of its arguments. What it captures of the functions around it
becomes the first parameters of the region, and operands of the node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backends.interpreter import prepare
from ..errors import DtypeError, ShapeError, TreeError, explain
from ..graph import Atom, Attrs, Graph, Node, Op, Region, Var, literal
from ..numpy.handlers import HANDLERS
from ..tracing import Program, Tracer, function_name, innermost, record, trees
from ..tracing.location import at_line, user_loc
from ..tracing.program import type_of_leaf
from ..tracing.tracer import CURRENT
from ..types import Type, i64


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function to be recorded: its types, as a tree flattened."""

    types: tuple[Type, ...]
    names: tuple[str, ...]
    weak: tuple[bool, ...]
    tree: trees.TreeDef


def argument(value: Any, name: str, asked: str) -> tuple[list[Any], Argument]:
    """The leaves of a value, and their types."""
    leaves, tree = trees.flatten(value)
    names = tuple(trees.names(value, name))
    types = tuple(type_of_leaf(x, n, asked) for x, n in zip(leaves, names, strict=True))
    weak = tuple(type(x) in (int, float) or getattr(x, "weak", False) for x in leaves)
    return leaves, Argument(types, names, weak, tree)


def record_region(
    f: Callable[..., Any], arguments: Sequence[Argument], asked: str, branch: bool = False
) -> Program:
    """Record f on arguments of these types; it makes arrays that can be written."""
    own = HANDLERS.rebind(f)
    sizes = [len(a.types) for a in arguments]

    def flat(*leaves: Any) -> Any:
        parts: list[Any] = []
        start = 0
        for a, size in zip(arguments, sizes, strict=True):
            parts.append(trees.unflatten(a.tree, leaves[start : start + size]))
            start += size
        return own(*parts)

    flat.__name__ = getattr(f, "__name__", type(f).__name__)
    types = [t for a in arguments for t in a.types]
    names = [n for a in arguments for n in a.names]
    weak = [w for a in arguments for w in a.weak]
    return record(flat, types, names, HANDLERS, eager=False, asked=asked, weak=weak, branch=branch)


def closed(programs: Sequence[Program]) -> tuple[list[Tracer], list[Graph]]:
    """What several recordings capture together, and their graphs with a parameter for each of
    these in front."""
    captured: dict[Any, Tracer] = {}
    for program in programs:
        captured.update({(id(x.owner), x.atom): x for x in program.captured})
    graphs: list[Graph] = []
    for program in programs:
        graph = program.graph
        count = len(graph.params) - len(program.captured)
        own = {
            (id(x.owner), x.atom): p
            for x, p in zip(program.captured, graph.params[count:], strict=True)
        }
        first = tuple(
            own.get(key) or Var(x.type, x.atom.hint if isinstance(x.atom, Var) else "")
            for key, x in captured.items()
        )
        params = (*first, *graph.params[:count])
        graphs.append(Graph(graph.name, params, graph.nodes, graph.outputs))
    return list(captured.values()), graphs


def emit(op: Op, operands: Sequence[Any], attrs: Attrs, regions: Sequence[Graph]) -> list[Any]:
    """The results of control flow on these operands: traced values where one of them is traced."""
    trace = innermost(operands)
    if trace is not None:
        trace.builder.loc = user_loc()
        atoms = [trace.value(x).atom for x in operands]
        outs = trace.builder.emit_region(op, atoms, attrs, tuple(regions))
        return [Tracer(trace, out) for out in outs]
    assert isinstance(op.fact, Region)
    arrays = [np.asarray(x)[()] for x in operands]
    args: list[Atom] = [literal(x) for x in arrays]
    types = op.fact.infer([arg.type for arg in args], attrs, tuple(regions))
    params = tuple(Var(arg.type) for arg in args)
    outs = tuple(Var(t) for t in types)
    node = Node(op, params, attrs, outs, user_loc(), tuple(regions))
    return prepare(Graph(op.name, params, (node,), outs))(arrays)


def converted(x: Any, type_: Type) -> Any:
    """A Python number in the dtype that its place has."""
    dtype = type_.dtype.numpy
    return x.astype(dtype) if isinstance(x, Tracer) else np.asarray(x, dtype)[()]


def castable(weak: Type, strong: Type) -> bool:
    """Whether a Python number may take this type: a float does not become an integer."""
    return weak.shape == strong.shape and (strong.differentiable or weak.dtype == i64)


def carry_error(asked: str, step: Callable[..., Any], name: str, was: Type, is_: Type) -> Exception:
    """A carry that changes its type."""
    code = getattr(step, "__code__", None)
    where = f" (line {code.co_firstlineno})" if code else ""
    got = f"{name} starts as {was}, and {function_name(step)}{where} returns it as {is_}"
    if was.shape == is_.shape:
        kind = is_.dtype.numpy.name
        remedy = f"Start with np.asarray({name}, np.{kind}), or end the step with .astype(...)"
        return DtypeError(explain(f"{asked}{at_line()}", got, "one type for all steps", remedy))
    remedy = f"Start with an array of shape {is_.shape}, or give the step's result its old shape"
    return ShapeError(explain(f"{asked}{at_line()}", got, "one type for all steps", remedy))


def structure_error(
    asked: str, step: Callable[..., Any], name: str, got: Any, want: Any
) -> TreeError:
    """A carry that changes its structure."""
    found = f"{function_name(step)} returned the carry as {got}"
    expected = f"{want}, the structure that {name} starts with"
    remedy = "Return every part of the carry, in the structure it came in"
    return TreeError(explain(f"{asked}{at_line()}", found, expected, remedy))


def tracing() -> bool:
    """Whether some function is being recorded; else control flow is plain Python."""
    return CURRENT.get() is not None
