"""`jit`: record once for each signature, then run compiled code.

The signature is the structure of the arguments, the type of each leaf and the values of static
arguments. A recorded graph is good for all values, so Python may not branch on one: that is an
error which names `np.where`. The graph is optimised, lowered to loops and compiled by Numba, for
the CPU or a GPU, or replayed node by node by the interpreter; every stage can be looked at. What
only NumPy can do runs between compiled pieces, and `plan` says what that is.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import RLock
from types import MethodType
from typing import Any

import numpy as np

from .api import Function
from .backends import interpreter
from .backends.cuda import MapSchedule
from .backends.numba.backend import Executable, Joined, Lowered, Options, Programs
from .backends.plan import Plan, interpreted, whole
from .calls import Call, record_call, rolled, selected
from .errors import DiffkitError, TreeError, UnsupportedError, explain
from .graph import Graph, all_nodes
from .graph.graph import Cost
from .kinks import REPORT, observe
from .lowering.program import Program as LoopProgram
from .ops.kinks import CURRENT
from .tracing import Program, Tracer, apply, as_input, is_weak, named_arguments, trees
from .tracing.location import at_line
from .tracing.program import type_of_leaf
from .tracing.remedies import require_function
from .tracing.views import packed
from .transforms.repetition import too_large
from .types import Type

BACKENDS = ("numba", "cuda", "interpreter")
OFTEN = 8  # recordings of one function that are worth a line in the log

logger = logging.getLogger("diffkit")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `jit` was asked for."""

    backend: str
    static: frozenset[int | str]
    options: Options
    fallback: str | None
    max_nodes: int
    donate: tuple[int, ...]


class Entry:
    """What is kept for one signature: the recorded program, its stages, and what runs it."""

    def __init__(self, program: Program, settings: Settings, donated: tuple[int, ...]) -> None:
        self.program = program
        self.settings = settings
        self.lowered: Lowered | MapSchedule
        if settings.backend == "cuda":
            self.lowered = MapSchedule(program.graph)
        else:
            self.lowered = Lowered(program.graph, replace(settings.options, donated=donated))
        self._run: Callable[[Sequence[Any]], list[Any]] | None = None
        self._lock = RLock()

    @property
    def run(self) -> Callable[[Sequence[Any]], list[Any]]:
        """What runs the graph, compiled when it is first asked for."""
        if self._run is None:
            with self._lock:  # two threads compile a signature once
                if self._run is None:
                    self._run = self._prepared()
        return self._run

    def _prepared(self) -> Callable[[Sequence[Any]], list[Any]]:
        if self.settings.backend == "interpreter":
            return interpreter.prepare(self.program.graph)
        try:
            self._check_size()
            found = self.lowered.compile()
        except UnsupportedError:
            if self.settings.fallback == "interpreter":
                return interpreter.prepare(self.program.graph)
            raise
        if isinstance(found, Joined):
            level = logging.WARNING if self.plan.loops_in_numpy else logging.INFO
            logger.log(level, "%s. Its plan(*args) says which, and why.", self.plan.summary)
        return found

    def _check_size(self) -> None:
        if sum(1 for _ in all_nodes(self.lowered.optimised)) > self.settings.max_nodes:
            raise too_large(self.program.graph, self.settings.max_nodes)

    @property
    def plan(self) -> Plan:
        """What is compiled, and what runs in NumPy and why; nothing is compiled for it."""
        graph = self.program.graph
        if self.settings.backend == "interpreter":
            return interpreted(graph, 'backend="interpreter"')
        try:
            self._check_size()
            if isinstance(self.lowered, Lowered):
                return self.lowered.plan
            _ = self.lowered.source  # raises for what a GPU cannot do
            return whole(self.lowered.optimised)
        except UnsupportedError as error:
            if self.settings.fallback == "interpreter":
                return interpreted(graph, f'fallback="interpreter", since {error}')
            raise


