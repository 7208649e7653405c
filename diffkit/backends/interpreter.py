"""The interpreter: a graph prepared once, then run many times in NumPy.

Preparation numbers the values, finds after which step each is dead, and lets an op that can
overwrite its first operand do so where that operand is a fresh array that nobody reads again. A
view keeps the array it looks into alive. Results never share memory with arguments, constants or
one another. Loops own their carry: their bodies update it in place.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from ..graph import Atom, Graph, Node, Var, paused_collector
from ..graph.evaluate import located
from ..ops.region import scan, while_
from ..ops.shape import broadcast
from ..types import f64

Step: TypeAlias = tuple[Callable[..., Any], Sequence[int], int, Sequence[int], Sequence[int], Node]
"""A node: the function, where its operands stand, where its result goes, or its several results
(the function then returns a list), which arrays die after, and the node itself."""


def prepare(graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
    """A function from a list of arguments to a list of results."""
    copies = shared(graph, graph.params, len(graph.outputs))
    run = prepare_body(graph, frozenset(), copies)

    def quietly(args: Sequence[Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            return [result(value) for value in run(args)]

    return quietly


@paused_collector()
def prepare_body(
    graph: Graph, owned: Set[Atom], copies: Sequence[int]
) -> Callable[[Sequence[Any]], list[Any]]:
    """As `prepare`, for a region: it may overwrite the parameters it owns, and copies just those
    results whose memory somebody else may write into."""
    slots: dict[Atom, int] = {param: k for k, param in enumerate(graph.params)}
    template: list[Any] = [None] * len(graph.params)

    def slot(atom: Atom) -> int:
        if atom not in slots:
            slots[atom] = len(template)
            template.append(None if isinstance(atom, Var) else atom.value[()])
        return slots[atom]

    last = last_reads(graph)
    memory = Memory.of(graph, last, owned)
    steps: list[Step] = []
    for index, node in enumerate(graph.nodes):
        args = tuple([slot(arg) for arg in node.args])
        dead = {a for a in node.args if isinstance(a, Var) and last[a] == index and is_array(a)}
        outs = tuple([slot(out) for out in node.outs])
        gone = tuple([slot(var) for var in dead])
        several = outs if node.op.regional else ()
        steps.append((function_of(node, index, memory), args, outs[0], several, gone, node))
    outputs = [slot(atom) for atom in graph.outputs]
    copied = tuple(copies)

    def run(args: Sequence[Any]) -> list[Any]:
        env = template.copy()
        env[: len(args)] = args
        node = None
        try:
            for function, places, out, several, dead, node in steps:  # noqa: B007, the node that fails
                if len(places) == 1:
                    value = function(env[places[0]])
                elif len(places) == 2:
                    value = function(env[places[0]], env[places[1]])
                else:
                    value = function(*[env[k] for k in places])
                if several:
                    for k, part in zip(several, value, strict=True):
                        env[k] = part
                else:
                    env[out] = value
                for k in dead:
                    env[k] = None
        except (ValueError, IndexError, TypeError, ArithmeticError) as error:
            assert node is not None
            raise located(error, node) from error
        values = [env[k] for k in outputs]
        for k in copied:
            values[k] = np.array(values[k])
        return values

    return run


def is_array(var: Var) -> bool:
    """Whether it is worth while to let go of a value early."""
    return bool(var.type.shape) or var.type.tape


@dataclass(frozen=True, slots=True)
class Memory:
    """Whose memory each value is, and until when it is read."""

    owner: dict[Atom, Atom]
    until: dict[Atom, int]
    """The last step that reads a value or a view of it."""
    stretched: Set[Atom]
    """Broadcast views, and views of them: one cell of memory stands for several elements."""
    foreign: Set[Atom]
    """The parameters that belong to somebody else."""

    @staticmethod
    def of(graph: Graph, last: dict[Var, int], owned: Set[Atom]) -> Memory:
        owner = owners(graph)
        until: dict[Atom, int] = {}
        for var, index in last.items():
            until[owner[var]] = max(index, until.get(owner[var], -1))
        return Memory(owner, until, stretched(graph), set(graph.params) - owned)

    def free(self, node: Node, index: int, place: int) -> bool:
        """Whether an operand may be overwritten: a fresh array, read here for the last time, and
        apart from the other operands."""
        arg = node.args[place]
        root = self.owner.get(arg, arg)
        fresh = isinstance(root, Var) and self.until[root] == index and root not in self.foreign
        others = (*node.args[:place], *node.args[place + 1 :])
        alone = all(self.owner.get(other, other) is not root for other in others)
        return fresh and alone and arg not in self.stretched


def function_of(node: Node, index: int, memory: Memory) -> Callable[..., Any]:
    """What computes a node: its op, in place where it can, or a loop over prepared regions."""
    if node.op.regional:
        return region_function(node, index, memory)
    function = node.op.numpy
    if function in OPERATORS and all([a.type.dtype == f64 and not a.type.shape for a in node.args]):
        return OPERATORS[function]
    if node.op.inplace is not None and memory.free(node, index, 0):
        function = node.op.inplace
    return partial(function, **node.attrs) if node.attrs else function


# On NumPy's scalars, an operator is the same function without a ufunc's preparations for arrays.
# (Division is not: arguments may be numbers of Python's, which do not divide by zero.)
OPERATORS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.negative: operator.neg,
}


def region_function(node: Node, index: int, memory: Memory) -> Callable[..., Any]:
    """Control flow. A loop owns its carry, so that its body may update it in place; what it is
    given to start with is copied unless nobody reads it any more."""
    run = node.region.run
    places = range(0)
    if node.op in (scan, while_):
        lead = len(node.args) - len(node.regions[-1].params) + node.attrs["consts"]
        count = node.attrs["carry"] if node.op is scan else len(node.args) - lead
        places = range(lead, lead + count)
    others = node.regions[:-1] if places else node.regions  # a callback has none
    bodies = [
        prepare_body(region, frozenset(), shared(region, region.params, len(region.outputs)))
        for region in others
    ]
    if places:
        body = node.regions[-1]
        first = node.attrs["consts"]
        carry = body.params[first : first + len(places)]
        apart = [p for p in body.params if p not in carry]
        bodies.append(prepare_body(body, frozenset(carry), shared(body, apart, len(places))))
    arrays = [k for k in places if node.args[k].type.shape]
    copied = [k for k in arrays if not memory.free(node, index, k)]

    def function(*args: Any) -> list[Any]:
        given = list(args)
        for k in copied:
            given[k] = np.array(given[k])
        return run(bodies, given, node)

    return function


def owners(graph: Graph) -> dict[Atom, Atom]:
    """The atom whose memory each variable may share: itself, unless it is a view."""
    owner: dict[Atom, Atom] = {param: param for param in graph.params}
    for node in graph.nodes:
        for out in node.outs:
            looks_into = node.args[0] if node.op.view else out
            owner[out] = owner.get(looks_into, looks_into)
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
        for out in node.outs:
            last[out] = index
        for arg in node.args:
            if isinstance(arg, Var):
                last[arg] = index
    end = len(graph.nodes)
    last.update({atom: end for atom in graph.outputs if isinstance(atom, Var)})
    return last


def shared(graph: Graph, foreign: Sequence[Atom], count: int) -> list[int]:
    """Which of the first `count` results are arrays that share memory with a foreign parameter, a
    constant or another result, or are stretched, so that they must be copied."""
    owner, wide = owners(graph), stretched(graph)
    given: set[Atom] = set(foreign)
    copies: list[int] = []
    for k, atom in enumerate(graph.outputs[:count]):
        root = owner.get(atom, atom)
        if atom.type.shape and (not isinstance(root, Var) or root in given or atom in wide):
            copies.append(k)
        given.add(root)
    return copies


def result(value: Any) -> Any:
    """A result as the user gets it: a NumPy scalar, or an array that may be written to."""
    if np.ndim(value) == 0:
        return np.asarray(value)[()]
    return value if value.flags.writeable else np.array(value)
