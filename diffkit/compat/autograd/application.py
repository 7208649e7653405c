"""One call of a primitive with traced arguments.

Where the arguments have values, the primitive is called on these. The recorded graph has one node
for it, which calls it again when the graph runs on other numbers, and whose derivative runs the
rule that the user gave on numbers, too (see `running`). A rule of one mode serves the other by its
transpose. Where the arguments have no values, inside of `jit` or a loop, the primitive itself is
recorded, and so is its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...control import Custom
from ...errors import ShapeError, TracingError, TreeError, UnsupportedError, explain
from ...tracing import Tracer, trees
from ...tracing.location import at_line
from ...tracing.program import type_of_leaf
from ...types import Type
from .rules import missing
from .running import Flat, Run, called, derived, transposed
from .values import dtype_kind, getval, is_moving, is_traced, nothing_recorded
from .wrap_util import get_name, subvals

DEPTH: ContextVar[int] = ContextVar("diffkit_rule_depth", default=0)
DEEPEST = 8
"""In how many rules, one within the other, a primitive may be called: one for each order."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The structure of a tree, and the types of its leaves."""

    tree: trees.TreeDef
    types: tuple[Type, ...]
    weak: tuple[bool, ...]

    @staticmethod
    def of(tree: Any, asked: str) -> tuple[list[Any], Shape]:
        """The leaves of a tree, and its shape."""
        leaves, treedef = trees.flatten(tree)
        types = tuple(type_of_leaf(x, "result", asked) for x in leaves)
        weak = tuple(getattr(x, "weak", False) for x in leaves)
        return leaves, Shape(treedef, types, weak)

    @property
    def floats(self) -> list[Type]:
        return [t for t in self.types if t.differentiable]

    def only_floats(self, leaves: Sequence[Any]) -> list[Any]:
        return [x for x, t in zip(leaves, self.types, strict=True) if t.differentiable]

    def with_zeros(self, floats: Sequence[Any]) -> list[Any]:
        """Leaves: these where they are floats, and zeros elsewhere."""
        given = iter(floats)
        return [
            next(given) if t.differentiable else np.zeros(t.shape, t.dtype.numpy)
            for t in self.types
        ]


