"""The map schedule: a loop program as a sequence of kernels that the host launches.

A nest whose steps may run side by side becomes one kernel, a thread for each step; what it totals,
each block of threads sums in a tree, and one thread adds up the blocks, always in the same order.
Scalar code runs on one thread. An ordered loop with nests inside runs on the host, which launches
its kernels once a step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ...lowering.program import Program
from ...lowering.syntax import (
    Assign,
    Body,
    Buffer,
    Load,
    Local,
    Loop,
    Stmt,
    While,
    index_of,
)
from ...lowering.walk import bodies, loads_of
from ...types import i64
from .threads import Sharing, Total, sharing, uses
from .variables import assigned, needed, written
from .written_out import unsupported, written_out

BLOCKS = 128  # at most, of a kernel with totals; one thread adds up as many numbers
MOST = 65_535

ALONE = Sharing((), (), ())


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """A launch. Threads take the steps of the index ranges `loops` among them, or there is one
    thread and no range. `parts` holds a number a block for each total."""

    loops: tuple[Loop, ...]
    body: Body
    shared: Sharing = ALONE
    parts: tuple[Buffer, ...] = ()

    @property
    def threads(self) -> int:
        count = 1
        for loop in self.loops:
            assert isinstance(loop.extent, int)
            count *= loop.extent
        return count

    def blocks(self, block: int) -> int:
        """How many blocks of so many threads share out the steps."""
        most = BLOCKS if self.totals else MOST
        return max(1, min(most, -(-self.threads // block)))

    def grid(self, block: int) -> tuple[int, int]:
        """How many blocks of how many threads are launched."""
        return (self.blocks(block), block) if self.loops else (1, 1)

    @property
    def totals(self) -> tuple[Total, ...]:
        return self.shared.totals

    @property
    def needs(self) -> set[Local]:
        """The variables to be read from memory first: also those that may stay as they were."""
        own = {*(loop.var for loop in self.loops), *(t.local for t in self.totals)}
        kept: set[Local] = set() if self.loops else written(self.body) - assigned(self.body)
        return (needed(self.body) | kept) - own


@dataclass(frozen=True, slots=True, eq=False)
class Repeat:
    """Steps that the host repeats for every value of an index."""

    loop: Loop
    steps: tuple[Step, ...]


Step: TypeAlias = Kernel | Repeat


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The steps, for blocks of `block` threads. A variable that outlives a kernel has its cell, an
    array of one element; `results` are such variables, or arrays."""

    steps: tuple[Step, ...]
    cells: dict[Local, Buffer]
    results: tuple[Local | Buffer, ...]
    block: int

    @property
    def kernels(self) -> list[Kernel]:
        return list(kernels(self.steps))


def kernels(steps: Sequence[Step]) -> Iterator[Kernel]:
    for step in steps:
        if isinstance(step, Kernel):
            yield step
        else:
            yield from kernels(step.steps)


def plan(program: Program, block: int) -> Plan:
    """The kernels of a program, for blocks of so many threads."""
    results = [r if isinstance(r, Buffer) else Local("result", r.dtype) for r in program.results]
    last = [
        Assign(local, value)
        for local, value in zip(results, program.results, strict=True)
        if isinstance(local, Local) and not isinstance(value, Buffer)
    ]
    body = (*written_out(program.body), *last)
    scalars = {r for r in results if isinstance(r, Local)}
    steps = Planner(body, block).steps(body, scalars, ())
    given = {p for p in program.params if isinstance(p, Local)}
    given |= {step.loop.var for step in repeats(steps)}
    crossing = scalars.union(*(k.needs for k in kernels(steps))) - given
    cells = {v: Buffer(f"{v.hint}_at", v.dtype, (1,)) for v in crossing}
    return Plan(tuple(steps), cells, tuple(results), block)


def repeats(steps: Sequence[Step]) -> Iterator[Repeat]:
    for step in steps:
        if isinstance(step, Repeat):
            yield step
            yield from repeats(step.steps)


