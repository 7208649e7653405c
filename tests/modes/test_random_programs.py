"""Random whole programs: all modes, both evaluators and PyTorch agree on what nobody thought of.

A program starts from three arrays (a matrix, a row, a scalar), and each step draws an op and
operands from the values so far. The ops are smooth where they are used: arguments of logarithms,
roots and quotients are kept positive by exp or 1 + x², and every value is kept small by tanh, so
that no tolerance has to cover for an ill-conditioned program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.backends.interpreter import prepare
from diffkit.graph import Graph, evaluate, verify
from diffkit.modes.forward import jvp
from diffkit.modes.method import ComplexStep
from diffkit.modes.numerical import complex_step
from diffkit.modes.reverse import vjp
from diffkit.types import type_of
from tests.ops.numerics import bulk, directions, dot, moved, ridders, size, torch_gradient

Program = list[tuple[str, int, int, int]]
"""Steps: the op, two choices among the values so far, and a choice of its own."""

PICKS = [[0, 0, -1], [1], [-1, 0]]

# fmt: off
UNARY: dict[str, Callable[..., Any]] = {
    "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "arctan": np.arctan, "square": np.square,
    "erf-like": lambda x: np.exp(-x * x), "log": lambda x: np.log(1 + x * x),
    "sqrt": lambda x: np.sqrt(1 + x * x), "log1p": lambda x: np.log1p(np.exp(x)),
    "power": lambda x: (1 + x * x) ** -0.3, "reciprocal": lambda x: 1 / (2 + np.cos(x)),
    "sinh": lambda x: np.sinh(x / 2), "arcsinh": np.arcsinh, "negative": lambda x: -x,
    "cube": lambda x: x**3, "expm1": lambda x: np.expm1(x / 2),
    "cbrt": lambda x: np.cbrt(1 + x * x),
}
BINARY: dict[str, Callable[..., Any]] = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply,
    "divide": lambda x, y: x / (1 + y * y), "power2": lambda x, y: (1 + x * x) ** np.tanh(y),
    "hypot": lambda x, y: np.hypot(x, 1 + y * y), "logaddexp": np.logaddexp,
    "arctan2": lambda x, y: np.arctan2(x, 2 + np.sin(y)),
    "where": lambda x, y: np.where(mask_like(x), x, y),
}
REDUCE: dict[str, Callable[..., Any]] = {
    "sum": np.sum, "mean": np.mean, "prod": lambda x, axis: np.prod(1 + x / 4, axis=axis),
    "var": np.var, "norm": lambda x, axis: np.sqrt(1 + np.sum(x * x, axis=axis)),
}
SHAPE: dict[str, Callable[..., Any]] = {
    "transpose": np.transpose, "reverse": lambda x: x[::-1], "ravel": np.ravel,
    "column": lambda x: x[..., None], "roll": lambda x: np.roll(x, 1, axis=0),
    "tail": lambda x: x[1:] if len(x) > 1 else x, "every-other": lambda x: x[::-2],
    "cumsum": lambda x: np.cumsum(x, axis=-1), "concatenate": lambda x: np.concatenate([x, x * x]),
    "diff": lambda x: x[1:] - x[:-1] if len(x) > 1 else x,
    "pad": lambda x: np.pad(x, [(1, 0)] + [(0, 0)] * (x.ndim - 1)),
    "stack": lambda x: np.stack([x, np.sin(x)]), "first": lambda x: x[0],
    "set_at": lambda x: dnp.set_at(x, [0, -1, 0], np.cos(x[0])),
    "add_at": lambda x: dnp.add_at(x, [0, -1, 0], np.cos(x[-1])),
    "broadcast": lambda x: np.broadcast_to(x, (2, *np.shape(x))),
}
# fmt: on
NAMES = [*UNARY, *BINARY, *REDUCE, *SHAPE, "gather", "outer", "matmul", "gram", "einsum"]


def mask_like(x: Any) -> Any:
    """A condition that no small step of the inputs changes."""
    return np.cos(np.arange(np.size(x))).reshape(np.shape(x)) > 0


def step(op: str, x: Any, y: Any, k: int) -> Any:
    """One op; operands that do not fit it are reduced to ones that do."""
    if op in UNARY:
        return UNARY[op](x)
    if op in BINARY:
        try:
            np.broadcast_shapes(np.shape(x), np.shape(y))
        except ValueError:
            y = np.mean(y)
        return BINARY[op](x, y)
    if op in REDUCE:
        axis = None if np.ndim(x) == 0 or k % 3 == 0 else k % np.ndim(x)
        return REDUCE[op](x, axis=axis)
    if np.ndim(x) == 0:
        return np.tanh(x)
    if op in SHAPE:
        return SHAPE[op](x)
    if op == "gather":
        n = np.shape(x)[0]
        return x[np.array([p % n for p in PICKS[k % 3]])]
    flat = np.ravel(x)
    if op == "outer":
        return np.outer(flat[:4], np.ravel(y)[:3])
    if op == "matmul":
        matrix = np.reshape(x, (np.shape(x)[0], -1))
        return matrix.T @ matrix if k % 2 else matrix @ matrix[k % len(matrix)]
    if op == "gram":
        return np.tensordot(x, x, axes=np.ndim(x))
    return np.einsum("i,i,j->j", flat, np.cos(flat), flat[:3])


def function_of(program: Program) -> Callable[..., Any]:
    """The program as a function of three arrays, to a scalar and an array."""

    def f(matrix: Any, row: Any, number: Any) -> Any:
        values = [matrix, row, number]
        for op, i, j, k in program:
            value = np.tanh(step(op, values[i % len(values)], values[j % len(values)], k))
            values.append(value if np.size(value) <= 40 else np.mean(value, axis=-1))
        return sum(np.sum(v) for v in values[3:]), values[-1]

    return f


def point(seed: int, dtype: Any = np.float64) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.uniform(-1.5, 1.5, s), dtype)[()] for s in ((2, 3), (3,), ())]


STEPS = st.tuples(st.sampled_from(NAMES), st.integers(0, 7), st.integers(0, 7), st.integers(0, 5))
PROGRAMS = st.lists(STEPS, min_size=1, max_size=7)
SEEDS = st.integers(0, 1000)
MANY = settings(max_examples=700, derandomize=True, deadline=None, database=None)
SOME = settings(max_examples=200, derandomize=True, deadline=None, database=None)
ON = [True, True, True]


def compile_all(f: Callable[..., Any], args: list[Any]) -> tuple[Graph, Graph, Graph]:
    """The graph, its jvp and its vjp, all verified."""
    graph = verify(dk.trace(f)(*[type_of(x) for x in args]))
    return graph, verify(jvp(graph, ON)), verify(vjp(graph, ON))


def drawn(graph: Graph, args: list[Any], seed: int) -> tuple[list[Any], list[Any]]:
    """Random tangents and cotangents."""
    rng = np.random.default_rng(seed + 1)
    outs = [np.zeros(t.shape, t.dtype.numpy) for t in graph.types]
    return directions(rng, args), directions(rng, outs)


def near(x: Any, y: Any, tolerance: float, scale: float = 1e-3) -> bool:
    return size([np.asarray(x) - np.asarray(y)]) <= tolerance * max(size([y]), scale)


@MANY
@given(PROGRAMS, SEEDS)
def test_modes_and_evaluators_agree(program: Program, seed: int) -> None:
    f, args = function_of(program), point(seed)
    graph, forward, reverse = compile_all(f, args)
    vs, us = drawn(graph, args, seed)
    plain = f(*args)
    for run in (lambda g, xs: prepare(g)(xs), evaluate):
        for y, want in zip(run(graph, args), plain, strict=True):
            assert np.asarray(y).dtype == np.asarray(want).dtype
            assert near(y, want, 1e-13, 1.0)  # sums of numbers of size 1 may cancel
    dys = evaluate(forward, [*args, *vs])[2:]
    cts = evaluate(reverse, [*args, *us])[2:]
    for y, want in zip(prepare(forward)([*args, *vs])[2:], dys, strict=True):
        np.testing.assert_array_equal(y, want)
    for y, want in zip(prepare(reverse)([*args, *us])[2:], cts, strict=True):
        np.testing.assert_array_equal(y, want)
    scale = max(bulk(us, dys), bulk(cts, vs), 1e-3)
    assert abs(dot(us, dys) - dot(cts, vs)) <= 1e-11 * scale
    push = complex_step(graph, args, ComplexStep()).push
    assert push is not None
    for y, want in zip(push(vs)[1], dys, strict=True):
        assert near(y, want, 1e-11)

    def along(t: float) -> float:
        return dot(us, f(*moved(args, ON, vs, t)))

    numeric, bar = ridders(along, rows=5)
    assert abs(dot(us, dys) - numeric) <= 20 * bar + 1e-9 * scale


@SOME
@given(PROGRAMS, SEEDS)
def test_torch_twin_agrees(program: Program, seed: int) -> None:
    pytest.importorskip("torch")
    from diffkit.backends.torch import to_torch

    args = point(seed)
    graph, _, reverse = compile_all(function_of(program), args)
    _, us = drawn(graph, args, seed)
    found = torch_gradient(to_torch(graph), args, ON, us)
    for x, want in zip(prepare(reverse)([*args, *us])[2:], found, strict=True):
        assert near(x, want, 1e-11)


@SOME
@given(PROGRAMS, SEEDS)
def test_second_order_agrees(program: Program, seed: int) -> None:
    """Forward over reverse, reverse over reverse and reverse over forward give one number."""
    args = point(seed)
    graph, forward, reverse = compile_all(function_of(program), args)
    vs, us = drawn(graph, args, seed)
    ws, _ = drawn(graph, args, seed + 7)
    gradient = Graph(reverse.name, reverse.params, reverse.nodes, reverse.outputs[2:])
    tangent = Graph(forward.name, forward.params, forward.nodes, forward.outputs[2:])
    by_x = [*ON, False, False]
    hw = prepare(verify(jvp(gradient, by_x)))([*args, *us, *ws])[3:]
    hv = prepare(verify(vjp(gradient, by_x)))([*args, *us, *vs])[3:]
    also = prepare(verify(vjp(tangent, [*ON, False, False, False])))([*args, *vs, *us])[2:]
    scale = max(bulk(hw, vs), bulk(hv, ws), 1e-3)
    assert abs(dot(hw, vs) - dot(hv, ws)) <= 1e-10 * scale
    assert abs(dot(also, ws) - dot(hv, ws)) <= 1e-10 * scale


@SOME
@given(PROGRAMS, SEEDS)
def test_float32_programs_stay_float32(program: Program, seed: int) -> None:
    f = function_of(program)
    args, double = point(seed, np.float32), point(seed)
    graph, forward, reverse = compile_all(f, args)
    assert {node.out.type.dtype for g in (graph, forward, reverse) for node in g.nodes} <= KINDS
    vs, us = drawn(graph, args, seed)
    for y in [*prepare(forward)([*args, *vs]), *prepare(reverse)([*args, *us])]:
        assert np.asarray(y).dtype == np.float32
    _, _, exact = compile_all(f, double)
    wide = [np.asarray(x, np.float64)[()] for x in [*args, *us]]
    want = prepare(exact)(wide)[2:]
    scale = max(size(want), 1.0)
    for x, y in zip(prepare(reverse)([*args, *us])[2:], want, strict=True):
        assert near(x, y, 2e-4, scale)


KINDS = {dk.f32, dk.i64, dk.i32, dk.b1}

SCALAR_STEPS = st.tuples(
    st.sampled_from(
        ["sin", "tanh", "square", "log", "sqrt", "add", "multiply", "divide", "arctan2"]
    ),
    st.integers(0, 5),
    st.integers(0, 5),
    st.just(0),
)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(st.lists(SCALAR_STEPS, min_size=1, max_size=4), SEEDS)
def test_symbolic_agrees(program: Program, seed: int) -> None:
    """The formula, differentiated by sympy with and without shared subexpressions."""
    rng = np.random.default_rng(seed)
    x, y = (float(v) for v in rng.uniform(0.2, 1.2, 2))

    def f(x: Any, y: Any) -> Any:
        values = [x, y]
        for op, i, j, k in program:
            values.append(step(op, values[i % len(values)], values[j % len(values)], k))
        return values[-1]

    want = dk.grad(f, argnums=(0, 1))(x, y)
    for method in (dk.Symbolic(), dk.Symbolic(cse=False)):
        got = dk.grad(f, argnums=(0, 1), method=method)(x, y)
        assert near(got, want, 1e-10)
