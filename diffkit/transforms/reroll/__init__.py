"""Rolling unrolled loops back into scans.

A Python loop that is traced leaves its body once for each step: `for k in range(300): u = f(u)` is
300 copies of f. All later work, differentiating, optimising, compiling, is then done 300 times.
This pass finds runs of blocks that are equal, op by op and wire by wire, and replaces each by a
scan,

    u₁ = f(u₀, c)   u₂ = f(u₁, c)   …   u₃₀₀ = f(u₂₉₉, c)      scan(c; u₀) {length=300}

in four steps: the graph as integers (`numbering`), stretches in which they repeat (`periods`), the
part of these that is wired alike, too (`wiring`), and the scan (`loop`, `rows`, `places`). What was
simplified in the first step, or the last, stays before or after the loop. Constants that differ
from step to step (a time, the k of data[k]) become rows that the loop reads; values of all steps
that are stacked become rows that it makes. Some loops are regular only after a graph has been
rearranged (`stores`, `reads`), others only before, so both are tried.

Each value is computed by the same ops from the same operands, so that results are equal bit for
bit. Where anything does not fit, the nodes stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...graph import Graph, all_nodes, paused_collector
from ...graph.graph import size as size_of
from ...ops.index import scatter_add, scatter_set
from ...ops.region import scan
from ..optimise.rewrite import inside
from .numbering import numbered
from .periods import stretches
from .reads import reads_first
from .rolled import paying, roll
from .stacks import joined_as_stacks
from .stores import forward_stores
from .wiring import Run, find_run

REPEATS = 8  # steps
SIZE = 64  # nodes
ROUNDS = 16  # how often what one round has made is searched again
LARGE = 5000  # nodes


@paused_collector()
def reroll(graph: Graph, repeats: int = REPEATS, size: int = SIZE) -> Graph:
    """The graph with its unrolled loops as scans; the same graph if there are none.

    Args: repeats, the fewest steps to make a loop of; size, the fewest nodes. Works inside the
    regions of the graph, too, and inside the loops that it makes, so that a nest of loops comes
    back as a nest of scans. Raises nothing.

        >>> import numpy as np, diffkit as dk
        >>> from diffkit.transforms.reroll import reroll
        >>> def f(x):
        ...     for _ in range(100):
        ...         x = x + 0.1 * np.sin(x)
        ...     return x
        >>> print(reroll(dk.trace(f)(dk.f64[()])))
        graph f(x: f64[]) -> (f64[]) {
          a: f64[] = scan(carry: x) {length=100}
            step(x: f64[]) -> (f64[]) {
              a: f64[] = sin(x)
              b: f64[] = mul(0.1, a)
              c: f64[] = add(x, b)
              return c
            }
          return a
        }
    """
    return rolled(graph, Limits(repeats, size), {})


class Limits(NamedTuple):
    """The fewest steps and the fewest nodes that are worth a loop."""

    repeats: int
    size: int


def as_it_is(graph: Graph) -> Graph:
    return graph


WAYS: tuple[Callable[[Graph], Graph], ...] = (as_it_is, forward_stores, reads_first)
"""What may be done to a graph before looking for loops; each way finds some that others do not."""


def rolled(graph: Graph, limits: Limits, done: dict[Graph, Graph]) -> Graph:
    """The graph and its regions with loops, in the best way; each region once."""
    if graph in done:
        return done[graph]
    out = graph
    for _ in range(ROUNDS):
        results = (in_one_way(out, way, limits, done) for way in WAYS)
        found = next(results)
        if not plainly(found, out):
            found = min((found, *results), key=cost)
        if found is out:
            break
        out = found
    done[graph] = done[out] = out
    return out


def plainly(found: Graph, graph: Graph) -> bool:
    """Whether a large graph has become so simple that another way, which costs as much again, is
    not worth a try: a few nodes, and no loop that writes at moving places."""
    if len(graph.nodes) < LARGE or 10 * count(found) > len(graph.nodes):
        return False
    return all(node.op not in (scatter_set, scatter_add) for node in all_nodes(found))


def in_one_way(
    graph: Graph, way: Callable[[Graph], Graph], limits: Limits, done: dict[Graph, Graph]
) -> Graph:
    """The graph with loops, and then what is in its regions, these in the best way."""
    out = graph
    for _ in range(ROUNDS):
        prepared = way(out)
        if prepared is out and way is not as_it_is:
            break
        new = once(prepared, limits)
        if new is None or count(new) >= count(out):
            break
        out = new
    nodes = [inside(node, lambda region: rolled(region, limits, done)) for node in out.nodes]
    if all(new is old for new, old in zip(nodes, out.nodes, strict=True)):
        return out
    return Graph(out.name, out.params, tuple(nodes), out.outputs)


def once(graph: Graph, limits: Limits) -> Graph | None:
    """The graph with all runs rolled that can be at once, or None if there are none."""
    if len(graph.nodes) < limits.size:
        return None
    g = numbered(joined_as_stacks(graph))
    runs: list[Run] = []
    for stretch in stretches(g.codes, limits.repeats, limits.size):
        if any(stretch.start < run.stop and run.start < stretch.stop for run in runs):
            continue
        run = find_run(g, stretch, limits.repeats, limits.size)
        if run is not None:
            runs.append(run)
    chosen = paying(g, runs, limits.repeats)
    return roll(g, chosen) if chosen else None


def count(graph: Graph) -> int:
    return sum(1 for _ in all_nodes(graph))


def cost(graph: Graph) -> tuple[int, int]:
    """The nodes, in powers of two; then the bytes that loops pass on from step to step."""
    passed = 0
    for node in all_nodes(graph):
        if node.op is scan and node.attrs["length"] is not None:
            start = node.attrs["carry"]
            carried = sum(size_of(out.type, 1) for out in node.outs[:start])
            passed += node.attrs["length"] * carried
            passed += sum(size_of(out.type, 1) for out in node.outs[start:])
    return count(graph).bit_length(), passed
