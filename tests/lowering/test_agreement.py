"""Loop programs and compiled code against the interpreter: ops, loops, whole programs, random ones.

The breadth is run in Python, after every pass; a sample is compiled here, and all of it under the
marker `long`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.backends.interpreter import prepare
from diffkit.backends.numba.backend import Lowered
from diffkit.graph import Graph
from diffkit.lowering import distribute, gather, peel, recompute, reuse
from diffkit.lowering.interpret import interpret
from diffkit.lowering.passes import PASSES
from diffkit.lowering.program import Program as LoopProgram
from diffkit.lowering.syntax import Loop
from diffkit.types import DType
from tests.control import test_random_loops
from tests.control.programs import PROGRAMS as CONTROL
from tests.modes import test_random_programs
from tests.ops.scenario import Scenario
from tests.ops.scenarios import SCENARIOS, arguments, by_op
from tests.ops.scenarios import graph_of as scenario_graph
from tests.programs import algebra, physics, signals, stencils

from .agreement import (
    DOUBLE,
    SINGLE,
    Pass,
    agree_compiled,
    agree_in_python,
    graph_of,
    stages,
    variants,
    variants_agree_in_python,
)
from .everywhere import DTYPES, grid, groups

PROGRAMS = {p.name: p for p in (*stencils.PROGRAMS, *algebra.PROGRAMS, *signals.PROGRAMS,
                                *physics.PROGRAMS)}  # fmt: skip
del PROGRAMS["elimination_with_pivots"], PROGRAMS["histogram_of_weights"]  # they branch on values
LOOPS = {p.name: p for p in CONTROL}
LARGE = {"lenet", "cavity_flow", "shortest_paths", "n_body"}
"""Seconds in Python."""
COMPILED = {
    "rnn", "scan with while", "cond in scan in while", "scatter", "checkpointed while", "collatz",
    "grad in loop", "matrix carry", "durbin", "correlation", "softmax", "masked_diagonal",
}  # fmt: skip
"""What the default run compiles: each kind of region, tapes, scatters, products, reductions."""


def rows(names: Collection[str], left_out: Callable[[str], bool]) -> list[Any]:
    """Parameters; what the default run leaves out is marked."""
    return [pytest.param(name, marks=pytest.mark.long if left_out(name) else ()) for name in names]


def program_of(name: str) -> tuple[Graph, Sequence[Any]]:
    program = PROGRAMS.get(name) or LOOPS[name]
    return graph_of(program.f, program.args), program.args


# --- in Python, after every pass ---


def at_any_size(change: Pass) -> Pass:
    """A pass that pays for large arrays or long loops, as one that changes small ones too."""

    @wraps(change)
    def eager(program: LoopProgram) -> LoopProgram:
        with pytest.MonkeyPatch.context() as patch:
            for module in (distribute, peel, recompute, reuse):
                patch.setattr(module, "LEAST", 1)
            patch.setattr(gather, "FEWEST", 1)
            patch.setattr(recompute, "MOST", 1000)
            patch.setattr(distribute, "QUICK", frozenset[str]())
            return change(program)

    return eager


LIMITED = (
    distribute.distribute, gather.gather, peel.peel, recompute.recompute, reuse.reuse,
)  # fmt: skip
EAGER = tuple(at_any_size(change) if change in LIMITED else change for change in PASSES)


@pytest.mark.parametrize("scenario", by_op(SCENARIOS))
def test_ops_after_every_pass(scenario: Scenario) -> None:
    variants_agree_in_python(scenario_graph(scenario), arguments(scenario), EAGER)


@pytest.mark.parametrize("name", LOOPS)
def test_loops_after_every_pass(name: str) -> None:
    variants_agree_in_python(*program_of(name), EAGER)


@pytest.mark.parametrize("name", rows(PROGRAMS, lambda name: name in LARGE))
def test_programs_after_every_pass(name: str) -> None:
    graph, args = program_of(name)
    agree_in_python(variants(graph)["optimised vjp"], args, "", EAGER)


def test_the_passes_for_large_arrays_are_among_them() -> None:
    assert sum(change not in PASSES for change in EAGER) == len(LIMITED)


# --- compiled ---


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_special_values(dtype: DType) -> None:
    """Every elementwise op at zeros, infinities, nan and the ends of its domain; zeros have signs,
    but for the larger or smaller of two zeros, where NumPy does not say."""
    args = [*grid(dtype)]
    for graph, names in groups(dtype):
        found = zip(names, Lowered(graph).compile()(args), prepare(graph)(args), strict=True)
        for name, got, want in found:
            if name == "lgamma":  # SciPy overflows there; log Γ(x) is -log x
                tiny = (args[0] != 0) & (np.abs(args[0]) < 1e-308)
                np.testing.assert_allclose(got[tiny], -np.log(np.abs(args[0][tiny])), rtol=1e-15)
                got, want = got[~tiny], want[~tiny]
            if name == "reciprocal" and want.dtype.kind == "i":  # 1 / 0 is no integer
                got, want = got[args[0] != 0], want[args[0] != 0]
            assert got.dtype == want.dtype, name
            near = {np.dtype(np.float64): DOUBLE, np.dtype(np.float32): SINGLE}.get(want.dtype, 0)
            np.testing.assert_allclose(got, want, rtol=near, err_msg=name)
            if want.dtype.kind == "f" and name not in ("maximum", "minimum"):
                zero = want == 0
                np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(want[zero]), name)


@pytest.mark.parametrize("name", rows([*LOOPS, *PROGRAMS], lambda name: name not in COMPILED))
def test_compiled(name: str) -> None:
    """Value and cotangents in one function."""
    graph, args = program_of(name)
    agree_compiled(variants(graph)["vjp"], args, name)


@pytest.mark.long
@pytest.mark.parametrize("name", [*LOOPS, *PROGRAMS])
def test_compiled_tangents_and_curvatures(name: str) -> None:
    graph, args = program_of(name)
    found = variants(graph, twice=name in LOOPS)
    for label in ("jvp", "vjp of vjp"):
        if label in found:
            agree_compiled(found[label], args, f"{name}, {label}")


@pytest.mark.long
@pytest.mark.parametrize("single", [False, True], ids=["double", "single"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_every_op_compiled(scenario: Scenario, single: bool) -> None:
    if single and not scenario.single:
        pytest.skip("computes in float64 whatever its arguments are")
    graph, args = scenario_graph(scenario, single), arguments(scenario, single)
    found = variants(graph)
    for label in ("jvp", "vjp") if "vjp" in found else ("value",):
        agree_compiled(found[label], args, label)


# --- random programs ---


def profile(count: int) -> Any:
    return settings(max_examples=count, derandomize=True, deadline=None, database=None)


STRAIGHT = (test_random_programs.PROGRAMS, test_random_programs.SEEDS)
LOOPING = (test_random_loops.PROGRAMS, test_random_loops.SEEDS)


def random_graph(program: Any, seed: int) -> tuple[Graph, list[Any]]:
    """The joint graph of a random straight program."""
    args = test_random_programs.point(seed)
    graph = graph_of(test_random_programs.function_of(program), args)
    return variants(graph)["vjp"], args


def looping_graph(program: Any, seed: int) -> tuple[Graph, list[Any]]:
    args = test_random_loops.point(seed)
    graph = graph_of(test_random_loops.function_of(program), args)
    return variants(graph)["vjp"], [np.float64(args[0]), args[1]]


@profile(25)
@given(*STRAIGHT)
def test_random_programs_after_every_pass(program: Any, seed: int) -> None:
    agree_in_python(*random_graph(program, seed))


@profile(20)
@given(*LOOPING)
def test_random_loops_after_every_pass(program: Any, seed: int) -> None:
    agree_in_python(*looping_graph(program, seed))


@profile(8)
@given(*STRAIGHT)
def test_random_programs_compiled(program: Any, seed: int) -> None:
    agree_compiled(*random_graph(program, seed))


@profile(3)
@given(*LOOPING)
def test_random_loops_compiled(program: Any, seed: int) -> None:
    agree_compiled(*looping_graph(program, seed))


@pytest.mark.long
@profile(300)
@given(*STRAIGHT)
def test_many_random_programs_compiled(program: Any, seed: int) -> None:
    agree_compiled(*random_graph(program, seed))


@pytest.mark.long
@profile(200)
@given(*LOOPING)
def test_many_random_loops_compiled(program: Any, seed: int) -> None:
    agree_compiled(*looping_graph(program, seed))


# fmt: off
EXACT: dict[str, Callable[..., Any]] = {  # what IEEE 754 rounds correctly, and what moves elements
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "sqrt": lambda x, y: np.sqrt(abs(x)) - y, "negative": lambda x, y: -x,
    "maximum": np.maximum, "where": lambda x, y: np.where(x > y, x, y * x),
    "square": lambda x, y: x**2 + y, "floor": lambda x, y: np.floor(y),
    "flip": lambda x, y: x[::-1], "turn": lambda x, y: x.T, "row": lambda x, y: x + y[0],
    "column": lambda x, y: x * y[:, :1], "roll": lambda x, y: np.roll(x, 1, axis=0),
    "gather": lambda x, y: x[np.array([2, 0, 2])],
    "write": lambda x, y: dnp.set_at(x, (slice(1, None), 1), y[0, :2]),
}
# fmt: on
EXACTLY = st.lists(
    st.tuples(st.sampled_from([*EXACT]), st.integers(0, 9), st.integers(0, 9)),
    min_size=2,
    max_size=10,
)


def exact_function(program: Any) -> Callable[..., Any]:
    def f(x: Any, y: Any) -> Any:
        values = [x, y]
        for op, i, j in program:
            values.append(EXACT[op](values[i % len(values)], values[j % len(values)]))
        return values[-3:]

    return f


def exact_point() -> list[Any]:
    return [*np.random.default_rng(8).uniform(-2, 2, (2, 3, 3))]


@profile(40)
@given(EXACTLY)
def test_without_sums_every_pass_keeps_every_bit(program: Any) -> None:
    args = exact_point()
    graph = graph_of(exact_function(program), args)
    want = prepare(graph)(args)
    for name, loops in stages(graph):
        for y, z in zip(interpret(loops, args), want, strict=True):
            np.testing.assert_array_equal(y, z, name)


@profile(6)
@given(EXACTLY)
def test_without_sums_compiled_code_has_the_same_bits(program: Any) -> None:
    """No fused multiply-add, no reciprocal in the place of a division."""
    args = exact_point()
    graph = graph_of(exact_function(program), args)
    for y, z in zip(Lowered(graph).compile()(args), prepare(graph)(args), strict=True):
        np.testing.assert_array_equal(y, z)


# --- planted ---


def backwards(program: LoopProgram) -> LoopProgram:
    """A wrong pass: the loop of a scan runs from its end."""
    body = tuple(
        replace(s, reverse=not s.reverse) if isinstance(s, Loop) and s.ordered else s
        for s in program.body
    )
    return replace(program, body=body)


def shortened(program: LoopProgram) -> LoopProgram:
    """A wrong pass: the first loop leaves its last step out."""
    at, loop = next((k, s) for k, s in enumerate(program.body) if isinstance(s, Loop))
    assert isinstance(loop.extent, int)
    less = replace(loop, extent=loop.extent - 1)
    return replace(program, body=(*program.body[:at], less, *program.body[at + 1 :]))


def overlapping(program: LoopProgram) -> LoopProgram:
    """A wrong storage: all arrays at one place."""
    return replace(program, places=dict.fromkeys(program.places, 0))


@pytest.mark.parametrize("wrong", [backwards, shortened, overlapping])
def test_a_wrong_pass_is_noticed_and_named(wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        ys = dk.scan(lambda c, r: (np.tanh(c * r) + c, (c, r * c)), x[0], x)[1]
        return np.cumsum(ys[0])[::-1] @ np.outer(ys[1], np.cumsum(ys[1])), x / np.sum(x)

    args = [np.linspace(0.3, 1.9, 20)]
    graph = graph_of(f, args)
    agree_in_python(graph, args, "", EAGER)
    with pytest.raises(AssertionError, match=f"after {wrong.__name__}"):
        agree_in_python(graph, args, "", (*EAGER, wrong))
    monkeypatch.setattr("tests.lowering.agreement.PASSES", (*PASSES, wrong))
    with pytest.raises(AssertionError, match=f"after {wrong.__name__}"):
        agree_in_python(graph, args)
