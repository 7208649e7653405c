"""Random programs with loops and branches inside loops and branches: every mode agrees.

A program is a list of statements on four registers, two numbers and two vectors. A statement is an
operation, or a block: a scan over a vector, a while, a range, a branch, a call, each with a program
of its own inside, two deep at most. Trip counts and conditions are traced, but no small step of the
inputs changes them, and tanh keeps every value small, so differences say what the derivative is.
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
from tests.control.agreement import first_order, graph_of, near, second_order
from tests.ops.numerics import size
from tests.replay import replayed

# fmt: off
NUMBER: dict[str, Callable[..., Any]] = {  # of two numbers, two vectors and a counter
    "sin": lambda s, t, v, w, k: np.sin(2 * s), "product": lambda s, t, v, w, k: s * t + t,
    "quotient": lambda s, t, v, w, k: s / (1 + t * t), "pick": lambda s, t, v, w, k: v[k % 3] + s,
    "dot": lambda s, t, v, w, k: v @ w, "sum": lambda s, t, v, w, k: np.sum(v * s),
    "power": lambda s, t, v, w, k: (1 + s * s) ** t, "count": lambda s, t, v, w, k: s * (1 + k),
    "where": lambda s, t, v, w, k: np.where(k % 2 == 0, s, t * t), "one": lambda s, t, v, w, k: 0.5,
}
VECTOR: dict[str, Callable[..., Any]] = {
    "cos": lambda s, t, v, w, k: np.cos(v) * s, "product": lambda s, t, v, w, k: v * w + t,
    "flip": lambda s, t, v, w, k: v[::-1], "cumsum": lambda s, t, v, w, k: np.cumsum(v) * w,
    "add": lambda s, t, v, w, k: dnp.add_at(v, k % 3, s), "spread": lambda s, t, v, w, k: s - v,
    "set": lambda s, t, v, w, k: dnp.set_at(v, [0, 2], w[1:]), "keep": lambda s, t, v, w, k: w,
    "twice": lambda s, t, v, w, k: v[dnp.asarray([0, 0, 2])] * t,
    "log": lambda s, t, v, w, k: np.log(1 + v * v),
    "norm": lambda s, t, v, w, k: v / np.sqrt(1 + np.sum(w * w)),
}
# fmt: on
Registers = tuple[Any, Any, Any, Any]
BLOCKS = ["scan", "while", "range", "cond", "call", "rows"]


def run(program: Any, registers: Registers, k: Any, three: Any) -> Registers:
    """The registers after a program; k counts the steps of the loop around it, and `three` is the
    traced number 3."""
    for statement in program:
        if statement[0] in BLOCKS:
            registers = block(statement, registers, k, three)
            continue
        kind, name, place, swap = statement
        s, t, v, w = registers
        operands = (t, s, w, v, k) if swap else (s, t, v, w, k)
        new = list(registers)
        table = NUMBER if kind == "number" else VECTOR
        new[place + (0 if kind == "number" else 2)] = np.tanh(table[name](*operands))
        registers = (new[0], new[1], new[2], new[3])
    return registers


def block(statement: Any, registers: Registers, k: Any, three: Any) -> Registers:
    """The registers after a block."""
    kind, body, other, choice = statement
    s, t, v, w = registers

    def inside(state: Registers, i: Any) -> Registers:
        return run(body, state, i, three)

    if kind == "scan":

        def step(state: Registers, r: Any) -> Any:
            after = inside((state[0], state[1] * r, state[2], state[3]), k)
            return after, (after[choice % 2], after[3])

        size_ = (None, "sqrt", 2)[choice % 3]
        state, (ys, rows) = dk.scan(step, registers, w, None, choice % 2 == 1, size_)
        return state[0], state[1], ys, np.tanh(np.sum(rows * ys, axis=0))
    if kind == "rows":  # no carry but a number; the rest is captured
        end, ys = dk.scan(lambda c, r: ((a := inside((c, r, v, w), k))[0], a[1]), s, v)
        return end, t, ys, w
    if kind == "while":
        most = (None, 9)[choice % 2]
        return dk.while_loop(
            lambda c: c[0] < three - choice, lambda c: (c[0] + 1, inside(c[1], c[0])),
            (0, registers), most,
        )[1]  # fmt: skip
    if kind == "range":
        return dk.fori_loop(choice, 3, lambda i, c: inside(c, i), registers)
    if kind == "cond":
        even = (k + three + choice) % 2 == 0
        return dk.cond(even, lambda c: inside(c, k), lambda c: run(other, c, k, three), registers)
    return dk.checkpoint(lambda c: inside(c, k))(registers)


def function_of(program: Any) -> Callable[..., Any]:
    """The program as a function of a number and a vector, to a number and a vector."""

    def f(s: Any, v: Any) -> Any:
        three = np.sum(v > -9.0)
        s, t, v, w = run(program, (s, np.cos(s), v, np.sin(v)), 1, three)
        return s + t, v * w + w

    return f


OPS = st.one_of(
    st.tuples(st.just("number"), st.sampled_from([*NUMBER]), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("vector"), st.sampled_from([*VECTOR]), st.integers(0, 1), st.booleans()),
)
LINES = st.lists(OPS, min_size=1, max_size=3)


def blocks(inside: Any) -> Any:
    return st.tuples(st.sampled_from(BLOCKS), inside, LINES, st.integers(0, 3))


INNER = st.lists(st.one_of(OPS, blocks(LINES)), min_size=1, max_size=3)
PROGRAMS = st.lists(st.one_of(OPS, blocks(INNER), blocks(INNER)), min_size=1, max_size=4)
SEEDS = st.integers(0, 1000)


def profile(count: int) -> Any:
    return settings(max_examples=count, derandomize=True, deadline=None, database=None)


def point(seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1), rng.uniform(-1, 1, 3)]


@profile(250)
@given(PROGRAMS, SEEDS)
def test_modes_and_evaluators_agree(program: Any, seed: int) -> None:
    first_order(
        function_of(program), [np.float64(x) if np.ndim(x) == 0 else x for x in point(seed)]
    )


@profile(50)
@given(PROGRAMS, SEEDS)
def test_second_order_agrees(program: Any, seed: int) -> None:
    second_order(function_of(program), point(seed))


def scalar(f: Callable[..., Any]) -> Callable[..., Any]:
    def total(x: Any) -> Any:
        s, v = f(x[0], x[1:])
        return s + np.sum(np.sin(v))

    return total


@profile(20)
@given(PROGRAMS, SEEDS)
def test_operators_nest_and_jit_agrees(program: Any, seed: int) -> None:
    """Through the public operators, as a user nests them."""
    f = scalar(function_of(program))
    s, v = point(seed)
    x = np.concatenate([[s], v])
    value, slope = dk.value_and_grad(f)(x)
    near(replayed(f)(x), f(x), 1e-13, 1.0)
    near(value, f(x), 1e-13, 1.0)
    near(replayed(dk.grad(f))(x), slope, 1e-12, size([slope]))
    near(dk.grad(f, method="forward")(x), slope, 1e-11, size([slope]))
    near(dk.vjp(f, x)[1](1.0)[0], slope, 1e-11, size([slope]))
    H = dk.hessian(f)(x)
    for other in (dk.jacobian(dk.grad(f)), dk.jacobian(dk.grad(f, method="forward"))):
        near(other(x), H, 1e-11, size([H]))


def bounded(program: Any) -> Any:
    """The program with a bound on every while, which lanes need."""
    return [
        (x[0], bounded(x[1]), bounded(x[2]), x[3] | (x[0] == "while")) if x[0] in BLOCKS else x
        for x in program
    ]


@pytest.mark.skipif(not hasattr(dk, "vmap"), reason="no vmap in this build")
@profile(20)
@given(PROGRAMS, SEEDS)
def test_lanes_are_calls(program: Any, seed: int) -> None:
    f = scalar(function_of(bounded(program)))
    xs = np.random.default_rng(seed).uniform(-1, 1, (3, 4))
    want = np.stack([dk.grad(f)(x) for x in xs])
    near(dk.vmap(dk.grad(f))(xs), want, 1e-11, size([want]))
    near(replayed(dk.vmap(dk.grad(f)))(xs), want, 1e-11, size([want]))
    all_ = dk.grad(lambda xs: np.sum(dk.vmap(f)(xs)))(xs)
    near(all_, want, 1e-11, size([want]))


def test_the_vocabulary_makes_loops_of_every_kind() -> None:
    """What the programs above contain, counted for one of each block."""
    for kind, op in (("scan", "scan"), ("rows", "scan"), ("while", "while"), ("range", "scan"),
                     ("cond", "cond"), ("call", "call")):  # fmt: skip
        lines = [("number", "product", 0, False), ("vector", "add", 0, True)]
        graph = graph_of(function_of([(kind, lines, lines, 0)]), point(1))
        assert op in {node.op.name for node in graph.nodes}
