"""A call of a user's function with some of its arguments to be differentiated: trees of arguments
flattened, checked and recorded."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import FunctionType, MethodType
from typing import Any, TypeAlias, cast

import numpy as np

from .errors import DtypeError, ShapeError, TreeError, explain
from .numpy.handlers import HANDLERS
from .tracing import (
    Program,
    Tracer,
    argument_names,
    function_name,
    named_arguments,
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
By: TypeAlias = int | str | Sequence[int | str]
"""Arguments by number or by name: one, or several."""
# Nodes in which to look for unrolled loops: to compile each array node takes as long as ten others.
LONG, MANY_ARRAYS = 500, 60


def selected(asked: str, argnums: Any, argnames: Any) -> By:
    """The arguments that were asked for by number (by default the first) or by name."""
    if argnames is None:
        return numbered(asked, 0 if argnums is None else argnums)
    if argnums is not None:
        got = f"argnums={argnums!r} and argnames={argnames!r}"
        remedy = "Name all arguments; those given by position have names, too"
        raise TreeError(explain(asked, got, "one of the two", remedy))
    if isinstance(argnames, str):
        return argnames
    several = isinstance(argnames, list | tuple)
    names = tuple(cast(Sequence[Any], argnames)) if several else ()
    if not (several and all(isinstance(name, str) for name in names)):
        remedy = 'Write argnames="x" or argnames=("x", "y")'
        raise TreeError(explain(asked, f"argnames={argnames!r}", "names of arguments", remedy))
    return names


def numbered(asked: str, argnums: Any) -> int | tuple[int, ...]:
    """A number, or several, of arguments."""
    try:
        if isinstance(argnums, Sequence | np.ndarray):
            return tuple([index(k) for k in cast(Sequence[Any], argnums)])
        return index(argnums)
    except TypeError:
        want, remedy = "numbers of arguments", "Write argnums=1 or argnums=(0, 1)"
        raise TreeError(explain(asked, f"argnums={argnums!r}", want, remedy)) from None


def index(k: Any) -> int:
    """A whole number, which a truth value is not."""
    if isinstance(k, bool):
        raise TypeError
    return operator.index(k)


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, of which those at `places` vary: positions, or the names of
    arguments that are given by name."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    places: tuple[int | str, ...]
    by: By
    """What was asked for, which decides how results are put together."""
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
        by: By,
        asked: str,
        has_aux: bool = False,
    ) -> Call:
        """Flatten the varying arguments; numbers may count from the end."""
        wanted = (by,) if isinstance(by, int | str) else by
        count = len(args)
        direct = not kwargs and all([type(k) is int and 0 <= k < count for k in wanted])
        places = tuple(wanted if direct else [place(f, args, kwargs, k, asked) for k in wanted])
        if len(set(places)) < len(places):
            want, remedy = "each argument once", "Drop the repetition"
            raise TreeError(explain(f"{asked}{at_line()}", f"arguments {by!r}", want, remedy))
        own = argument_names(f, count)
        pairs = [(kwargs[k], k) if isinstance(k, str) else (args[k], own[k]) for k in places]
        leaves, tree = trees.flatten(tuple([x for x, _ in pairs]))
        names = [n for x, name in pairs for n in trees.names(x, name)]
        return Call(
            f, args, kwargs, places, by, asked, has_aux, tuple(leaves), tuple(names), tree
        )  # fmt: skip

    def filled(self, varying: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """All arguments, with these in place of those that vary."""
        args, kwargs = list(self.args), self.kwargs
        for k, value in zip(self.places, varying, strict=True):
            if isinstance(k, str):
                kwargs = {**kwargs, k: value}
            else:
                args[k] = value
        return tuple(args), kwargs

    def rest(self) -> tuple[list[Any], dict[str, Any]]:
        """The arguments that do not vary."""
        args = [x for k, x in enumerate(self.args) if k not in self.places]
        return args, {k: x for k, x in self.kwargs.items() if k not in self.places}

    def put_together(self, parts: Sequence[Any]) -> Any:
        """Something for each varying argument, as it was asked for: itself for one, a tuple for
        several numbers, a dict for several names."""
        if isinstance(self.by, int | str):
            return parts[0]
        names = [k for k in self.by if isinstance(k, str)]
        if names and len(names) == len(parts):
            return dict(zip(names, parts, strict=True))
        return tuple(parts)

    def flat(self, *leaves: Any) -> Any:
        """The function of the varying leaves alone."""
        args, kwargs = self.filled(trees.unflatten(self.tree, leaves))
        return self.f(*args, **kwargs)

    def copied(self) -> Call:
        """The same call with its own copy of every array, for use after this call returns."""
        own = tuple(snapshot(x) if isinstance(x, Tracer) else np.array(x) for x in self.leaves)
        return replace(self, leaves=own)

    def of_others(self, change: Callable[[Any], Any]) -> Call:
        """The same call with its other arguments changed."""
        args = tuple(x if k in self.places else change(x) for k, x in enumerate(self.args))
        kwargs = {k: x if k in self.places else change(x) for k, x in self.kwargs.items()}
        return replace(self, args=args, kwargs=kwargs)

    def apart(self) -> Call:
        """The same call with copies of its other arguments, which the function may write."""
        return self.of_others(lambda x: trees.map_(snapshot, x))

    def recorded(self) -> Call:
        """The call to be recorded: the function makes arrays that can be written, and what it is
        given is not changed."""
        own = self.apart().of_others(lambda x: HANDLERS.rebind(x) if callable(x) else tables(x))
        return replace(own, f=HANDLERS.rebind(as_function(self.f)))

    def matching(self, tree: Any, what: str) -> Arrays:
        """The leaves of a tree of tangents, which must fit the varying arguments."""
        leaves = trees.same_structure(f"{self.asked}{at_line()}", what, tree, self.tree)
        rows = zip(leaves, self.leaves, self.names, strict=True)
        return [
            conform(v, type_of_leaf(x, name, self.asked), f"{what} of {name}", self.asked)
            for v, x, name in rows
        ]


def place(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], k: int | str, asked: str
) -> int | str:
    """Where an argument is, that was asked for by number or by name: its position, or its name if
    it was given by name. A number counts the parameters of f."""
    count = len(args)
    names = named_arguments(f)
    if isinstance(k, str):
        if k in kwargs:
            return k
        if k in names[:count]:
            return names.index(k)
        given = [*names[:count], *kwargs]
        got = f"argnames={k!r} with the arguments {', '.join(given) or 'of no name'}"
        remedy = "Correct the name" if given and k not in names else "Pass the argument"
        raise TreeError(explain(f"{asked}{at_line()}", got, "one of these", remedy))
    last = max([count, *(i + 1 for i, name in enumerate(names) if name in kwargs)])
    number = k + last if k < 0 else k
    if 0 <= number < count:
        return number
    if 0 <= number < len(names) and names[number] in kwargs:
        return names[number]
    got = f"argnums={k} with {count} positional arguments"
    if kwargs:
        got += f" and {', '.join(kwargs)} by name"
    want, remedy = f"numbers below {last}", "Pass the argument, or name it in argnames"
    raise TreeError(explain(f"{asked}{at_line()}", got, want, remedy))


def as_function(f: Callable[..., Any]) -> Callable[..., Any]:
    """The method that calls a callable object: recording reaches the body of a method."""
    kind: Any = type(f)
    return MethodType(kind.__call__, f) if isinstance(kind.__call__, FunctionType) else f


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
        origin=getattr(call.f, "__code__", None),
    )  # fmt: skip
    return rolled(program) if any(isinstance(x, Tracer) for x in call.leaves) else program


def rolled(program: Program) -> Program:
    """The program with its unrolled loops as scans, if it is long."""
    nodes = program.graph.nodes
    long = len(nodes) >= LONG or sum(n.out.type.size > 1 for n in nodes) >= MANY_ARRAYS
    return replace(program, graph=reroll(program.graph), compared=None) if long else program
