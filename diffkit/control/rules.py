"""One call of a function with rules: the node, and its rules as graphs.

The function is recorded now, the rules when a transform first asks for them, for a rule may call
the function itself. What a rule returns is held to the structure and the types that the function's
arguments and results have.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import numpy as np

from ..errors import (
    LeakedTracerError,
    ShapeError,
    TreeError,
    UnsupportedError,
    explain,
)
from ..graph import Graph
from ..numpy.handlers import HANDLERS
from ..ops import custom as c
from ..tracing import Program, argument_names, function_name, trees
from ..tracing.location import at_line
from ..types import Type
from .regions import Argument, argument, converted, emit, record_region

Function = Callable[..., Any]


class Application:
    """One call of a custom function with traced arguments."""

    def __init__(self, custom: Any, args: tuple[Any, ...]) -> None:
        self.custom: Any = custom
        self.args = args
        self.name = function_name(custom.f)
        names = argument_names(custom.f, len(args))
        self.places: list[int] = custom.varying(args)
        pairs = [argument(args[k], names[k], self.name) for k in self.places]
        self.leaves = [leaf for found, _ in pairs for leaf in found]
        self.arguments = [arg for _, arg in pairs]

    def result(self) -> Any:
        """Emit the node."""
        primal = self.recorded(self.custom.f, self.arguments)
        recorders: dict[str, Callable[[], Graph]] = {}
        if self.custom.jvp is not None:
            recorders["jvp"] = partial(self.jvp_region, primal)
        if self.custom.backward is not None:
            both = functools.cache(partial(self.vjp_regions, primal))
            recorders["forward"] = lambda: both()[0]
            recorders["backward"] = lambda: both()[1]
        attrs = {"name": self.name, "rules": c.Rules(recorders)}
        outs = emit(c.custom, self.leaves, attrs, [primal.graph])
        return trees.unflatten(primal.out_tree, outs)

    def recorded(self, f: Function, arguments: Sequence[Argument], whole: bool = True) -> Program:
        """Record the function or one of its rules, which must not capture traced values: they
        would have no derivative."""
        full = self.with_static(f) if whole else f
        try:
            program = record_region(full, arguments, self.name)
        except LeakedTracerError:
            raise self.open(f, "a traced value") from None
        if program.captured:
            raise self.open(f, repr(program.captured[0]))
        return program

    def open(self, f: Function, what: str) -> UnsupportedError:
        """An error about a value for whose derivative the rule does not speak."""
        got = f"{function_name(f)} reads {what} from around it"
        want = "a function of its arguments alone, for which the rule speaks"
        remedy = "Pass the value as an argument"
        return UnsupportedError(explain(f"{self.name}{at_line()}", got, want, remedy))

    def with_static(self, f: Function) -> Function:
        """f as a function of the other arguments."""

        own = HANDLERS.rebind(f)

        @functools.wraps(f)
        def full(*varying: Any) -> Any:
            return own(*self.filled(varying, self.args))

        return full

    def filled(self, varying: Sequence[Any], rest: Sequence[Any]) -> tuple[Any, ...]:
        """A tuple for all arguments: `varying` at their places, `rest` elsewhere."""
        found = list(rest)
        for k, x in zip(self.places, varying, strict=True):
            found[k] = x
        return tuple(found)

    def jvp_region(self, primal: Program) -> Graph:
        """(operands, tangents of float operands) -> (results, tangents of float results)."""
        rule = HANDLERS.rebind(self.custom.jvp)
        count = len(self.arguments)
        nothing = [None] * len(self.args)

        @functools.wraps(rule)
        def flat(*xs: Any) -> Any:
            tangents = [with_zeros(dx, a) for dx, a in zip(xs[count:], self.arguments, strict=True)]
            result = rule(self.filled(xs[:count], self.args), self.filled(tangents, nothing))
            first, second = self.pair(rule, result, "(result, tangent)")
            ys, dys = trees.flatten(first), trees.flatten(second)
            if ys[1] != primal.out_tree or dys[1] != primal.out_tree:
                got = f"returned trees {ys[1]} and {dys[1]}"
                raise self.wrong(rule, got, f"{primal.out_tree}, the structure of the result")
            types = primal.graph.types
            values = [self.fit(rule, y, t) for y, t in zip(ys[0], types, strict=True)]
            rows = zip(dys[0], types, strict=True)
            return values, [self.fit(rule, dy, t) for dy, t in rows if t.differentiable]

        tangents = [floats_of(a) for a in self.arguments]
        return self.recorded(flat, [*self.arguments, *tangents], whole=False).graph

    def vjp_regions(self, primal: Program) -> list[Graph]:
        """The forward rule, and (residuals, cotangents) -> cotangents of float operands."""
        forward = HANDLERS.rebind(self.custom.forward)
        backward = HANDLERS.rebind(self.custom.backward)
        types = primal.graph.types
        trees_seen: list[trees.TreeDef] = []

        @functools.wraps(forward)
        def out_first(*xs: Any) -> Any:
            result = forward(*self.filled(xs, self.args))
            first, second = self.pair(forward, result, "(result, residuals)")
            ys, tree = trees.flatten(first)
            if tree != primal.out_tree:
                raise self.wrong(forward, f"returned a tree {tree}", f"{primal.out_tree}")
            values = [self.fit(forward, y, t) for y, t in zip(ys, types, strict=True)]
            residuals, residual_tree = trees.flatten(second)
            trees_seen.append(residual_tree)
            return values, residuals

        first = self.recorded(out_first, self.arguments, whole=False)
        kept = first.graph.types[len(types) :]
        names = tuple(f"residual {k}" for k in range(len(kept)))
        residuals = Argument(kept, names, (False,) * len(kept), trees_seen[-1])
        out_types = Argument(types, ("ct",) * len(types), (False,) * len(types), primal.out_tree)

        @functools.wraps(backward)
        def flat(residual: Any, ct: Any) -> Any:
            result = backward(residual, with_zeros(ct, out_types))
            pulled = cast(Any, result if isinstance(result, tuple | list) else ())
            if len(pulled) != len(self.args):
                got = f"returned {result!r}"
                raise self.wrong(backward, got, f"a tuple of {len(self.args)}, one per argument")
            return [
                x
                for k, a in zip(self.places, self.arguments, strict=True)
                for x in self.cotangents(backward, pulled[k], a)
            ]

        second = self.recorded(flat, [residuals, floats_of(out_types)], whole=False)
        return [first.graph, second.graph]

    def cotangents(self, backward: Function, ct: Any, a: Argument) -> list[Any]:
        """The cotangents of the float leaves of one argument."""
        if ct is None:
            return [zero_of(t) for t in a.types if t.differentiable]
        leaves, tree = trees.flatten(ct)
        if tree != a.tree:
            raise self.wrong(backward, f"returned a cotangent {tree}", f"{a.tree}")
        rows = zip(leaves, a.types, strict=True)
        return [self.fit(backward, x, t) for x, t in rows if t.differentiable]

    def pair(self, rule: Function, result: Any, want: str) -> tuple[Any, Any]:
        """The two things that a rule returns."""
        both = cast(Any, result if isinstance(result, tuple) else ())
        if len(both) != 2:
            raise self.wrong(rule, f"returned {result!r}", want)
        return both[0], both[1]

    def fit(self, rule: Function, y: Any, type_: Type) -> Any:
        """A value of a rule in the type that its place has."""
        if np.shape(y) != type_.shape:
            got = f"returned shape {np.shape(y)}"
            raise self.wrong(rule, got, f"{type_.shape}, the shape of what it stands for", True)
        return converted(y, type_)

    def wrong(self, rule: Function, got: str, want: str, shape: bool = False) -> Exception:
        """An error about what a rule returned."""
        asked = f"the rule {function_name(rule)} of {self.name}{at_line()}"
        message = explain(asked, got, want, "Correct what the rule returns")
        return ShapeError(message) if shape else TreeError(message)


def floats_of(a: Argument) -> Argument:
    """The float leaves of an argument, as a list."""
    on = [k for k, t in enumerate(a.types) if t.differentiable]
    tree = trees.flatten([0.0] * len(on))[1]
    names = tuple(f"d_{a.names[k]}" for k in on)
    return Argument(tuple(a.types[k] for k in on), names, (False,) * len(on), tree)


def with_zeros(floats: Sequence[Any], a: Argument) -> Any:
    """The tree of an argument with these float leaves, and zeros for the others."""
    given = iter(floats)
    leaves = [next(given) if t.differentiable else zero_of(t) for t in a.types]
    return trees.unflatten(a.tree, leaves)


def zero_of(type_: Type) -> Any:
    """The zero of a type."""
    return np.zeros(type_.shape, type_.dtype.numpy)[()]