class Application:
    """A primitive and its arguments, some of them traced."""

    def __init__(self, fun: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.fun = fun
        self.name = get_name(fun)
        self.args = args
        self.kwargs = kwargs
        self.places = [k for k, x in enumerate(args) if is_traced(x)]
        self.argnums = tuple(k for k in self.places if is_moving(args[k]))
        self.leaves, self.operands = Shape.of([args[k] for k in self.places], self.name)
        self.depth = DEPTH.get()
        if self.depth > DEEPEST:
            raise self.refused(
                f"rules that lead to {self.name} again in {self.depth} steps",
                "a rule in terms of other functions",
                f"Give {self.name} a rule by defvjp; one by defjvp that applies {self.name} to the "
                "tangent cannot be transposed",
            )

    def result(self) -> Any:
        """The result, as one recorded node."""
        try:
            values = [getval(x) for x in self.leaves]
        except TracingError:
            return self.traced()
        with nothing_recorded():
            ans = self.call(values)
        leaves, out = Shape.of(ans, self.name)
        if is_traced(leaves):
            raise self.refused(
                f"{self.name} reads a traced value from around it",
                "a function of its arguments alone, for which the rule speaks",
                "Pass the value as an argument",
            )
        run = Run(self.flat, out.types, self.operands.weak, (values, leaves))
        outs = self.with_rules(called(run), lambda: out, on_numbers=True)(*self.leaves)
        return trees.unflatten(out.tree, outs)

    def traced(self) -> Any:
        """The same for arguments without values: the function itself is recorded."""
        seen: list[Shape] = []

        def body(*xs: Any) -> list[Any]:
            leaves, out = Shape.of(self.call(xs), self.name)
            seen.append(out)
            return leaves

        outs = self.with_rules(body, lambda: seen[0], on_numbers=False)(*self.leaves)
        return trees.unflatten(seen[0].tree, outs)

    def full(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """All positional arguments, with these leaves in the traced ones."""
        varying = trees.unflatten(self.operands.tree, leaves)
        return subvals(self.args, zip(self.places, varying, strict=True))

    def call(self, leaves: Sequence[Any]) -> Any:
        return self.fun.fun(*self.full(leaves), **self.kwargs)

    def flat(self, *leaves: Any) -> list[Any]:
        return trees.flatten(self.call(leaves))[0]

    def refused(self, got: str, want: str, remedy: str) -> UnsupportedError:
        return UnsupportedError(explain(f"{self.name}{at_line()}", got, want, remedy))

    # --- the rules -------------------------------------------------------------------------------

    def with_rules(self, body: Flat, shape: Callable[[], Shape], on_numbers: bool) -> Custom:
        """The function of the leaves with its rules, which run on numbers or are recorded."""
        body.__name__ = self.name
        node = Custom(body)

        def applied(rule: Flat, types: Sequence[Type], xs: Any, ys: Any, v: Any) -> list[Any]:
            if not on_numbers:
                return rule(*xs, *ys, *v)
            weak = (*self.operands.weak, *shape().weak, *[False] * len(v))
            return derived(Run(rule, types, weak))(*xs, *ys, *v)

        def forward(*xs: Any) -> Any:
            ys = node(*xs)
            return ys, (xs, ys)

        def backward(known: Any, cts: Any) -> Any:
            (xs, ys), out = known, shape()
            rule = self.rule(out, "VJP")
            found = iter(applied(rule, self.operands.floats, xs, ys, out.only_floats(cts)))
            return [next(found) if t.differentiable else None for t in self.operands.types]

        def jvp(xs: Any, dxs: Any) -> Any:
            ys, out = node(*xs), shape()
            rule = self.rule(out, "JVP")
            dys = applied(rule, out.floats, xs, ys, self.operands.only_floats(dxs))
            return ys, out.with_zeros(dys)

        by_vjp, by_jvp = self.fun.vjpmaker is not None, self.fun.jvpmaker is not None
        both = on_numbers or by_vjp == by_jvp  # else what is recorded is transposed as a graph
        if both or by_vjp:
            node.defvjp(forward, backward)
        if both or by_jvp:
            node.defjvp(jvp)
        return node

    def rule(self, out: Shape, mode: str) -> Flat:
        """The rule for a mode, or the transpose of that for the other, as a function of the leaves
        of arguments and result, and of the vectors it is applied to."""
        n, m = len(self.operands.types), len(out.types)
        own = {"VJP": self.fun.vjpmaker, "JVP": self.fun.jvpmaker}
        if own["VJP"] is None and own["JVP"] is None:
            raise missing(mode, self.fun, self.argnums)
        of = {"VJP": self.pulled, "JVP": self.pushed}
        other, types = ("JVP", self.operands.floats) if mode == "VJP" else ("VJP", out.floats)

        def apply(*flat: Any) -> list[Any]:
            xs, ys, vectors = flat[:n], flat[n : n + m], flat[n + m :]
            if own[mode] is not None:
                return of[mode](out, xs, ys, vectors)
            return transposed(self.name, lambda *v: of[other](out, xs, ys, v), types, vectors)

        return apply

    @contextmanager
    def within_rule(self) -> Generator[None]:
        """A block that runs a rule of this call."""
        token = DEPTH.set(self.depth + 1)
        try:
            yield
        finally:
            DEPTH.reset(token)

    def pulled(self, out: Shape, xs: Any, ys: Any, cts: Any) -> list[Any]:
        """The cotangents of the floats among the leaves, by the user's rule."""
        ans, g = (trees.unflatten(out.tree, leaves) for leaves in (ys, out.with_zeros(cts)))
        with self.within_rule():
            rule = self.fun.vjpmaker(self.argnums, ans, self.full(xs), self.kwargs)
            found = dict(zip(self.argnums, rule(g), strict=True))
        return self.fitting("VJP", [found.get(k, self.args[k]) for k in self.places], self.operands)

    def pushed(self, out: Shape, xs: Any, ys: Any, dxs: Any) -> list[Any]:
        """The tangents of the floats among the results, by the user's rule."""
        ans = trees.unflatten(out.tree, ys)
        tangents = trees.unflatten(self.operands.tree, self.operands.with_zeros(dxs))
        moving = [g for k, g in zip(self.places, tangents, strict=True) if k in self.argnums]
        with self.within_rule():
            dys = self.fun.jvpmaker(self.argnums, moving, ans, self.full(xs), self.kwargs)
        return self.fitting("JVP", dys, out)

    def fitting(self, mode: str, found: Any, want: Shape) -> list[Any]:
        """The floats that a rule returned, held to the structure, shapes and dtypes they should
        have."""
        leaves, tree = trees.flatten(found)
        asked = f"the {mode} of {self.name}{at_line()}"
        if tree != want.tree:
            got, remedy = f"it returned a tree {tree}", "Correct what the rule returns"
            raise TreeError(explain(asked, got, f"{want.tree}", remedy))
        pairs = zip(leaves, want.types, strict=True)
        return [fit(x, t, asked) for x, t in pairs if t.differentiable]


def fit(x: Any, type_: Type, asked: str) -> Any:
    """A value of a rule in the type that its place has."""
    lost = dtype_kind(x) == "c" and not type_.complex
    if np.shape(x) != type_.shape or lost:
        got = f"it returned shape {np.shape(x)}" + (" and complex numbers" if lost else "")
        remedy = "Correct what the rule returns (np.sum what was broadcast, np.real for a real one)"
        raise ShapeError(explain(asked, got, f"{type_}", remedy))
    dtype = type_.dtype.numpy
    return x.astype(dtype) if isinstance(x, Tracer) else np.asarray(x, dtype)[()]
