"""The builder, and `Value`, the handle on what it has built: every node of every graph passes
through `Builder.emit`.

It runs the type rule, folds small constants, asks the op for an exact simplification, and merges a
node with an equal earlier one (hash-consing); only then it appends. Since every transform re-emits
through a builder, its result is folded and free of common subexpressions without a pass of its own.
`finish` drops the nodes that no output needs.

Simplifications are exact in IEEE arithmetic: x·1 is x, but x·0 is not 0 (x may be nan). With
`finite_math=True`, for symbolic work, they assume finite numbers and ignore the sign of zero.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..types import DType, Shape, Type
from .atoms import SMALL, Atom, Lit, Loc, Var, literal
from .collector import paused_collector
from .graph import Attrs, Graph, Node, live_nodes
from .op import Op, Region
from .structure import same_attrs
from .verifier import verify

CHECK = os.environ.get("DIFFKIT_CHECK") == "1"  # verify every finished graph


@dataclass(frozen=True, slots=True)
class Earlier:
    """What another builder collected, to be taken where it is the same."""

    params: list[Var]
    nodes: list[Node]
    seen: dict[Hashable, Node]

    @staticmethod
    def of(builder: Builder) -> Earlier:
        return Earlier(builder.params, builder.nodes, builder.seen)

    def is_again(self, builder: Builder) -> bool:
        """Whether the other builder has taken all of it, and made nothing else."""
        return self.nodes == builder.nodes and self.params == builder.params


class Builder:
    """Collects the nodes of one graph. Nodes and parameters that would be the same as earlier ones
    are those; see `tracing.repeats`, where this is safe."""

    def __init__(
        self, name: str = "f", finite_math: bool = False, earlier: Earlier | None = None
    ) -> None:
        self.name = name
        self.earlier = earlier
        self.finite_math = finite_math
        self.params: list[Var] = []
        self.nodes: list[Node] = []
        self.producers: dict[Var, Node] = {}
        self.loc: Loc | None = None
        """The user's line that the next nodes belong to."""
        self.seen: dict[Hashable, Node] = {}
        """The node of each key (`key_of`)."""

    def param(self, type_: Type, hint: str = "") -> Value:
        """A new parameter, last in the list."""
        var = None
        if self.earlier is not None and len(self.params) < len(self.earlier.params):
            var = self.earlier.params[len(self.params)]
        if var is None or var.type != type_ or var.hint != hint:
            var = Var(type_, hint)
        self.params.append(var)
        return Value(self, var)

    @staticmethod
    def like(graph: Graph, name: str) -> Builder:
        """A builder with the parameters of a graph, the same variables, and no nodes yet."""
        b = Builder(name)
        b.params = list(graph.params)
        return b

    @staticmethod
    def extending(graph: Graph, name: str) -> Builder:
        """A builder that starts with all of a graph: same parameters, same variables."""
        b = Builder.like(graph, name)
        for node in graph.nodes:
            b.append(node)
        return b

    def append(self, node: Node) -> None:
        """A finished node as it is, with the variables that it defines."""
        self.nodes.append(node)
        for out in node.outs:
            self.producers[out] = node
        self.seen.setdefault(key_of(node.op, node.args, node.attrs, node.regions), node)

    def emit(self, op: Op, args: Sequence[Atom], attrs: Attrs) -> Atom:
        """The atom that holds `op(*args, **attrs)`: new, simplified, or one made before."""
        if self.earlier is not None:
            again = self.again(self.earlier, op, args, attrs)
            if again is not None:
                return again
        type_ = op.infer(*[arg.type for arg in args], **attrs)
        if (not args or isinstance(args[0], Lit)) and is_foldable(args, type_):
            return fold(op, args, attrs, type_)
        if op.simplify is not None:
            simpler = op.simplify(*[Value(self, arg) for arg in args], **attrs)
            if simpler is not None:
                assert simpler.type == type_, f"{op.name}: {simpler.type} is not {type_}"
                return simpler.atom
        key = key_of(op, args, attrs)
        found = self.seen.get(key)
        if found is None:
            out = Var(type_)
            found = Node(op, tuple(args), attrs, (out,), self.loc)
            self.nodes.append(found)
            self.producers[out] = found
            self.seen[key] = found
        return found.outs[0]

    def again(self, earlier: Earlier, op: Op, args: Sequence[Atom], attrs: Attrs) -> Atom | None:
        """The atom of a node that is here, or was made earlier on the same line: it has passed the
        type rule, and there was nothing to fold or to simplify."""
        key = key_of(op, args, attrs)
        found = self.seen.get(key)
        if found is None:
            found = earlier.seen.get(key)
            if found is None or found.op is not op or found.loc != self.loc:
                return None
            if attrs and not same_attrs(found.attrs, attrs):
                return None
            self.nodes.append(found)
            self.producers[found.outs[0]] = found
            self.seen[key] = found
        return found.outs[0]

    def emit_region(
        self, op: Op, args: Sequence[Atom], attrs: Attrs, regions: tuple[Graph, ...]
    ) -> tuple[Var, ...]:
        """The results of control flow over these operands."""
        assert isinstance(op.fact, Region), f"{op} has no regions"
        key = key_of(op, args, attrs, regions)
        found = self.seen.get(key)
        if found is None:
            types = op.fact.infer([arg.type for arg in args], attrs, regions)
            outs = tuple(Var(type_) for type_ in types)
            found = Node(op, tuple(args), attrs, outs, self.loc, regions)
            self.append(found)
        return found.outs

    @paused_collector()
    def inline(self, graph: Graph, args: Sequence[Atom]) -> list[Atom]:
        """Emit the nodes of a graph with `args` for its parameters; the atoms of its results."""
        env: dict[Var, Atom] = dict(zip(graph.params, args, strict=True))
        outside = self.loc
        for node in graph.nodes:
            self.loc = node.loc or outside
            atoms = [read(env, arg) for arg in node.args]
            if node.op.regional:
                outs = self.emit_region(node.op, atoms, node.attrs, node.regions)
                env.update(zip(node.outs, outs, strict=True))
            else:
                env[node.outs[0]] = self.emit(node.op, atoms, node.attrs)
        self.loc = outside
        return [read(env, atom) for atom in graph.outputs]

    def finish(self, outputs: Sequence[Atom], name: str | None = None) -> Graph:
        """The graph with these results; nodes that none of them needs are dropped."""
        outs = tuple(outputs)
        nodes = tuple(live_nodes(self.nodes, outs))
        graph = Graph(name or self.name, tuple(self.params), nodes, outs)
        return verify(graph) if CHECK else graph