class Stages:
    """A function at one signature, before it is compiled: its graph, optimised graph, loop program
    and source, each printable, and `compile()`."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    @property
    def graph(self) -> Graph:
        """What was recorded: one parameter for each leaf of the arguments."""
        return self._entry.program.graph

    @property
    def optimised(self) -> Graph:
        """The graph that is lowered."""
        return self._entry.lowered.optimised

    @property
    def loops(self) -> LoopProgram | Programs:
        """The loop program that a backend sees; of a function in pieces, all of them."""
        return self._entry.lowered.loops

    @property
    def source(self) -> str:
        """The Python that Numba compiles; of a function in pieces, all of them."""
        return self._entry.lowered.source

    @property
    def plan(self) -> Plan:
        """Which operations are compiled, and which run in NumPy and why; it prints as a report."""
        return self._entry.plan

    @property
    def cost(self) -> Cost:
        """Counted operations and bytes of the optimised graph."""
        return self.optimised.cost()

    def compile(self) -> Executable | Joined | MapSchedule:
        """The compiled function. Its `flat` takes the leaves as bare arrays and numbers, in order,
        without trees and checks."""
        return self._entry.lowered.compile()

    def tree(self, found: Any) -> Any:
        """What `flat` returned, in the structure that the function returns."""
        leaves: list[Any] = [*found] if isinstance(found, tuple) else [found]
        return trees.unflatten(self._entry.program.out_tree, leaves)


class Jitted:
    """A function that is recorded once for each signature. `graph`, `optimised`, `loops`, `source`
    and `cost` show its stages for arguments like those given, `plan` what of it is compiled;
    `lower(*args).compile()` is the compiled function itself."""

    def __init__(self, f: Function, settings: Settings) -> None:
        self.f = f
        self.settings = settings
        require_function(f, "jit")
        functools.update_wrapper(self, f, updated=())  # f may wrap another Jitted
        self.traces = 0
        """How often f has been recorded."""
        self._entries: dict[Any, Entry] = {}
        self._quick: dict[Any, Entry] = {}
        self._lock = RLock()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: the instance is the first argument."""
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and not self.settings.static:
            leaves, tree = trees.flatten(args)
            key = (tree, CURRENT.get().name, *map(kind, leaves))
            entry = self._quick.get(key)
            if entry is not None:
                if REPORT.get() is not None:
                    observe(entry.program.graph, leaves)
                return trees.unflatten(entry.program.out_tree, entry.run(leaves))
            leaves, entry = self._lookup(args, kwargs)
            if None not in key and not entry.program.captured:
                self._quick[key] = entry
        else:
            leaves, entry = self._lookup(args, kwargs)
        program = entry.program
        inputs = [*map(as_input, leaves), *program.captured]
        observe(program.graph, inputs)
        out = apply(program.graph, inputs, lambda _, xs: entry.run(xs))
        return trees.unflatten(program.out_tree, out)

    def lower(self, *args: Any, **kwargs: Any) -> Stages:
        """The stages for arguments of these types."""
        return Stages(self._lookup(args, kwargs)[1])

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The recorded graph for arguments of these types."""
        return self.lower(*args, **kwargs).graph

    def optimised(self, *args: Any, **kwargs: Any) -> Graph:
        """The optimised graph for arguments of these types."""
        return self.lower(*args, **kwargs).optimised

    def plan(self, *args: Any, **kwargs: Any) -> Plan:
        """Which operations are compiled for arguments of these types, and which run in NumPy."""
        return self.lower(*args, **kwargs).plan

    def loops(self, *args: Any, **kwargs: Any) -> LoopProgram | Programs:
        """The loop program for arguments of these types."""
        return self.lower(*args, **kwargs).loops

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The generated source for arguments of these types."""
        return self.lower(*args, **kwargs).source

    def cost(self, *args: Any, **kwargs: Any) -> Cost:
        """The counted cost for arguments of these types."""
        return self.lower(*args, **kwargs).cost

    def _lookup(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Entry]:
        if kwargs:
            bound = inspect.signature(self.f).bind(*args, **kwargs)
            args, kwargs = bound.args, bound.kwargs  # what is left can go by name alone
        count = len(args)
        static = {k + count if isinstance(k, int) and k < 0 else k for k in self.settings.static}
        given: dict[int | str, Any] = {**dict(enumerate(args)), **dict(sorted(kwargs.items()))}
        places = [
            k for k, x in given.items() if k not in static and (isinstance(k, int) or is_numeric(x))
        ]
        fixed = {k: x for k, x in given.items() if k not in places}
        leaves, tree = trees.flatten(tuple([given[k] for k in places]))
        types = self._types(leaves, args, kwargs, places)
        require_hashable(fixed)
        # Types too: 1, 1.0 and True are equal, but f may tell them apart.
        kinds = (*places, *map(type, fixed.values()))
        memory = tuple(map(packed, leaves))
        chosen = CURRENT.get().name
        key = (tree, types, tuple(map(is_weak, leaves)), memory, *fixed.items(), kinds, chosen)
        with self._lock:  # two threads record a signature once
            found = self._entries.get(key)
            if found is None:
                self._count()
                call = Call.of(self.f, args, kwargs, places, "jit")
                program = rolled(record_call(call, eager=False))
                found = Entry(program, self.settings, self._donated(given, places))
                if not program.captured:  # a graph that belongs to an outer trace serves once
                    self._entries[key] = found
        return leaves, found

    def _types(
        self,
        leaves: Sequence[Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        places: Sequence[int | str],
    ) -> tuple[Type, ...]:
        """The types of the leaves; their names are made for a message alone."""
        try:
            return tuple([type_of_leaf(x, "", "jit") for x in leaves])
        except DiffkitError:
            call = Call.of(self.f, args, kwargs, places, "jit")
            rows = zip(call.leaves, call.names, strict=True)
            return tuple([type_of_leaf(x, name, "jit") for x, name in rows])

    def _donated(
        self, given: Mapping[int | str, Any], places: Sequence[int | str]
    ) -> tuple[int, ...]:
        """The leaves that belong to donated arguments."""
        count = sum(isinstance(k, int) for k in given)
        donated = {k % count for k in self.settings.donate}
        owners = [k for k in places for _ in trees.flatten(given[k])[0]]
        return tuple(leaf for leaf, k in enumerate(owners) if k in donated)

    def _count(self) -> None:
        self.traces += 1
        if self.traces == OFTEN + 1:
            name = getattr(self.f, "__name__", "a function")
            logger.warning(
                "%s has been recorded %d times, for as many types and static arguments. Pass "
                "arrays instead of Python lists, and keep their shapes, or jit less often.",
                name, self.traces,
            )  # fmt: skip


def is_numeric(tree: Any) -> bool:
    """Whether an argument that can go by name alone varies: it has leaves, all of them arrays or
    floating-point numbers."""
    leaves, _ = trees.flatten(tree)
    return bool(leaves) and all(isinstance(x, VARYING) for x in leaves)


VARYING = (Tracer, np.ndarray, np.inexact, float, complex)


def require_hashable(fixed: Mapping[int | str, Any]) -> None:
    """Static arguments can be looked up."""
    for k, x in fixed.items():
        try:
            hash(x)
        except TypeError:
            name = f"argument {k}" if isinstance(k, int) else k
            got = f"the static {name}, a {type(x).__name__}"
            want, remedy = "a hashable value", "Pass a tuple or a number, or let it vary"
            raise TreeError(explain(f"jit{at_line()}", got, want, remedy)) from None


def named(f: Function, static: frozenset[int | str]) -> frozenset[int | str]:
    """Static arguments by number and by name, as each may be given either way."""
    names = named_arguments(f)
    numbers = {i for i, name in enumerate(names) if name in static}
    return static | numbers | {names[k] for k in static if isinstance(k, int) and k < len(names)}


def kind(leaf: Any) -> Any:
    """What of a leaf decides which program it gets, found quickly; None for an uncommon one."""
    type_: Any = type(leaf)  # pyright: ignore[reportUnknownVariableType]
    if type_ is np.ndarray:
        if leaf.shape == ():
            return None
        return leaf.dtype, leaf.shape, leaf.flags.c_contiguous
    return type_ if type_ in NUMBERS else None


NUMBERS = frozenset({
    float, int, bool, complex, np.float64, np.float32, np.int64, np.int32, np.bool_, np.complex128,
    np.complex64,
})  # fmt: skip


def jit(
    f: Function,
    backend: str = "numba",
    static_argnums: int | Sequence[int] = (),
    *,
    static_argnames: str | Sequence[str] = (),
    parallel: bool = False,
    fastmath: bool = False,
    donate: Sequence[int] = (),
    fallback: str | None = None,
    max_nodes: int = 10_000,
) -> Jitted:
    """f, recorded once for each signature of its arguments, and compiled.

    Args: backend, "numba" for compiled code, "cuda" for kernels on a GPU (extra `cuda`) or
    "interpreter" for NumPy, node by node; arguments at `static_argnums`, those of the names
    `static_argnames`, and keyword-only ones that are no arrays or floating-point numbers (all
    hashable) are passed to f as they are, and a new value records anew; parallel, whether big
    outer loops use all cores; fastmath, whether a·b + c may be rounded once, x/y be x·(1/y) and the
    sign of a zero be lost; donate, positional arguments whose memory may be overwritten (the CPU's
    code alone makes use of these three); fallback, "interpreter" to run the whole function in NumPy
    where it has too many operations, or the GPU cannot run it, instead of an `UnsupportedError`;
    max_nodes, the most operations that are compiled: more, usually an unrolled loop, is such an
    error.

    Callbacks, and operations that have no compiled form, run in NumPy between compiled pieces; a
    loop with such an operation inside runs in NumPy as a whole, which a warning in the log says.
    `.plan` of the same arguments reports what is not compiled, where and why. `.graph`, `.loops`,
    `.source` and `.cost` show every stage, `.lower(*args).compile().flat` is the bare compiled
    function for arrays and numbers.

    Compiled functions are kept in memory and, but for a GPU's, on disk (see `dk.cache`), may be
    called from several threads at once, and hold no lock. Raises `TracingError` where f branches on
    a traced value.

        >>> import diffkit as dk
        >>> square = dk.jit(lambda x: x * x)
        >>> square(3.0), square(4.0), square.traces
        (np.float64(9.0), np.float64(16.0), 1)
    """
    if backend not in BACKENDS:
        want = ", ".join(f'"{name}"' for name in BACKENDS)
        raise UnsupportedError(explain("jit", f"backend={backend!r}", want, "Choose one of these"))
    if fallback not in (None, "interpreter"):
        want, remedy = 'None or "interpreter"', "Choose one of these"
        raise UnsupportedError(explain("jit", f"fallback={fallback!r}", want, remedy))
    chosen = selected("jit", static_argnums, None), selected("jit", None, static_argnames)
    static = frozenset([k for by in chosen for k in ([by] if isinstance(by, int | str) else by)])
    options = Options(parallel, fastmath)
    return Jitted(
        f, Settings(backend, named(f, static), options, fallback, max_nodes, tuple(donate))
    )
