"""A call of a user's function with some of its arguments to be differentiated: trees of arguments
flattened, checked and recorded."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .errors import DtypeError, ShapeError, TreeError, explain
from .numpy.handlers import HANDLERS
from .tracing import (
    Program,
    Tracer,
    argument_names,
    function_name,
    record,
    trees,
)
from .tracing.location import at_line
from .tracing.program import type_of_leaf
from .tracing.table import as_table
from .tracing.views import snapshot
from .transforms.reroll import reroll
from .types import Type

Arrays = list[Any]
LONG = 500  # nodes in which to look for unrolled loops


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
        own = tuple(snapshot(x) if isinstance(x, Tracer) else np.array(x) for x in self.leaves)
        return replace(self, leaves=own)

    def apart(self) -> Call:
        """The same call with copies of its other arguments, which the function may write."""
        args = tuple(
            x if k in self.argnums else trees.map_(snapshot, x) for k, x in enumerate(self.args)
        )
        return replace(self, args=args, kwargs=trees.map_(snapshot, self.kwargs))

    def recorded(self) -> Call:
        """The call to be recorded: the function makes arrays that can be written, and what it is
        given is not changed."""
        own = self.apart()
        args = tuple(HANDLERS.rebind(x) if callable(x) else tables(x) for x in own.args)
        kwargs = {
            k: HANDLERS.rebind(x) if callable(x) else tables(x) for k, x in own.kwargs.items()
        }
        return replace(own, f=HANDLERS.rebind(self.f), args=args, kwargs=kwargs)

    def matching(self, tree: Any, what: str) -> Arrays:
        """The leaves of a tree of tangents, which must fit the varying arguments."""
        leaves = trees.same_structure(f"{self.asked}{at_line()}", what, tree, self.tree)
        rows = zip(leaves, self.leaves, self.names, strict=True)
        return [
            conform(v, type_of_leaf(x, name, self.asked), f"{what} of {name}", self.asked)
            for v, x, name in rows
        ]


def tables(tree: Any) -> Any:
    """The arrays of an argument as ones that a traced integer may index."""
    return trees.map_(as_table, tree)


def conform(v: Any, type_: Type, what: str, asked: str) -> Any:
    """A tangent or cotangent of the type of its primal, or an error if the shape differs."""
    if np.shape(v) != type_.shape:
        got = f"{what} has shape {np.shape(v)}"
        remedy = "Give it the shape of the value it belongs to"
        raise ShapeError(explain(f"{asked}{at_line()}", got, f"{type_.shape}", remedy))
    dtype = type_.dtype.numpy
    return v.astype(dtype) if isinstance(v, Tracer) else np.asarray(v, dtype)


def require_float(call: Call) -> None:
    """Every varying leaf is a floating-point number or array."""
    for leaf, name in zip(call.leaves, call.names, strict=True):
        type_ = type_of_leaf(leaf, name, call.asked)
        if not type_.differentiable:
            got = f"argument {name} is {type_}"
            remedy = "Pass a float (3.0, x.astype(np.float64)), or leave it out of argnums"
            raise DtypeError(explain(f"{call.asked}{at_line()}", got, "floating point", remedy))


def record_call(call: Call, eager: bool) -> Program:
    """The graph of the call as a function of its varying leaves. Inside another trace, a long one
    is about to be differentiated and run many times: its unrolled loops are rolled up first."""
    program = record(
        call.recorded().flat, call.leaves, call.names, HANDLERS,
        eager=eager, has_aux=call.has_aux, asked=call.asked, name=function_name(call.f),
    )  # fmt: skip
    return rolled(program) if any(isinstance(x, Tracer) for x in call.leaves) else program


def rolled(program: Program) -> Program:
    """The program with its unrolled loops as scans, if it is long."""
    long = len(program.graph.nodes) >= LONG
    return replace(program, graph=reroll(program.graph)) if long else program
