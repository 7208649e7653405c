"""A function of an eval, compiled for the types of its arguments."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optree

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Function

__all__ = ["Compiled", "compiled"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """`run()` computes, and is what a clock measures: the compiled function itself, called with
    bare arrays. `tree(run())` is its result in the structure that the function returns."""

    run: Callable[[], Any]
    tree: Callable[[Any], Any]


def compiled(function: Function, arguments: Arguments) -> Compiled:
    """Compile, or find what has been compiled for the same types and static arguments."""
    stages = jitted(function, tuple(arguments.static.items())).lower(*arguments.data)
    flat = stages.compile().flat
    leaves: Any = optree.tree_leaves(arguments.data)
    return Compiled(functools.partial(flat, *leaves), stages.tree)


@functools.cache
def jitted(function: Function, static: tuple[tuple[str, Any], ...]) -> Any:
    """The function with its static arguments filled in, compiled once for each type of the rest."""
    return dk.jit(functools.partial(function, **dict(static)))
