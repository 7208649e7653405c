"""From a Python function to a graph, and back: `record` runs it on tracers, `apply` runs a graph.

`apply` evaluates where all inputs are known and inlines the graph where some are traced; that is
how every operator nests in every other.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..errors import DiffkitError, DtypeError, TreeError, explain
from ..graph import Graph, evaluate
from ..graph.structure import Compared
from ..types import Type, dtype_of
from . import remedies, trees
from .location import at_line
from .repeats import REPEATS, finished
from .table import as_plain
from .tracer import CURRENT, Handlers, Trace, Tracer, innermost, is_weak, recording
from .views import own_arrays

Run = Callable[[Graph, Sequence[Any]], list[Any]]


@dataclass(frozen=True, slots=True)
class Program:
    """A recorded function of flat leaves. The parameters of `graph` are the leaves, then one for
    each captured value of an outer trace."""

    graph: Graph
    captured: tuple[Tracer, ...]
    out_tree: trees.TreeDef
    aux: Any
    weak: tuple[bool, ...] = ()
    """Which outputs stand for Python numbers, whose dtype gives way."""
    compared: Compared | None = None
    """The structure of the graph, known of an outermost eager recording that has one."""


def type_of_leaf(leaf: Any, name: str, asked: str) -> Type:
    """The type of an argument leaf, or an error that names it."""
    if isinstance(leaf, Type):
        return leaf
    if isinstance(leaf, Tracer):
        return leaf.type
    array = np.asarray(leaf)
    if array.dtype == object or array.dtype.kind in "USVmM":
        raise remedies.refuse_leaf(leaf, name, asked)
    return Type(dtype_of(array.dtype, f"{asked}, argument {name}"), array.shape)


def as_input(x: Any) -> Any:
    """A leaf as graphs take it: an array, a NumPy scalar or a traced value."""
    return x if isinstance(x, Tracer) else np.asarray(x)[()]


def argument_names(f: Callable[..., Any], count: int) -> list[str]:
    """The names of the first positional parameters of a function."""
    found = named_arguments(f)[:count]
    return [*found, *(f"arg{k}" for k in range(len(found), count))]


def named_arguments(f: Callable[..., Any]) -> list[str]:
    """The names of the arguments that a function takes by position, of a method without self."""
    if isinstance(f, MethodType):
        return named_arguments(f.__func__)[1:]
    return positional(inspect.unwrap(f))


def positional(f: Callable[..., Any]) -> list[str]:
    """The names of all positional parameters; of a plain function without the cost of
    `inspect.signature`, which would be a good part of a small gradient."""
    if isinstance(f, FunctionType):
        return list(f.__code__.co_varnames[: f.__code__.co_argcount])
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds]


def function_name(f: Callable[..., Any]) -> str:
    """A name that prints well."""
    return re.sub(r"\W", "", getattr(f, "__name__", type(f).__name__)) or "f"


def record(
    f: Callable[..., Any],
    leaves: Sequence[Any],
    names: Sequence[str],
    handlers: Handlers,
    *,
    eager: bool,
    has_aux: bool = False,
    asked: str = "trace",
    name: str | None = None,
    weak: Sequence[bool] | None = None,
    branch: bool = False,
    origin: Hashable = None,
) -> Program:
    """Run `f(*leaves)` on tracers. With `eager`, Python may branch on values; `weak` tells which
    leaves stand for Python numbers, if that cannot be seen from them; `branch`, that the function
    may not run; `origin`, what it has in common with its earlier recordings."""
    types = [type_of_leaf(leaf, n, asked) for leaf, n in zip(leaves, names, strict=True)]
    known = [as_input(leaf) for leaf in leaves] if eager else leaves
    title, hints = name or function_name(f), [hint_of(n) for n in names]
    repeats = eager and CURRENT.get() is None
    key = (origin, title, tuple(hints), tuple(types))
    before = REPEATS.get(key) if repeats else None
    trace = Trace(title, handlers, eager, branch, None if before is None else before.earlier)
    giving_way = map(is_weak, leaves) if weak is None else weak
    rows = zip(types, hints, known, giving_way, strict=True)
    with recording(trace):
        result = call(f, own_arrays([trace.param(*row) for row in rows], leaves))
        aux = None
        if has_aux:
            result, aux = split_aux(result, title, asked)
        aux_leaves, aux_tree = trees.flatten(trees.map_(as_plain, aux))
        out_leaves, out_tree = trees.flatten(result)
        weak_outs = tuple(map(is_weak, out_leaves))
        outputs = [output(trace, leaf, asked).atom for leaf in out_leaves]
        traced_aux = [isinstance(leaf, Tracer) for leaf in aux_leaves]
        outputs += [
            output(trace, leaf, asked).atom for leaf in aux_leaves if isinstance(leaf, Tracer)
        ]
    rebuild = (aux_tree, aux_leaves, traced_aux) if has_aux else None
    if repeats:
        graph, compared = finished(trace.builder, outputs, key, before)
        return Program(graph, (), out_tree, rebuild, weak_outs, compared)
    graph = trace.builder.finish(outputs)
    graph, captured = drop_unused_captures(trace, graph, len(leaves))
    return Program(graph, captured, out_tree, rebuild, weak_outs)


@lru_cache(maxsize=1024)
def hint_of(name: str) -> str:
    """The name of a leaf as that of a variable."""
    return re.sub(r"\W+", "_", name).strip("_")


def call(f: Callable[..., Any], tracers: list[Tracer]) -> Any:
    """Run the user's function. NumPy hides what a tracer says in `a[0] = traced` behind a
    ValueError of its own; the cause is the message to show."""
    try:
        return f(*tracers)
    except ValueError as error:
        if isinstance(error.__cause__, DiffkitError):
            raise error.__cause__ from None
        raise


def split_aux(result: Any, name: str, asked: str) -> tuple[Any, Any]:
    """The pair (value, aux) that a function with `has_aux=True` must return."""
    pair: Any = result
    if not (isinstance(result, tuple) and len(pair) == 2):
        got = f"{name} returned {type(pair).__name__}"
        remedy = "Return (value, aux), or drop has_aux=True"
        raise TreeError(explain(f"{asked}{at_line()}", got, "a pair (value, aux)", remedy))
    return pair


def drop_unused_captures(
    trace: Trace, graph: Graph, count: int
) -> tuple[Graph, tuple[Tracer, ...]]:
    """Captured values that no output needs are not parameters."""
    used = {arg for node in graph.nodes for arg in node.args} | set(graph.outputs)
    kept = [p for p in graph.params[count:] if p in used]
    params = (*graph.params[:count], *kept)
    captured = tuple(trace.captured[p] for p in kept)
    return Graph(graph.name, params, graph.nodes, graph.outputs), captured


def output(trace: Trace, leaf: Any, asked: str) -> Tracer:
    """A leaf of the result as a value of the trace."""
    try:
        return trace.value(leaf)
    except DtypeError:
        got = f"the function returned a {type(leaf).__name__}"
        want, remedy = "arrays or numbers", "Return arrays, and other things through has_aux=True"
        raise TreeError(explain(f"{asked}{at_line()}", got, want, remedy)) from None


def apply(graph: Graph, inputs: Sequence[Any], run: Run = evaluate) -> list[Any]:
    """The results of a graph: computed by `run`, or recorded where an input is traced."""
    trace = innermost(inputs)
    if trace is None:
        return run(graph, inputs)
    atoms = [trace.value(x).atom for x in inputs]
    return [Tracer(trace, atom) for atom in trace.builder.inline(graph, atoms)]
