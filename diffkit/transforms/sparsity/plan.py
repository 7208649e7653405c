"""The plan of a compressed Jacobian: the pattern, the passes that show it, and where each entry
stands in what they return.

A forward pass pushes the sum of the unit vectors of one colour of columns, and returns a row of Y;
a reverse pass pulls that of one colour of rows, and returns a row of Z:

    Y[c, i] = Σ J[i, j] over the columns j of colour c     Z[r, j] = Σ J[i, j] over the rows i of r

An entry can be read off where it is the only one of its sum. That is counted here for every entry,
whatever a colouring promised, so that one that merges what it may not is an error, not a wrong
derivative.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ...errors import GraphError, explain
from ...graph import Graph
from ...types import Array
from .colouring import (
    NONE,
    colour_both,
    colour_columns,
    colour_rows,
    colour_star,
    count,
    degrees,
    dense_rows,
)

MOST_SUMS = 2**27
"""That are counted in a table; more are sorted."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How a sparse Jacobian or Hessian is computed."""

    pattern: Any
    """The entries that may be nonzero: a boolean CSR array of outputs by inputs."""
    mode: str
    """"forward", "reverse", "bidirectional" or "star"."""
    columns: Array = field(repr=False)
    """The colour of each column, the number of its forward pass; -1 for none."""
    rows: Array = field(repr=False)
    """The colour of each row, the number of its reverse pass; -1 for none."""
    places: Array = field(repr=False)
    """For each entry, where it stands in the raveled Y with the raveled Z behind it."""
    costs: Mapping[str, int]
    """The counted cost of each alternative."""
    why: str
    """The reason for the choice, in a sentence."""

    @property
    def pushes(self) -> int:
        """The number of forward passes."""
        return count(self.columns)

    @property
    def pulls(self) -> int:
        """The number of reverse passes."""
        return count(self.rows)

    @property
    def passes(self) -> int:
        """The number of all passes."""
        return self.pushes + self.pulls

    @property
    def described(self) -> str:
        """The passes in words."""
        return in_words(self.pushes, self.pulls)

    def __str__(self) -> str:
        (m, n), nnz = self.pattern.shape, self.pattern.nnz
        share = nnz / (m * n) if m * n else 0.0
        lines = [
            f"pattern  {m} × {n}, {nnz} entries ({share:.3g} of all)",
            f"mode     {self.mode}: {self.described}",
            *(f"cost     {name}: {cost:.3g}" for name, cost in self.costs.items()),
            f"why      {self.why}",
        ]
        return "\n".join(lines)


def in_words(pushes: int, pulls: int) -> str:
    """The passes of each direction that there are."""
    parts = [f"{k} {name}" for k, name in ((pushes, "forward"), (pulls, "reverse")) if k]
    return f"{' and '.join(parts) or 'no'} pass{'' if pushes + pulls == 1 else 'es'}"


class Pass(NamedTuple):
    """The counted cost of one pass in each direction, None for one that is not possible."""

    forward: int | None
    reverse: int | None


def work(graph: Graph) -> int:
    """The counted cost of a graph as one number: its operations, and the words that it moves."""
    cost = graph.cost()
    return cost.flops + cost.bytes // 8


def planned(pattern: Any, each: Pass, method: str = "auto") -> Plan:
    """The plan of a Jacobian of this pattern: of the colourings the one whose passes cost least, or
    the one of a given method. A colouring is only made where it could be the best."""
    m, n = pattern.shape
    push, pull = each.forward or 1, each.reverse or 1
    on = dense_rows(pattern, pull, push)
    by_row, by_column = degrees(pattern), np.bincount(pattern.indices, minlength=n)
    longest = int(by_row[~on].max(initial=0))
    floors = {
        "forward": push * int(by_row.max(initial=0)),
        "reverse": pull * int(by_column.max(initial=0)),
        "bidirectional": push * longest + pull * int(on.any()),
    }
    names = [method] if method != "auto" else alternatives(each, on)
    costs: dict[str, int] = {}
    found: dict[str, tuple[Array, Array]] = {}
    for name in sorted(names, key=floors.__getitem__):
        if costs and floors[name] >= min(costs.values()):
            costs[f"{name} (at least)"] = floors[name]
            continue
        rows, columns = np.full(m, NONE), np.full(n, NONE)
        if name == "forward":
            columns = colour_columns(pattern)
        elif name == "reverse":
            rows = colour_rows(pattern)
        else:
            rows, columns = colour_both(pattern, on)
        found[name] = rows, columns
        costs[name] = push * count(columns) + pull * count(rows)
    mode = min(found, key=costs.__getitem__)
    rows, columns = found[mode]
    passes = in_words(count(columns), count(rows))
    why = f"{passes} at a counted cost of {costs[mode]:.3g}, the least of {', '.join(names)}"
    if len(names) == 1:
        why = f"{passes}, as no other way was asked for or is possible"
    return Plan(pattern, mode, columns, rows, located(pattern, columns, rows), costs, why)


