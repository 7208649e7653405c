"""Expressions and statements as text, in Python's notation.

`Names` gives every local and buffer a distinct name, its hint where that is free. A backend derives
its own from it with another spelling of the ops.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Sequence

from ..graph import Loc
from ..types import b1
from .syntax import (
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Call,
    Const,
    Expr,
    Fail,
    If,
    Load,
    Local,
    Loop,
    Ref,
    Stmt,
    Store,
    While,
)

# name: (format, precedence); arguments that bind less than the precedence are put in brackets.
INFIX: dict[str, tuple[str, int]] = {
    "add": ("{} + {}", 5), "sub": ("{} - {}", 5), "mul": ("{} * {}", 6), "div": ("{} / {}", 6),
    "neg": ("-{}", 7), "less": ("{} < {}", 4), "less_equal": ("{} <= {}", 4),
    "greater": ("{} > {}", 4), "greater_equal": ("{} >= {}", 4), "equal": ("{} == {}", 4),
    "not_equal": ("{} != {}", 4),
}  # fmt: skip
ATOM = 9


class Names:
    """Distinct names for the locals and buffers of a program."""

    def __init__(self, taken: Sequence[str] = ()) -> None:
        self._names: dict[Local | Buffer, str] = {}
        self._taken = set(taken)

    def of(self, item: Local | Buffer) -> str:
        """The name: the hint, or the hint and a number."""
        found = self._names.get(item)
        if found is None:
            hint = item.hint or "t"
            found, k = hint, 1
            while found in self._taken or keyword.iskeyword(found):
                found, k = f"{hint}{k}", k + 1
            self._names[item] = found
            self._taken.add(found)
        return found

    def release(self, item: Local) -> None:
        """The name may be used again, and is no longer this item's: another loop over the same
        variable finds one that is free there."""
        self._taken.discard(self._names.pop(item))

    # --- expressions ---

    def expr(self, expr: Expr) -> str:
        """An expression as text."""
        return self.bound(expr)[0]

    def tight(self, expr: Expr) -> str:
        """An expression, in brackets where it is more than a name."""
        text, binds = self.bound(expr)
        return text if binds == ATOM else f"({text})"

    def truth(self, expr: Expr) -> str:
        """A number as a condition, in brackets where it is more than a name."""
        text, binds = self.bound(expr)
        if expr.dtype is not b1:
            return f"({text} != 0)"
        return text if binds == ATOM else f"({text})"

    def bound(self, expr: Expr) -> tuple[str, int]:
        """The text, and how strongly its outermost operator binds."""
        if isinstance(expr, Const):
            negative = expr.dtype.kind != "c" and expr.value < 0
            return self.number(expr), (7 if negative else ATOM)
        if isinstance(expr, Local):
            return self.of(expr), ATOM
        if isinstance(expr, Affine):
            return self.affine(expr)
        if isinstance(expr, Load):
            return self.element(expr.buffer, expr.index), ATOM
        return self.applied(expr)

    def number(self, expr: Const) -> str:
        return repr(expr.value)

    def element(self, buffer: Buffer, index: Sequence[Expr]) -> str:
        """buffer[index]."""
        return f"{self.of(buffer)}[{', '.join(map(self.expr, index))}]"

    def affine(self, expr: Affine) -> tuple[str, int]:
        """Σ factor·local + const."""
        parts: list[str] = []
        for local, factor in sorted(expr.terms, key=lambda term: term[1] < 0):
            name = self.of(local)
            size = name if abs(factor) == 1 else f"{abs(factor)} * {name}"
            parts.append(("-" if factor < 0 else "+") + size)
        if expr.const or not parts:
            number = f"{abs(expr.const)}"
            sign = "-" if expr.const < 0 else "+"
            leads = bool(parts) and parts[0].startswith("-") and expr.const > 0
            parts.insert(0 if leads else len(parts), sign + number)
        first = parts[0].removeprefix("+")
        text = " ".join([first, *(f"{part[0]} {part[1:]}" for part in parts[1:])])
        alone = len(parts) == 1
        return text, (5 if not alone else 6 if "*" in text else 7 if "-" in text else ATOM)

    def applied(self, expr: Apply) -> tuple[str, int]:
        """An op applied to its arguments: infix where there is a sign for it, else a call."""
        if expr.op.name in INFIX and not expr.loose:
            return self.infix(*INFIX[expr.op.name], expr.args)
        return self.call(expr), ATOM

    def infix(self, form: str, binds: int, args: Sequence[Expr]) -> tuple[str, int]:
        """An operator between its arguments. A sum's right-hand side keeps its brackets, since
        a + (b + c) and (a + b) + c are rounded differently."""
        parts: list[str] = []
        for k, arg in enumerate(args):
            text, inner = self.bound(arg)
            tight = inner > binds if k or binds == 4 else inner >= binds
            parts.append(text if tight else f"({text})")
        return form.format(*parts), binds

    def call(self, expr: Apply) -> str:
        """op(args)."""
        name = {("add", True): "plus", ("mul", True): "times"}.get(
            (expr.op.name, expr.loose), expr.op.name
        )
        attrs = [f"{key}={value}" for key, value in expr.attrs]
        return f"{name}({', '.join([*map(self.expr, expr.args), *attrs])})"

    def ref(self, ref: Ref) -> str:
        """A whole array."""
        text = self.of(ref.buffer)
        if ref.index:
            text += f"[{', '.join(map(self.expr, ref.index))}]"
        return text + (".T" if ref.transposed else "")


# How a value is combined with what is stored.
SIGNS = {"add": "+=", "sum": "+=", "prod": "*=", "any": "|=", "all": "&="}


def body_lines(body: Body, names: Names, indent: str) -> list[str]:
    """The statements, a line each."""
    return [line for stmt in body for line in stmt_lines(stmt, names, indent)]


def stmt_lines(stmt: Stmt, names: Names, indent: str) -> Iterator[str]:
    """One statement and what is inside."""
    inner = indent + "  "
    if isinstance(stmt, Assign):
        yield f"{indent}{names.of(stmt.local)} = {names.expr(stmt.value)}"
    elif isinstance(stmt, Store):
        target, value = names.element(stmt.buffer, stmt.index), names.expr(stmt.value)
        sign = "=" if stmt.mode == "set" else SIGNS.get(stmt.mode, f"{stmt.mode}=")
        yield f"{indent}{target} {sign} {value}"
    elif isinstance(stmt, Loop):
        yield f"{indent}for {names.of(stmt.var)} in {range_text(stmt, names)}:{where(stmt.loc)}"
        yield from body_lines(stmt.body, names, inner)
        names.release(stmt.var)
    elif isinstance(stmt, While):
        yield f"{indent}while:{where(stmt.loc)}"
        yield from body_lines(stmt.test, names, inner)
        yield f"{inner}if not {names.expr(stmt.condition)}: break"
        yield from body_lines(stmt.body, names, inner)
    elif isinstance(stmt, If):
        yield f"{indent}if {names.expr(stmt.condition)}:"
        yield from body_lines(stmt.then, names, inner)
        if stmt.other:
            yield f"{indent}else:"
            yield from body_lines(stmt.other, names, inner)
    elif isinstance(stmt, Call):
        args = ", ".join(names.ref(ref) for ref in (*stmt.args, stmt.out))
        yield f"{indent}{stmt.name}({args}){where(stmt.loc)}"
    elif isinstance(stmt, Fail):
        yield f"{indent}if {names.expr(stmt.condition)}: fail{where(stmt.loc)}"
    else:
        yield f"{indent}push({names.of(stmt.buffer)}, {names.expr(stmt.count)})"


def range_text(loop: Loop, names: Names) -> str:
    """The values that a loop's index takes."""
    extent = loop.extent
    if loop.reverse:
        last = str(extent - 1) if isinstance(extent, int) else f"{names.expr(extent)} - 1"
        return f"range({last}, -1, -1)"
    return f"range({extent if isinstance(extent, int) else names.expr(extent)})"


def where(loc: Loc | None) -> str:
    """The user's line, as a comment."""
    return "" if loc is None else f"  # {str(loc).rsplit('/', 1)[-1]}"
