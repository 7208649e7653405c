"""One run as one scan.

Fixed columns become consts, carried ones a carry, rows xs; a value that somebody needs later is the
final carry if it is one, else a y. A value that is read d blocks later passes through d carries,

    c₁ ← value,   c₂ ← c₁,   …,   c_d ← c_{d-1}.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ...graph import Atom, Builder, Lit, Node, Var, literal
from ...ops import Expr
from ...ops.index import gather
from ...ops.region import scan
from ...ops.shape import reshape, slice_, slice_set
from ...types import Type
from ..optimise.rewrite import again
from .numbering import PLACED, Numbered
from .places import Places, elements, moving_node, places_of, windows, write_all
from .rows import Item, Row, array_of, value
from .wiring import Carried, Column, Fixed, Local, Rows, Run

Uses: TypeAlias = dict[int, set[int]]
"""What is read of a run after it: for each result of a block, of which blocks."""


@dataclass
class Body:
    """The body of a scan while it is made, and where its operands come from."""

    b: Builder = field(default_factory=lambda: Builder("step"))
    consts: dict[int, Var] = field(default_factory=dict[int, Var])
    carry: dict[Carried, Var] = field(default_factory=dict[Carried, Var])
    xs: list[tuple[Var, Atom]] = field(default_factory=list[tuple[Var, Atom]])
    shared: dict[Rows, Var] = field(default_factory=dict[Rows, Var])
    results: list[Atom] = field(default_factory=list[Atom])
    writes: list[tuple[int, Atom, Places]] = field(default_factory=list[tuple[int, Atom, Places]])
    """Arrays that are written after the loop: the result, its row of each step, the places."""

    def row(self, array: Atom) -> Var:
        """A parameter for the rows of an array."""
        self.xs.append((Var(Type(array.type.dtype, array.type.shape[1:])), array))
        return self.xs[-1][0]


@dataclass(frozen=True)
class Loop:
    """A run, in a graph by number, to be emitted into b. The environment tells what has become of
    the variables of the graph."""

    g: Numbered
    b: Builder
    env: dict[Var, Item]
    run: Run
    used: Uses

    def emit(self) -> None:
        """Emit the loop; what is read of it later goes into the environment."""
        run, body = self.run, self.body()
        carry = list(body.carry.items())
        depth = {key.result: 0 for key in body.carry}
        for key in body.carry:
            depth[key.result] = max(depth[key.result], len(key.initial))
        done = {result for result, _, _ in body.writes}
        rows = [
            k
            for k, blocks in sorted(self.used.items())
            if k not in done and min(blocks) < run.steps - depth.get(k, 0)
        ]
        ends = [
            body.carry[Carried(key.result, key.initial[1:])]
            if len(key.initial) > 1
            else body.results[key.result]
            for key, _ in carry
        ]
        ys = [*(body.results[k] for k in rows), *(row for _, row, _ in body.writes)]
        body.b.params = [*body.consts.values(), *body.carry.values(), *(x for x, _ in body.xs)]
        region = body.b.finish([*ends, *ys])
        consts = [self.atom(number) for number in body.consts]
        starts = [self.atom(key.initial[0]) for key, _ in carry]
        operands = [*consts, *starts, *(array for _, array in body.xs)]
        sizes = {"consts": len(consts), "carry": len(carry)}
        attrs = {"length": run.steps, "reverse": False, **sizes}
        outs = list(self.b.emit_region(scan, operands, attrs, (region,)))
        final, stored = outs[: len(carry)], outs[len(carry) :]
        for k, out in zip(rows, stored, strict=False):
            for block in self.used[k]:
                self.env[self.variable(block, k)] = Row(out, block)
        for (key, _), out in zip(carry, final, strict=True):
            block = run.steps - len(key.initial)
            var = self.variable(block, key.result)
            seen = self.env.get(var)
            self.env[var] = seen._replace(atom=out) if isinstance(seen, Row) else out
        for (k, _, places), out in zip(body.writes, stored[len(rows) :], strict=True):
            before = self.atom(self.start_of(k))
            whole = write_all(self.b, before, Expr(self.b, out), places)
            self.env[self.variable(run.steps - 1, k)] = whole

    def variable(self, block: int, result: int) -> Var:
        return self.g.variables[self.run.first + block * self.run.results + result]

    def item(self, number: int) -> Item:
        """What a value from before the loop is now."""
        atom = self.g.atom(number)
        return self.env.get(atom, atom) if isinstance(atom, Var) else atom

    def atom(self, number: int) -> Atom:
        return value(self.b, self.item(number))

    # --- the body --------------------------------------------------------------------------------

    def body(self) -> Body:
        """The body, its results and what it reads."""
        body, run, nodes = Body(), self.run, self.g.graph.nodes
        self.b.loc = nodes[run.start].loc
        columns = iter(run.columns)
        for k in range(run.period):
            node = nodes[run.start + k]
            body.b.loc = node.loc
            body.results.extend(self.step(body, k, node, [next(columns) for _ in node.args]))
        return body

    def step(self, body: Body, k: int, node: Node, columns: list[Column]) -> Sequence[Atom]:
        """Emit the k-th node of the body."""
        places = None
        if node.op in PLACED:
            places = places_of(
                self.g.graph.nodes[self.run.start + k : self.run.stop : self.run.period]
            )
        if places is not None:
            return [self.moving(body, k, node, columns, places)]
        read = self.constant_elements(columns) if node.op is gather else None
        if read is not None:
            return [body.row(elements(self.b, self.atom(read[0]), read[1]).atom)]
        return again(body.b, node, [self.operand(body, column) for column in columns])

    def moving(self, body: Body, k: int, node: Node, columns: list[Column], places: Places) -> Atom:
        """A slice that moves, or a write into one."""
        source = columns[0]
        if node.op is slice_ and isinstance(source, Fixed):
            row = body.row(windows(self.b, self.atom(source.number), places).atom)
            return reshape(Expr(body.b, row), shape=places.counts).atom
        result = int(self.g.defines[self.run.start + k]) - self.run.first
        if node.op is slice_set and places.line() and self.only_written(result, source):
            lane = reshape(Expr(body.b, self.operand(body, columns[1])), shape=places.lane)
            body.writes.append((result, lane.atom, places))
            return node.out  # a name that nothing in the body reads
        args = [self.operand(body, column) for column in columns]
        arrays, varies = places.indices(places.depth(node.args[0].type.shape))
        index: list[Atom] = [
            body.row(literal(array)) if on else literal(array)
            for array, on in zip(arrays, varies, strict=True)
        ]
        return moving_node(body.b, node, args, index)

    def start_of(self, result: int) -> int:
        """What an array that is only written was before the loop."""
        return next(
            column.initial[0]
            for column in self.run.columns
            if isinstance(column, Carried) and column.result == result
        )

    def only_written(self, result: int, source: Column) -> bool:
        """Whether an array goes from block to block by its write alone, until after the run."""
        readers = [
            column
            for column in self.run.columns
            if isinstance(column, Local | Carried) and column.result == result
        ]
        last = {self.run.steps - 1}
        once = isinstance(source, Carried) and len(source.initial) == 1
        return once and readers == [source] and self.used.get(result, last) == last

    def constant_elements(self, columns: list[Column]) -> tuple[int, list[list[Lit]]] | None:
        """The array and the indices of a gather from before the loop, if these are known and not
        the same in all steps."""
        source, *rest = columns
        if not isinstance(source, Fixed) or not any(isinstance(c, Rows) for c in rest):
            return None
        found: list[list[Lit]] = []
        for column in rest:
            if not isinstance(column, Fixed | Rows):
                return None
            numbers = column.numbers if isinstance(column, Rows) else (column.number,)
            atoms = [self.item(number) for number in numbers]
            literals = [atom for atom in atoms if isinstance(atom, Lit)]
            if len(literals) < len(atoms):
                return None
            found.append(literals)
        return source.number, found

    def operand(self, body: Body, column: Column) -> Atom:
        """The atom in the body for an operand."""
        match column:
            case Local(result):
                return body.results[result]
            case Fixed(number):
                return self.const(body, number)
            case Carried():
                return self.carried(body, column)
            case Rows(numbers):
                if column not in body.shared:
                    array = array_of(self.b, [self.item(number) for number in numbers])
                    body.shared[column] = body.row(array.atom)
                return body.shared[column]

    def const(self, body: Body, number: int) -> Atom:
        atom = self.g.atom(number)
        if isinstance(atom, Lit):
            return atom
        return body.consts.setdefault(number, Var(atom.type, atom.hint))

    def carried(self, body: Body, column: Carried) -> Var:
        """The parameter of a carry, and those of all that it passes through."""
        for k in range(len(column.initial)):
            key = Carried(column.result, column.initial[k:])
            atom = self.g.atom(key.initial[0])
            hint = atom.hint if isinstance(atom, Var) else ""
            body.carry.setdefault(key, Var(atom.type, hint))
        return body.carry[column]
