"""Sparse derivatives by compressed passes: the pattern, the plan, and the passes it asks for.

All forward passes are lanes of one vectorised graph, seeded with one colour of columns each, and so
are all reverse passes; what they return is read off entry by entry (`transforms.sparsity`).
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from threading import RLock
from typing import Any, NamedTuple

import numpy as np

from .backends import interpreter
from .backends.numba.backend import Lowered
from .errors import CheckError, ShapeError, UnsupportedError, explain
from .graph import Graph, restrict
from .modes.forward import jvp
from .modes.linear_map import most_lanes
from .modes.reverse import vjp
from .tracing import apply
from .tracing.location import at_line
from .transforms.sparsity.colouring import count
from .transforms.sparsity.index_sets import Sets
from .transforms.sparsity.pattern import pattern
from .transforms.sparsity.plan import Pass, Plan, planned, symmetric, work
from .transforms.vmap import batch
from .types import Array, Type

Arrays = list[Any]

COMPILERS: dict[str, Callable[[Graph], Callable[[Sequence[Any]], Arrays]]] = {
    "interpreter": interpreter.prepare,
    "numba": lambda graph: Lowered(graph).compile(),
}


class Passes:
    """The graphs of one forward and one reverse pass of a function, each made when it is asked for.
    `count` parameters are differentiated by; tangents and cotangents come behind all parameters."""

    def __init__(self, graph: Graph, count: int) -> None:
        self.graph = graph
        self.active = [k < count for k in range(len(graph.params))]
        self.inputs = [p.type for p in graph.params[:count]]
        self.outputs = list(graph.types)
        if any(t.complex for t in self.inputs):
            got = f"arguments of {', '.join(map(str, self.inputs))}"
            remedy = "Use dk.jacobian with method='forward' or 'reverse', or pass the parts"
            asked = f"a sparse derivative{at_line()}"
            raise UnsupportedError(explain(asked, got, "real arguments", remedy))

    @cached_property
    def push(self) -> Graph:
        moved = jvp(self.graph, self.active)
        return restrict(moved, moved.outputs[len(self.outputs) :])

    @cached_property
    def pull(self) -> Graph:
        if any(t.complex for t in self.outputs):  # real arguments get the real part of it alone
            got = f"results of {', '.join(map(str, self.outputs))}"
            remedy = "Use method='forward', or return the parts"
            asked = f"reverse passes of a sparse Jacobian{at_line()}"
            raise UnsupportedError(explain(asked, got, "real results", remedy))
        joint = vjp(self.graph, self.active)
        return restrict(joint, joint.outputs[len(self.outputs) :])

    @cached_property
    def cost(self) -> Pass:
        """The counted cost of a pass each way; a custom rule may know one way alone."""
        costs: list[int | None] = []
        refusals: list[UnsupportedError] = []
        for name in ("push", "pull"):
            try:
                costs.append(max(1, work(getattr(self, name))))
            except UnsupportedError as error:
                costs.append(None)
                refusals.append(error)
        if len(refusals) == 2:
            raise refusals[0]
        return Pass(*costs)

    @property
    def shape(self) -> tuple[int, int]:
        """Of the Jacobian."""
        return sum(t.size for t in self.outputs), sum(t.size for t in self.inputs)


class Lanes(NamedTuple):
    """One graph for so many passes."""

    graph: Graph
    size: int


class Compressed:
    """A function whose derivative is computed by a plan."""

    def __init__(self, passes: Passes, plan: Plan, backend: str) -> None:
        self.passes = passes
        self.plan = plan
        self.compiler = COMPILERS[backend]
        self._lanes: dict[str, Lanes] = {}
        self._run: dict[int, Callable[[Sequence[Any]], Arrays]] = {}
        self._lock = RLock()

    def entries(self, inputs: Arrays) -> Any:
        """The values of the entries of the pattern, in order."""
        return self.sums(inputs)[self.plan.places]

    def dense(self, inputs: Arrays) -> Any:
        """The whole matrix; on traced inputs a traced one."""
        m, n = self.plan.pattern.shape
        sums = self.sums(inputs)
        zero = np.zeros(1, sums.dtype)
        places = np.full((m, n), sums.shape[0])
        rows = np.repeat(np.arange(m), np.diff(self.plan.pattern.indptr))
        places[rows, self.plan.pattern.indices] = self.plan.places
        return np.concatenate([sums, zero])[places]

    def sums(self, inputs: Arrays) -> Any:
        """What all passes return, raveled, forward passes first."""
        outs, ins = self.passes.outputs, self.passes.inputs
        parts: Arrays = []
        if self.plan.pushes:
            parts.append(self.swept("push", self.plan.columns, ins, outs, inputs))
        if self.plan.pulls:
            parts.append(self.swept("pull", self.plan.rows, outs, ins, inputs))
        if not parts:
            dtypes = [t.dtype.numpy for t in (*outs, *ins) if t.differentiable]
            return np.zeros(0, np.result_type(*dtypes) if dtypes else np.float64)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def swept(
        self,
        name: str,
        colours: Array,
        seeded: Sequence[Type],
        results: Sequence[Type],
        inputs: Arrays,
    ) -> Any:
        """The results of a pass for each colour of the elements of the `seeded` values, raveled; so
        many passes at once as memory allows."""
        total = count(colours)
        lanes = self.lanes(name, total)
        size = lanes.size
        runs = -(-total // size)
        blocks: Arrays = []
        for start in range(0, runs * size, size):
            seeds = seeds_of(colours, seeded, start, size)
            blocks.append(side_by_side(self.run(lanes.graph, [*inputs, *seeds]), results, size))
        whole = blocks[0] if runs == 1 else np.concatenate(blocks)[:total]
        return np.reshape(whole, total * sum(t.size for t in results))

    def lanes(self, name: str, total: int) -> Lanes:
        """A pass in many directions at once: equal parts of all, so that one graph serves."""
        with self._lock:
            if name not in self._lanes:
                graph: Graph = getattr(self.passes, name)
                size = -(-total // -(-total // most_lanes(graph)))
                given = len(self.passes.active)
                on = [k >= given for k in range(len(graph.params))]
                wanted = [True] * len(graph.outputs)
                self._lanes[name] = Lanes(batch(graph, on, size, wanted).graph, size)
            return self._lanes[name]

    def run(self, graph: Graph, inputs: Arrays) -> Arrays:
        """The results of one of the graphs kept here; recorded where an input is traced."""
        return apply(graph, inputs, self.execute)

    def execute(self, graph: Graph, inputs: Sequence[Any]) -> Arrays:
        with self._lock:
            if id(graph) not in self._run:
                self._run[id(graph)] = self.compiler(graph)
        return self._run[id(graph)](inputs)

    def check(self, inputs: Arrays, asked: str) -> None:
        """Raise if the matrix does not agree with one forward pass in a random direction: then the
        pattern, given by the user, lacks an entry."""
        m, n = self.plan.pattern.shape
        data = self.entries(inputs)
        rng = np.random.default_rng(n)
        direction = rng.normal(size=n)
        starts = np.cumsum([0, *(t.size for t in self.passes.inputs)])
        tangents = [
            direction[a : a + t.size].reshape(t.shape).astype(t.dtype.numpy)
            for a, t in zip(starts, self.passes.inputs, strict=False)
        ]
        pushed = self.execute(self.passes.push, [*inputs, *tangents])
        found = side_by_side([y[None] for y in pushed], self.passes.outputs, 1)[0]
        rows = np.repeat(np.arange(m), np.diff(self.plan.pattern.indptr))
        terms = data * direction[self.plan.pattern.indices]
        total = np.bincount(rows, terms, m)
        scale = np.bincount(rows, np.abs(terms), m) + np.abs(found)
        away = np.abs(total - found) > np.sqrt(np.finfo(data.dtype).eps) * scale
        if away.any():
            k = int(np.argmax(away))
            got = f"row {k} times a direction is {total[k]:.6g}, but {found[k]:.6g} by forward mode"
            want = "a pattern with every entry that can be nonzero"
            remedy = "Add the missing entries of that row, or leave pattern= out to have it found"
            raise CheckError(explain(f"{asked}{at_line()}", got, want, remedy))


def seeds_of(colours: Array, seeded: Sequence[Type], start: int, size: int) -> Arrays:
    """For each floating-point value and each of the colours from `start`, ones at its elements of
    that colour."""
    wanted = np.arange(start, start + size)[:, None]
    seeds: Arrays = []
    first = 0
    for t in seeded:
        if t.differentiable:
            on = colours[first : first + t.size] == wanted
            seeds.append(on.astype(t.dtype.numpy).reshape(size, *t.shape))
        first += t.size
    return seeds


def side_by_side(found: Arrays, types: Sequence[Type], size: int) -> Any:
    """The results of lanes as rows of one matrix, with zeros for what has no derivative."""
    left = iter(found)
    parts = [
        np.reshape(next(left), (size, t.size)) if t.differentiable else np.zeros((size, t.size))
        for t in types
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, 1)


def found_pattern(passes: Passes) -> Sets:
    """The pattern of a function, found in its graph."""
    return pattern(passes.graph, passes.active)


def given_pattern(matrix: Any, shape: tuple[int, int], asked: str) -> Sets:
    """A user's pattern: the entries of a sparse matrix, or what of an array is not zero."""
    from scipy.sparse import csr_array, issparse

    if not issparse(matrix):
        matrix = np.asarray(matrix) != 0
    if matrix.shape != shape:
        remedy = "Give a row for each output element, a column for each input element"
        got = f"a pattern of shape {matrix.shape}"
        raise ShapeError(explain(f"{asked}{at_line()}", got, f"{shape}", remedy))
    own = csr_array(matrix)
    found = csr_array((np.ones(own.nnz, np.bool_), own.indices, own.indptr), shape, copy=True)
    found.sum_duplicates()
    return found


def jacobian_plan(passes: Passes, given: Sets, method: str) -> Plan:
    return planned(given, passes.cost, method)


def hessian_plan(passes: Passes, given: Sets) -> Plan:
    """The plan of the Jacobian of a gradient, which is symmetric whatever the pattern found."""
    both = (given + given.T).tocsr()
    both.sort_indices()
    return symmetric(both, max(1, work(passes.push)))
