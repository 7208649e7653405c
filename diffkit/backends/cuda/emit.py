"""Kernels as Python source for Numba's CUDA target: the CPU's expressions and statements, within a
loop that shares out its steps among the threads.

The parameters of a kernel are the arrays it mentions, then scalars. An array that is also seen in
another shape is passed flat. A variable that outlives a kernel lives in an array of one element.
Where a program can fail, a kernel that finds out sets `status`, and no later one does anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ...lowering.program import Program
from ...lowering.syntax import (
    Affine,
    Apply,
    Buffer,
    Const,
    Expr,
    Load,
    Local,
    Store,
    constant,
    index_of,
)
from ...lowering.text import ATOM
from ...lowering.walk import mentioned, walk
from ...ops.arithmetic import add, mul
from ...types import i32, i64
from ..numba.emit import INDENT, NumbaNames, Writer, tuple_text
from .schedule import Kernel, Plan
from .variables import written
from .written_out import unsupported, written_out

ROUTINES = "diffkit.backends.cuda.routines"
ROUNDED = ("floor", "ceil", "rint", "trunc")
MISSING = ("polygamma",)
LOCAL_BYTES = 512 * 1024  # CUDA's limit for one thread
STATUS = Buffer("status", i32, (1,))
FAILED = "status[0] = {}; return"


class CudaNames(NumbaNames):
    """Expressions in a kernel. Functions are those of `routines`; `flat` arrays have one axis."""

    def __init__(self, flat: Collection[Buffer]) -> None:
        super().__init__()
        self._taken |= {"cuda", "step", *ROUNDED}
        self.flat = flat
        self.of(STATUS)

    def use(self, module: str, name: str) -> str:
        if name in MISSING:
            raise unsupported(name, None)
        return super().use(ROUTINES, name)

    def general(self, expr: Apply) -> tuple[str, int]:
        name = expr.op.name
        if name in ROUNDED:
            return f"{self.use(ROUTINES, name)}({self.expr(expr.args[0])})", ATOM
        return super().general(expr)

    def element(self, buffer: Buffer, index: Sequence[Expr]) -> str:
        return f"{self.of(buffer.root)}[{self.place(buffer, index)}]"

    def place(self, buffer: Buffer, index: Sequence[Expr]) -> str:
        """The index as text."""
        if buffer.root in self.flat:
            index = (flat_index(buffer, index),)
        return ", ".join(map(self.expr, index))

    def local_array(self, buffer: Buffer) -> str:
        """An array of one thread's own."""
        shape = (buffer.size,) if buffer in self.flat else buffer.shape
        return f"{self.of(buffer)} = cuda.local.array({tuple_text(shape)}, np.{buffer.dtype.numpy})"


def flat_index(buffer: Buffer, index: Sequence[Expr]) -> Expr:
    """Where an element stands in memory, counted from the start of its root."""
    known: Affine = constant(buffer.offset)
    computed: Expr | None = None
    step = buffer.size
    for n, place in zip(buffer.shape, index, strict=True):
        step //= n or 1
        place = index_of(place) if isinstance(place, Local) else place
        if isinstance(place, Affine):
            known = known + place * step
            continue
        term = Apply(mul, (place, Const(step, i64)), i64)
        computed = term if computed is None else Apply(add, (computed, term), i64)
    return known if computed is None else Apply(add, (computed, known), i64)


class KernelWriter(Writer):
    """Statements in a kernel; additions to arrays that threads share are atomic."""

    def __init__(self, names: CudaNames, failed: str, atomic: Collection[Buffer] = ()) -> None:
        super().__init__(names, failed, shared=())
        self.cuda = names
        self.atomic = atomic

    def store(self, stmt: Store) -> str:
        root = stmt.buffer.root
        if root not in self.atomic:
            return super().store(stmt)
        place, value = self.cuda.place(stmt.buffer, stmt.index), self.cuda.expr(stmt.value)
        at = f"({place})" if len(stmt.index) > 1 and root not in self.cuda.flat else place
        return f"cuda.atomic.add({self.cuda.of(root)}, {at}, {value})"


