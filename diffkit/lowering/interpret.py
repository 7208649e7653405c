"""Running a loop program in Python: what it means, for tests of the passes.

Slow and plain. Storage starts as nan (or an absurd integer), so that a value read before it is
written shows. Arrays share one block as `places` says, so that a wrong overlap shows too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .program import Program
from .syntax import (
    MODES,
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
    Push,
    Ref,
    Stmt,
    Store,
)


class Failed(Exception):
    """The program gave up."""


def interpret(program: Program, args: Sequence[Any]) -> list[Any]:
    """The results for these arguments. Raises `Failed` where the program gives up."""
    machine = Machine(program, args)
    with np.errstate(all="ignore"):
        machine.run(program.body)
        return [
            machine.arrays[r] if isinstance(r, Buffer) else machine.value(r)
            for r in program.results
        ]


class Machine:
    """The values of variables and the arrays."""

    def __init__(self, program: Program, args: Sequence[Any]) -> None:
        self.locals: dict[Local, Any] = {}
        self.arrays: dict[Buffer, Any] = {}
        for param, arg in zip(program.params, args, strict=True):
            if isinstance(param, Buffer):
                self.arrays[param] = np.ascontiguousarray(arg)
            else:
                self.locals[param] = arg
        self.arrays.update((b, np.ascontiguousarray(b.value)) for b in program.consts)
        block = np.full(program.block, 0xFF, np.uint8)  # as floats, nan
        for buffer in program.buffers:
            if buffer.base is None and buffer not in self.arrays:
                self.arrays[buffer] = fresh(buffer, program, block)
        for buffer in program.buffers:
            if buffer.base is not None:
                flat = self.arrays[buffer.root].reshape(-1)
                part = flat[buffer.offset : buffer.offset + buffer.size]
                self.arrays[buffer] = part.reshape(buffer.shape)

    def run(self, body: Body) -> None:
        for stmt in body:
            self.step(stmt)

    def step(self, stmt: Stmt) -> None:
        if isinstance(stmt, Assign):
            self.locals[stmt.local] = self.value(stmt.value)
        elif isinstance(stmt, Store):
            index, value = self.index(stmt.index), self.value(stmt.value)
            array = self.arrays[stmt.buffer]
            before = array[index]  # an index out of bounds raises here
            array[index] = value if stmt.mode == "set" else MODES[stmt.mode].numpy(before, value)
        elif isinstance(stmt, Loop):
            n = stmt.extent if isinstance(stmt.extent, int) else int(self.value(stmt.extent))
            for k in range(n - 1, -1, -1) if stmt.reverse else range(n):
                self.locals[stmt.var] = k
                self.run(stmt.body)
        elif isinstance(stmt, If):
            self.run(stmt.then if self.value(stmt.condition) else stmt.other)
        elif isinstance(stmt, Call):
            ROUTINES[stmt.name](*map(self.ref, stmt.args), self.ref(stmt.out))
        elif isinstance(stmt, Fail):
            if self.value(stmt.condition):
                raise Failed(stmt.loc)
        elif isinstance(stmt, Push):
            array, count = self.arrays[stmt.buffer], int(self.value(stmt.count))
            if count >= len(array):
                more = fresh_rows(stmt.buffer, max(count + 1 - len(array), len(array)))
                self.arrays[stmt.buffer] = np.concatenate([array, more])
        else:
            while True:
                self.run(stmt.test)
                if not self.value(stmt.condition):
                    break
                self.run(stmt.body)

    def index(self, index: Sequence[Expr]) -> tuple[int, ...]:
        found = tuple(int(self.value(part)) for part in index)
        assert all(k >= 0 for k in found), f"a negative index: {found}"
        return found

    def value(self, expr: Expr) -> Any:
        if isinstance(expr, Const):
            return expr.dtype.numpy.type(expr.value)
        if isinstance(expr, Local):
            return self.locals[expr]
        if isinstance(expr, Affine):
            return np.int64(expr.const + sum(self.locals[v] * c for v, c in expr.terms))
        if isinstance(expr, Load):
            return self.arrays[expr.buffer][self.index(expr.index)]
        return self.applied(expr)

    def applied(self, expr: Apply) -> Any:
        value = expr.op.numpy(*map(self.value, expr.args), **dict(expr.attrs))
        return np.asarray(value).astype(expr.dtype.numpy)[()]

    def ref(self, ref: Ref) -> Any:
        array = self.arrays[ref.buffer][self.index(ref.index)]
        return array.T if ref.transposed else array


def fresh(buffer: Buffer, program: Program, block: Any) -> Any:
    """Storage that holds nothing yet."""
    if buffer.role == "tape":
        return fresh_rows(buffer, 16)
    if buffer in program.places:
        start = program.places[buffer]
        size = buffer.size * buffer.dtype.numpy.itemsize
        return block[start : start + size].view(buffer.dtype.numpy).reshape(buffer.shape)
    return fresh_rows(Buffer("", buffer.dtype, buffer.shape[1:]), buffer.shape[0])


def fresh_rows(buffer: Buffer, count: int) -> Any:
    shape = (count, *buffer.shape)
    size = int(np.prod(shape)) * buffer.dtype.numpy.itemsize
    return np.full(size, 0xFF, np.uint8).view(buffer.dtype.numpy).reshape(shape)


def dot(a: Any, b: Any, out: Any) -> None:
    out[...] = np.dot(a, b)


def solve(a: Any, b: Any, out: Any) -> None:
    try:
        out[...] = np.linalg.solve(a, b[:, None])[:, 0] if b.ndim == 1 else np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        raise Failed from None


def solve_or_nan(a: Any, b: Any, out: Any) -> None:
    try:
        solve(a, b, out)
    except Failed:
        out[...] = np.nan


ROUTINES: dict[str, Callable[..., None]] = {
    "dot": dot, "solve": solve, "solve_or_nan": solve_or_nan,
}  # fmt: skip
