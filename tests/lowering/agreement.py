"""What the tests of the compiler share: graphs to try, and whether two ways to run one agree.

The witness is the interpreter, which the rest of the suite holds against NumPy, differences and
PyTorch. A loop program is run in Python after every pass, so that a disagreement names the pass;
not after one that left it as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from functools import cache, partial
from typing import Any

import numpy as np

import diffkit as dk
from diffkit.backends.cut import cut
from diffkit.backends.interpreter import prepare
from diffkit.backends.numba.backend import Lowered
from diffkit.graph import Atom, Graph, Lit, verify
from diffkit.lowering.interpret import interpret
from diffkit.lowering.lower import lower, refusal
from diffkit.lowering.passes import PASSES
from diffkit.lowering.program import Program
from diffkit.modes.forward import jvp
from diffkit.modes.reverse import vjp
from diffkit.transforms.optimise import optimise
from diffkit.types import type_of
from tests.ops.numerics import directions

SINGLES = (np.float32, np.complex64)
DOUBLE, SINGLE = 1e-13, 2e-6
"""How far results may be apart, relative to the greatest element: elementary functions of a few
ulps and sums in another order."""


def graph_of(f: Callable[..., Any], args: Sequence[Any]) -> Graph:
    """The function, traced for the types of its arguments."""
    return verify(dk.trace(f)(*[type_of(np.asarray(x)) for x in args]))


def variants(graph: Graph, twice: bool = False) -> dict[str, Graph]:
    """A graph, its derivatives, and what the optimiser makes of them."""
    found = {"value": graph}
    on = [p.type.differentiable for p in graph.params]
    if any(on) and any(t.differentiable for t in graph.types):
        found["jvp"], found["vjp"] = verify(jvp(graph, on)), verify(vjp(graph, on))
        found["optimised vjp"] = verify(optimise(found["vjp"]))
        if twice:
            again = [p.type.differentiable for p in found["vjp"].params]
            found["vjp of vjp"] = verify(optimise(vjp(found["vjp"], again)))
    found["optimised"] = verify(optimise(graph))
    return found


def filled_in(graph: Graph, args: Sequence[Any]) -> list[Any]:
    """The arguments, and random tangents or cotangents for the parameters that come after them."""
    rng = np.random.default_rng(len(graph.nodes))
    rest = [np.zeros(p.type.shape, p.type.dtype.numpy) for p in graph.params[len(args) :]]
    return [*args, *directions(rng, rest)]


Pass = Callable[[Program], Program]


def changed(change: Pass, program: Program) -> Program:
    """What a pass makes of a program: the same object if it left the program as it was."""
    after = change(program)
    same = all(getattr(after, f.name) == getattr(program, f.name) for f in fields(Program))
    return program if same else after


def stages(graph: Graph) -> Iterator[tuple[str, Program]]:
    """The loop program as it is lowered, and after every pass that changes it."""
    program = lower(graph)
    yield "lower", program
    for change in PASSES:
        before, program = program, changed(change, program)
        if program is not before:
            yield change.__name__, program


def close(got: Sequence[Any], want: Sequence[Any], label: str, tolerance: float = DOUBLE) -> None:
    """Equal in number, dtype and shape; integers equal, floats close; nan and inf in one place."""
    assert len(got) == len(want), label
    for k, (x, y) in enumerate(zip(got, want, strict=True)):
        x, y = np.asarray(x), np.asarray(y)
        where = f"{label}, result {k}"
        assert (x.dtype, x.shape) == (y.dtype, y.shape), where
        if y.dtype.kind not in "fc":
            np.testing.assert_array_equal(x, y, where)
            continue
        near = max(tolerance, SINGLE if y.dtype in SINGLES else 0.0)
        finite = y[np.isfinite(y)]
        atol = near * float(np.max(np.abs(finite), initial=0.0))
        np.testing.assert_allclose(x, y, rtol=near, atol=atol, err_msg=where)


def agree_in_python(
    graph: Graph, args: Sequence[Any], label: str = "", *more: Sequence[Pass]
) -> None:
    """The loop program computes what the graph does, after every pass (and of each other list of
    passes); of a graph with operations that have no compiled form, the loop programs of the pieces
    between them."""
    args = filled_in(graph, args)
    want = prepare(graph)(args)
    tolerance = tolerance_of(graph)
    found = cut(graph, refusal)
    pieces = [part.graph for part in found.parts if part.compiled]
    start, after = tuple(map(lower, pieces)), cache(changed)
    ran: set[tuple[Program, ...]] = set()

    def run(programs: tuple[Program, ...], last: str) -> None:
        if programs in ran:
            return
        ran.add(programs)
        rest = iter(programs)
        values: dict[Atom, Any] = dict(zip(found.graph.params, args, strict=True))
        for part in found.parts:
            given = [values[param] for param in part.graph.params]
            compute = partial(interpret, next(rest)) if part.compiled else prepare(part.graph)
            values.update(zip(part.graph.outputs, compute(given), strict=True))
        outputs = found.graph.outputs
        got = [atom.value if isinstance(atom, Lit) else values[atom] for atom in outputs]
        close(got, want, f"{label} after {last}", tolerance)

    for passes in (PASSES, *more):
        programs = start
        run(programs, "lower")
        for change in passes:
            programs = tuple(after(change, program) for program in programs)
            run(programs, change.__name__)


def variants_agree_in_python(graph: Graph, args: Sequence[Any], *more: Sequence[Pass]) -> None:
    """The graph and its variants, but for those that the optimiser returned as they were; of the
    optimised adjoint after each other list of passes too."""
    found = variants(graph)
    last = found.get("optimised vjp", graph)
    for label, variant in {id(g): (label, g) for label, g in found.items()}.values():
        agree_in_python(variant, args, label, *(more if variant is last else ()))


def agree_compiled(graph: Graph, args: Sequence[Any], label: str = "") -> None:
    """Numba's code computes what the graph does."""
    args = filled_in(graph, args)
    close(Lowered(graph).compile()(args), prepare(graph)(args), label, tolerance_of(graph))


def tolerance_of(graph: Graph) -> float:
    """What a graph that computes in float32 somewhere inside can keep."""
    types = [out.type for node in graph.nodes for out in node.outs]
    single = any(t.dtype.numpy in SINGLES for t in types)
    return SINGLE if single else DOUBLE
