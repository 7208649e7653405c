"""A loop program as Python source for Numba: assignments, loops and indexing.

The text reads like code that a person wrote for Numba by hand, with the user's names, and with the
user's file and line where that changes. A function returns its results; if it can fail (an index
out of bounds, a loop that does not end), also whether it did.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from ...graph import Loc
from ...lowering.access import set_first, summand
from ...lowering.parallel import parallel_loops
from ...lowering.program import Program
from ...lowering.storage import areas
from ...lowering.syntax import (
    Apply,
    Assign,
    Body,
    Buffer,
    Call,
    Const,
    Expr,
    Fail,
    If,
    Local,
    Loop,
    Push,
    Stmt,
    Store,
    While,
)
from ...lowering.text import ATOM, INFIX, Names, range_text, where
from ...lowering.walk import walk
from ...types import DType, b1, c64, f64, i32, i64
from .spelling import (
    BITS,
    COMPLEX,
    COMPLEX_FUNCTIONS,
    COMPLEX_TURNED,
    FORMS,
    FUNCTIONS,
    ROUTINES,
    SHIFTS,
    TWICE,
    VMATH,
)

RESERVED = (
    "np", "range", "abs", "float", "int", "print", "len", "min", "max", "sum", "work", "prange",
    "plus", "times", "dot", "window", "grown", "solve", "solve_or_nan", "where", "sqrt",
    *(spelling.name for spelling in (*FUNCTIONS.values(), *COMPLEX_FUNCTIONS.values())), *SHIFTS,
    "complex",
)  # fmt: skip
LARGE = 4 << 20  # bytes from which on NumPy asks for large pages, too
INDENT = "    "


class NumbaNames(Names):
    """Expressions in Numba's Python. `imports` collects the names that they use."""

    def __init__(self) -> None:
        super().__init__(RESERVED)
        self.imports: dict[str, set[str]] = {}

    def use(self, module: str, name: str) -> str:
        self.imports.setdefault(module, set()).add(name)
        return name

    def number(self, expr: Const) -> str:
        if expr.dtype.kind == "c":
            parts = (self.number(Const(part, f64)) for part in (expr.value.real, expr.value.imag))
            return narrowed(f"complex({', '.join(parts)})", expr.dtype)
        text = repr(expr.value)
        if text in ("inf", "-inf", "nan"):
            text = text.replace("inf", "np.inf").replace("nan", "np.nan")
        return text if expr.dtype in (f64, i64, b1) else f"np.{expr.dtype.numpy}({text})"

    def applied(self, expr: Apply) -> tuple[str, int]:
        name, args = expr.op.name, expr.args
        of = args[0].dtype if args else expr.dtype
        if name in ("logical_and", "logical_or", "logical_xor"):
            sign = {"logical_and": "&", "logical_or": "|", "logical_xor": "^"}[name]
            return f"{self.truth(args[0])} {sign} {self.truth(args[1])}", 1
        if name == "logical_not":
            return f"not {self.truth(args[0])}", 1
        if name in ("add", "mul") and expr.dtype is b1:
            return f"{self.truth(args[0])} {'|' if name == 'add' else '&'} {self.truth(args[1])}", 1
        if name == "cast":
            return self.cast(args[0], expr.dtype)
        if name == "polygamma":
            (order,) = [value for key, value in expr.attrs if key == "n"]
            return f"{self.use(VMATH, 'polygamma')}({order}, {self.expr(args[0])})", ATOM
        if "c" in (of.kind, expr.dtype.kind):
            return self.complex(expr)
        if of.kind != "f":
            return self.whole(expr)
        if name in ("isfinite", "isinf"):
            sign = "<" if name == "isfinite" else "=="
            return f"abs({self.expr(args[0])}) {sign} np.inf", 4
        if name == "reciprocal":
            return self.infix("{} / {}", 6, (Const(1.0, of), args[0]))
        return self.general(expr)

    def general(self, expr: Apply) -> tuple[str, int]:
        """As an operator, in place, or as a call."""
        name = expr.op.name
        if expr.loose:
            helper = self.use(VMATH, {"add": "plus", "mul": "times"}[name])
            return f"{helper}({', '.join(map(self.expr, expr.args))})", ATOM
        if name in INFIX:
            return self.infix(*INFIX[name], expr.args)
        if name in BITS:
            return f" {BITS[name]} ".join(map(self.tight, expr.args)), 1
        if name in SHIFTS:
            helper, bits = self.use(ROUTINES, name), 8 * expr.dtype.numpy.itemsize
            return f"{helper}({', '.join(map(self.expr, expr.args))}, {bits})", ATOM
        if name == "bit_not":
            return f"~{self.tight(expr.args[0])}", 7
        if name in TWICE:
            form, binds = TWICE[name]
            text, inner = self.bound(expr.args[0])
            return form.format(text if inner > binds else f"({text})"), binds
        if name in FORMS:
            return FORMS[name].format(*map(self.expr, expr.args)), ATOM
        spelling = FUNCTIONS[name]
        self.use(*spelling)
        return f"{spelling.name}({', '.join(map(self.expr, expr.args))})", ATOM

    def whole(self, expr: Apply) -> tuple[str, int]:
        """Integers and booleans. Numba computes i32 as i64; the result is brought back."""
        name, args = expr.op.name, expr.args
        if name in ("isnan", "isinf"):
            return "False", ATOM
        if name == "isfinite":
            return "True", ATOM
        if name in ("floor", "ceil", "rint", "trunc"):
            return self.bound(args[0])
        if name == "pow":
            text = f"{self.tight(args[0])} ** {self.tight(args[1])}"
        elif name == "reciprocal":
            text = f"int(1 / {self.tight(args[0])})"  # NumPy cuts the fraction off
        else:
            text, binds = self.general(expr)
            if expr.dtype is not i32 or name == "select":
                return text, binds
        return (f"np.int32({text})", ATOM) if expr.dtype is i32 else (text, 8)

    def complex(self, expr: Apply) -> tuple[str, int]:
        """Of complex numbers, or a complex number of two real ones."""
        name, args = expr.op.name, expr.args
        if name in ("real", "imag"):
            return f"{self.tight(args[0])}.{name}", ATOM
        if name in COMPLEX_TURNED:
            name, args = COMPLEX_TURNED[name], args[::-1]
        if name in INFIX and name not in COMPLEX and name not in COMPLEX_FUNCTIONS:
            loose = expr.loose and name == "add"  # LLVM knows no complex products
            return self.general(expr) if loose else self.infix(*INFIX[name], args)
        texts = [self.expr(arg) for arg in args]
        if name in COMPLEX:
            return COMPLEX[name].format(*texts), ATOM
        spelling = COMPLEX_FUNCTIONS[name]
        return narrowed(f"{self.use(*spelling)}({', '.join(texts)})", expr.dtype), ATOM

    def cast(self, arg: Expr, dtype: DType) -> tuple[str, int]:
        if arg.dtype == dtype:
            return self.bound(arg)
        if dtype is b1:
            return f"{self.tight(arg)} != 0", 4
        if arg.dtype.kind == "c" and dtype.kind != "c":
            return f"np.{dtype.numpy}({self.tight(arg)}.real)", ATOM
        return f"np.{dtype.numpy}({self.expr(arg)})", ATOM

    def import_lines(self) -> list[str]:
        """The imports of the names that were used."""
        used = sorted(self.imports.items())
        return [f"from {module} import {', '.join(sorted(names))}" for module, names in used]


