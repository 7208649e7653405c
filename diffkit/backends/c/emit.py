"""A loop program as a C99 function: assignments, loops and indexing, and nothing but math.h.

Arrays are pointers to their elements in C order, so a[i, j] is a[4 * i + j]. Numbers come by value
and results through pointers. Storage of the function's own is on the stack where it is small. A
function that can fail (an index out of bounds, a loop that does not end, no memory) returns 0 or
1; any other returns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import UnsupportedError
from ...graph import Loc
from ...lowering.program import Program
from ...lowering.syntax import (
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
    Ref,
    Stmt,
    Store,
    While,
    constant,
)
from ...lowering.walk import exprs, vars_of, walk
from ...types import b1, f64, i64
from .names import CNames, refused
from .spelling import TYPES, helper

INDENT = "    "
STACK = 16 * 1024  # bytes of an array that may lie on the stack


def emit(program: Program) -> str:
    """The complete text of a file with one function, in C99."""
    for buffer in program.buffers:
        if buffer.dtype not in TYPES:
            raise refused(buffer.hint or "a value", f"is {buffer.dtype}", None)
    names = CNames()
    writer = Writer(program, names)
    signature = writer.signature()
    body = writer.function()
    head = [*writer.header(), "", "#include <math.h>", "#include <stdbool.h>"]
    head += ["#include <stdint.h>", *(["#include <stdlib.h>"] if writer.heap else [])]
    helpers = [helper(name, dtype) for name, dtype in sorted(names.helpers, key=str)]
    parts = [
        "\n".join(head),
        *helpers,
        *writer.constants(),
        "\n".join([f"{signature} {{", *body, "}"]),
    ]
    return "\n\n".join(parts) + "\n"


class Writer:
    """A program as lines of C."""

    def __init__(self, program: Program, names: CNames) -> None:
        self.program, self.names = program, names
        self.name = re.sub(r"\W", "_", program.name, flags=re.ASCII) or "f"
        names.of(Local(self.name, f64))
        self.loc: Loc | None = None
        own = [b for b in program.buffers if b.base is None and b.role in ("work", "tape")]
        self.tapes = [b for b in own if b.role == "tape"]
        self.large = [b for b in own if b.role == "work" and bytes_of(b) > STACK]
        self.small = [b for b in own if b.role == "work" and bytes_of(b) <= STACK]
        self.heap = bool(self.tapes or self.large)
        self.fails = program.fails or self.heap
        self.read = read_locals(program)
        self.params = [*program.params]
        for param in self.params:
            names.of(param)
        self.outs: list[Buffer] = []
        for result in program.results:
            out = given_back(result)
            if isinstance(result, Buffer) and result.role == "output" and result not in self.outs:
                out = result
            several = len(program.results) > 1
            names.call_it(out, f"out{len(self.outs)}" if several else "out")
            self.outs.append(out)

    # --- what stands before the body ---

    def signature(self) -> str:
        """The head of the function."""
        texts: list[str] = []
        for p in self.params:
            kind = TYPES.get(p.dtype)
            if kind is None:
                raise refused(f"the argument {p.hint}", f"is {p.dtype}", None)
            name = self.names.of(p)
            texts.append(
                f"const {kind} *restrict {name}" if isinstance(p, Buffer) else f"{kind} {name}"
            )
        texts += [f"{TYPES[out.dtype]} *restrict {self.names.of(out)}" for out in self.outs]
        kind = "int" if self.fails else "void"
        line = f"{kind} {self.name}({', '.join(texts) or 'void'})"
        if len(line) <= 100:
            return line
        return f"{kind} {self.name}(\n{INDENT}" + f",\n{INDENT}".join(texts) + ")"

    def header(self) -> list[str]:
        """A comment that says what the arguments are."""
        rows = [(self.names.of(p), "in", p) for p in self.params]
        rows += [(self.names.of(out), "out", out) for out in self.outs]
        wide = max((len(name) for name, _, _ in rows), default=0)
        lines = [
            f"/* {self.name}, written by diffkit. Arrays are in C order and do not overlap.",
            " *",
        ]
        for name, way, item in rows:
            shape = item.shape if isinstance(item, Buffer) else ()
            dims = f"[{', '.join(map(str, shape))}]" if shape else ""
            lines.append(f" *   {name:<{wide}}  {way:<3}  {TYPES[item.dtype]}{dims}")
        if self.fails:
            lines += [" *", " * Returns 0, or 1 where it can't go on."]
        return [*lines, " */"]

    def constants(self) -> Iterator[str]:
        """Arrays of numbers that the program holds."""
        for buffer in self.program.consts:
            values = buffer.value.reshape(-1)
            texts = [self.names.number(Const(v.item(), buffer.dtype)) for v in values] or ["0"]
            rows = [", ".join(texts[k : k + 8]) for k in range(0, len(texts), 8)]
            size = max(1, buffer.size)
            name = self.names.of(buffer)
            joined = f",\n{INDENT}".join(rows)
            yield f"static const {TYPES[buffer.dtype]} {name}[{size}] = {{\n{INDENT}{joined},\n}};"

    def storage(self) -> Iterator[str]:
        """Variables and arrays of the function's own."""
        names = self.names
        if self.fails:
            yield f"{INDENT}int status = 1;"
        for buffer in self.small:
            size = max(1, buffer.size)
            yield f"{INDENT}{TYPES[buffer.dtype]} {names.of(buffer)}[{size}] = {{0}};"
        for tape in self.tapes:
            yield f"{INDENT}{TYPES[tape.dtype]} *{names.of(tape)} = NULL;"
            yield f"{INDENT}int64_t {self.rows(tape)} = 0;"
        for buffer in self.large:
            kind = TYPES[buffer.dtype]
            yield f"{INDENT}{kind} *{names.of(buffer)} = malloc({buffer.size} * sizeof({kind}));"
        for buffer in self.program.buffers:
            if buffer.base is not None:
                const = "const " if buffer.root.role in ("param", "const") else ""
                start = f"{names.of(buffer.root)} + {buffer.offset}"
                yield f"{INDENT}{const}{TYPES[buffer.dtype]} *{names.of(buffer)} = {start};"
        assigned = {s.local: None for s in walk(self.program.body) if isinstance(s, Assign)}
        for dtype, kind in TYPES.items():
            group = [names.of(v) for v in assigned if v.dtype is dtype and v in self.read]
            for k in range(0, len(group), 8):
                yield f"{INDENT}{kind} {', '.join(f'{name} = 0' for name in group[k : k + 8])};"

    def rows(self, tape: Buffer) -> str:
        return f"{self.names.of(tape)}_rows"

    # --- the body ---

    def function(self) -> list[str]:
        """The lines between the braces."""
        lines = list(self.storage())
        for buffer in self.large:
            lines.append(f"{INDENT}if (!{self.names.of(buffer)}) goto done;")
        lines += self.body(self.program.body, INDENT)
        for out, result in zip(self.outs, self.program.results, strict=True):
            lines += self.result(out, result)
        if self.fails:
            lines += [f"{INDENT}status = 0;", "done:"]
            lines += [f"{INDENT}free({self.names.of(b)});" for b in (*self.large, *self.tapes)]
            lines.append(f"{INDENT}return status;")
        return lines

    def result(self, out: Buffer, result: Expr | Buffer) -> Iterator[str]:
        names = self.names
        if not isinstance(result, Buffer):
            yield f"{INDENT}*{names.of(out)} = {names.expr(result)};"
        elif out is not result:
            index = f"for (int64_t i = 0; i < {result.size}; i++)"
            yield f"{INDENT}{index} {names.of(out)}[i] = {names.of(result)}[i];"

    def body(self, body: Body, indent: str) -> list[str]:
        return [line for stmt in body for line in self.stmt(stmt, indent)]

    def noted(self, line: str, loc: Loc | None) -> str:
        """The line, with the user's place where that is not the one of the line before."""
        if loc is None or loc == self.loc:
            return line
        self.loc = loc
        return f"{line}  /* {str(loc).rsplit('/', 1)[-1]} */"

    def stmt(self, stmt: Stmt, indent: str) -> Iterator[str]:
        names, inner = self.names, indent + INDENT
        try:
            if isinstance(stmt, Assign):
                if stmt.local in self.read:
                    text = f"{indent}{names.of(stmt.local)} = {names.expr(stmt.value)};"
                    yield self.noted(text, stmt.loc)
            elif isinstance(stmt, Store):
                yield self.noted(f"{indent}{self.store(stmt)}", stmt.loc)
            elif isinstance(stmt, Loop):
                yield f"{indent}for ({self.range(stmt)}) {{"
                yield from self.body(stmt.body, inner)
                yield f"{indent}}}"
                names.release(stmt.var)
            elif isinstance(stmt, While):
                yield self.noted(f"{indent}for (;;) {{", stmt.loc)
                yield from self.body(stmt.test, inner)
                yield f"{inner}if (!{names.truth(stmt.condition)}) break;"
                yield from self.body(stmt.body, inner)
                yield f"{indent}}}"
            elif isinstance(stmt, If):
                yield self.noted(f"{indent}if ({names.expr(stmt.condition)}) {{", stmt.loc)
                yield from self.body(stmt.then, inner)
                if stmt.other:
                    yield f"{indent}}} else {{"
                    yield from self.body(stmt.other, inner)
                yield f"{indent}}}"
            elif isinstance(stmt, Call):
                yield self.noted(f"{indent}{self.call(stmt)}", stmt.loc)
            elif isinstance(stmt, Fail):
                yield self.noted(f"{indent}if ({names.expr(stmt.condition)}) goto done;", stmt.loc)
            else:
                yield from self.push(stmt.buffer, names.expr(stmt.count), indent)
        except UnsupportedError as error:
            raise located(error, stmt.loc) from None

    def range(self, loop: Loop) -> str:
        """The head of a loop; a length that is computed is computed once."""
        var, extent = self.names.of(loop.var), loop.extent
        if isinstance(extent, int):
            start, limit = "", str(extent)
            last = str(extent - 1)
        else:
            text = self.names.expr(extent)
            start, limit, last = f", {var}_end = {text}", f"{var}_end", f"({text}) - 1"
        if loop.reverse:
            return f"int64_t {var} = {last}; {var} >= 0; {var}--"
        return f"int64_t {var} = 0{start}; {var} < {limit}; {var}++"

    def store(self, stmt: Store) -> str:
        """buffer[index] = value, or combined with what is there."""
        names = self.names
        target, value = names.element(stmt.buffer, stmt.index), names.expr(stmt.value)
        signs = {"set": "=", "add": "+=", "sum": "+=", "prod": "*="}
        if stmt.mode in signs and stmt.buffer.dtype is not b1:
            return f"{target} {signs[stmt.mode]} {value};"
        if stmt.mode == "set":
            return f"{target} = {value};"
        if stmt.mode in ("any", "all", "add", "sum", "prod"):
            sign = "||" if stmt.mode in ("any", "add", "sum") else "&&"
            return f"{target} = {target} {sign} ({value});"
        dtype = stmt.buffer.dtype if stmt.buffer.dtype.kind == "f" else i64
        function = names.use({"max": "maximum", "min": "minimum"}[stmt.mode], dtype)
        return f"{target} = {function}({target}, {value});"

    def call(self, stmt: Call) -> str:
        """A product of matrices as loops; a vector is a matrix of one row or column."""
        if stmt.name != "dot":
            raise refused(stmt.name, "is a routine of LAPACK", stmt.loc)
        (a, b), out = stmt.args, stmt.out
        rows = 1 if len(a.shape) == 1 else seen(a)[0]
        columns = 1 if len(b.shape) == 1 else seen(b)[1]
        sizes = f"{rows}, {columns}, {seen(a)[-1]}"
        left, right = self.matrix(a, row=True), self.matrix(b, row=False)
        target = self.matrix(out, row=len(a.shape) == 1)
        return f"{self.names.use('dot', out.buffer.dtype)}({sizes}, {left}, {right}, {target});"

    def matrix(self, ref: Ref, row: bool) -> str:
        """Where an operand starts, and the distances of its rows and columns."""
        axes = len(ref.buffer.shape) + (ref.buffer.role == "tape")
        index = [*ref.index, *([constant(0)] * (axes - len(ref.index)))]
        start = f"&{self.names.element(ref.buffer, index)}"
        if len(ref.shape) == 1:
            return f"{start}, 0, 1" if row else f"{start}, 1, 0"
        wide = ref.shape[1]
        return f"{start}, 1, {wide}" if ref.transposed else f"{start}, {wide}, 1"

    def push(self, tape: Buffer, count: str, indent: str) -> Iterator[str]:
        """Room for one row more."""
        name, rows, kind = self.names.of(tape), self.rows(tape), TYPES[tape.dtype]
        size, inner = max(1, tape.size), indent + INDENT
        yield f"{indent}if ({count} >= {rows}) {{"
        yield f"{inner}{rows} = 2 * ({count}) + 16;"
        bigger = f"realloc({name}, (size_t){rows} * {size} * sizeof({kind}))"
        yield f"{inner}{kind} *bigger = {bigger};"
        yield f"{inner}if (!bigger) goto done;"
        yield f"{inner}{name} = bigger;"
        yield f"{indent}}}"


def seen(ref: Ref) -> tuple[int, ...]:
    """The shape of an operand of a product, turned if it is."""
    return ref.shape[::-1] if ref.transposed else ref.shape


def given_back(result: Expr | Buffer) -> Buffer:
    """Where a result goes that is a number, or an array that is something else, too."""
    shape = result.shape if isinstance(result, Buffer) else ()
    return Buffer("out", result.dtype, shape, "output")


def bytes_of(buffer: Buffer) -> int:
    return buffer.size * buffer.dtype.numpy.itemsize


def read_locals(program: Program) -> set[Local]:
    """The variables that something reads."""
    found: set[Local] = set()
    for stmt in walk(program.body):
        for expr in exprs(stmt):
            found.update(vars_of(expr))
    for result in program.results:
        if not isinstance(result, Buffer):
            found.update(vars_of(result))
    return found


def located(error: UnsupportedError, loc: Loc | None) -> UnsupportedError:
    """The error with the user's line, if it has none."""
    text = str(error)
    if loc is None or " at " in text.partition(":")[0]:
        return error
    return UnsupportedError(text.replace("export to C", f"export to C at {loc}", 1))
