"""What all rules of lowering share: the statements so far, fresh storage, nests of loops.

Every value of the graph gets storage of its own and a nest of loops that fills it; passes over the
finished program fuse the nests and take most of that storage away again. Arrays of at most
`SMALL` elements are filled element by element, so that they can become scalar variables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

from ..errors import UnsupportedError, explain
from ..graph import Atom, Graph, Lit, Loc, Node, Var
from ..graph.graph import name_all
from ..ops.arithmetic import add, cast
from ..types import DType, Shape, Type, i64
from .form import INDICES, Form, in_buffer, of_literal, probe, scalar, stored
from .pieces import Piece, Pieces, shifted
from .syntax import (
    LOOSE,
    MODES,
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Const,
    Expr,
    Fail,
    Index,
    Load,
    Local,
    Loop,
    Stmt,
    Store,
    constant,
    index_of,
)

SMALL = 8  # arrays up to this size become variables where their indices are known
DEEP = 40  # views of views are stored after so many

Cell: TypeAlias = "Local | Buffer"
Rule: TypeAlias = "Callable[[Lowerer, Node, list[Any]], list[Any]]"


class Lowerer:
    """Lowers one program. `rules` is a function for each op by name."""

    def __init__(self, rules: Mapping[str, Rule], boxed: Collection[str]) -> None:
        self.rules = rules
        self.boxed = boxed
        """The ops whose rules look at the boxes of their operands."""
        self.block: list[Stmt] = []
        self.checks: list[Stmt] = []
        """What is tested once, before anything else."""
        self.consts: dict[int, Buffer] = {}
        self.tested: list[dict[Hashable, int]] = [{}]
        """The indices tested so far, and for which length: in the program, and in each of the
        bodies that stay open."""
        self.ranges: dict[Cell, tuple[int, int]] = {}
        """Integers whose least and greatest value are known."""
        self.names: dict[Var, str] = {}
        self.loc: Loc | None = None
        self.depth = 0

    # --- graphs ---

    def graph(self, graph: Graph, args: Sequence[Form]) -> list[Form]:
        """The forms of a graph's results."""
        self.names.update(name_all(graph))
        env: dict[Var, Form | Pieces] = dict(zip(graph.params, args, strict=True))

        def read(atom: Atom) -> Form | Pieces:
            return of_literal(atom, self.const) if isinstance(atom, Lit) else env[atom]

        def plain(atom: Atom) -> Form:
            found = read(atom)
            if isinstance(found, Pieces) and isinstance(atom, Var):
                found = env[atom] = self.together(found, self.cell_of(atom))
            assert isinstance(found, Form)
            return found

        outside = self.loc
        for node in graph.nodes:
            self.loc = node.loc or outside
            rule = self.rules.get(node.op.name)
            if rule is None:
                raise unsupported(node)
            look = read if node.op.name in self.boxed else plain
            results = rule(self, node, [look(arg) for arg in node.args])
            env.update(zip(node.outs, results, strict=True))
        self.loc = outside
        return [plain(atom) for atom in graph.outputs]

    def const(self, lit: Lit) -> Buffer:
        """The buffer of an array constant."""
        found = self.consts.get(id(lit.value))
        if found is None:
            found = Buffer("c", lit.type.dtype, lit.type.shape, "const", value=lit.value)
            self.consts[id(lit.value)] = found
        return found

    # --- storage ---

    def cell(self, type_: Type, hint: str) -> Cell:
        """Fresh storage: a variable for a scalar, else a buffer."""
        if type_.shape == ():
            return Local(hint, type_.dtype)
        return Buffer(hint, type_.dtype, type_.shape)

    def cell_of(self, var: Var) -> Cell:
        """Fresh storage for a variable of the graph."""
        return self.cell(var.type, self.names.get(var, var.hint))

    def buffer(self, type_: Type, var: Var) -> Buffer:
        """Fresh storage for a box of a variable of the graph."""
        return Buffer(self.names.get(var, var.hint), type_.dtype, type_.shape)

    def form(self, cell: Cell, type_: Type) -> Form:
        """What storage holds."""
        return scalar(type_, cell) if isinstance(cell, Local) else in_buffer(cell, type_)

    def bounds(self, expr: Expr) -> tuple[int, int] | None:
        """The least and greatest value of an integer, if the program tells."""
        if expr.dtype.kind != "i":
            return None
        if isinstance(expr, Affine):
            return expr.bounds()
        if isinstance(expr, Const):
            return int(expr.value), int(expr.value)
        if isinstance(expr, Local):
            return self.ranges.get(expr)
        if isinstance(expr, Load):
            value = expr.buffer.value
            if value is None:
                return self.ranges.get(expr.buffer)
            return (int(value.min()), int(value.max())) if value.size else None
        if expr.op is cast:
            return self.bounds(expr.args[0])
        parts = [self.bounds(arg) for arg in expr.args] if expr.op is add else []
        if parts and parts[0] and parts[1]:
            return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
        return None

    def note_range(self, cell: Cell, form: Form) -> None:
        """Note what is known of the integers in fresh storage."""
        known = self.bounds(probe(form)[1]) if cell.dtype.kind == "i" and form.type.size else None
        if known:
            self.ranges[cell] = known

    # --- statements ---

    def emit(self, stmt: Stmt) -> None:
        self.block.append(stmt)

    @contextmanager
    def inside(self) -> Generator[list[Stmt], None, None]:
        """Statements go into a list of their own."""
        outside, self.block = self.block, []
        self.depth += 1
        self.tested.append({})
        try:
            yield self.block
        finally:
            self.block = outside
            self.depth -= 1
            self.tested.pop()

    def put(self, cell: Cell, index: Index, value: Expr, mode: str = "set") -> None:
        """cell[index] = value, or combined with what is there."""
        if isinstance(cell, Buffer):
            self.emit(Store(cell, index, value, mode, self.loc))
        elif mode == "set":
            self.emit(Assign(cell, value, self.loc))
        else:
            both = Apply(MODES[mode], (cell, value), cell.dtype, loose=mode in LOOSE)
            self.emit(Assign(cell, both, self.loc))

    def nest(self, shape: Shape, statement: Callable[[Index], None], order: Any = None) -> None:
        """`statement(index)` for every index of `shape`, in loops from the outermost axis in, or in
        the `order` of axes given."""
        if 0 in shape:
            return
        axes = [k for k in (order or range(len(shape))) if shape[k] != 1]
        index: list[Expr] = [constant(0)] * len(shape)
        loops: list[tuple[Local, int]] = []
        for depth, k in enumerate(axes):
            var = Local(INDICES[(self.depth + depth) % 8], i64, shape[k])
            index[k] = index_of(var)
            loops.append((var, shape[k]))
        with self.inside() as body:
            statement(tuple(index))
        stmts: Body = tuple(body)
        for var, n in reversed(loops):
            stmts = (Loop(var, n, stmts, loc=self.loc),)
        self.block.extend(stmts)

    def fill(
        self, cell: Cell, shape: Shape, value: Callable[[Index], Expr], mode: str = "set"
    ) -> None:
        """cell[index] = value(index) for every index."""
        self.nest(shape, lambda index: self.put(cell, index, value(index), mode))

    def copied(self, form: Form, hint: str) -> Cell:
        """Fresh storage with the elements of a form."""
        cell = self.cell(form.type, hint)
        self.fill(cell, form.shape, form.at)
        return cell

    def seen(self, x: Form, view: Form, hint: str) -> Form:
        """A view of x, stored if it has come to look through very many."""
        if x.depth >= DEEP:
            return self.form(self.copied(view, hint), view.type)
        return replace(view, depth=x.depth + 1)

    def whole(self, x: Form | Pieces) -> Form:
        """An array of boxes as one."""
        return x if isinstance(x, Form) else self.together(x, self.cell(x.type, "t"))

    def together(self, x: Pieces, cell: Cell) -> Form:
        """The boxes written into storage."""
        for piece in x.parts:

            def write(index: Index, piece: Piece = piece) -> None:
                self.put(cell, shifted(index, piece.start), piece.form.at(index))

            self.nest(piece.form.shape, write)
        return self.form(cell, x.type)

    def kept(self, form: Form, hint: str) -> Form:
        """The form itself if it lies in memory in order, else a copy."""
        if stored(form, form.shape):
            return form
        return self.form(self.copied(form, hint), form.type)

    def is_news(self, indices: Hashable, n: int, for_all: bool = False) -> bool:
        """Whether on some way to this place indices have not been tested yet, for this length or
        a smaller one. They are from now on, for the rest of this body, or of the program."""
        if any(known.get(indices, n + 1) <= n for known in self.tested):
            return False
        self.tested[0 if for_all else -1][indices] = n
        return True

    def fail_if(self, condition: Expr) -> None:
        self.emit(Fail(condition, self.loc))


def number(value: Any, dtype: DType) -> Const:
    """A constant of a dtype."""
    return Const(dtype.numpy.type(value).item(), dtype)


def unsupported(node: Node) -> UnsupportedError:
    """An op that has no rule."""
    where = f" at {node.loc}" if node.loc else ""
    got = f"{node.op.name}, which the compiler does not know"
    remedy = 'Use backend="numba", which runs it in NumPy, or fallback="interpreter"'
    return UnsupportedError(explain(f"compiling{where}", got, "an op it can lower", remedy))
