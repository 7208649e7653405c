"""Functions that are recorded once and run from the record."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from ....backends.interpreter import prepare
from ....calls import Call, record_call
from ....tracing import Program, apply, as_input, trees
from ....tracing.program import type_of_leaf
from ..absent import absent as _absent
from ..wrap_util import wraps

Function = Callable[..., Any]


def const_graph(fun: Function, *args: Any, **kwargs: Any) -> Function:
    """A function of the arguments of `fun` that follow `args`, which runs `fun` once for arguments
    of a shape and dtype; then it repeats the operations of that run, whichever branches Python
    would take.

        >>> from diffkit.compat.autograd.misc import const_graph
        >>> calls = []
        >>> f = const_graph(lambda x: calls.append(x) or x * x)
        >>> f(2.0), f(3.0), len(calls)
        (np.float64(4.0), np.float64(9.0), 1)
    """
    bound = partial(fun, *args, **kwargs)
    kept: dict[Hashable, tuple[Program, Any]] = {}

    @wraps(fun)
    def repeated(*rest: Any) -> Any:
        call = Call.of(bound, rest, {}, range(len(rest)), "const_graph")
        rows = zip(call.leaves, call.names, strict=True)
        key = call.tree, tuple(type_of_leaf(x, name, "const_graph") for x, name in rows)
        found = kept.get(key)
        if found is None:
            program = record_call(call, eager=True)
            found = program, prepare(program.graph)
            if not program.captured:  # else it is of the derivative that runs now
                kept[key] = found
        program, run = found
        inputs = [*map(as_input, call.leaves), *program.captured]
        outs = apply(program.graph, inputs, lambda _, values: run(values))
        return trees.unflatten(program.out_tree, outs)

    return repeated


def const_graph_unary(fun: Function) -> Function:
    """As `const_graph`, for a function of one argument."""
    return const_graph(fun)


def __getattr__(name: str) -> Any:
    raise _absent(__name__, name)
