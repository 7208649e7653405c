"""Functions with a derivative of their own, and functions that only Python can run.

`custom` runs its region. Its attribute `rules` has its derivatives, recorded when they are first
asked for, since a rule may call the function itself:

    jvp       (operands, tangents of float operands) -> (results, tangents of float results)
    forward   (operands) -> (results, residuals)
    backward  (residuals, cotangents of float results) -> cotangents of float operands

A rule is a graph like any other, so it is printed, verified, differentiated and batched. With the
jvp alone the reverse mode transposes it, with forward and backward alone the forward mode does.

`callback` calls a Python function on arrays. It has no derivative of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..errors import EvaluationError, UnsupportedError, explain
from ..graph import Attrs, Graph, Node, Region
from ..types import Type
from .region import expect, operands_only, region_op
from .routine import Routine, as_it_is, once, tangents

Body = Callable[[Sequence[Any]], list[Any]]


class Rules:
    """The rules of a custom function by name, each recorded once."""

    def __init__(self, recorders: Mapping[str, Callable[[], Graph]]) -> None:
        self.recorders = recorders
        self._graphs: dict[str, Graph] = {}

    def get(self, name: str) -> Graph | None:
        """The rule of this name, if there is one."""
        if name not in self._graphs and name in self.recorders:
            self._graphs[name] = self.recorders[name]()
        return self._graphs.get(name)

    def map(self, change: Callable[[str, Graph], Graph]) -> Rules:
        """Changed rules, each when it is asked for."""

        def changed(name: str) -> Graph:
            graph = self.get(name)
            assert graph is not None
            return change(name, graph)

        return Rules({name: partial(changed, name) for name in self.recorders})

    def __repr__(self) -> str:
        return f"({', '.join(self.recorders)})"


def has_rules(node: Node) -> bool:
    """Whether a node differentiates by a rule that is a graph."""
    return node.op is custom or isinstance(node.op.fact, Routine)


def rule(node: Node, name: str) -> Graph | None:
    """The rule of a custom node, or of a routine, with this name, if it has one."""
    if isinstance(node.op.fact, Routine):
        return tangents(node) if name == "jvp" else None
    rules: Rules = node.attrs["rules"]
    found = rules.get(name)
    if found is not None:
        check_rule(node, name, found)
    return found


def floats(types: Sequence[Type]) -> list[Type]:
    """The types that have a derivative."""
    return [t for t in types if t.differentiable]


def check_rule(node: Node, name: str, found: Graph) -> None:
    """Hold a rule to the types that the function has."""
    operands = [arg.type for arg in node.args]
    results = [out.type for out in node.outs]
    params, outputs = [p.type for p in found.params], list(found.types)
    if name == "jvp":
        expect("the parameters of a jvp", params, [*operands, *floats(operands)])
        expect("the results of a jvp", outputs, [*results, *floats(results)])
    elif name == "forward":
        expect("the parameters of a forward rule", params, operands)
        expect("the results of a forward rule", outputs[: len(results)], results)
    else:
        count = len(floats(results))
        expect("the cotangents of a backward rule", params[len(params) - count :], floats(results))
        expect("the results of a backward rule", outputs, floats(operands))


def infer_custom(
    types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]
) -> tuple[Type, ...]:
    expect("the parameters of a custom function", [p.type for p in regions[0].params], types)
    return regions[0].types


def run_first(bodies: Sequence[Body], args: Sequence[Any], node: Node) -> list[Any]:
    return bodies[0](args)


custom = region_op("custom", Region(infer_custom, run_first, operands_only, as_it_is, once))


def infer_callback(
    types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]
) -> tuple[Type, ...]:
    return attrs["types"]


def run_callback(bodies: Sequence[Body], args: Sequence[Any], node: Node) -> list[Any]:
    """Call the function on copies, and hold it to the types it promised."""
    results = node.attrs["function"](*[np.array(x)[()] for x in args])
    values = [np.asarray(y) for y in results]
    wanted: tuple[Type, ...] = node.attrs["types"]
    got = [(y.dtype, y.shape) for y in values]
    if got != [(t.dtype.numpy, t.shape) for t in wanted]:
        where = f" at {node.loc}" if node.loc else ""
        found = ", ".join(f"{d}{list(s)}" for d, s in got)
        want, remedy = ", ".join(map(str, wanted)), "Give its result that type, or change the type"
        raise EvaluationError(explain(f"callback{where}", f"it returned {found}", want, remedy))
    return [np.array(y)[()] for y in values]


callback = region_op(
    "callback", Region(infer_callback, run_callback, operands_only, as_it_is, once)
)


def no_rule(node: Node, mode: str) -> UnsupportedError:
    """A mode asks for the derivative of a function that only Python can run."""
    where = f" at {node.loc}" if node.loc else ""
    remedy = "Give it one with .defjvp or .defvjp, or take its argument out by dk.stop_gradient"
    got = "a callback, whose derivative nobody knows"
    return UnsupportedError(explain(f"{mode}{where}", got, "a rule for it", remedy))
