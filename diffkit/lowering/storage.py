"""Storage: where each array of the program's own lies in one block of memory.

An array is live from the first statement that touches it to the last; if all that happens inside
one step of a loop, only within that step. Arrays that are never live together share memory: each
gets the lowest place that is free for as long as it lives (first fit, the longest-lived first).
Small arrays that fit into the fastest cache together share nothing, since a compiler may move
accesses past each other only where it knows that two arrays lie apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from .program import Program
from .syntax import Body, Buffer
from .walk import bodies, mentioned

ALIGN = 64  # bytes: a cache line
ROOMY = 16 * 1024  # bytes: half of a small first-level cache

Span: TypeAlias = "tuple[int, int]"


def storage(program: Program) -> Program:
    """The program with its arrays in places of one work block."""
    _, spans = number(program.body, 0)
    places: dict[Buffer, int] = {}
    order = sorted(spans, key=lambda b: spans[b][0] - spans[b][1])
    always = (0, max((last for _, last in spans.values()), default=0))
    room = ROOMY
    for buffer in sorted(spans, key=bytes_of):
        room -= bytes_of(buffer)
        if room >= 0:
            spans[buffer] = always
    for buffer in order:
        first, last = spans[buffer]
        busy = sorted(
            (places[other], places[other] + bytes_of(other))
            for other in places
            if spans[other][0] <= last and first <= spans[other][1]
        )
        at = 0
        for low, high in busy:
            if at + bytes_of(buffer) <= low:
                break
            at = max(at, high)
        places[buffer] = at
    block = max((places[b] + bytes_of(b) for b in places), default=0)
    return replace(program, places=places, block=block)


@dataclass(frozen=True, slots=True)
class Area:
    """Bytes `start` to `end` of the work block: one array, or several in turn."""

    start: int
    end: int
    buffers: tuple[Buffer, ...]


def areas(places: Mapping[Buffer, int]) -> list[Area]:
    """The parts of the work block that have no array in common."""
    found: list[Area] = []
    for buffer in sorted(places, key=lambda b: places[b]):
        start, end = places[buffer], places[buffer] + bytes_of(buffer)
        if found and start < found[-1].end:
            last = found.pop()
            found.append(Area(last.start, max(last.end, end), (*last.buffers, buffer)))
        else:
            found.append(Area(start, end, (buffer,)))
    return found


def bytes_of(buffer: Buffer) -> int:
    """The bytes that an array takes, in whole cache lines."""
    size = buffer.size * buffer.dtype.numpy.itemsize
    return -(-size // ALIGN) * ALIGN


def number(body: Body, start: int) -> tuple[int, dict[Buffer, Span]]:
    """The statements numbered from `start` on: the next number, and when each array is live. What
    one statement alone touches may live inside a part of it; what several touch, over all of
    each."""
    spans: dict[Buffer, Span] = {}
    first: dict[Buffer, int] = {}
    for stmt in body:
        end, inside = start + 1, dict[Buffer, Span]()
        shared: set[Buffer] = {b.root for b in mentioned(stmt)}
        for part in bodies(stmt):
            end, found = number(part, end)
            shared |= inside.keys() & found.keys()
            inside.update(found)
        inside.update((b, (start, end)) for b in shared if b.role == "work")
        for buffer, span in inside.items():
            known = first.setdefault(buffer, start)
            spans[buffer] = (known, end) if buffer in spans else span
        start = end
    return start, spans
