"""Forward and reverse traces: what each mode knows about every value of a program.

Both come from the modes themselves, applied to a program that shows more of itself.

Forward: let the program return all its values. Its jvp then returns all their tangents.

Reverse: let each use of a value add a parameter of its own, which is -0 (x + (-0) is x, for every
x). The cotangent of that parameter is what this use contributes to the adjoint of the value, and
the adjoint is the sum of the contributions: at a fan-out there are several.

After the tables of Baydin, Pearlmutter, Radul & Siskind, JMLR 18(153), 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..graph import Atom, Graph, Node, Var, evaluate
from ..graph.graph import name_all, show
from ..modes.activity import operands
from ..modes.forward import jvp
from ..modes.reverse import vjp
from ..ops.arithmetic import add

SEED = "seed"


@dataclass(frozen=True, slots=True)
class ForwardRow:
    """A value of the program, named as in the printed graph; a parameter has no formula, and what
    is not floating point no tangent."""

    name: str
    formula: str
    value: Any
    tangent: Any


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one use of a value adds to its adjoint. `user` names the value computed there, or is
    "seed" for the result itself."""

    user: str
    value: Any


@dataclass(frozen=True, slots=True)
class ReverseRow:
    """The adjoint of a value, and the contributions it is the sum of, in the order they arrive."""

    name: str
    adjoint: Any
    contributions: tuple[Contribution, ...]


def variables(graph: Graph) -> list[Var]:
    """All values of a graph: parameters, then results of nodes in order."""
    return [*graph.params, *(out for node in graph.nodes for out in node.outs)]


def numbers(values: Sequence[Any]) -> list[Any]:
    """Arrays of no axes as NumPy scalars."""
    return [np.asarray(value)[()] for value in values]


def formula(node: Node, names: dict[Var, str]) -> str:
    """The right side of a node's line."""
    args = [show(arg, names) for arg in node.args]
    attrs = [f"{key}={value}" for key, value in sorted(node.attrs.items())]
    return f"{node.op.name}({', '.join(args + attrs)})"


def forward_trace(graph: Graph, inputs: Sequence[Any], seed: Sequence[Any]) -> list[ForwardRow]:
    """A row for each value. `seed` has a tangent for each input, or None where it is no float."""
    everything = replace(graph, outputs=tuple(variables(graph)))
    active = [p.type.differentiable for p in graph.params]
    moved = [tangent for tangent, on in zip(seed, active, strict=True) if on]
    results = numbers(evaluate(jvp(everything, active), [*inputs, *moved]))
    count = len(everything.outputs)
    tangents = iter(results[count:])
    names = name_all(graph)
    formulas = {out: formula(node, names) for node in graph.nodes for out in node.outs}
    return [
        ForwardRow(
            names[var],
            formulas.get(var, ""),
            value,
            next(tangents) if var.type.differentiable else None,
        )
        for var, value in zip(variables(graph), results[:count], strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a value: which value, by whom, and the parameter that was added to it there."""

    of: Var
    user: str
    mark: Var


def mark_uses(graph: Graph) -> tuple[Graph, list[Use]]:
    """The graph in which every use of a value, where a derivative can flow through that use, adds a
    parameter of its own."""
    names = name_all(graph)
    uses: list[Use] = []
    nodes: list[Node] = []

    def marked(atom: Atom, user: str) -> Atom:
        if not isinstance(atom, Var) or not atom.type.differentiable:
            return atom
        mark, shifted = Var(atom.type), Var(atom.type)
        uses.append(Use(atom, user, mark))
        nodes.append(Node(add, (atom, mark), {}, (shifted,)))
        return shifted

    for node in graph.nodes:
        moving = operands(node.op, len(node.args))
        args = tuple(
            marked(arg, names[node.out]) if k in moving else arg for k, arg in enumerate(node.args)
        )
        nodes.append(replace(node, args=args))
    outputs = tuple(marked(atom, SEED) for atom in graph.outputs)
    params = (*graph.params, *(use.mark for use in uses))
    return Graph(graph.name, params, tuple(nodes), outputs), uses


def reverse_trace(graph: Graph, inputs: Sequence[Any]) -> list[ReverseRow]:
    """A row for each floating-point value that the scalar result depends on, from the result back
    to the parameters; a parameter without influence has no contributions."""
    shown, uses = mark_uses(graph)
    marks = [np.full(use.mark.type.shape, -0.0, use.mark.type.dtype.numpy)[()] for use in uses]
    joint = vjp(shown, [False] * len(graph.params) + [True] * len(uses))
    one = np.ones((), graph.types[0].dtype.numpy)[()]
    cotangents = numbers(evaluate(joint, [*inputs, *marks, one]))[1:]
    names = name_all(graph)
    arrived: dict[Var, list[Contribution]] = {}
    for use, value in zip(reversed(uses), reversed(cotangents), strict=True):
        arrived.setdefault(use.of, []).append(Contribution(use.user, value))
    rows: list[ReverseRow] = []
    for var in [*reversed(variables(graph)[len(graph.params) :]), *graph.params]:
        parts = tuple(arrived.get(var, ()))
        if var.type.differentiable and (parts or var in graph.params):
            zero: Any = np.zeros(var.type.shape, var.type.dtype.numpy)[()]
            rows.append(ReverseRow(names[var], sum((p.value for p in parts), start=zero), parts))
    return rows
