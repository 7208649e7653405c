"""A graph as one compiled function: lower, emit, then compile or load from the cache.

The compiled function takes arrays in C order and numbers, allocates its results and one work block,
and holds no lock while it runs. Where it gives up (an index out of bounds, a singular matrix, a
loop that does not end) the interpreter runs the same graph again, and says what happened and where.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...graph import Graph
from ...lowering.donate import donate
from ...lowering.lower import lower
from ...lowering.parallel import parallel_loops
from ...lowering.passes import run
from ...lowering.program import Program
from ...lowering.syntax import Buffer
from .. import cache, interpreter
from .emit import emit, signature


@dataclass(frozen=True, slots=True)
class Options:
    """How to compile. `fastmath` lets LLVM regroup all arithmetic and assume that there is no nan
    or infinity; `parallel` gives big outer loops to all cores."""

    parallel: bool = False
    fastmath: bool = False
    donated: tuple[int, ...] = ()


@dataclass(frozen=True)
class Piece:
    """An optimised graph, all of which has a compiled form, on its way to the machine; each stage
    is made when it is first asked for."""

    graph: Graph
    options: Options = Options()

    @cached_property
    def loops(self) -> Program:
        """The loop program."""
        return donate(run(lower(self.graph)), self.options.donated)

    @cached_property
    def source(self) -> str:
        """The text that Numba compiles."""
        return self._named[0]

    @cached_property
    def _named(self) -> tuple[str, str]:
        program = self.loops
        text = emit(program, NAME, self.options.parallel)
        bare = cache.without_comments(text)
        digest = hashlib.sha256(f"{bare}{signature(program)}{self.options}".encode()).hexdigest()
        plain = re.sub(r"\W", "", program.name) or "f"
        name = f"{plain}_{digest[:8]}"
        return text.replace(f"def {NAME}(", f"def {name}("), name

    def compile(self) -> Executable:
        """The function, compiled now or loaded from the cache."""
        source, name = self._named
        shared = self.options.parallel and bool(parallel_loops(self.loops))
        options = {
            "error_model": "numpy", "nogil": True,
            "fastmath": set(FAST) if self.options.fastmath else False, "parallel": shared,
        }  # fmt: skip
        function = cache.load(source, name, signature(self.loops), options)
        return Executable(self.graph, self.loops, function)


NAME = "NAME"
# Not `reassoc` or `nnan`: the kernels of vmath live by the order of their sums, and by nan.
FAST = ("arcp", "contract", "nsz")


class Executable:
    """A compiled program. `flat` is the bare compiled function: arrays in C order and numbers in,
    results out, a lone one or a tuple; wrong types raise `TypeError`, and a donated array must not
    share memory with another argument."""

    def __init__(self, graph: Graph, program: Program, function: Callable[..., Any]) -> None:
        self.graph = graph
        self.function = function
        self.consts = tuple(np.ascontiguousarray(b.value) for b in program.consts)
        self.fails = program.fails
        self.donated = {k for k, p in enumerate(program.params) if p in program.results}
        self.arrays = [k for k, p in enumerate(program.params) if isinstance(p, Buffer)]
        self.dtypes = [
            None if isinstance(r, Buffer) else r.dtype.numpy.type for r in program.results
        ]
        self.lone = len(program.results) + self.fails == 1
        self.flat: Callable[..., Any] = function
        if self.fails or self.consts:
            self.flat = self._checked

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        """The results for a list of arguments, as arrays and NumPy scalars."""
        given = list(args)
        for k in self.arrays:
            given[k] = in_order(given[k])
        for k in self.donated:
            others = [given[j] for j in self.arrays if j != k]
            shared = any(np.may_share_memory(given[k], x) for x in (*others, *self.consts))
            if shared or not given[k].flags.writeable:
                given[k] = given[k].copy()
        found = self._found(given)
        if found is None:
            return self._again(args)
        return [r if t is None else t(r) for r, t in zip(found, self.dtypes, strict=True)]

    def _found(self, given: Sequence[Any]) -> Sequence[Any] | None:
        """The results; None if the program gave up."""
        try:
            found = self.function(*given, *self.consts)
        except np.linalg.LinAlgError:
            return None
        if self.lone:
            return (found,)
        if self.fails:
            return None if found[-1] else found[:-1]
        return found or ()

    def _checked(self, *args: Any) -> Any:
        found = self._found(args)
        if found is None:
            found = self._again(args)
        return found[0] if len(found) == 1 else tuple(found)

    def _again(self, args: Sequence[Any]) -> list[Any]:
        """Run by the interpreter, which raises the error that names the user's line."""
        return interpreter.prepare(self.graph)(args)


def in_order(array: Any) -> Any:
    """An array as compiled code takes it: C order, aligned."""
    flags = array.flags
    return (
        array
        if flags.carray or (flags.c_contiguous and flags.aligned)
        else np.array(array, order="C")
    )
