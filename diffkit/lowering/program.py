"""The loop program: what a backend sees of a function.

Parameters, statements, results, and the storage in between: one block of memory for all arrays of
the program's own. Printed, it reads like the code that a backend will write:

    program f(x: f64[100]) -> (f64[100])
      for i in range(100):
        out[i] = 2.0 * x[i]
      return out
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .syntax import Body, Buffer, Call, Expr, Fail, Local, Loop
from .text import Names, body_lines
from .walk import mentioned, walk


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A function: `params` are locals (scalars) and buffers, `results` expressions and buffers.

    `places` says for each buffer of the program's own where in the one work block it lies, in bytes
    (empty until storage is assigned); `block` is the size of that block.
    """

    name: str
    params: tuple[Local | Buffer, ...]
    consts: tuple[Buffer, ...]
    body: Body
    results: tuple[Expr | Buffer, ...]
    places: Mapping[Buffer, int] = field(default_factory=dict[Buffer, int])
    block: int = 0

    @property
    def buffers(self) -> list[Buffer]:
        """Every buffer that is mentioned, in order of first mention, with what it is a shape of."""
        found: dict[Buffer, None] = {b: None for b in self.params if isinstance(b, Buffer)}
        found.update((b, None) for b in self.consts)
        for stmt in walk(self.body):
            for buffer in mentioned(stmt):
                found.setdefault(buffer.root)
                found.setdefault(buffer)
        found.update((b, None) for b in self.results if isinstance(b, Buffer))
        return list(found)

    @property
    def allocations(self) -> int:
        """How many arrays a call allocates besides its results and growing tapes."""
        return 1 if self.block else 0

    @property
    def fails(self) -> bool:
        """Whether the program can give up."""
        return any(isinstance(stmt, Fail) for stmt in walk(self.body))

    @property
    def loops(self) -> list[Loop]:
        """All loops, outer ones first."""
        return [stmt for stmt in walk(self.body) if isinstance(stmt, Loop)]

    @property
    def calls(self) -> list[str]:
        """The routines that are called, in order."""
        return [stmt.name for stmt in walk(self.body) if isinstance(stmt, Call)]

    def __str__(self) -> str:
        names = Names()
        params = ", ".join(f"{names.of(p)}: {type_text(p)}" for p in (*self.params, *self.consts))
        lines = [f"program {self.name}({params})"]
        own = [b for b in self.buffers if b.role in ("work", "output", "tape")]
        for buffer in own:
            where = f" at {self.places[buffer]}" if buffer in self.places else ""
            line = f"  {buffer.role} {names.of(buffer)}: {type_text(buffer)}{where}"
            if buffer.base is not None:
                line += f" in {names.of(buffer.root)} from {buffer.offset} on"
            lines.append(line)
        lines += body_lines(self.body, names, "  ")
        results = [names.of(r) if isinstance(r, Buffer) else names.expr(r) for r in self.results]
        return "\n".join([*lines, f"  return {', '.join(results)}"])


def type_text(item: Local | Buffer) -> str:
    """The type of a parameter or buffer, as graphs print it."""
    if isinstance(item, Local):
        return f"{item.dtype}[]"
    dims = ("?", *item.shape) if item.role == "tape" else item.shape
    return f"{item.dtype}[{', '.join(map(str, dims))}]"
