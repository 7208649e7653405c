"""Graphs as functions that run on a GPU: optimise, lower, schedule, emit; then copy, launch, copy.

Arrays come from the host and go back to it, and kernels follow each other on one stream. Where a
program gives up (an index out of bounds, a loop that does not end) the interpreter runs the same
graph again, and says what happened and where.
"""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from ...errors import ShapeError, UnsupportedError, explain
from ...graph import Graph
from ...lowering.lower import lower
from ...lowering.passes import run
from ...lowering.program import Program
from ...lowering.syntax import Buffer, Local
from ...transforms.optimise import optimise
from .. import interpreter
from .emit import STATUS, Module, emit_lanes, emit_map, flat_buffers
from .schedule import Kernel, Plan, Step, plan
from .written_out import of_real_numbers

Arrays = dict[Buffer, Any]


@dataclass(frozen=True)
class Schedule:
    """What both schedules share: the stages of a graph, each made when it is first asked for, and
    the memory on the device. `block` is the number of threads in a block, a power of two."""

    graph: Graph
    block: int = field(default=128, kw_only=True)

    def __post_init__(self) -> None:
        if self.block < 1 or self.block & (self.block - 1):
            want, remedy = "a power of two", "Pass 128, say"
            raise ShapeError(explain("the CUDA backend", f"block={self.block}", want, remedy))

    @cached_property
    def optimised(self) -> Graph:
        """The graph after the optimiser."""
        return optimise(self.graph)

    @cached_property
    def loops(self) -> Program:
        """The loop program."""
        return run(lower(of_real_numbers(self.optimised)))

    @cached_property
    def module(self) -> Module:
        """The kernels as text."""
        raise NotImplementedError

    @property
    def source(self) -> str:
        """The text that Numba compiles for the device."""
        return self.module.source

    @cached_property
    def kernels(self) -> list[Any]:
        """The kernels; Numba compiles each at its first launch."""
        return load(self.module)

    @cached_property
    def flattened(self) -> set[Buffer]:
        """The arrays that kernels take with one axis."""
        return flat_buffers(self.loops)

    @cached_property
    def consts(self) -> Arrays:
        """Constants, copied to the device once."""
        return {b: self.sent(b, b.value) for b in self.loops.consts}

    def sent(self, buffer: Buffer, value: Any, lead: tuple[int, ...] = ()) -> Any:
        """A copy of an array on the device."""
        array = np.ascontiguousarray(value, buffer.dtype.numpy)
        if buffer in self.flattened:
            array = array.reshape((*lead, buffer.size))
        return device().to_device(array)

    def fresh(self, buffer: Buffer, lead: tuple[int, ...] = ()) -> Any:
        """An array on the device that holds nothing yet."""
        shape = (buffer.size,) if buffer in self.flattened else buffer.shape
        return device().device_array((*lead, *shape), buffer.dtype.numpy)


@dataclass(frozen=True)
class MapSchedule(Schedule):
    """A graph as a sequence of kernels with a thread for each element. Calling it with a list of
    arrays and numbers gives the list of results; `source` is the generated text.

    Sums are regrouped, and additions at computed indices come in any order, so last bits differ
    from other backends. Loops of unknown length over arrays, linear systems and `polygamma` are an
    `UnsupportedError` when the text is made, and so is running it without a GPU.

        >>> import numpy as np, diffkit as dk
        >>> from diffkit.backends.cuda import MapSchedule
        >>> graph = dk.trace(lambda x: np.sum(x * x))(dk.f64[1000])
        >>> print(MapSchedule(graph).source.splitlines()[6])
        def lambda_0(x, parts):
    """

    @cached_property
    def plan(self) -> Plan:
        """Which loops become kernels."""
        return plan(self.loops, self.block)

    @cached_property
    def module(self) -> Module:
        return emit_map(self.loops, self.plan)

    @cached_property
    def launches(self) -> dict[Kernel, tuple[Callable[..., None], Sequence[Buffer | Local]]]:
        """What launches each kernel, and the arguments that it takes."""
        ready = zip(self.plan.kernels, self.kernels, self.module.arguments, strict=True)
        return {k: (launcher(code, *k.grid(self.block)), takes) for k, code, takes in ready}

    def compile(self) -> MapSchedule:
        """This schedule, ready to run on the device."""
        _ = self.launches
        return self

    def flat(self, *args: Any) -> Any:
        """A lone result or a tuple, for bare arguments."""
        found = self(args)
        return found[0] if len(found) == 1 else tuple(found)

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        self.compile()
        scalars: dict[Local, Any] = {}
        arrays: Arrays = {**self.consts, STATUS: device().to_device(np.zeros(1, np.int32))}
        for param, arg in zip(self.loops.params, args, strict=True):
            if isinstance(param, Buffer):
                arrays[param] = self.sent(param, arg)
            else:
                scalars[param] = param.dtype.numpy.type(arg)
        for item in (*self.plan.results, *chain(*self.module.arguments)):
            if isinstance(item, Buffer) and item not in arrays:
                arrays[item] = self.fresh(item)
        self.launch(self.plan.steps, arrays, scalars)
        if self.loops.fails and arrays[STATUS].copy_to_host()[0]:
            return interpreter.prepare(self.graph)(args)
        return [self.fetched(result, arrays) for result in self.plan.results]

    def launch(self, steps: Sequence[Step], arrays: Arrays, scalars: dict[Local, Any]) -> None:
        for step in steps:
            if isinstance(step, Kernel):
                start, takes = self.launches[step]
                start(*(arrays[a] if isinstance(a, Buffer) else scalars[a] for a in takes))
                continue
            extent = step.loop.extent
            assert isinstance(extent, int)
            for k in range(extent - 1, -1, -1) if step.loop.reverse else range(extent):
                self.launch(step.steps, arrays, {**scalars, step.loop.var: k})

    def fetched(self, result: Local | Buffer, arrays: Arrays) -> Any:
        if isinstance(result, Local):
            return arrays[self.plan.cells[result]].copy_to_host()[0]
        return arrays[result].copy_to_host().reshape(result.shape)