def narrowed(text: str, dtype: DType) -> str:
    """What was computed in double precision, as a complex number of this type."""
    return f"np.complex64({text})" if dtype is c64 else text


def emit(program: Program, name: str, parallel: bool = False) -> str:
    """The complete text of a module with one function."""
    names = NumbaNames()
    fails = program.fails
    params = ", ".join(names.of(p) for p in (*program.params, *program.consts))
    lines = list(storage(program, names))
    results = [names.of(r) if isinstance(r, Buffer) else "" for r in program.results]
    failed = [
        text or names.number(zero(r.dtype))
        for text, r in zip(results, program.results, strict=True)
    ]
    shared = parallel_loops(program) if parallel else set[Loop]()
    writer = Writer(names, f"return {', '.join([*failed, '1'])}", shared)
    lines += writer.body(program.body, INDENT)
    results = [names.of(r) if isinstance(r, Buffer) else names.expr(r) for r in program.results]
    lines.append(f"{INDENT}return {', '.join([*results, *(['0'] if fails else [])]) or 'None'}")
    head = ["import numpy as np"]
    if shared:
        head.append("from numba import prange")
    head += names.import_lines()
    return "\n".join([*head, "", "", f"def {name}({params}):", *lines, ""])


def zero(dtype: DType) -> Const:
    return Const(dtype.numpy.type(0).item(), dtype)


