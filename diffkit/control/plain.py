"""Loops on plain arrays, where nothing is being recorded: Python's own, with the same checks.

Each step gets copies, as a recorded step gets values: one that writes into its carry or its row
changes neither the user's arrays nor what earlier steps returned.
"""

# The lambdas over leaves take whatever the user's trees hold.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError, TreeError, explain
from ..ops.region import unending
from ..tracing import argument_names, as_input, function_name, trees
from ..tracing.location import at_line
from ..types import Type, type_of
from .regions import carry_error, castable, structure_error

Function = Callable[..., Any]


def own(x: Any) -> Any:
    """A leaf as nobody else has it."""
    return np.array(x)[()]


class Carry:
    """The carry of a running loop: held to the structure and the types that it starts with."""

    def __init__(self, asked: str, step: Function, start: Any, name: str) -> None:
        self.asked, self.step = asked, step
        self.leaves, self.tree = trees.flatten(start)
        self.name, self.names = name, trees.names(start, name)
        self.weak = [type(x) in (int, float) for x in self.leaves]
        self.types: list[Type] = [type_of(x, asked) for x in self.leaves]

    @property
    def given(self) -> Any:
        """The carry for the next step; a Python number is one as long as its dtype gives way."""
        rows = zip(self.leaves, self.weak, strict=True)
        return trees.unflatten(self.tree, [x if weak else own(x) for x, weak in rows])

    @property
    def result(self) -> Any:
        return trees.unflatten(self.tree, [own(x) for x in self.leaves])

    def flat(self, value: Any) -> list[Any]:
        """The leaves of what a step returned."""
        leaves, tree = trees.flatten(value)
        if tree != self.tree:
            raise structure_error(self.asked, self.step, self.name, tree, self.tree)
        return leaves

    def gives_way(self, value: Any) -> bool:
        """Whether a Python number took the dtype that a step gave it; the step is to run again."""
        changed = False
        for k, x in enumerate(self.flat(value)):
            if self.weak[k] and (found := type_of(x, self.asked)) != self.types[k]:
                if not castable(self.types[k], found):
                    break  # `update` says why
                self.types[k], self.weak[k], changed = found, False, True
                self.leaves[k] = np.asarray(self.leaves[k], found.dtype.numpy)[()]
        return changed

    def update(self, value: Any) -> None:
        """The carry after a step."""
        for k, x in enumerate(self.flat(value)):
            self.weak[k] = self.weak[k] and type(x) in (int, float)
            leaf = x if self.weak[k] else as_input(x)
            if np.result_type(x) != self.types[k].dtype.numpy or np.shape(x) != self.types[k].shape:
                found = type_of(x, self.asked)
                raise carry_error(self.asked, self.step, self.names[k], self.types[k], found)
            self.leaves[k] = leaf


def scan(step: Function, start: Any, xs: Any, count: int, reverse: bool) -> tuple[Any, Any]:
    """`control.scan` on arrays."""
    carry = Carry("scan", step, start, argument_names(step, 2)[0])

    def one(row: Callable[[], Any]) -> tuple[Any, Any]:
        after, y = pair(step, step(carry.given, row()))
        while carry.gives_way(after):
            after, y = pair(step, step(carry.given, row()))
        return after, trees.map_(own, y)

    order = range(count - 1, -1, -1) if reverse else range(count)
    ys: list[Any] = [None] * count
    for k in order:
        after, ys[k] = one(lambda k=k: trees.map_(lambda x: own(np.asarray(x)[k]), xs))
        carry.update(after)
    if count:
        return carry.result, stacked(step, ys)
    # without a step to tell the structure of a row, that of a step on zeros
    with np.errstate(all="ignore"):
        zero = trees.map_(lambda x: np.zeros(np.shape(x)[1:], np.asarray(x).dtype)[()], xs)
        _, y = one(lambda: trees.map_(own, zero))
    return carry.result, trees.map_(lambda y: np.zeros((0, *np.shape(y)), np.asarray(y).dtype), y)


def pair(step: Function, result: Any) -> tuple[Any, Any]:
    """What a step of a scan returned."""
    if not isinstance(result, tuple) or len(result) != 2:
        got = f"{function_name(step)} returned {trees.flatten(result)[1]}"
        remedy = "Return (carry, y); y may be None"
        raise TreeError(explain(f"scan{at_line()}", got, "a pair (carry, y)", remedy))
    return result


def stacked(step: Function, ys: list[Any]) -> Any:
    """The rows as arrays."""
    columns, tree = trees.flatten(ys[0])
    for k, y in enumerate(ys):
        leaves, found = trees.flatten(y)
        asked = f"scan{at_line()}"
        if found != tree:
            got = f"{function_name(step)} returned y as {tree} for row 0 and {found} for row {k}"
            remedy = "Return the same structure in every step"
            raise TreeError(explain(asked, got, "one structure", remedy))
        for name, x, first in zip(trees.names(y, "y"), leaves, columns, strict=True):
            if np.shape(x) != np.shape(first):
                shapes = f"{np.shape(first)} for row 0 and {np.shape(x)} for row {k}"
                got = f"{function_name(step)} returned {name} of shape {shapes}"
                remedy = "Return the same shapes in every step"
                raise ShapeError(explain(asked, got, "one shape for all rows", remedy))
    return trees.map_(lambda *rows: np.stack(rows), *ys)


def fori_loop(lo: int, hi: int, body: Function, start: Any) -> Any:
    """`control.fori_loop` on arrays."""
    carry = Carry("fori_loop", body, start, argument_names(body, 2)[1])
    for i in range(lo, hi):
        after = body(np.int64(i), carry.given)
        while carry.gives_way(after):
            after = body(np.int64(i), carry.given)
        carry.update(after)
    return carry.result


def while_loop(cond: Function, body: Function, start: Any, max_steps: int | None) -> Any:
    """`control.while_loop` on arrays."""
    carry = Carry("while_loop", body, start, argument_names(body, 1)[0])
    steps = 0
    while truth(cond, cond(carry.given)):
        if steps == max_steps:
            raise unending(steps, at_line())
        after = body(carry.given)
        while carry.gives_way(after):
            after = body(carry.given)
        carry.update(after)
        steps += 1
    return carry.result


def truth(cond: Function, flag: Any) -> bool:
    """What a condition said, which has to be one boolean."""
    if not isinstance(flag, bool | np.bool_):
        types = ", ".join(str(type_of(x, "while_loop")) for x in trees.flatten(flag)[0])
        if types != "b1[]":
            raise condition_error(cond, types)
    return bool(flag)


def condition_error(cond: Function, types: str) -> DtypeError:
    """A condition that is not one boolean."""
    got = f"{function_name(cond)} returned {types}"
    remedy = "Compare, and reduce with np.any or np.all"
    return DtypeError(
        explain(f"the condition of while_loop{at_line()}", got, "one boolean, b1[]", remedy)
    )
