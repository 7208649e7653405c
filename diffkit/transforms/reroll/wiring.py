"""Whether nodes that look alike are also wired alike: from a stretch of codes to a run of steps.

A run is k consecutive blocks of p nodes. The i-th operand of all blocks, a column, must be one of

    fixed     the same value from before the run, or the same literal, in every block
    local     a result of the same block
    carried   the result l of the block d before; the first d blocks read d values from before
    rows      in each block another value from before the run, or another literal

and everything is checked on the numbers of `Numbered`, where the result l of block b has the number
first + b·q + l. Where a block begins is free: where the fewest values pass from block to block.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .numbering import Ints, Numbered, owners
from .periods import Stretch

DEPTH = 8  # how many blocks back a block may look
MULTIPLES = 16  # the wiring may have this multiple of the period of the codes


@dataclass(frozen=True, slots=True)
class Fixed:
    number: int


@dataclass(frozen=True, slots=True)
class Local:
    result: int


@dataclass(frozen=True, slots=True)
class Carried:
    """The value of `result` as many blocks back as there are initial values, the oldest first."""

    result: int
    initial: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    numbers: tuple[int, ...]


Column: TypeAlias = Fixed | Local | Carried | Rows


@dataclass(frozen=True, slots=True)
class Run:
    """`steps` blocks of `period` nodes from node `start` on, wired alike."""

    start: int
    period: int
    steps: int
    columns: tuple[Column, ...]
    first: int
    """The number of the first variable that the run defines."""
    results: int
    """How many variables a block defines."""

    @property
    def stop(self) -> int:
        return self.start + self.steps * self.period

    def place(self, number: int) -> tuple[int, int]:
        """The block of a variable of the run, and which result of the block it is."""
        return divmod(number - self.first, self.results)


def find_run(g: Numbered, stretch: Stretch, repeats: int, size: int) -> Run | None:
    """The longest run in a stretch, if one is long enough."""
    best: tuple[int, int, int] | None = None
    most = 0
    for m in range(1, MULTIPLES + 1):
        period = m * stretch.period
        if stretch.stop - stretch.start < repeats * period:
            break
        low, high = regular(g, stretch.start, stretch.stop, period)
        if high - low - period > most:
            most, best = high - low - period, (low, high, period)
        if most >= 0.9 * (stretch.saved - period):
            break
    if best is None:
        return None
    low, high, period = best
    block = g.graph.nodes[low : low + period]
    if any(atom.type.tape for node in block for atom in (*node.args, *node.outs)):
        return None  # a sequence of unknown length is no row of anything
    start = low + turn(g, low, high, period)
    run = run_at(g, start, period, (high - start) // period)
    for _ in range(DEPTH + 1):  # the first steps read what was there before the loop
        if run is None or run.start - period < stretch.start:
            break
        longer = run_at(g, run.start - period, period, run.steps + 1)
        if longer is None:
            break
        run = longer
    if run is None or run.steps < repeats or run.steps * period < size:
        return None
    return run


def regular(g: Numbered, start: int, stop: int, period: int) -> tuple[int, int]:
    """The longest part of a stretch in which each operand, compared with that one block later, has
    either always moved along by a block or always stayed or come from before the stretch. So a part
    may not hold an operand that does neither (broken), nor two a block apart of which one moves and
    the other does not (turned)."""
    low, high = g.reads[start], g.reads[stop - period]
    left = g.operands[low:high]
    right = g.operands[g.reads[start + period] : g.reads[stop]]
    width = int(g.reads[start + period] - low)
    results = g.defines[start + period] - g.defines[start]
    outside = np.maximum(left, right) < g.defines[start]
    moved = ~outside & (right == left + results)
    still = ~moved & ((left == right) | outside)
    broken = np.flatnonzero(~moved & ~still)
    turned = np.flatnonzero(moved[width:] != moved[:-width]) + width
    lows: Ints = np.unique(np.concatenate([[0], broken + 1, turned - width + 1]))
    ends: Ints = np.full(len(lows), len(left))
    for marks, away in ((broken, 0), (turned, width)):
        padded = np.append(marks, len(left))
        ends = np.minimum(ends, padded[owners(marks, lows + away - 1) + 1])
    k = int(np.argmax(ends - lows))
    first, last = owners(g.reads, low + np.array([lows[k] - 1, ends[k]])).tolist()
    first, last = max(first + 1, start), min(last, stop - period)
    if last <= first:
        return start, start
    part = slice(int(g.reads[first] - low), int(g.reads[last] - low))
    fixed = left[part][still[part] & (left[part] == right[part])]
    inside = int(fixed.max(initial=-1))
    if inside >= g.defines[first]:  # a constant of the run, made in its first block
        first = int(owners(g.defines, np.array([inside]))[0]) + 1
    return first, last + period


def turn(g: Numbered, low: int, high: int, period: int) -> int:
    """How far into a regular part the first block begins: where the fewest values cross, then where
    most blocks fit in, then where the least is left over."""
    if high - low < 4 * period:
        return 0
    last: dict[int, int] = {}
    for node in range(low, low + 4 * period):
        for number in g.operands[g.reads[node] : g.reads[node + 1]].tolist():
            last[number] = node
    change = [0] * (period + 1)
    defined = range(int(g.defines[low]), int(g.defines[low + 2 * period]))
    makers = owners(g.defines, np.arange(defined.start, defined.stop))
    for number, node in zip(defined, makers.tolist(), strict=True):
        begin = max(node + 1 - low - period, 0)
        end = min(last[number] - low - period, period - 1) if number in last else -1
        if begin <= end:
            change[begin] += 1
            change[end + 1] -= 1
    crossing = list(accumulate(change[:-1]))
    length = high - low
    keys = [(crossing[r], -((length - r) // period), (length - r) % period) for r in range(period)]
    return min(range(period), key=keys.__getitem__)


def run_at(g: Numbered, start: int, period: int, steps: int) -> Run | None:
    """The run of so many blocks from a node on, if each column of it has a kind."""
    if steps < 2:
        return None
    first = int(g.defines[start])
    results = int(g.defines[start + period]) - first
    low, high = g.reads[start], g.reads[start + steps * period]
    table = g.operands[low:high].reshape(steps, -1)
    columns = columns_of(table, first, results)
    return None if columns is None else Run(start, period, steps, columns, first, results)


def columns_of(table: Ints, first: int, results: int) -> tuple[Column, ...] | None:
    """The kind of each column of a table with a row for each block."""
    steps = len(table)
    before: NDArray[np.bool_] = table < first
    outside: NDArray[np.bool_] = np.all(before, axis=0)
    same = (table == table[0]).all(axis=0)
    block, result = np.divmod(table[-1] - first, results)
    back = steps - 1 - block
    expected = first + (np.arange(steps)[:, None] - back) * results + result
    carried = ~outside & (back >= 0) & (back <= min(DEPTH, steps - 1))
    started = np.arange(steps)[:, None] >= back
    carried &= np.where(started, table == expected, before).all(axis=0)
    if not (outside | carried).all():
        return None
    columns: list[Column] = []
    for k in range(table.shape[1]):
        if outside[k]:
            numbers = tuple(table[:, k].tolist())
            columns.append(Fixed(numbers[0]) if same[k] else Rows(numbers))
        elif back[k] == 0:
            columns.append(Local(int(result[k])))
        else:
            columns.append(Carried(int(result[k]), tuple(table[: back[k], k].tolist())))
    return tuple(columns)
