"""The interpreter: a graph prepared once, then run many times in NumPy.

Preparation numbers the values, finds after which step each is dead, and lets an op that can
overwrite its first operand do so where that operand is a fresh array that nobody reads again. A
view keeps the array it looks into alive. Results never share memory with arguments, constants or
one another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..graph import Atom, Graph, Node, Var, paused_collector
from ..graph.evaluate import located
from ..ops.shape import broadcast


@dataclass(frozen=True, slots=True)
class Step:
    """One node: the function, where its operands stand, where its result goes, what dies after."""

    function: Callable[..., Any]
    args: tuple[int, ...]
    out: int
    dead: tuple[int, ...]


@paused_collector()
def prepare(graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
    """A function from a list of arguments to a list of results."""
    slots: dict[Atom, int] = {param: k for k, param in enumerate(graph.params)}
    template: list[Any] = [None] * len(graph.params)

    def slot(atom: Atom) -> int:
        if atom not in slots:
            slots[atom] = len(template)
            template.append(None if isinstance(atom, Var) else atom.value)
        return slots[atom]

    owner = owners(graph)
    last = last_reads(graph)
    group_last: dict[Atom, int] = {}
    for var, index in last.items():
        group_last[owner[var]] = max(index, group_last.get(owner[var], -1))
    steps: list[Step] = []
    params: set[Atom] = set(graph.params)
    shared_cells = stretched(graph)
    for index, node in enumerate(graph.nodes):
        function = node.op.numpy
        if (
            node.op.inplace is not None
            and node.args[0] not in shared_cells
            and overwritable(node, index, owner, group_last, params)
        ):
            function = node.op.inplace
        if node.attrs:
            function = partial(function, **node.attrs)
        args = tuple([slot(arg) for arg in node.args])
        dead = {arg for arg in node.args if isinstance(arg, Var) and last[arg] == index}
        steps.append(Step(function, args, slot(node.out), tuple([slot(var) for var in dead])))
    outputs = [slot(atom) for atom in graph.outputs]
    shared = copies(graph, owner)

    def run(args: Sequence[Any]) -> list[Any]:
        env = template.copy()
        env[: len(args)] = args
        with np.errstate(all="ignore"):
            for index, step in enumerate(steps):
                try:
                    env[step.out] = step.function(*[env[k] for k in step.args])
                except (ValueError, IndexError, TypeError, ArithmeticError) as error:
                    raise located(error, graph.nodes[index]) from error
                for k in step.dead:
                    env[k] = None
        return [result(env[k], copy) for k, copy in zip(outputs, shared, strict=True)]

    return run


def owners(graph: Graph) -> dict[Atom, Atom]:
    """The atom whose memory each variable may share: itself, unless it is a view."""
    owner: dict[Atom, Atom] = {param: param for param in graph.params}
    for node in graph.nodes:
        looks_into = node.args[0] if node.op.view else node.out
        owner[node.out] = owner.get(looks_into, looks_into)
    return owner


def stretched(graph: Graph) -> set[Atom]:
    """Broadcast views, and views of them: one cell of memory stands for several elements."""
    found: set[Atom] = set()
    for node in graph.nodes:
        if node.op is broadcast or (node.op.view and node.args[0] in found):
            found.add(node.out)
    return found


def last_reads(graph: Graph) -> dict[Var, int]:
    """The last step that reads each variable; results are read after all steps."""
    last: dict[Var, int] = {param: -1 for param in graph.params}
    for index, node in enumerate(graph.nodes):
        last[node.out] = index
        last.update({arg: index for arg in node.args if isinstance(arg, Var)})
    end = len(graph.nodes)
    last.update({atom: end for atom in graph.outputs if isinstance(atom, Var)})
    return last


def overwritable(
    node: Node,
    index: int,
    owner: dict[Atom, Atom],
    group_last: dict[Atom, int],
    params: set[Atom],
) -> bool:
    """Whether operand 0 is a fresh array, read here for the last time, apart from the others."""
    root = owner.get(node.args[0], node.args[0])
    fresh = isinstance(root, Var) and group_last[root] == index and root not in params
    return fresh and all(owner.get(arg, arg) is not root for arg in node.args[1:])


def copies(graph: Graph, owner: dict[Atom, Atom]) -> list[bool]:
    """Which results would otherwise share memory with an argument, a constant or another result."""
    given: set[Atom] = set(graph.params)
    copy: list[bool] = []
    for atom in graph.outputs:
        root = owner.get(atom, atom)
        copy.append(not isinstance(root, Var) or root in given)
        given.add(root)
    return copy


def result(value: Any, copy: bool) -> Any:
    """A result as the user gets it: a NumPy scalar, or an array that may be written to."""
    if np.ndim(value) == 0:
        return np.asarray(value)[()]
    return np.array(value) if copy or not value.flags.writeable else value
