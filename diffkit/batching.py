"""`vmap`: a function of one row made a function of many.

The function is recorded once, for the types of a row, and its graph is vectorised
(`transforms.vmap`). Here are the axes: a number, or a tree of numbers that need only go as deep as
the arguments are treated alike, is matched against the arguments; rows come to the front of the
graph and go where `out_axes` says at its end.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np

from .backends.interpreter import prepare
from .calls import Call, record_call
from .errors import ShapeError, TreeError, explain
from .graph import Atom, Builder, Graph
from .ops import Expr
from .ops.shape import transpose
from .tracing import Program, apply, as_input, function_name, trees
from .tracing.location import at_line
from .tracing.program import type_of_leaf
from .tracing.remedies import require_function
from .transforms.vmap import batch
from .transforms.vmap_ops import spread
from .types import Type

Function = Callable[..., Any]
Axis: TypeAlias = int | None


def vmap(f: Function, in_axes: Any = 0, out_axes: Any = 0) -> Function:
    """f for many rows at once: `vmap(f)(xs)` is `np.stack([f(x) for x in xs])`, without the loop.

    Args: in_axes, the axis of each argument along which its rows lie: a number (negative from the
    end) for all, or a tuple with an entry for each argument: a number, None for an argument that
    all rows share, which reaches f as it is, or a tree that begins like the argument; out_axes,
    where the axis of rows stands in the results, likewise a number or a tree that begins like the
    result, None for a result that is the same for all rows. Arguments given by name go to their
    places; those that can only be given by name reach f as they are.

    f is recorded once, so that it may not branch on a value in Python: `dk.cond` then computes both
    branches and selects, `dk.while_loop`, which needs `max_steps`, runs until the last row is done.
    It nests with itself and with every derivative, either way around.

    Raises `ShapeError` where the lengths of the axes differ or an axis does not exist, `TreeError`
    where axes do not fit the tree, `UnsupportedError` for a loop without a bound.

        >>> import numpy as np, diffkit as dk
        >>> xs = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> dk.vmap(lambda x, y: np.sum(x) * y, in_axes=(0, None))(xs, 10.0)
        array([ 30.,  70., 110.])
        >>> dk.vmap(dk.grad(lambda x: np.prod(x)), in_axes=1, out_axes=1)(xs)
        array([[15., 24.],
               [ 5., 12.],
               [ 3.,  8.]])
    """

    require_function(f, "vmap")

    @functools.wraps(f)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        call, axes = mapped_call(f, args, kwargs, in_axes)
        types = [type_of_leaf(x, n, "vmap") for x, n in zip(call.leaves, call.names, strict=True)]
        rows = [t if a is None else without(t, a) for t, a in zip(types, axes, strict=True)]
        program = record_call(replace(call, leaves=tuple(rows)), eager=False)
        size = next(t.shape[a] for t, a in zip(types, axes, strict=True) if a is not None)
        outputs = output_axes(out_axes, program, function_name(f))
        axes += [None] * len(program.captured)
        graph = along_axes(program.graph, axes, outputs, size)
        inputs = [*map(as_input, call.leaves), *program.captured]
        return trees.unflatten(program.out_tree, apply(graph, inputs, run_once))

    mapped.__name__ = f"vmap_{function_name(f)}"
    return mapped


def run_once(graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    return prepare(graph)(inputs)


# --- the axes of arguments -----------------------------------------------------------------------


def mapped_call(
    f: Function, args: tuple[Any, ...], kwargs: dict[str, Any], in_axes: Any
) -> tuple[Call, list[Axis]]:
    """The call with the arguments that have rows in some leaf as those that vary, and the axis of
    each of their leaves."""
    asked = f"vmap{at_line()}"
    by_name = 0
    if kwargs:
        bound = inspect.signature(f).bind(*args, **kwargs)
        by_name = len(bound.args) - len(args)
        args, kwargs = bound.args, bound.kwargs
    entries = entries_of(asked, in_axes, len(args), by_name)
    axes = trees.spread(asked, "in_axes", entries, args)
    counts = [len(trees.flatten(x)[0]) for x in args]
    ends = list(accumulate(counts, initial=0))
    places = [
        k for k, n in enumerate(counts) if any(a is not None for a in axes[ends[k] : ends[k] + n])
    ]
    if not places:
        got = f"in_axes={in_axes!r}, so that no argument has rows"
        remedy = "Give the argument with rows an axis, or call the function as it is"
        raise TreeError(explain(asked, got, "an axis for one argument at least", remedy))
    call = Call.of(f, args, kwargs, places, "vmap")
    mine = [a for k in places for a in axes[ends[k] : ends[k] + counts[k]]]
    pairs = list(zip(call.leaves, call.names, mine, strict=True))
    found = [axis_of(asked, "in_axes", a, np.ndim(x), name) for x, name, a in pairs]
    lengths = {
        n: np.shape(x)[a] for (x, n, _), a in zip(pairs, found, strict=True) if a is not None
    }
    if len(set(lengths.values())) > 1:
        rows = zip(call.names, found, strict=True)
        got = ", ".join(f"{n} has {lengths[n]} along axis {a}" for n, a in rows if a is not None)
        remedy = "Cut the arguments to one length, or write None in in_axes for a shared one"
        raise ShapeError(explain(asked, got, "one number of rows for all arguments", remedy))
    return call, found


def entries_of(asked: str, in_axes: Any, count: int, by_name: int) -> Any:
    """`in_axes` as one axis for all arguments, or a tuple with an entry for each. Arguments given
    by name may be left out of it: their rows lie along axis 0."""
    if in_axes is None or not isinstance(in_axes, tuple | list):
        return in_axes if in_axes is None else number(asked, "in_axes", in_axes)
    entries: list[Any] = [*in_axes]
    if count - by_name <= len(entries) < count:
        entries += [0] * (count - len(entries))
    if len(entries) != count:
        got = f"in_axes={in_axes!r} for {count} arguments"
        raise TreeError(explain(asked, got, "an axis for each", "Write None for a shared one"))
    return tuple(entries)


def number(asked: str, what: str, axis: Any) -> int:
    """An axis as a number, or an error."""
    try:
        return operator.index(axis)
    except TypeError:
        want, remedy = "a number, None, or a tree of these", "Write 0 for the first axis"
        raise TreeError(explain(asked, f"{what}={axis!r}", want, remedy)) from None


def axis_of(asked: str, what: str, axis: Any, ndim: int, name: str) -> Axis:
    """An axis counted from the front, or None."""
    if axis is None:
        return None
    k = number(asked, what, axis)
    if not -ndim <= k < ndim:
        got = f"axis {k} of {name}, which has {ndim} axes" if ndim else f"{name} without axes"
        remedy = f"Correct {what}; None stands for a value that all rows share"
        raise ShapeError(explain(asked, got, f"an axis that {name} has", remedy))
    return k % ndim


def without(type_: Type, axis: int) -> Type:
    """The type of a row."""
    return type_.with_shape((*type_.shape[:axis], *type_.shape[axis + 1 :]))


# --- the graph between the axes ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutputAxes:
    """Where the rows go in each result, and the names for messages."""

    axes: list[Any]
    names: list[str]


def output_axes(out_axes: Any, program: Program, name: str) -> OutputAxes:
    """`out_axes` matched with the results."""
    tree = trees.unflatten(program.out_tree, range(program.out_tree.num_leaves))
    axes = trees.spread(f"vmap{at_line()}", "out_axes", out_axes, tree)
    return OutputAxes(axes, trees.names(tree, f"the result of {name}"))


def along_axes(graph: Graph, axes: Sequence[Axis], outputs: OutputAxes, size: int) -> Graph:
    """The graph on lanes, with the lanes of parameters and results at their axes."""
    asked = f"vmap{at_line()}"
    lanes, differs = batch(graph, [a is not None for a in axes], size)
    b = Builder(lanes.name)
    atoms: list[Atom] = []
    for param, axis in zip(lanes.params, axes, strict=True):
        shape = param.type.shape
        if axis is not None:
            shape = (*shape[1 : axis + 1], size, *shape[axis + 1 :])
        x = Expr(b, b.param(param.type.with_shape(shape), param.hint).atom)
        atoms.append(x.atom if axis is None else moved(x, axis, 0).atom)
    results: list[Atom] = []
    rows = zip(b.inline(lanes, atoms), differs, outputs.axes, outputs.names, strict=True)
    for atom, on, axis, name in rows:
        y = Expr(b, atom)
        if axis is None and on:
            want, remedy = "a result that all rows share", "Give it an axis in out_axes"
            got = f"out_axes None for {name}, which differs between rows"
            raise ShapeError(explain(asked, got, want, remedy))
        if axis is not None:
            y = spread(y, on, size)
            place = axis_of(asked, "out_axes", axis, len(y.shape), name)
            y = moved(y, 0, place or 0)
        results.append(y.atom)
    return b.finish(results)


def moved(x: Expr, source: int, target: int) -> Expr:
    """One axis moved, the others in their order."""
    order = [k for k in range(len(x.shape)) if k != source]
    order.insert(target, source)
    return transpose(x, axes=tuple(order))