def signature(program: Program) -> str:
    """Numba's types of the parameters. Arrays are taken read-only, so that both kinds fit, but for
    those that a result is written into."""
    given = [type_text(p, program.results) for p in (*program.params, *program.consts)]
    return f"({', '.join([*given, ''])})"


def type_text(item: Local | Buffer, written: Collection[object]) -> str:
    dtype = "boolean" if item.dtype is b1 else str(item.dtype.numpy)
    if isinstance(item, Local):
        return dtype
    return f"Array({dtype}, {len(item.shape)}, 'C', {item not in written})"


def storage(program: Program, names: NumbaNames) -> Iterator[str]:
    """The lines that allocate: results, tapes, and the work block cut into arrays. All of them lie
    apart, and `restrict` says so, but for those that share memory in turn; a single one LLVM can
    tell from what it reads by itself."""
    own = [b for b in program.buffers if b.base is None and b.role in ("output", "work", "tape")]
    lone = len(program.places) == 1
    for buffer in own:
        shape = (16, *buffer.shape) if buffer.role == "tape" else buffer.shape
        if buffer.role != "work" or lone or buffer not in program.places:
            new = paged(names, empty(shape, buffer.dtype), math.prod(shape) * itemsize(buffer))
            new = restricted(names, new) if len(own) > 1 else new
            yield f"{INDENT}{names.of(buffer)} = {new}"
    if program.places and not lone:
        block = paged(names, f"np.empty({program.block}, np.uint8)", program.block)
        yield f"{INDENT}work = {block}"
        for area in areas(program.places):
            if len(area.buffers) == 1:
                view = window(names, area.buffers[0], "work", area.start)
                yield f"{INDENT}{names.of(area.buffers[0])} = {restricted(names, view)}"
                continue
            name = names.of(Local("area", i64))
            view = f"window(work, {area.start}, ({area.end - area.start},), np.uint8)"
            yield f"{INDENT}{name} = {restricted(names, view)}"
            for buffer in area.buffers:
                view = window(names, buffer, name, program.places[buffer] - area.start)
                yield f"{INDENT}{names.of(buffer)} = {view}"
    for buffer in program.buffers:
        if buffer.base is not None:
            start = buffer.offset * itemsize(buffer)
            view = window(names, buffer, names.of(buffer.root), start)
            yield f"{INDENT}{names.of(buffer)} = {view}"


def itemsize(buffer: Buffer) -> int:
    return buffer.dtype.numpy.itemsize


def paged(names: NumbaNames, array: str, size: int) -> str:
    """A new array of `size` bytes, in large pages if it is long."""
    return f"{names.use(ROUTINES, 'large')}({array})" if size >= LARGE else array


def restricted(names: NumbaNames, array: str) -> str:
    return f"{names.use(ROUTINES, 'restrict')}({array})"


def window(names: NumbaNames, buffer: Buffer, base: str, start: int) -> str:
    names.use(ROUTINES, "window")
    shape = tuple_text(buffer.shape)
    return f"window({base}, {start}, {shape}, np.{buffer.dtype.numpy})"


