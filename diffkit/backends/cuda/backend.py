"""Graphs as functions that run on a GPU: optimise, lower, schedule, emit; then copy, launch, copy.

Arrays come from the host and go back to it, and kernels follow each other on one stream. Where a
program gives up (an index out of bounds, a loop that does not end) the interpreter runs the same
graph again, and says what happened and where.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
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

Arrays = dict[Buffer, Any]


def map_schedule(graph: Graph, block: int = 128) -> MapSchedule:
    """The graph as kernels with a thread for each element, in blocks of `block` threads, a power of
    two. Calling it with a list of arrays and numbers gives the list of results; `source` is the
    generated text. Sums are regrouped, and additions at computed indices come in any order, so last
    bits differ from other backends. Raises `UnsupportedError` for loops of unknown length over
    arrays and for linear systems.

        >>> import numpy as np, diffkit as dk
        >>> from diffkit.backends.cuda import map_schedule
        >>> graph = dk.trace(lambda x: np.sum(x * x))(dk.f64[1000])
        >>> print(map_schedule(graph).source.splitlines()[6])
        def lambda_0(x, parts):
    """
    return MapSchedule(graph, block)


def lane_schedule(graph: Graph, batched: Sequence[bool], block: int = 128) -> LaneSchedule:
    """The graph, run by each thread for its own row of the arguments that are `batched`, which have
    an axis more than the graph's parameters, in front. Calling it with a list of arrays and numbers
    gives the list of results, each with that axis. Raises `UnsupportedError` where a thread would
    have to save an unknown number of steps, to solve a linear system, or hold too large arrays.

        >>> import diffkit as dk
        >>> from diffkit.backends.cuda import lane_schedule
        >>> graph = dk.trace(lambda x, y: x * y)(dk.f64[()], dk.f64[()])
        >>> print(lane_schedule(graph, [True, False]).source.splitlines()[-1].strip())
        a_rows[lane] = a
    """
    return LaneSchedule(graph, tuple(batched), block)


class Schedule:
    """What both schedules share: the program, its kernels and the memory on the device."""

    module: Module

    def __init__(self, graph: Graph, block: int) -> None:
        if block < 1 or block & (block - 1):
            want, remedy = "a power of two", "Pass 128, say"
            raise ShapeError(explain("the CUDA backend", f"block={block}", want, remedy))
        self.graph = graph
        self.block = block
        self.program: Program = run(lower(optimise(graph)))
        self.flat = flat_buffers(self.program)

    @property
    def source(self) -> str:
        """The text that Numba compiles for the device."""
        return self.module.source

    @cached_property
    def kernels(self) -> list[Any]:
        """The compiled kernels; Numba compiles each at its first launch."""
        return load(self.module)

    @cached_property
    def consts(self) -> Arrays:
        """Constants, copied to the device once."""
        return {b: self.sent(b, b.value) for b in self.program.consts}

    def sent(self, buffer: Buffer, value: Any, lead: tuple[int, ...] = ()) -> Any:
        """A copy of an array on the device."""
        array = np.ascontiguousarray(value, buffer.dtype.numpy)
        if buffer in self.flat:
            array = array.reshape((*lead, buffer.size))
        return device().to_device(array)

    def fresh(self, buffer: Buffer, lead: tuple[int, ...] = ()) -> Any:
        """An array on the device that holds nothing yet."""
        shape = (buffer.size,) if buffer in self.flat else buffer.shape
        return device().device_array((*lead, *shape), buffer.dtype.numpy)


class MapSchedule(Schedule):
    """A graph as a sequence of kernels."""

    def __init__(self, graph: Graph, block: int) -> None:
        super().__init__(graph, block)
        self.plan: Plan = plan(self.program, block)
        self.cells = {v: Buffer(f"{v.hint}_at", v.dtype, (1,)) for v in self.plan.cells}
        self.module = emit_map(self.program, self.plan, self.cells, block)
        self.numbers = {kernel: k for k, kernel in enumerate(self.plan.kernels)}

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        scalars: dict[Local, Any] = {}
        arrays: Arrays = {**self.consts, STATUS: device().to_device(np.zeros(1, np.int32))}
        for param, arg in zip(self.program.params, args, strict=True):
            if isinstance(param, Buffer):
                arrays[param] = self.sent(param, arg)
            else:
                scalars[param] = param.dtype.numpy.type(arg)
        for item in (*self.plan.results, *chain(*self.module.arguments)):
            if isinstance(item, Buffer) and item not in arrays:
                arrays[item] = self.fresh(item)
        self.launch(self.plan.steps, arrays, scalars)
        if self.program.fails and arrays[STATUS].copy_to_host()[0]:
            return interpreter.prepare(self.graph)(args)
        return [self.fetched(result, arrays) for result in self.plan.results]

    def launch(self, steps: Sequence[Step], arrays: Arrays, scalars: dict[Local, Any]) -> None:
        for step in steps:
            if isinstance(step, Kernel):
                number = self.numbers[step]
                takes = self.module.arguments[number]
                args = [arrays[a] if isinstance(a, Buffer) else scalars[a] for a in takes]
                shape = (step.blocks(self.block), self.block) if step.loops else (1, 1)
                self.kernels[number][shape](*args)
                continue
            extent = step.loop.extent
            assert isinstance(extent, int)
            for k in range(extent - 1, -1, -1) if step.loop.reverse else range(extent):
                self.launch(step.steps, arrays, {**scalars, step.loop.var: k})

    def fetched(self, result: Local | Buffer, arrays: Arrays) -> Any:
        if isinstance(result, Local):
            return arrays[self.cells[result]].copy_to_host()[0]
        return arrays[result].copy_to_host().reshape(result.shape)


class LaneSchedule(Schedule):
    """A graph as one kernel, a thread for each row of the arguments."""

    def __init__(self, graph: Graph, batched: tuple[bool, ...], block: int) -> None:
        super().__init__(graph, block)
        if len(batched) != len(graph.params) or not any(batched):
            want = f"a truth value for each of {len(graph.params)} parameters, one of them true"
            remedy = "Say which arguments have a row for each thread"
            raise ShapeError(explain("lane_schedule", f"batched={batched}", want, remedy))
        self.batched = batched
        self.module = emit_lanes(self.program, batched)

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        lanes = self.lanes(args)
        given: list[Any] = []
        for param, arg, varies in zip(self.program.params, args, self.batched, strict=True):
            if isinstance(param, Buffer):
                given.append(self.sent(param, arg, (lanes,) if varies else ()))
            elif varies:
                given.append(device().to_device(np.ascontiguousarray(arg, param.dtype.numpy)))
            else:
                given.append(param.dtype.numpy.type(arg))
        results = [
            self.fresh(r if isinstance(r, Buffer) else Buffer("", r.dtype, ()), (lanes,))
            for r in self.program.results
        ]
        status = device().to_device(np.zeros(1, np.int32))
        blocks = -(-lanes // self.block)
        if blocks:
            (kernel,) = self.kernels
            kernel[blocks, self.block](*given, *self.consts.values(), *results, status, lanes)
        if self.program.fails and status.copy_to_host()[0]:
            return self.again(args, lanes)
        return [
            array.copy_to_host().reshape(lanes, *(r.shape if isinstance(r, Buffer) else ()))
            for array, r in zip(results, self.program.results, strict=True)
        ]

    def lanes(self, args: Sequence[Any]) -> int:
        """How many rows the arguments have."""
        rows = zip(args, self.graph.params, self.batched, strict=True)
        found = {np.shape(arg)[:1] for arg, _, varies in rows if varies}
        fits = all(
            np.shape(arg)[varies:] == param.type.shape
            for arg, param, varies in zip(args, self.graph.params, self.batched, strict=True)
        )
        if len(found) != 1 or not fits:
            got = ", ".join(str(np.shape(arg)) for arg in args)
            types = ", ".join(str(p.type) for p in self.graph.params)
            want = f"{types}, with one axis more, of one length, where batched={self.batched}"
            remedy = "Stack the inputs along their first axis"
            raise ShapeError(explain("lane_schedule", f"arguments of shapes {got}", want, remedy))
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


def load(module: Module) -> list[Callable[..., Any]]:
    """The kernels of generated source."""
    if not device().is_available():
        want = "an NVIDIA GPU and its driver"
        remedy = 'Use backend="numba", or NUMBA_ENABLE_CUDASIM=1 to try it out in a simulator'
        raise UnsupportedError(explain("the CUDA backend", "no GPU was found", want, remedy))
    file = f"<diffkit cuda {module.names[0] if module.names else ''}>"
    linecache.cache[file] = len(module.source), None, module.source.splitlines(True), file
    namespace: dict[str, Any] = {"__name__": __name__, "__file__": file}
    exec(compile(module.source, file, "exec"), namespace)
    return [namespace[name] for name in module.names]