@dataclass(frozen=True)
class LaneSchedule(Schedule):
    """A graph as one kernel, run by each thread for its own row of the arguments that are
    `batched`, which have an axis more than the graph's parameters, in front. Calling it with a list
    of arrays and numbers gives the list of results, each with that axis.

    Raises `UnsupportedError`, when the text is made, where a thread would have to save an unknown
    number of steps, to solve a linear system, to compute `polygamma`, or to hold too large arrays.

        >>> import diffkit as dk
        >>> from diffkit.backends.cuda import LaneSchedule
        >>> graph = dk.trace(lambda x, y: x * y)(dk.f64[()], dk.f64[()])
        >>> print(LaneSchedule(graph, [True, False]).source.splitlines()[-1].strip())
        a_rows[lane] = a
    """

    batched: Sequence[bool]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.batched) != len(self.graph.params) or not any(self.batched):
            got = f"batched={self.batched}"
            want = (
                f"a truth value for each of {len(self.graph.params)} parameters, one of them true"
            )
            remedy = "Say which arguments have a row for each thread"
            raise ShapeError(explain("LaneSchedule", got, want, remedy))

    @cached_property
    def module(self) -> Module:
        return emit_lanes(self.loops, self.batched)

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        (kernel,) = self.kernels
        lanes = self.lanes(args)
        given: list[Any] = []
        for param, arg, varies in zip(self.loops.params, args, self.batched, strict=True):
            if isinstance(param, Buffer):
                given.append(self.sent(param, arg, (lanes,) if varies else ()))
            elif varies:
                given.append(device().to_device(np.ascontiguousarray(arg, param.dtype.numpy)))
            else:
                given.append(param.dtype.numpy.type(arg))
        results = [
            self.fresh(r if isinstance(r, Buffer) else Buffer("", r.dtype, ()), (lanes,))
            for r in self.loops.results
        ]
        status = device().to_device(np.zeros(1, np.int32))
        if lanes:
            start = launcher(kernel, -(-lanes // self.block), self.block)
            start(*given, *self.consts.values(), *results, status, lanes)
        if self.loops.fails and status.copy_to_host()[0]:
            return self.again(args, lanes)
        return [
            array.copy_to_host().reshape(lanes, *(r.shape if isinstance(r, Buffer) else ()))
            for array, r in zip(results, self.loops.results, strict=True)
        ]

    def lanes(self, args: Sequence[Any]) -> int:
        """How many rows the arguments have."""
        triples = [*zip(args, self.graph.params, self.batched, strict=True)]
        found = {np.shape(arg)[:1] for arg, _, varies in triples if varies}
        fits = all(np.shape(arg)[varies:] == param.type.shape for arg, param, varies in triples)
        if len(found) != 1 or not fits:
            got = ", ".join(str(np.shape(arg)) for arg in args)
            types = ", ".join(str(p.type) for p in self.graph.params)
            want = f"{types}, with one axis more, of one length, where batched={self.batched}"
            remedy = "Stack the inputs along their first axis"
            raise ShapeError(explain("LaneSchedule", f"arguments of shapes {got}", want, remedy))
        ((lanes,),) = found
        return lanes

    def again(self, args: Sequence[Any], lanes: int) -> list[Any]:
        """Run by the interpreter, which raises the error that names the user's line."""
        one = interpreter.prepare(self.graph)
        pairs = [*zip(args, self.batched, strict=True)]
        rows = [one([a[k] if varies else a for a, varies in pairs]) for k in range(lanes)]
        return [np.stack(column) for column in zip(*rows, strict=True)]


def device() -> Any:
    """Numba's CUDA target, or its simulator."""
    from numba import cuda

    return cuda


def available() -> bool:
    try:
        return device().is_available()
    except ImportError:
        return False


def load(module: Module) -> list[Any]:
    """The kernels of generated source."""
    if not available():
        want = "an NVIDIA GPU and its driver"
        remedy = (
            'Install the extra "cuda", use backend="numba", or try it out in Numba\'s simulator, '
            "with NUMBA_ENABLE_CUDASIM=1"
        )
        raise UnsupportedError(explain("the CUDA backend", "no GPU was found", want, remedy))
    file = f"<diffkit cuda {module.names[0] if module.names else ''}>"
    linecache.cache[file] = len(module.source), None, module.source.splitlines(True), file
    namespace: dict[str, Any] = {"__name__": __name__, "__file__": file}
    exec(compile(module.source, file, "exec"), namespace)
    return [namespace[name] for name in module.names]


def launcher(kernel: Any, blocks: int, threads: int) -> Callable[..., None]:
    """The kernel on a grid of this size, without Numba's warning that a small grid leaves most of a
    GPU idle: of the small steps of a program that is to be expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kernel[blocks, threads]
