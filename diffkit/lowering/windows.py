"""Windows: a large array is computed in the part of another that it is copied to.

Where arrays are joined end to end, as `np.concatenate` does, each of them becomes a part of the
result in the end. If what is copied lies in the target as it lies in memory itself, one element
after the other, and nobody uses that part of the target in between, the array needs no memory of
its own: it is a window of the target, in its own shape.

    work a: f64[n, 3]; output d: f64[3n + m]        output d: f64[3n + m]; a = d[:3n] as [n, 3]
    for i, j: a[i, j] = …                     →     for i, j: a[i, j] = …
    for k: d[k] = a[k ÷ 3, k mod 3]

(Coalescing does so where both have the same axes. This comes late, since a loop that writes to a
window is not understood as well as one that writes to an array, and would not be fused.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from .access import Analysis, Effects, position
from .lowerer import SMALL
from .program import Program
from .syntax import Assign, Body, Buffer, Expr, Index, Load, Loop, Stmt, Store
from .walk import bodies, relocated, with_bodies


@dataclass(frozen=True, slots=True)
class Window:
    """source is target[start : start + source.size] in memory, by `store`."""

    source: Buffer
    target: Buffer
    start: int
    store: Store


def windows(program: Program) -> Program:
    """The program with arrays in the parts of others that they were copied to."""
    body, at, analysis = list(program.body), 0, Analysis()
    while at < len(body):
        for window in windows_of(body[at], ()):
            rest = taken_out(body[at], window.store)
            if window.source not in program.results and fits(body, at, rest, window, analysis):
                place = rebasing(window.source, window.target, window.start)
                body[at : at + 1] = rest
                for k, stmt in enumerate(body):
                    if window.source in analysis.of(stmt).buffers:
                        (body[k],) = relocated((stmt,), place)
                break
        else:
            at += 1
    return replace(program, body=tuple(body))


def windows_of(stmt: Stmt, loops: tuple[Loop, ...]) -> Iterator[Window]:
    """The copies of whole arrays in a nest."""
    if not isinstance(stmt, Loop) or not isinstance(stmt.extent, int) or stmt.ordered:
        return
    loops, values = (*loops, stmt), dict[Expr, Expr]()
    for inner in stmt.body:
        if bodies(inner):
            yield from windows_of(inner, loops)
            values.clear()  # for what is assigned in there
        elif isinstance(inner, Assign):
            values[inner.local] = inner.value
        elif isinstance(inner, Store) and inner.mode == "set":
            window = window_of(inner, values.get(inner.value, inner.value), loops)
            if window is not None:
                yield window


def window_of(store: Store, value: Expr, loops: Sequence[Loop]) -> Window | None:
    """What a store in loops copies, if that is all of an array of the program's own, in order."""
    if not isinstance(value, Load):
        return None
    source, target = value.buffer.root, store.buffer.root
    if source is target or source.dtype is not target.dtype or source.size <= SMALL:
        return None
    if source.role != "work" or target.role not in ("work", "output"):
        return None
    place = position(store.buffer, store.index)
    origin = position(value.buffer, value.index)
    if place is None or origin is None or place.terms != origin.terms or origin.const:
        return None
    extents = {loop.var: loop.extent for loop in loops if loop.extent != 1}
    size = 1
    for var, factor in sorted(origin.terms, key=lambda term: term[1]):
        extent = extents.pop(var, None)
        if factor != size or not isinstance(extent, int):
            return None
        size *= extent
    if extents or size != source.size:
        return None
    return Window(source, target, place.const, store)


def taken_out(stmt: Stmt, store: Store) -> Body:
    """A nest without one of its stores."""
    if stmt is store:
        return ()
    parts = bodies(stmt)
    if not parts:
        return (stmt,)
    new = [tuple(s for inner in part for s in taken_out(inner, store)) for part in parts]
    return (with_bodies(stmt, new),) if any(new) else ()


def fits(body: Sequence[Stmt], at: int, rest: Body, window: Window, analysis: Analysis) -> bool:
    """Whether nobody uses the part of the target from the first use of the source to the copy, nor
    writes there before the source is read for the last time; `rest` is the nest without the
    copy."""
    source, target = window.source, window.target
    effects = [analysis.of(stmt) for stmt in body]
    effects[at] = Effects()
    for stmt in rest:
        effects[at].merge(analysis.of(stmt))
    uses = [k for k, found in enumerate(effects) if source in found.buffers]
    written = [k for k in uses if any(access.mode for access in effects[k].buffers[source])]
    if not written or max(written) >= at:
        return False
    end = window.start + source.size
    for k in range(min(uses), max(at, *uses) + 1):
        for access in effects[k].buffers.get(target, ()):
            span = access.span() if k <= at or access.mode else (end, end)
            if span is None or (span[0] < end and span[1] >= window.start):
                return False
    return True


def rebasing(old: Buffer, new: Buffer, start: int = 0) -> Callable[[Buffer, Index], Load | None]:
    """Where elements are once an array, with other shapes of it, is another from element `start`
    on."""
    found: dict[Buffer, Buffer] = {}

    def place(buffer: Buffer, index: Index) -> Load | None:
        if buffer.root is not old:
            return None
        if buffer not in found:
            offset = start + buffer.offset
            window = replace(buffer, role=new.role, base=new, offset=offset)
            found[buffer] = new if (buffer, buffer.shape) == (old, new.shape) else window
        return Load(found[buffer], index)

    return place
