"""What of a function is compiled and what runs in NumPy, in words.

A function with NumPy parts is right but may be slower than its user thinks, so `dk.jit(f).plan`
says which operations these are, on which lines, and why each is not compiled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..graph import Graph
from ..ops.region import scan, while_
from .cut import Part, place


@dataclass(frozen=True, slots=True)
class InNumpy:
    """An operation that runs in NumPy."""

    op: str
    where: str
    """The user's file and line; empty if it is not known."""
    why: str

    def __str__(self) -> str:
        return f"{self.op}{' at ' * bool(self.where)}{self.where}: {self.why}"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a plan: a compiled piece, or operations in NumPy."""

    operations: int
    """How many, a loop or branch counted as one."""
    in_numpy: tuple[InNumpy, ...]
    """Empty for a compiled piece."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a function runs: its stages, in order. Prints as a short report."""

    name: str
    stages: tuple[Stage, ...]

    @property
    def pieces(self) -> int:
        """How many compiled pieces there are."""
        return sum(1 for stage in self.stages if not stage.in_numpy)

    @property
    def in_numpy(self) -> tuple[InNumpy, ...]:
        """All operations that run in NumPy, in order."""
        return tuple(item for stage in self.stages for item in stage.in_numpy)

    @property
    def loops_in_numpy(self) -> bool:
        """Whether a loop is run step by step in NumPy, which is slow."""
        return any(item.op in (scan.name, while_.name) for item in self.in_numpy)

    @property
    def summary(self) -> str:
        """One line."""
        rest = len(self.in_numpy)
        if not rest:
            return f"{self.name}: compiled as a whole"
        if not self.pieces:
            return f"{self.name}: {counted(rest, 'operation')} in NumPy, nothing compiled"
        compiled = sum(stage.operations for stage in self.stages if not stage.in_numpy)
        pieces = f"{counted(self.pieces, 'compiled piece')} ({counted(compiled, 'operation')})"
        return f"{self.name}: {pieces}, {counted(rest, 'operation')} in NumPy"

    def __str__(self) -> str:
        lines = Counter(map(str, self.in_numpy))  # an unrolled loop has the same line many times
        times = {line: f" ({n} times)" if n > 1 else "" for line, n in lines.items()}
        return "\n".join([self.summary, *(f"  {line}{times[line]}" for line in lines)])


def counted(n: int, what: str) -> str:
    """A number of things."""
    return f"{n} {what}{'s' * (n != 1)}"


def plan_of(name: str, parts: Sequence[Part]) -> Plan:
    """The plan of a graph that has been cut."""
    return Plan(name, tuple(stage(part) for part in parts))


def stage(part: Part) -> Stage:
    items: list[InNumpy] = []
    for node, why in part.why.items():
        items.append(InNumpy(node.op.name, place(node.loc) if node.loc else "", why))
    return Stage(len(part.graph.nodes), tuple(items))


def interpreted(graph: Graph, why: str) -> Plan:
    """The plan of a graph that the interpreter runs, node by node."""
    return plan_of(graph.name, [Part(graph, dict.fromkeys(graph.nodes, why))])


def whole(graph: Graph) -> Plan:
    """The plan of a graph of which all is compiled."""
    return plan_of(graph.name, [Part(graph, {})])
