"""Functions that a solver is given, with what they capture made explicit.

A function that the user passes may read traced values around it. The implicit rule needs them as
operands, as it differentiates by them. So the function is recorded once on the type of the unknown,
and called from then on as a function of the unknown and of what it captured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backends.interpreter import prepare
from ..control.regions import Argument, argument, emit, record_region
from ..graph import Graph, Op
from ..numpy.handlers import HANDLERS
from ..tracing import Tracer, apply, argument_names, innermost, trees
from ..types import Type, dtype_of

Function = Callable[..., Any]


def traceable(f: Function) -> Function:
    """A user's function as `dk.grad` would record it, where it makes arrays of its own."""
    return HANDLERS.rebind(f)


def vector_type(size: int, dtype: np.dtype[Any]) -> Type:
    return Type(dtype_of(dtype), (size,))


def explicit(f: Function, types: Sequence[Type], asked: str) -> tuple[Function, list[Any]]:
    """`(g, captured)` with `g(*args, *captured)` what `f(*args)` is, for arrays of these types."""
    arguments = [argument(t, f"x{k}", asked)[1] for k, t in enumerate(types)]
    program = record_region(f, arguments, asked)

    def g(*inputs: Any) -> Any:
        return trees.unflatten(program.out_tree, apply(program.graph, inputs))

    return g, list(program.captured)


def region(f: Function, operands: Sequence[Any], asked: str, name: str) -> Graph:
    """The graph of a function of arrays (or their types) that captures nothing."""
    names = argument_names(f, len(operands))
    arguments: list[Argument] = [
        argument(x, n, asked)[1] for x, n in zip(operands, names, strict=True)
    ]

    def flat(*xs: Any) -> Any:
        return f(*xs)

    flat.__name__ = name
    program = record_region(flat, arguments, asked)
    assert not program.captured, f"{asked}: {name} captures {program.captured}"
    return program.graph


def run_region(graph: Graph, operands: Sequence[Any]) -> list[Any]:
    """The results of a region: inlined where something is traced, else computed."""
    return apply(graph, operands, lambda g, xs: prepare(g)(xs))


def emit_solver(
    op: Op,
    operands: Sequence[Any],
    solve: Graph,
    others: Callable[[], Sequence[Graph]],
    guarded: bool = True,
) -> list[Any]:
    """The results of a solver's node; where nothing is traced, of its first region alone."""
    if innermost(operands) is None:
        return run_region(solve, [np.asarray(x)[()] for x in operands])
    return emit(op, operands, {"guarded": guarded}, [solve, *others()])


def is_traced(*values: Any) -> bool:
    """Whether something in these trees is traced."""
    return any(isinstance(leaf, Tracer) for value in values for leaf in trees.flatten(value)[0])