@dataclass(frozen=True, slots=True)
class Module:
    """Generated kernels: the text, and for each kernel its name and the arguments that it takes."""

    source: str
    names: tuple[str, ...]
    arguments: tuple[tuple[Buffer | Local, ...], ...]


def flat_buffers(program: Program) -> set[Buffer]:
    """The arrays that are seen in more than one shape."""
    return {b.root for b in program.buffers if b.base is not None}


def plain_name(program: Program) -> str:
    return "".join(c for c in program.name if c.isalnum() or c == "_") or "f"


def assembled(names: CudaNames, kernels: Sequence[list[str]]) -> str:
    head = ["import numpy as np", "from numba import cuda", *names.import_lines()]
    return "\n".join(head) + "".join("\n\n\n" + "\n".join(lines) for lines in kernels) + "\n"


# --- the map schedule ----------------------------------------------------------------------------


def emit_map(program: Program, plan: Plan) -> Module:
    """The kernels of a plan, in order."""
    names = CudaNames(flat_buffers(program))
    texts: list[list[str]] = []
    titles: list[str] = []
    arguments: list[tuple[Buffer | Local, ...]] = []
    for number, kernel in enumerate(plan.kernels):
        takes = arguments_of(kernel, plan.cells, program.fails)
        title = f"{plain_name(program)}_{number}"
        head = f"def {title}({', '.join(map(names.of, takes))}):"
        lines = map_lines(kernel, names, plan, program.fails)
        texts.append(["@cuda.jit", head, *(INDENT + line for line in lines)])
        titles.append(title)
        arguments.append(takes)
    return Module(assembled(names, texts), tuple(titles), tuple(arguments))


def arguments_of(
    kernel: Kernel, cells: dict[Local, Buffer], fails: bool
) -> tuple[Buffer | Local, ...]:
    """What a kernel takes: arrays, then variables in memory, then scalars."""
    roots = {b.root: None for stmt in walk(kernel.body) for b in mentioned(stmt)}
    arrays = [b for b in roots if b not in kernel.shared.private]
    touched = kernel.needs if kernel.loops else kernel.needs | written(kernel.body)
    ordered = sorted(touched, key=lambda local: local.number)
    kept = [cells[local] for local in ordered if local in cells]
    given = [local for local in ordered if local in kernel.needs and local not in cells]
    return (*arrays, *kernel.parts, *kept, *([STATUS] if fails else []), *given)


def map_lines(kernel: Kernel, names: CudaNames, plan: Plan, fails: bool) -> Iterator[str]:
    """The body of a kernel."""
    cells = plan.cells
    if fails:
        yield "if status[0] != 0:"
        yield f"{INDENT}return"
    for local in sorted(kernel.needs & set(cells), key=lambda local: local.number):
        yield f"{names.of(local)} = {names.of(cells[local])}[0]"
    writer = KernelWriter(names, FAILED.format(1), kernel.shared.atomic)
    if not kernel.loops:
        yield from writer.body(kernel.body, "")
        for local in sorted(written(kernel.body) & set(cells), key=lambda local: local.number):
            yield f"{names.of(cells[local])}[0] = {names.of(local)}"
        return
    for buffer in within_limit(kernel.shared.private):
        yield names.local_array(buffer)
    for total in kernel.totals:
        yield f"{names.of(total.local)} = {names.number(total.start)}"
    index = [names.of(loop.var) for loop in kernel.loops]
    step = index[0] if len(index) == 1 else "step"
    yield f"for {step} in range(cuda.grid(1), {kernel.threads}, cuda.gridsize(1)):"
    if len(index) == 2:
        width = kernel.loops[1].extent
        yield f"{INDENT}{index[0]}, {index[1]} = {step} // {width}, {step} % {width}"
    yield from writer.body(kernel.body, INDENT)
    for loop in kernel.loops:
        names.release(loop.var)
    if kernel.totals:
        yield from tree_lines(kernel, names, plan.block)


