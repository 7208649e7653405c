"""Expressions of a loop program in C99."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import UnsupportedError, explain
from ...graph import Loc
from ...lowering.syntax import Affine, Apply, Buffer, Const, Expr, Local, constant
from ...lowering.text import ATOM, INFIX, Names
from ...types import DType, b1, f32, i32, i64
from .spelling import BITS, FUNCTIONS, HELPERS, KEYWORDS, TESTS, TYPES


class CNames(Names):
    """Expressions in C. `helpers` collects the functions of our own that they use."""

    def __init__(self) -> None:
        super().__init__(sorted(KEYWORDS))
        self.helpers: dict[tuple[str, DType], None] = {}

    def of(self, item: Local | Buffer) -> str:
        found = self._names.get(item)
        if found is None:
            found = self.call_it(item, item.hint)
        return found

    def call_it(self, item: Local | Buffer, hint: str) -> str:
        """A name for an item: letters, digits and underscores, and one that is free."""
        hint = re.sub(r"[^A-Za-z0-9_]", lambda m: f"u{ord(m[0]):x}", hint) or "t"
        hint = f"v{hint}" if hint[0].isdigit() else hint
        found, k = hint, 1
        while found in self._taken:
            found, k = f"{hint}{k}", k + 1
        self._names[item] = found
        self._taken.add(found)
        return found

    def use(self, name: str, dtype: DType) -> str:
        """A function of our own."""
        self.helpers.setdefault((name, dtype))
        return f"{name}_{dtype}"

    def number(self, expr: Const) -> str:
        if expr.dtype is b1:
            return "true" if expr.value else "false"
        if expr.dtype.kind == "i":
            return str(int(expr.value)) if abs(expr.value) < 2**31 else f"INT64_C({expr.value})"
        text = repr(float(expr.value))
        if text in ("inf", "-inf", "nan"):
            return text.replace("inf", "INFINITY").replace("nan", "NAN")
        return f"{text}f" if expr.dtype is f32 else text

    def element(self, buffer: Buffer, index: Sequence[Expr]) -> str:
        """buffer[index], as an element of memory in order."""
        shape = (1, *buffer.shape) if buffer.role == "tape" else buffer.shape
        return f"{self.of(buffer)}[{self.place(shape, index)}]"

    def place(self, shape: Sequence[int], index: Sequence[Expr]) -> str:
        """Where an element lies: a sum of indices times what their axes hold."""
        known, stride = constant(0), 1
        others: list[str] = []
        strides: list[int] = []
        for n in reversed(shape):
            strides.insert(0, stride)
            stride *= n
        for expr, step in zip(index, strides, strict=True):
            if isinstance(expr, Const):
                known += int(expr.value) * step
            elif isinstance(expr, Affine):
                known += expr * step
            else:
                text = self.tight(expr)
                others.append(text if step == 1 else f"{step} * {text}")
        if others and not known.terms and not known.const:
            return " + ".join(others)
        return " + ".join([*others, self.affine(known)[0]]).replace("+ -", "- ")

    def applied(self, expr: Apply) -> tuple[str, int]:
        name, args = expr.op.name, expr.args
        of = args[0].dtype if args else expr.dtype
        signs = {"logical_and": "&&", "logical_or": "||", "logical_xor": "!="}
        if expr.dtype is b1 and of is b1:
            signs |= {"add": "||", "mul": "&&", "bit_and": "&&", "bit_or": "||", "bit_xor": "!="}
        if name in signs:
            return f" {signs[name]} ".join(map(self.truth, args)), 1
        if name in ("logical_not", "bit_not") and (of is b1 or name == "logical_not"):
            return f"!{self.truth(args[0])}", 7
        if name == "cast":
            return self.cast(args[0], expr.dtype)
        if name == "select":
            return f"{self.truth(args[0])} ? {self.tight(args[1])} : {self.tight(args[2])}", 1
        if name in TESTS:
            return self.test(name, args[0])
        text, binds = self.arithmetic(expr, of)
        narrow = expr.dtype is i32 and of is i32 and binds != ATOM
        return (f"(int32_t)({text})", 8) if narrow else (text, binds)

    def arithmetic(self, expr: Apply, of: DType) -> tuple[str, int]:
        """An operator, a function of math.h, or one of our own."""
        name, args = expr.op.name, expr.args
        if name == "neg":
            text, inner = self.bound(args[0])
            return f"-{text if inner > 7 and text[0] != '-' else f'({text})'}", 7
        if name == "square":
            return self.infix("{} * {}", 6, (args[0], args[0]))
        if name in ("reciprocal", "div") and expr.dtype.kind == "f":
            top = Const(1.0, expr.dtype) if name == "reciprocal" else args[0]
            parts = [self.cast(x, expr.dtype)[0] if x.dtype.kind != "f" else "" for x in args]
            if any(parts):
                return " / ".join(f"({text})" for text in parts), 6
            return self.infix("{} / {}", 6, (top, args[-1]))
        if name in INFIX:
            return self.infix(*INFIX[name], args)
        if name in BITS:
            return f" {BITS[name]} ".join(map(self.tight, args)), 1
        if name == "bit_not":
            return f"~{self.tight(args[0])}", 7
        texts = ", ".join(map(self.expr, args))
        if of.kind == "f" and name in FUNCTIONS:
            return f"{FUNCTIONS[name]}{'f' if of is f32 else ''}({texts})", ATOM
        if of.kind != "f" and name in ("floor", "ceil", "rint", "trunc"):
            return self.bound(args[0])
        if name in HELPERS:
            return f"{self.use(name, of if of.kind == 'f' else i64)}({texts})", ATOM
        raise refused(name, f"of {of} has no form in C", None)

    def test(self, name: str, arg: Expr) -> tuple[str, int]:
        if arg.dtype.kind == "f":
            return f"({name}({self.expr(arg)}) != 0)", ATOM
        if name == "signbit":
            return f"{self.tight(arg)} < 0", 4
        return ("true" if name == "isfinite" else "false"), ATOM

    def cast(self, arg: Expr, dtype: DType) -> tuple[str, int]:
        if arg.dtype == dtype:
            return self.bound(arg)
        if dtype is b1:
            return f"{self.tight(arg)} != 0", 4
        return f"({TYPES[dtype]}){self.tight(arg)}", 8


def refused(what: str, got: str, loc: Loc | None) -> UnsupportedError:
    where = f" at {loc}" if loc else ""
    want = "operations that C and math.h have: real numbers, loops, and what they are made of"
    remedy = "Leave it out of what is exported, or export with language='numpy'"
    return UnsupportedError(explain(f"export to C{where}", f"{what} {got}", want, remedy))
