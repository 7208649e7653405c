"""From runs to a graph with loops: which runs pay, and what becomes of the nodes around them.

A run pays if what it saves is more than reading the rows that single nodes after it need. Nodes
outside stay as they are, but for what they read; a stack of what each step made is the rows of the
loop.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...graph import Builder, Graph, Node, Var
from ...ops.shape import stack
from ..optimise.rewrite import again
from .loop import Loop, Uses
from .numbering import Numbered, owners
from .rows import Item, Row, array_of, moved_axis, value
from .wiring import Carried, Run, run_at

READ = 2  # nodes that it takes to read a row


def uses(g: Numbered, run: Run) -> Uses:
    """What is read of a run after it."""
    later = g.operands[g.reads[run.stop] :]
    end = run.first + run.steps * run.results
    found: Uses = {}
    for number in np.unique(later[(later >= run.first) & (later < end)]).tolist():
        block, result = run.place(number)
        found.setdefault(result, set()).add(block)
    return found


def settled(g: Numbered, run: Run) -> Run | None:
    """The run, without its last block if that passes on more than a block passes to the next: then
    all that is read later is either a carry or a row of every block."""
    last = run.steps - 1
    carried = {column.result for column in run.columns if isinstance(column, Carried)}
    odd = any(k not in carried and blocks == {last} for k, blocks in uses(g, run).items())
    return run_at(g, run.start, run.period, last) if odd else run


def paying(g: Numbered, runs: Sequence[Run], repeats: int) -> list[tuple[Run, Uses]]:
    """The runs that save enough of their nodes, and what is read of them."""
    kept = [found for run in runs if (found := settled(g, run)) and found.steps >= repeats]
    while True:
        inside = np.zeros(len(g.codes) + 1, bool)
        for run in kept:
            inside[run.start : run.stop] = True
        worth = [run for run in kept if saves(g, run, inside)]
        if len(worth) == len(kept):
            return [(run, uses(g, run)) for run in kept]
        kept = worth


def saves(g: Numbered, run: Run, inside: NDArray[np.bool_]) -> bool:
    """Whether rolling a run saves a quarter of its nodes, single rows that are read included."""
    depth: dict[int, int] = {}
    for column in run.columns:
        if isinstance(column, Carried):
            depth[column.result] = max(depth.get(column.result, 0), len(column.initial))
    low = g.reads[run.stop]
    later = g.operands[low:]
    end = run.first + run.steps * run.results
    where = np.flatnonzero((later >= run.first) & (later < end))
    readers = owners(g.reads, low + where)
    single: set[int] = set()
    for number, reader in zip(later[where].tolist(), readers.tolist(), strict=True):
        block, result = run.place(number)
        stacked = reader < len(g.codes) and g.graph.nodes[reader].op is stack
        if not (inside[reader] or stacked) and block < run.steps - depth.get(result, 0):
            single.add(number)
    return 4 * (run.period + READ * len(single)) <= 3 * run.steps * run.period


def roll(g: Numbered, runs: Sequence[tuple[Run, Uses]]) -> Graph:
    """The graph with each of these runs as a loop."""
    graph = g.graph
    b = Builder.like(graph, graph.name)
    env: dict[Var, Item] = {}
    todo = {run.start: Loop(g, b, env, run, used) for run, used in runs}
    k = 0
    while k < len(graph.nodes):
        loop = todo.get(k)
        if loop is None:
            emit(b, env, graph.nodes[k])
            k += 1
        else:
            loop.emit()
            k = loop.run.stop
    outputs = [env.get(a, a) if isinstance(a, Var) else a for a in graph.outputs]
    return b.finish([value(b, item) for item in outputs])


def emit(b: Builder, env: dict[Var, Item], node: Node) -> None:
    """A node that stays, with what it reads now."""
    b.loc = node.loc
    items = [env.get(arg, arg) if isinstance(arg, Var) else arg for arg in node.args]
    if all(new is old for new, old in zip(items, node.args, strict=True)):
        b.append(node)
    elif node.op is stack and any(isinstance(item, Row) for item in items):
        env[node.out] = moved_axis(array_of(b, items), 0, node.attrs["axis"]).atom
    else:
        atoms = [value(b, item) for item in items]
        env.update(zip(node.outs, again(b, node, atoms), strict=True))
