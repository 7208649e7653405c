"""Donation: a result takes the memory of an argument that the caller gives away.

An argument's array may hold a result of its type once it is not read any more: if its last read
comes before the first write of the result, or if one loop reads and writes the same element in the
same step. A program that may give up is run again from its arguments, so it keeps them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .access import Analysis
from .program import Program
from .reuse import replaces
from .syntax import Buffer
from .walk import relocated
from .windows import rebasing


def donate(program: Program, donated: Collection[int]) -> Program:
    """The program with results in the arrays of the parameters at these places."""
    if program.fails or "solve" in program.calls:
        return program
    free = [p for k, p in enumerate(program.params) if k in donated and isinstance(p, Buffer)]
    for out in [r for r in program.results if isinstance(r, Buffer) and r.role == "output"]:
        for given in free:
            if given.shape == out.shape and given.dtype == out.dtype and fits(program, given, out):
                body = relocated(program.body, rebasing(out, given))
                results = tuple(given if r is out else r for r in program.results)
                program = replace(program, body=body, results=results)
                free.remove(given)
                break
    return program


def fits(program: Program, given: Buffer, out: Buffer) -> bool:
    """Whether the argument is not read after the result is first written."""
    analysis = Analysis()
    effects = [analysis.of(stmt) for stmt in program.body]
    reads = [k for k, found in enumerate(effects) if given in found.buffers]
    writes = [k for k, found in enumerate(effects) if out in found.buffers]
    if not reads or not writes or max(reads) < min(writes):
        return True
    return max(reads) == min(writes) and replaces(program.body[max(reads)], given, out)