def tuple_text(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def empty(shape: tuple[int, ...], dtype: DType) -> str:
    size = str(shape[0]) if len(shape) == 1 else tuple_text(shape)
    kind = "" if dtype is f64 else f", np.{dtype.numpy}"
    return f"np.empty({size}{kind})"


class Writer:
    """Statements as lines."""

    def __init__(self, names: NumbaNames, failed: str, shared: Collection[Loop]) -> None:
        self.names = names
        self.failed = failed
        """What the function does when it gives up."""
        self.shared = shared
        """The loops whose steps the cores share."""
        self.loc: Loc | None = None
        self.totals: set[Local] = set()

    def body(self, body: Body, indent: str) -> list[str]:
        lines: list[str] = []
        for stmt in body:
            for line in self.stmt(stmt, indent):
                lines.append(line)
        return lines or [f"{indent}pass"]

    def noted(self, line: str, loc: Loc | None) -> str:
        """The line, with the user's place where that is not the one of the line before."""
        if loc is None or loc == self.loc:
            return line
        self.loc = loc
        return line + where(loc)

    def stmt(self, stmt: Stmt, indent: str) -> Iterator[str]:
        names, inner = self.names, indent + INDENT
        if isinstance(stmt, Assign):
            yield self.noted(self.assign(stmt, indent), stmt.loc)
        elif isinstance(stmt, Store):
            yield self.noted(f"{indent}{self.store(stmt)}", stmt.loc)
        elif isinstance(stmt, Loop):
            text = range_text(stmt, names)
            text = f"p{text}" if stmt in self.shared else text
            yield f"{indent}for {names.of(stmt.var)} in {text}:"
            body = self.added_up(stmt) if stmt in self.shared else stmt.body
            yield from self.body(body, inner)
            names.release(stmt.var)
        elif isinstance(stmt, While):
            yield from self.loop(stmt, indent)
        elif isinstance(stmt, If):
            yield self.noted(f"{indent}if {names.expr(stmt.condition)}:", stmt.loc)
            yield from self.body(stmt.then, inner)
            if stmt.other:
                yield f"{indent}else:"
                yield from self.body(stmt.other, inner)
        elif isinstance(stmt, Call):
            yield self.noted(f"{indent}{self.call(stmt)}", stmt.loc)
        elif isinstance(stmt, Fail):
            yield self.noted(f"{indent}if {names.expr(stmt.condition)}:", stmt.loc)
            yield f"{inner}{self.failed}"
        else:
            yield from self.push(stmt, indent)

    def added_up(self, loop: Loop) -> Body:
        """The body of a shared loop; what its steps add up is written as Numba recognises it."""
        own = set_first(loop.body)
        self.totals = {
            s.local for s in walk(loop.body) if isinstance(s, Assign) and s.local not in own
        }
        return loop.body

    def assign(self, stmt: Assign, indent: str) -> str:
        added = summand(stmt)
        if added is not None and stmt.local in self.totals:
            assert isinstance(stmt.value, Apply)
            sign = "+=" if stmt.value.op.name == "add" else "*="
            return f"{indent}{self.names.of(stmt.local)} {sign} {self.names.expr(added)}"
        return f"{indent}{self.names.of(stmt.local)} = {self.names.expr(stmt.value)}"

    def store(self, stmt: Store) -> str:
        """buffer[index] = value, or combined with what is there."""
        names = self.names
        target, value = names.element(stmt.buffer, stmt.index), names.expr(stmt.value)
        signs = {"set": "=", "add": "+=", "sum": "+=", "prod": "*="}
        if stmt.mode in signs:
            return f"{target} {signs[stmt.mode]} {value}"
        if stmt.mode in ("any", "all"):
            return f"{target} = {target} {'|' if stmt.mode == 'any' else '&'} ({value})"
        helper = names.use(VMATH, {"max": "maximum", "min": "minimum"}[stmt.mode])
        return f"{target} = {helper}({target}, {value})"

    def loop(self, stmt: While, indent: str) -> Iterator[str]:
        """A loop with its test on top, or in the middle where the test needs statements."""
        names, inner = self.names, indent + INDENT
        if stmt.test:
            yield self.noted(f"{indent}while True:", stmt.loc)
            yield from self.body(stmt.test, inner)
            yield f"{inner}if not {names.truth(stmt.condition)}:"
            yield f"{inner}{INDENT}break"
        else:
            yield self.noted(f"{indent}while {names.expr(stmt.condition)}:", stmt.loc)
        yield from self.body(stmt.body, inner)

    def call(self, stmt: Call) -> str:
        names = self.names
        args = ", ".join(names.ref(ref) for ref in (*stmt.args, stmt.out))
        return f"{names.use(ROUTINES, stmt.name)}({args})"

    def push(self, stmt: Push, indent: str) -> Iterator[str]:
        names = self.names
        tape, grown = names.of(stmt.buffer), names.use(ROUTINES, "grown")
        yield f"{indent}{tape} = {grown}({tape}, {names.expr(stmt.count)})"
