"""Branches: `cond` on a boolean, `switch` on a number.

All branches are recorded, the one that is taken runs. Values that are known take a plain Python
branch. What the branches capture of the functions around them becomes operands.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import DtypeError, IndexingError, ShapeError, TreeError, explain
from ..graph import Builder, Graph
from ..ops import Expr
from ..ops import region as r
from ..ops.arithmetic import cast, not_equal
from ..tracing import Program, Tracer, argument_names, function_name, trees
from ..tracing.location import at_line
from ..types import Type, b1
from .regions import argument, castable, closed, emit, record_region

Function = Callable[..., Any]


def cond(pred: Any, then: Function, else_: Function, *operands: Any) -> Any:
    """`then(*operands)` if pred is True, else `else_(*operands)`; only that one runs.

    Both return trees of one structure, with equal shapes and dtypes. Raises `TreeError`,
    `ShapeError` or `DtypeError`, naming the leaf, where they differ.

        >>> import numpy as np, diffkit as dk
        >>> f = dk.jit(lambda x: dk.cond(x > 0, np.sqrt, lambda x: x * 0, x))
        >>> f(4.0), f(-4.0)
        (np.float64(2.0), np.float64(-0.0))
    """
    if np.shape(pred) != () or np.ndim(pred):
        got = f"a condition of shape {np.shape(pred)}"
        remedy = "Reduce it with np.any or np.all, or choose by element with np.where"
        raise ShapeError(explain(f"cond{at_line()}", got, "one boolean", remedy))
    if not isinstance(pred, Tracer):
        return (then if pred else else_)(*operands)
    flag = pred if pred.dtype_ == b1 else not_equal(pred, 0)
    return branch("cond", flag, (then, else_), operands)


def switch(index: Any, branches: Sequence[Function], *operands: Any) -> Any:
    """`branches[index](*operands)`; only that one runs. An index without a branch is an error.

    >>> import diffkit as dk
    >>> dk.switch(1, [lambda x: x, lambda x: x * x], 3.0)
    9.0
    """
    count = len(branches)
    if count == 0:
        want, remedy = "at least one", "Pass a list of functions"
        raise IndexingError(explain(f"switch{at_line()}", "no branches", want, remedy))
    if not isinstance(index, Tracer):
        k = known_index(index)
        if not 0 <= k < count:
            want, remedy = f"0 to {count - 1}", "Clip the index, or add a branch"
            raise IndexingError(explain(f"switch{at_line()}", f"branch {k}", want, remedy))
        return branches[k](*operands)
    if index.dtype_.kind != "i" or index.shape:
        raise no_index(str(index.type))
    return branch("switch", index.astype(np.int64), branches, operands)


def known_index(index: Any) -> int:
    """An index that is known, as a number."""
    try:
        return operator.index(index)
    except TypeError:
        raise no_index(repr(index)) from None


def no_index(got: str) -> DtypeError:
    """An index that is none."""
    want, remedy = "one integer", "Use .astype(np.int64), or cond for a boolean"
    return DtypeError(explain(f"switch{at_line()}", f"an index {got}", want, remedy))


def branch(asked: str, pred: Tracer, branches: Sequence[Function], operands: Sequence[Any]) -> Any:
    """Record all branches and emit the node that takes one of them."""
    leaves = trees.flatten(tuple(operands))[0]
    programs: list[Program] = []
    for f in branches:
        pairs = zip(operands, argument_names(f, len(operands)), strict=True)
        arguments = [argument(x, name, asked)[1] for x, name in pairs]
        programs.append(record_region(f, arguments, asked, branch=True))
    wanted = agreed(asked, branches, programs)
    consts, graphs = closed(programs)
    regions = [with_types(graph, wanted) for graph in graphs]
    outs = emit(r.cond, [pred, *consts, *leaves], {}, regions)
    return trees.unflatten(programs[0].out_tree, outs)


def agreed(asked: str, branches: Sequence[Function], programs: Sequence[Program]) -> list[Type]:
    """The types that all branches return; Python numbers take the dtype of the others."""
    first = programs[0]
    for f, program in zip(branches, programs, strict=True):
        if program.out_tree != first.out_tree:
            got = f"{function_name(branches[0])} returns {first.out_tree}, {function_name(f)}"
            got = f"{got} returns {program.out_tree}"
            remedy = "Return the same structure from every branch"
            raise TreeError(explain(f"{asked}{at_line()}", got, "one structure", remedy))
    names = trees.names(trees.unflatten(first.out_tree, first.graph.types), "result")
    wanted: list[Type] = []
    for k, name in enumerate(names):
        types = [p.graph.types[k] for p in programs]
        strong = [t for t, p in zip(types, programs, strict=True) if not p.weak[k]]
        strong = strong or sorted(types, key=lambda t: not t.differentiable)
        for f, t, p in zip(branches, types, programs, strict=True):
            fits = t == strong[0] or (p.weak[k] and castable(t, strong[0]))
            if not fits:
                names_ = f"{function_name(branches[0])} and {function_name(f)}"
                got = f"{name} of {names_}: {strong[0]} and {t}"
                remedy = "Convert with .astype(...), or give both the same shape"
                kind = DtypeError if t.shape == strong[0].shape else ShapeError
                raise kind(explain(f"{asked}{at_line()}", got, "equal types", remedy))
        wanted.append(strong[0])
    return wanted


def with_types(graph: Graph, wanted: Sequence[Type]) -> Graph:
    """The graph with its outputs converted."""
    if list(graph.types) == list(wanted):
        return graph
    b = Builder.extending(graph, graph.name)
    pairs = zip(graph.outputs, wanted, strict=True)
    return b.finish([cast(Expr(b, atom), dtype=t.dtype).atom for atom, t in pairs])