class Planner:
    """Cuts bodies into steps."""

    def __init__(self, body: Body, block: int) -> None:
        self.everywhere = uses(body)
        self.block = block

    def steps(self, body: Body, wanted: Collection[Local], fixed: tuple[Local, ...]) -> list[Step]:
        """The steps of a body. `wanted` are the variables that are read after it, `fixed` the
        indices of host loops around it."""
        result: list[Step] = []
        scalar: list[Stmt] = []

        def flush() -> None:
            if scalar:
                result.append(Kernel((), tuple(scalar)))
                scalar.clear()

        for k, stmt in enumerate(body):
            later = needed(body[k + 1 :]) | set(wanted)
            kernel = self.side_by_side(stmt, later, fixed)
            if kernel is not None:
                if not may_wait(scalar, kernel):
                    flush()
                result.append(kernel)
                scalar += self.added_up(kernel)
            elif depth(stmt) <= 1:
                scalar.append(stmt)
            else:
                flush()
                result.append(self.repeated(stmt, later, fixed))
        flush()
        return result

    def side_by_side(
        self, stmt: Stmt, later: set[Local], fixed: tuple[Local, ...]
    ) -> Kernel | None:
        """A loop as a kernel of many threads: over two indices if it can be, else over the outer or
        the inner one; threads that add to the same element are the last choice."""
        if not isinstance(stmt, Loop) or not isinstance(stmt.extent, int):
            return None
        choices: list[tuple[tuple[Loop, ...], Body]] = [((stmt,), stmt.body)]
        inner = stmt.body[0]
        if len(stmt.body) == 1 and isinstance(inner, Loop) and isinstance(inner.extent, int):
            turned = (replace(stmt, body=inner.body),)
            choices = [((stmt, inner), inner.body), *choices, ((inner,), turned)]
        found: list[Kernel] = []
        for loops, body in choices:
            shared = sharing([p.var for p in loops], body, later, fixed, self.everywhere)
            if shared is not None and not (shared.private and any(p.ordered for p in loops)):
                parts = tuple(Buffer("parts", t.local.dtype, (BLOCKS,)) for t in shared.totals)
                found.append(Kernel(loops, body, shared, parts))
        return min(found, key=lambda k: bool(k.shared.atomic), default=None)

    def added_up(self, kernel: Kernel) -> list[Stmt]:
        """The blocks' totals, put together by one thread."""
        blocks = kernel.blocks(self.block)
        result: list[Stmt] = []
        for total, parts in zip(kernel.totals, kernel.parts, strict=True):
            k = Local("k", i64, blocks)
            joined = total.joined(Load(parts, (index_of(k),)))
            result.append(Loop(k, blocks, (joined,)))
        return result

    def repeated(self, stmt: Stmt, later: set[Local], fixed: tuple[Local, ...]) -> Repeat:
        """A loop on the host."""
        if not isinstance(stmt, Loop):
            raise unsupported(f"a {type(stmt).__name__.lower()} over arrays", stmt.loc)
        if not isinstance(stmt.extent, int):
            raise unsupported("a loop over arrays whose length is computed", stmt.loc)
        around = later | needed(stmt.body)
        return Repeat(stmt, tuple(self.steps(stmt.body, around, (*fixed, stmt.var))))


def may_wait(scalar: Sequence[Stmt], kernel: Kernel) -> bool:
    """Whether scalar code may as well run after a kernel, with what follows: start values of its
    totals, say."""
    plain = all(isinstance(s, Assign) and not any(loads_of(s.value)) for s in scalar)
    return plain and kernel.needs.isdisjoint(written(tuple(scalar)))


def depth(stmt: Stmt) -> int:
    """How deep loops are nested in a statement."""
    inside = max((depth(inner) for body in bodies(stmt) for inner in body), default=0)
    return inside + isinstance(stmt, Loop | While)