class Value:
    """An atom and the builder it lives in. Arithmetic comes with the ops (`ops.arithmetic`)."""

    __slots__ = ("atom", "builder")

    def __init__(self, builder: Builder, atom: Atom) -> None:
        self.builder = builder
        self.atom = atom

    @property
    def type(self) -> Type:
        return self.atom.type

    @property
    def shape(self) -> Shape:
        return self.atom.type.shape

    @property
    def dtype_(self) -> DType:
        """diffkit's dtype (a tracer's `dtype` is NumPy's)."""
        return self.atom.type.dtype

    @property
    def lit(self) -> Lit | None:
        """The literal, if this is one."""
        return self.atom if isinstance(self.atom, Lit) else None

    @property
    def producer(self) -> Node | None:
        """The node that made this, if any did."""
        return self.builder.producers.get(self.atom) if isinstance(self.atom, Var) else None

    def wrap(self, atom: Atom) -> Self:
        """A handle on another atom of the same builder."""
        return type(self)(self.builder, atom)

    def constant(self, number: Any) -> Atom:
        """A literal for a number in a rule; it takes this value's dtype."""
        return literal(number, self.dtype_.numpy)

    def full(self, number: float, shape: Shape | None = None) -> Self:
        """A constant array of this dtype, by default of this shape."""
        shape = self.shape if shape is None else shape
        return self.wrap(literal(np.full(shape, number, self.dtype_.numpy)))


def read(env: dict[Var, Atom], atom: Atom) -> Atom:
    """The atom in an environment; a literal stands for itself."""
    return atom if isinstance(atom, Lit) else env[atom]


def key_of(op: Op, args: Sequence[Atom], attrs: Attrs, regions: tuple[Graph, ...] = ()) -> Hashable:
    """What two nodes that compute the same have in common; a region is equal to itself only."""
    atoms = tuple([arg.key if isinstance(arg, Lit) else arg for arg in args])
    if regions:
        return (op.name, atoms, tuple(sorted(attrs.items())), regions)
    return (op.name, atoms, tuple(sorted(attrs.items()))) if attrs else (op.name, atoms)


def is_foldable(args: Sequence[Atom], type_: Type) -> bool:
    """Whether the op is of small constants alone, and its result is one."""
    return all(isinstance(a, Lit) and a.small for a in args) and type_.size <= SMALL


def fold(op: Op, args: Sequence[Atom], attrs: Attrs, type_: Type) -> Lit:
    """Evaluate an op on literals now."""
    with np.errstate(all="ignore"):
        values = [arg.value for arg in args if isinstance(arg, Lit)]
        value: Any = op.numpy(*values, **attrs)
    return literal(value, type_.dtype.numpy)
