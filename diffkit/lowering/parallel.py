"""Which loops may share their steps among cores.

The steps of a loop are independent if every element that one of them writes is touched by no other:
all accesses to what is written are aligned along the loop's index. Variables are each step's own if
it sets them before it reads them, and a sum over steps is a sum of the cores' sums. Only outermost
loops with much to do are worth the start.
"""

from __future__ import annotations

from .access import Access, Analysis, Effects, aligned, disjoint, set_first
from .program import Program
from .syntax import Buffer, Loop, Stmt
from .walk import bodies, vars_of

WORTH = 20_000  # statements run


def parallel_loops(program: Program) -> set[Loop]:
    """The outermost loops whose steps are independent and many."""
    return {s for s in program.body if isinstance(s, Loop) and independent_steps(s, program)}


def independent_steps(loop: Loop, program: Program) -> bool:
    """Whether the steps of a loop may run at the same time, and it pays."""
    if loop.ordered or loop.reverse or not isinstance(loop.extent, int):
        return False
    effects = Analysis().of(loop)
    if effects.fails or work(loop) < WORTH:
        return False
    for accesses in effects.buffers.values():
        if any(a.mode for a in accesses):
            pairs = ((a, b) for a in accesses for b in accesses)
            if not all(apart_in(loop, effects, a, b) for a, b in pairs):
                return False
    outside = {v for stmt in program.body if stmt is not loop for v in Analysis().of(stmt).reads}
    outside |= {v for r in program.results if not isinstance(r, Buffer) for v in vars_of(r)}
    own = effects.writes | effects.sums.keys()
    inside = own & set_first(loop.body)
    sums = own - inside  # what the steps add to a variable from before
    return inside.isdisjoint(outside) and sums.isdisjoint(effects.writes | effects.reads)


def apart_in(loop: Loop, effects: Effects, a: Access, b: Access) -> bool:
    """Whether no two steps meet in an element."""
    return aligned(a, b, loop.var, set()) or disjoint(a, b, effects.loops)


def work(stmt: Stmt) -> int:
    """How many statements run."""
    inner = sum(work(s) for part in bodies(stmt) for s in part)
    if isinstance(stmt, Loop):
        return (stmt.extent if isinstance(stmt.extent, int) else 1) * max(1, inner)
    return 1 + inner
