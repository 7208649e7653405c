"""A graph on its way to the machine: optimised, cut where it cannot be compiled, and run.

Most graphs are one piece, and what runs them is its compiled function. A graph with operations that
only NumPy knows is cut (`backends.cut`): compiled pieces and runs of the interpreter follow one
another and hand over the values that are still read. `plan` says which is which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...graph import Atom, Graph, Lit, Var
from ...lowering.lower import refusal
from ...lowering.program import Program
from ...transforms.optimise import optimise
from .. import interpreter
from ..cut import Cut, cut
from ..plan import Plan, plan_of
from .piece import Executable as Executable
from .piece import Options as Options
from .piece import Piece


class Programs(tuple[Program, ...]):
    """The loop programs of several pieces; printed one after another."""

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))


@dataclass(frozen=True)
class Lowered:
    """A graph on its way to the machine; each stage is made when it is first asked for."""

    graph: Graph
    options: Options = field(default_factory=Options)

    @cached_property
    def optimised(self) -> Graph:
        """The graph after the optimiser."""
        return optimise(self.graph)

    @cached_property
    def cut(self) -> Cut:
        """What is compiled and what runs in NumPy."""
        return cut(self.optimised, refusal)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The compiled parts. What of a cut function may overwrite its arguments is not known."""
        options = self.options if self.cut.whole else replace(self.options, donated=())
        return tuple(Piece(part.graph, options) for part in self.cut.parts if part.compiled)

    @property
    def loops(self) -> Program | Programs:
        """The loop program; of a function in parts, those of all compiled pieces."""
        found = Programs(piece.loops for piece in self.pieces)
        return found[0] if self.cut.whole else found

    @property
    def source(self) -> str:
        """The text that Numba compiles; of several pieces, one after another."""
        return "\n\n".join(piece.source for piece in self.pieces)

    @property
    def plan(self) -> Plan:
        """Which operations are compiled, and which run in NumPy and why."""
        return plan_of(self.graph.name, self.cut.parts)

    def compile(self) -> Executable | Joined:
        """The function, compiled now or loaded from the cache."""
        if self.cut.whole:
            return self.pieces[0].compile()
        return Joined(self.cut, [piece.compile() for piece in self.pieces])


@dataclass(frozen=True, slots=True)
class Step:
    """One part: what runs it, where its operands and results stand, what nobody reads after it."""

    run: Callable[[Sequence[Any]], Sequence[Any]]
    args: tuple[int, ...]
    outs: slice
    dead: tuple[int, ...]


class Joined:
    """Parts of a graph that run one after another. `flat` takes arrays and numbers and returns a
    lone result or a tuple."""

    def __init__(self, cut: Cut, compiled: Sequence[Executable]) -> None:
        graph, parts = cut.graph, cut.parts
        pieces = iter(compiled)
        slots: dict[Atom, int] = {param: k for k, param in enumerate(graph.params)}
        for part in parts:
            for out in part.graph.outputs:
                slots[out] = len(slots)
        self.size = len(slots)
        last = {slots[param]: k for k, part in enumerate(parts) for param in part.graph.params}
        kept = {slots[atom] for atom in graph.outputs if isinstance(atom, Var)}
        self.steps: list[Step] = []
        for k, part in enumerate(parts):
            run = next(pieces) if part.compiled else interpreter.prepare(part.graph)
            args = tuple(slots[param] for param in part.graph.params)
            start = slots[part.graph.outputs[0]] if part.graph.outputs else 0
            outs = slice(start, start + len(part.graph.outputs))
            dead = tuple(slot for slot in args if last[slot] == k and slot not in kept)
            self.steps.append(Step(run, args, outs, dead))
        self.results = [atom if isinstance(atom, Lit) else slots[atom] for atom in graph.outputs]
        given = set(range(len(graph.params)))
        self.copied: list[int] = []
        for k, place in enumerate(self.results):
            if isinstance(place, Lit) or place in given:
                self.copied.append(k)
            else:
                given.add(place)

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        """The results for a list of arguments, as arrays and NumPy scalars. They share no memory
        with the arguments or one another."""
        env: list[Any] = [*args, *[None] * (self.size - len(args))]
        for step in self.steps:
            env[step.outs] = step.run([env[k] for k in step.args])
            for k in step.dead:
                env[k] = None
        found = [place.value if isinstance(place, Lit) else env[place] for place in self.results]
        for k in self.copied:
            found[k] = np.array(found[k])[()]
        return found

    def flat(self, *args: Any) -> Any:
        """The results for bare arguments."""
        found = self(args)
        return found[0] if len(found) == 1 else tuple(found)
