"""Nests: loops in loops around one statement, the shape in which array operations are lowered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .syntax import Affine, Expr, Local, Loop, Stmt, Store


@dataclass(frozen=True, slots=True)
class Nest:
    """Loops of known lengths whose steps may come in any order, around one store."""

    loops: tuple[Loop, ...]
    store: Store

    def axis(self, part: Expr) -> tuple[Loop, int] | None:
        """The loop and the offset of an index `var + offset`."""
        if isinstance(part, Affine) and len(part.terms) == 1:
            ((var, factor),) = part.terms
            for loop in self.loops:
                if loop.var is var and factor == 1:
                    return loop, part.const
        return None


def nest_of(stmt: Stmt) -> Nest | None:
    """The nest that a statement is, if it is one."""
    loops: list[Loop] = []
    while isinstance(stmt, Loop):
        if len(stmt.body) != 1 or stmt.ordered or not isinstance(stmt.extent, int):
            return None
        loops.append(stmt)
        stmt = stmt.body[0]
    return Nest(tuple(loops), stmt) if loops and isinstance(stmt, Store) else None


def nested(loops: Sequence[Loop], stmt: Stmt) -> Stmt:
    """Loops, the outermost first, around a statement."""
    for loop in reversed(loops):
        stmt = replace(loop, body=(stmt,))
    return stmt


def over(var: Local, extent: int) -> Local:
    """A new index, named as another."""
    return Local(var.hint, var.dtype, extent)