def tree_lines(kernel: Kernel, names: CudaNames, block: int) -> Iterator[str]:
    """The totals of a block: half of the threads add what the other half holds, and so on."""
    thread, half = Local("thread", i64), Local("half", i64)
    own, other = index_of(thread), index_of(thread) + index_of(half)
    shared = [Buffer("shared", total.local.dtype, (block,)) for total in kernel.totals]
    yield f"{names.of(thread)} = cuda.threadIdx.x"
    for total, array in zip(kernel.totals, shared, strict=True):
        yield f"{names.of(array)} = cuda.shared.array({block}, np.{array.dtype.numpy})"
        yield f"{names.element(array, (own,))} = {names.of(total.local)}"
    yield f"{names.of(half)} = {block // 2}"
    yield f"while {names.of(half)} > 0:"
    yield f"{INDENT}cuda.syncthreads()"
    yield f"{INDENT}if {names.of(thread)} < {names.of(half)}:"
    for total, array in zip(kernel.totals, shared, strict=True):
        value = total.combined(Load(array, (own,)), Load(array, (other,)))
        yield f"{INDENT * 2}{names.element(array, (own,))} = {names.expr(value)}"
    yield f"{INDENT}{names.of(half)} //= 2"
    yield f"if {names.of(thread)} == 0:"
    for parts, array in zip(kernel.parts, shared, strict=True):
        yield f"{INDENT}{names.of(parts)}[cuda.blockIdx.x] = {names.of(array)}[0]"
    for local in (thread, half):
        names.release(local)


# --- the lane schedule ---------------------------------------------------------------------------


def emit_lanes(program: Program, batched: Sequence[bool]) -> Module:
    """One kernel that runs the whole program on each thread. It takes the parameters (those that
    are `batched` with an axis more, in front), constants, results, `status`, and how many lanes."""
    names = CudaNames(flat_buffers(program))
    lane, lanes = Local("lane", i64), Local("lanes", i64)
    inner: list[str] = [
        f"{names.of(lane)} = cuda.grid(1)", f"if lane >= {names.of(lanes)}:", f"{INDENT}return",
    ]  # fmt: skip
    takes: list[Buffer | Local] = []
    for param, varies in zip(program.params, batched, strict=True):
        takes.append(rows_of(param) if varies else param)
        if varies:
            inner.append(f"{names.of(param)} = {names.of(takes[-1])}[lane]")
    takes += program.consts
    results = [rows_of(r) for r in program.results]
    for result, rows in zip(program.results, results, strict=True):
        if isinstance(result, Buffer):
            inner.append(f"{names.of(result)} = {names.of(rows)}[lane]")
    work = [b for b in program.buffers if b.base is None and b.role == "work"]
    inner += [names.local_array(buffer) for buffer in within_limit(work)]
    inner += KernelWriter(names, FAILED.format("lane + 1")).body(written_out(program.body), "")
    for result, rows in zip(program.results, results, strict=True):
        if not isinstance(result, Buffer):
            inner.append(f"{names.of(rows)}[lane] = {names.expr(result)}")
    takes += [*results, STATUS, lanes]
    title = f"{plain_name(program)}_lane"
    head = f"def {title}({', '.join(map(names.of, takes))}):"
    text = ["@cuda.jit", head, *(INDENT + line for line in inner)]
    return Module(assembled(names, [text]), (title,), (tuple(takes),))


def rows_of(item: Expr | Buffer) -> Buffer:
    """Where all lanes' values of a parameter or result stand."""
    hint = item.hint if isinstance(item, Buffer | Local) else "out"
    return Buffer(f"{hint}_rows", item.dtype, item.shape if isinstance(item, Buffer) else ())


def within_limit(work: Sequence[Buffer]) -> Sequence[Buffer]:
    """The arrays that a thread has for itself, if they are not too large together."""
    size = sum(b.size * b.dtype.numpy.itemsize for b in work)
    if size > LOCAL_BYTES:
        raise unsupported(f"a lane with {size} bytes of arrays (the most is {LOCAL_BYTES})", None)
    return work
