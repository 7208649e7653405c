"""A graph as Python source that imports numpy: an assignment for each node, with the user's names.

Loops and branches are Python's. Arguments become arrays of the dtype that was exported for, so that
what follows computes in it. The text needs nothing of diffkit; functions that NumPy has not are
those of scipy.special, which is imported where one is used.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from ..errors import UnsupportedError, explain
from ..graph import Atom, Graph, Lit, Node, Var
from ..graph.graph import letters
from ..ops import custom as custom_ops
from ..ops import region as r
from ..ops.shape import pad_place, padded_shape
from ..types import Type, b1, f64, i64
from .numpy_spelling import FORMS, REDUCTIONS, STRUCTURE, box, named

INDENT = "    "
WIDE = 64  # elements of a constant that stands where it is used
RESERVED = ("np", "special", "range", "reversed", "int", "len", *keyword.kwlist)


def refused(
    node: Node, got: str = "it is no function of NumPy or scipy.special"
) -> UnsupportedError:
    where = f" at {node.loc}" if node.loc else ""
    want = "operations that numpy and scipy.special have"
    remedy = "Leave it out of what is exported"
    asked = f"export to NumPy{where}"
    return UnsupportedError(explain(asked, f"{node.op.name} can't be written: {got}", want, remedy))


def write(graph: Graph) -> str:
    """The complete text of a module with one function."""
    writer = Writer(graph.name)
    lines = [f"{INDENT}{line}" for line in writer.function(graph)]
    params = ", ".join(writer.names[p] for p in graph.params)
    head = ["import numpy as np"]
    if any("special." in line for line in lines):
        head.append("from scipy import special")
    parts = ["\n".join(head), *(["\n".join(writer.constants)] if writer.constants else [])]
    parts.append("\n" + "\n".join([f"def {writer.title}({params}):", *lines]))
    return "\n\n".join(parts) + "\n"


class Writer:
    """A graph as lines. `names` has what stands for each variable; `constants` are lines of arrays
    that are too long to stand where they are used."""

    def __init__(self, title: str) -> None:
        self.title = re.sub(r"\W", "", title) or "f"
        if keyword.iskeyword(self.title):
            self.title += "_"
        self.names: dict[Var, str] = {}
        self.taken = {*RESERVED, self.title}
        self.letters = letters()
        self.constants: list[str] = []
        self.written: dict[int, str] = {}

    def function(self, graph: Graph) -> list[str]:
        """The lines of the function."""
        for p in graph.params:
            self.name(p)
        inputs = ", ".join(f"{self.names[p]}: {described(p.type)}" for p in graph.params)
        outputs = ", ".join(described(t) for t in graph.types)
        lines = [f'"""{inputs or "No arguments"}; returns {outputs or "nothing"}."""']
        for p in graph.params:
            kind = named(p.type.dtype)
            name = self.names[p]
            text = f"np.asarray({name}, {kind})" if p.type.shape else f"{kind}({name})"
            lines.append(f"{name} = {text}")
        lines += self.nodes(graph)
        found = [self.whole(atom) for atom in graph.outputs]
        return [*lines, f"return {', '.join(found) or 'None'}"]

    # --- names and numbers ---

    def fresh(self, hint: str) -> str:
        """A name that is free."""
        hint = re.sub(r"\W", "_", hint)
        found, k = hint, 1
        while not found or found in self.taken:
            found, k = (f"{hint}_{k + 1}", k + 1) if hint else (next(self.letters), k)
        self.taken.add(found)
        return found

    def name(self, var: Var) -> str:
        self.names[var] = self.fresh(var.hint)
        return self.names[var]

    def text(self, atom: Atom) -> str:
        """A variable or a number."""
        if isinstance(atom, Var):
            return self.names[atom]
        weak = atom.type.dtype in (f64, i64, b1) and atom.type.shape == ()
        return number(atom.value.item()) if weak else self.whole(atom)

    def whole(self, atom: Atom) -> str:
        """A variable, or a number with its dtype."""
        if isinstance(atom, Var):
            return self.names[atom]
        return self.array(atom)

    def array(self, lit: Lit) -> str:
        """A constant with its dtype."""
        kind = named(lit.type.dtype)
        if lit.type.shape == ():
            return f"{kind}({number(lit.value.item())})"
        if lit.splat is not None:
            return f"np.full({lit.type.shape}, {number(lit.splat)}, {kind})"
        text = f"np.array({listed(lit.value.tolist())}, {kind}).reshape({lit.type.shape})"
        if lit.value.ndim and lit.value.size:
            text = text.partition(".reshape")[0]
        if lit.value.size <= WIDE:
            return text
        if id(lit) not in self.written:
            self.written[id(lit)] = self.fresh(f"CONSTANT_{len(self.constants)}")
            self.constants.append(f"{self.written[id(lit)]} = {text}")
        return self.written[id(lit)]

    # --- nodes ---

    def nodes(self, graph: Graph) -> Iterator[str]:
        for node in graph.nodes:
            yield from self.region(node) if node.op.regional else self.node(node)

    def node(self, node: Node) -> Iterator[str]:
        """One operation."""
        name, args, attrs = node.op.name, [self.text(arg) for arg in node.args], node.attrs
        out = node.out.type
        if name in ("slice_add", "slice_set", "scatter_add", "scatter_set"):
            yield from self.written_into(node)
            return
        if name == "pad":
            shape = padded_shape(node.args[0].type.shape, **attrs)
            place = pad_place(node.args[0].type.shape, attrs["low"], attrs["interior"])
            target = self.name(node.out)
            yield f"{target} = np.zeros({shape}, {named(out.dtype)})"
            yield f"{target}[{box(*place)}] = {args[0]}"
            return
        if name == "recurrence":
            yield from self.recurrence(node)
            return
        if name in REDUCTIONS:
            axes = attrs["axes"]
            every = len(axes) == node.args[0].type.ndim
            axis = "" if every else f", axis={axes[0] if len(axes) == 1 else axes}"
            text = f"np.{name}({args[0]}{axis})"
        elif name == "solve":
            a, b = (arg.type.ndim for arg in node.args)
            if not attrs["strict"] or (b != a and (a, b) != (2, 1)):
                raise refused(
                    node, "a singular matrix gives nan, or a stack of vectors is solved for"
                )
            text = f"np.linalg.solve({args[0]}, {args[1]})"
        elif name in FORMS:
            typed = any(arg.type.dtype not in (f64, b1) for arg in node.args)
            whole = name == "scale" or (name == "select" and typed)
            operands = [self.whole(arg) for arg in node.args] if whole else args
            text = FORMS[name].format(*operands)
            text += "[()]" if out.shape == () and name in ("scale", "select") else ""
        elif name in STRUCTURE:
            first = [self.whole(arg) for arg in node.args]
            text = STRUCTURE[name](*first, **attrs)
        else:
            raise refused(node)
        yield f"{self.name(node.out)} = {text}"

    def written_into(self, node: Node) -> Iterator[str]:
        """An array with something written or added into a part."""
        name, (x, y, *ks) = node.op.name, [self.text(arg) for arg in node.args]
        target = self.name(node.out)
        yield f"{target} = np.array({x})"
        if name == "scatter_add":
            yield f"np.add.at({target}, ({', '.join(ks)},), {y})"
        else:
            place = ", ".join(ks) if ks else box(**node.attrs)
            yield f"{target}[{place}] {'+=' if name == 'slice_add' else '='} {y}"

    def recurrence(self, node: Node) -> Iterator[str]:
        """yᵢ = aᵢ yᵢ₋₁ + bᵢ."""
        a, b = (self.whole(arg) for arg in node.args)
        axis: int = node.attrs["axis"]
        n = node.out.type.shape[axis]
        target, k = self.name(node.out), self.fresh("k")
        lead = ":, " * axis
        yield f"{target} = np.array({b})"
        yield f"for {k} in range(1, {n}):"
        last = f"{target}[{lead}{k} - 1]"
        yield f"{INDENT}{target}[{lead}{k}] += {a}[{lead}{k}] * {last}"

    # --- control flow ---

    def region(self, node: Node) -> Iterator[str]:
        if node.op in (r.call, custom_ops.custom):
            yield from self.inlined(node)
        elif node.op is r.cond:
            yield from self.branches(node)
        elif node.op is r.scan:
            yield from self.scan(node)
        elif node.op is r.while_:
            yield from self.while_(node)
        else:
            raise refused(node)

    def bind(self, params: Sequence[Var], atoms: Sequence[Atom]) -> None:
        """Parameters of a region that stand for values outside."""
        for p, atom in zip(params, atoms, strict=True):
            self.names[p] = self.whole(atom)

    def inside(self, graph: Graph) -> list[str]:
        """The lines of a region, indented."""
        return [f"{INDENT}{line}" for line in self.nodes(graph)]

    def inlined(self, node: Node) -> Iterator[str]:
        """A function that is called: its lines, here."""
        (body,) = node.regions
        self.bind(body.params, node.args)
        yield from self.nodes(body)
        for out, atom in zip(node.outs, body.outputs, strict=True):
            self.names[out] = self.whole(atom)

    def branches(self, node: Node) -> Iterator[str]:
        """A choice."""
        pred, *operands = node.args
        outs = [self.name(out) for out in node.outs]
        test = self.text(pred)
        for k, body in enumerate(node.regions):
            self.bind(body.params, operands)
            if pred.type.dtype == b1:
                yield f"if {test}:" if k == 0 else "else:"
            else:
                yield f"{'el' * (k > 0)}if {test} == {k}:"
            yield from self.inside(body)
            yield from self.assigned(outs, body.outputs)
        if pred.type.dtype != b1:
            yield "else:"
            yield f'{INDENT}raise IndexError("a branch that there is not")'

    def assigned(self, outs: Sequence[str], atoms: Sequence[Atom]) -> Iterator[str]:
        """All at once, since one may need what another had."""
        values = [self.whole(atom) for atom in atoms]
        pairs = [(o, v) for o, v in zip(outs, values, strict=True) if o != v]
        left, right = (
            (", ".join(column) for column in zip(*pairs, strict=True)) if pairs else ("", "")
        )
        yield f"{INDENT}{left} = {right}" if pairs else f"{INDENT}pass"

    def scan(self, node: Node) -> Iterator[str]:
        """A loop of known length, or of one that an earlier loop had."""
        (body,), attrs = node.regions, node.attrs
        count = attrs["carry"]
        groups = r.scan_groups(node.args, attrs)
        params = r.body_groups(body.params, attrs)
        length = str(attrs["length"])
        if attrs["length"] is None:
            length = f"int({self.text(groups.trips[0])})"
        self.bind(params.consts, groups.consts)
        carries = yield from self.carried(params.carry, groups.carry)
        rows = [self.name(out) for out in node.outs[count:]]
        for name, out in zip(rows, node.outs[count:], strict=True):
            shape = ", ".join([length, *map(str, out.type.shape[0 if out.type.tape else 1 :])])
            yield f"{name} = np.empty(({shape},), {named(out.type.dtype)})"
        k = self.fresh("k")
        steps = f"range({length})"
        yield f"for {k} in {f'reversed({steps})' if attrs['reverse'] else steps}:"
        for p, x in zip(params.xs, groups.xs, strict=True):
            yield f"{INDENT}{self.name(p)} = {self.whole(x)}[{k}]"
        yield from self.inside(body)
        for name, y in zip(rows, body.outputs[count:], strict=True):
            yield f"{INDENT}{name}[{k}] = {self.whole(y)}"
        yield from self.assigned(carries, body.outputs[:count])
        self.names.update(zip(node.outs[:count], carries, strict=True))

    def carried(
        self, params: Sequence[Var], atoms: Sequence[Atom]
    ) -> Generator[str, None, list[str]]:
        """The variables of a loop, with what they start from."""
        starts = [self.whole(atom) for atom in atoms]
        found = [self.name(p) for p in params]
        for name, start in zip(found, starts, strict=True):
            yield f"{name} = {start}"
        return found

    def while_(self, node: Node) -> Iterator[str]:
        """A loop until a condition fails, and what it saves of its steps."""
        (condition, body), attrs = node.regions, node.attrs
        groups = r.while_groups(node.args, attrs)
        inner, tested = (r.while_groups(g.params, attrs) for g in (body, condition))
        self.bind(inner.consts, groups.consts)
        carries = yield from self.carried(inner.carry, groups.carry)
        for p, q in zip(tested.consts, inner.consts, strict=True):
            self.names[p] = self.names[q]
        self.names.update(zip(tested.carry, carries, strict=True))
        saved: tuple[int, ...] = attrs["save"] or ()
        tapes = [self.fresh("saved") for _ in saved]
        for tape in tapes:
            yield f"{tape} = []"
        steps = self.fresh("steps")
        yield f"{steps} = 0"
        yield "while True:"
        yield from self.inside(condition)
        yield f"{INDENT}if not {self.whole(condition.outputs[0])}:"
        yield f"{INDENT}{INDENT}break"
        if attrs["max_steps"] is not None:
            yield f"{INDENT}if {steps} == {attrs['max_steps']}:"
            yield f'{INDENT}{INDENT}raise RuntimeError("a loop that does not end")'
        for tape, k in zip(tapes, saved, strict=True):
            yield f"{INDENT}{tape}.append({carries[k]})"
        yield from self.inside(body)
        yield from self.assigned(carries, body.outputs)
        yield f"{INDENT}{steps} += 1"
        self.names.update(zip(node.outs, carries, strict=False))
        for out, text in zip(node.outs[len(carries) :], [steps, *tapes], strict=False):
            kind = named(out.type.dtype)
            shape = ", ".join(["-1", *map(str, out.type.shape)])
            array = f"np.array({text}, {kind}).reshape({shape})"
            yield f"{self.name(out)} = {array if out.type.tape else f'{kind}({text})'}"


def described(type_: Type) -> str:
    """The type of an argument or result, for a reader."""
    dims = f"[{', '.join(map(str, type_.shape))}]" if type_.shape else ""
    return f"{type_.dtype.numpy}{dims}"


def number(value: Any) -> str:
    """A Python number; infinities and nan by NumPy's names."""
    text = repr(value)
    return re.sub(r"\b(inf|nan)\b", r"np.\1", text)


def listed(values: Any) -> str:
    """A nested list of numbers."""
    return re.sub(r"\b(inf|nan)\b", r"np.\1", repr(values))