def alternatives(each: Pass, on: Array) -> list[str]:
    """The methods that are possible; with no row or all rows taken from the left, a two-sided one
    would be one of the others."""
    names = ["reverse"] if each.forward is None else ["forward"]
    if each.forward is not None and each.reverse is not None:
        names += ["reverse", *(["bidirectional"] if on.any() and not on.all() else [])]
    return names


def symmetric(pattern: Any, each: int) -> Plan:
    """The plan of a Hessian of this symmetric pattern, by forward passes of the gradient."""
    columns = colour_star(pattern)
    passes = count(columns)
    why = f"a Hessian is symmetric, and a star colouring takes {in_words(passes, 0)}"
    rows = np.full(len(columns), NONE)
    places = mirrored(pattern, columns)
    return Plan(pattern, "star", columns, rows, places, {"star": each * passes}, why)


# --- where the entries stand ---------------------------------------------------------------------


def coordinates(pattern: Any) -> tuple[Array, Array]:
    """The row and the column of each entry."""
    rows = np.repeat(np.arange(pattern.shape[0]), degrees(pattern))
    return rows, pattern.indices.astype(np.int64)


def alone(sums: Array, shown: Array, size: int) -> Array:
    """Which entries are the only one in their sum; those that are not `shown` are in none."""
    found = np.zeros(len(sums), np.bool_)
    if size <= MOST_SUMS:
        found[shown] = np.bincount(sums[shown], minlength=size)[sums[shown]] == 1
    else:
        _, inverse, entries = np.unique(sums[shown], return_inverse=True, return_counts=True)
        found[shown] = entries[inverse] == 1
    return found


def located(pattern: Any, columns: Array, rows: Array) -> Array:
    """The place of each entry in the raveled Y and Z; forward passes first."""
    (m, n), (i, j) = pattern.shape, coordinates(pattern)
    pushed, pulled = columns[j] * m + i, rows[i] * n + j
    in_y = alone(pushed, columns[j] != NONE, m * count(columns))
    in_z = alone(pulled, rows[i] != NONE, n * count(rows))
    require(in_y | in_z, i, j)
    return np.where(in_y, pushed, m * count(columns) + pulled)


def mirrored(pattern: Any, columns: Array) -> Array:
    """The place of each entry of a symmetric matrix in the raveled Y: that of (i, j) or of (j, i),
    the same for both."""
    n, (i, j) = pattern.shape[0], coordinates(pattern)
    size, shown = n * count(columns), columns[j] != NONE
    here, there = columns[j] * n + i, columns[i] * n + j
    direct = alone(here, shown, size)
    counts = np.bincount(here[shown], minlength=size)
    mirror = (columns[i] != NONE) & (counts[np.maximum(there, 0)] == 1)
    require(direct | mirror, i, j)
    return np.where(direct & (~mirror | (i <= j)), here, there)


def require(found: Array, i: Array, j: Array) -> None:
    """Every entry can be read off."""
    if not found.all():
        k = int(np.argmin(found))
        got = f"entry ({i[k]}, {j[k]}) and {np.count_nonzero(~found) - 1} more share all their sums"
        want = "a colouring that shows each entry alone in some pass"
        remedy = "This is a fault of the colouring; please report it"
        raise GraphError(explain("a compressed Jacobian", got, want, remedy))
