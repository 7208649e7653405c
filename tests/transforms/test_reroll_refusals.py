"""What is almost a repetition is not rolled over: the graph computes the same, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.graph import Atom, Graph, Node, Var, evaluate, literal, verify
from diffkit.modes.reverse import vjp
from diffkit.ops import arithmetic
from diffkit.ops.shape import slice_, slice_set
from diffkit.transforms.reroll import reroll, wiring
from diffkit.types import f64
from tests.ops.numerics import size
from tests.transforms.test_reroll import identical, loops, nodes, point

STEPS = 90
ODD = 57


def stencil(u: Any, c: Any) -> Any:
    """Two arrays, so that there is a wrong one to take."""
    v = np.cos(u)
    for _ in range(STEPS):
        u = u + c * (u[::-1] - 2.0 * v)
        v = v - c * np.sin(u)
    return u, v


def in_place(u: Any, c: Any) -> Any:
    u = u.copy()
    for _ in range(STEPS):
        u[1:-1] = u[1:-1] + c * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u


def with_data(u: Any, c: Any) -> Any:
    total = 0.0
    for k in range(STEPS):
        total = total + np.sin(total * u[k % 7]) * c + 0.25 * k
    return total


def changed(graph: Graph, at: int, change: Callable[[Node, list[Var]], Node | None]) -> Graph:
    """The graph with one node changed: the first from number `at` on that can be."""
    before = [*graph.params, *(out for node in graph.nodes[:at] for out in node.outs)]
    for k in range(at, len(graph.nodes)):
        node = change(graph.nodes[k], before)
        if node is not None:
            return verify(replace(graph, nodes=(*graph.nodes[:k], node, *graph.nodes[k + 1 :])))
        before.extend(graph.nodes[k].outs)
    raise AssertionError("nothing to change")


def other_operand(node: Node, before: list[Var]) -> Node | None:
    """An operand replaced by the one before it of the same type."""
    for k, arg in enumerate(node.args):
        same = [var for var in before if var.type == arg.type and var is not arg]
        if isinstance(arg, Var) and same and not node.attrs:
            args: list[Atom] = [*node.args]
            args[k] = same[-1]
            return replace(node, args=tuple(args))
    return None


def swapped_operands(node: Node, before: list[Var]) -> Node | None:
    fits = len(node.args) == 2 and node.args[0].type == node.args[1].type
    fits = fits and node.args[0] is not node.args[1] and node.op is arithmetic.sub
    return replace(node, args=node.args[::-1]) if fits else None


def other_op(node: Node, before: list[Var]) -> Node | None:
    return replace(node, op=arithmetic.sub) if node.op is arithmetic.add else None


def other_literal(node: Node, before: list[Var]) -> Node | None:
    for k, arg in enumerate(node.args):
        if not isinstance(arg, Var):
            value = literal(arg.value * 1.0000001)
            if value.type == arg.type:
                return replace(node, args=(*node.args[:k], value, *node.args[k + 1 :]))
    return None


def other_place(node: Node, before: list[Var]) -> Node | None:
    """A slice that starts one earlier or later."""
    if node.op not in (slice_, slice_set):
        return None
    start, stop = node.attrs["start"][0], node.attrs["stop"][0]
    by = 1 if stop < node.args[0].type.shape[0] else -1
    return replace(node, attrs={**node.attrs, "start": (start + by,), "stop": (stop + by,)})


CASES = [
    (stencil, other_operand), (stencil, swapped_operands), (stencil, other_op),
    (stencil, other_literal), (in_place, other_operand), (in_place, other_place),
    (in_place, other_literal), (with_data, other_operand), (with_data, other_op),
]  # fmt: skip


@pytest.mark.parametrize(("f", "change"), CASES, ids=lambda f: f.__name__)
def test_one_step_that_differs(f: Any, change: Any) -> None:
    """The step stays as it is, or becomes rows of literals; all others are rolled."""
    graph = dk.trace(f)(f64[9], f64[()])
    odd = changed(graph, ODD * len(graph.nodes) // STEPS, change)
    small = verify(reroll(odd))
    assert nodes(small) < nodes(odd) / 4
    assert sum(loops(small)) >= STEPS - 8
    args = point(graph)
    want = evaluate(odd, args)
    identical(evaluate(small, args), want)
    assert any(
        not np.array_equal(x, y) for x, y in zip(want, evaluate(graph, args), strict=True)
    ), "the change must be seen"


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(CASES),
    st.lists(st.integers(0, 10_000), min_size=1, max_size=4),
)
def test_several_steps_that_differ(case: Any, places: list[int]) -> None:
    f, change = case
    graph = dk.trace(f)(f64[9], f64[()])
    odd = graph
    for place in places:
        odd = changed(odd, place % (len(graph.nodes) * 9 // 10), change)
    small = verify(reroll(odd))
    identical(evaluate(small, point(graph)), evaluate(odd, point(graph)))
    assert reroll(small) is small


def test_without_the_check_of_wires_the_tests_above_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the kinds of columns are taken from the first and the last block alone."""
    columns_of = wiring.columns_of

    def careless(table: Any, first: int, results: int) -> Any:
        steps = len(table)
        found = columns_of(table, first, results)
        if found is not None:
            return found
        last = table[-1]
        guess = last - (np.arange(steps)[::-1] * results)[:, None]
        guess = np.where((last >= first) & (guess >= first), guess, table[:1])
        return columns_of(np.where(last < first, table[:1], guess), first, results)

    def everything(g: Any, start: int, stop: int, period: int) -> tuple[int, int]:
        return start + 2 * period, stop

    graph = dk.trace(stencil)(f64[9], f64[()])
    odd = changed(graph, ODD * len(graph.nodes) // STEPS, other_operand)
    want = evaluate(odd, point(graph))
    identical(evaluate(reroll(odd), point(graph)), want)
    monkeypatch.setattr(wiring, "columns_of", careless)
    monkeypatch.setattr(wiring, "regular", everything)
    wrong = evaluate(reroll(odd), point(graph))
    assert any(not np.array_equal(x, y) for x, y in zip(wrong, want, strict=True))


# --- what is no loop -----------------------------------------------------------------------------


def test_ops_in_no_order() -> None:
    rng = np.random.default_rng(3)
    ops: list[Any] = [np.sin, np.cos, np.tanh, np.arctan, lambda x: x * 1.1]
    order = rng.integers(0, 5, 1000).tolist()

    def f(x: Any) -> Any:
        for k in order:
            x = ops[k](x)
        return x

    graph = dk.trace(f)(f64[()])
    assert reroll(graph) is graph


def test_wires_in_no_order() -> None:
    rng = np.random.default_rng(4)
    pairs = rng.integers(0, 1000, (600, 2)).tolist()

    def f(x: Any) -> Any:
        values = [x]
        for i, j in pairs:
            values.append(np.sin(values[i % len(values)] * values[j % len(values)]))
        return values[-1] + sum(values[-9:])

    graph = dk.trace(f)(f64[()])
    small = verify(reroll(graph))
    identical(evaluate(small, point(graph)), evaluate(graph, point(graph)))


def test_shapes_that_grow() -> None:
    def f(x: Any) -> Any:
        for _ in range(40):
            x = np.concatenate([x, np.sin(x[-1:]) + x[:1]])
        return x

    graph = dk.trace(f)(f64[2])
    assert reroll(graph) is graph


def test_a_constant_made_on_the_way() -> None:
    """From step 50 on all steps read a value of step 50."""

    def f(x: Any) -> Any:
        kept = x
        for k in range(120):
            x = np.sin(x) + kept
            if k == 50:
                kept = x
        return x

    graph = dk.trace(f)(f64[()])
    small = verify(reroll(graph))
    assert nodes(small) < 30
    identical(evaluate(small, point(graph)), evaluate(graph, point(graph)))


def test_values_from_the_middle_of_a_loop() -> None:
    def f(x: Any) -> Any:
        seen = []
        for k in range(120):
            y = np.sin(x)
            x = y * 0.9 + np.cos(x)
            if k in (3, 30, 60, 119):
                seen.append(y)
        return seen, x

    graph = dk.trace(f)(f64[2])
    small = verify(reroll(graph))
    assert loops(small)
    assert nodes(small) < 40
    identical(evaluate(small, point(graph)), evaluate(graph, point(graph)))


def test_what_a_while_saved_is_no_row() -> None:
    """The reverse of a `while` reads sequences of a length that only running tells."""

    def f(x: Any) -> Any:
        for _ in range(30):
            x = dk.while_loop(lambda y: y < 1.0, lambda y: np.sin(y) + 0.3, x * 0.3) - x
        return x

    graph = dk.trace(f)(f64[()])
    assert loops(reroll(graph)) == [30]
    plain = vjp(graph, [True])
    assert any(out.type.tape for node in plain.nodes for out in node.outs)
    small = verify(reroll(plain))
    args = [np.float64(0.1), np.float64(1.0)]
    identical(evaluate(small, args), evaluate(plain, args))


def test_unpacked_arguments_are_left_alone() -> None:
    """Many equal reads are no loop if each is used on its own."""

    def f(x: Any) -> Any:
        p = [x[k] for k in range(80)]
        total = p[0]
        rng = np.random.default_rng(2)
        ops: list[Any] = [np.multiply, np.add, np.subtract, np.arctan2]
        for k in rng.permutation(79).tolist():
            total = ops[k % 4](total, p[k + 1])
        return total

    graph = dk.trace(f)(f64[80])
    assert reroll(graph) is graph


# --- random steps --------------------------------------------------------------------------------

STEP_OPS: list[Callable[..., Any]] = [
    lambda a, b, c, k, data: np.sin(a) + b,
    lambda a, b, c, k, data: a * c - b,
    lambda a, b, c, k, data: np.tanh(b) * data[k],
    lambda a, b, c, k, data: a[::-1] + 0.5 * k,
    lambda a, b, c, k, data: np.where(a > b, a, c),
    lambda a, b, c, k, data: dnp.set_at(a, k % 3, b[0]),
    lambda a, b, c, k, data: a + data[(k * 2) % 40] * c,
    lambda a, b, c, k, data: np.sum(a * b) * c,
    lambda a, b, c, k, data: b,
    lambda a, b, c, k, data: np.cumsum(a) / 3.0,
]
STATEMENTS = st.lists(
    st.tuples(st.integers(0, len(STEP_OPS) - 1), st.integers(0, 2), st.permutations(range(3))),
    min_size=1,
    max_size=4,
)


def program(statements: Any, steps: int, stacked: bool, skip: int) -> Graph:
    """Random statements on three arrays and data, all steps kept or the last, one left out."""

    def f(x: Any, data: Any) -> Any:
        state = [x, np.cos(x), x * x]
        kept = []
        for k in range(steps):
            for number, (op, target, order) in enumerate(statements):
                if number == skip and k == steps // 2:
                    continue
                a, b, c = (state[place] for place in order)
                state[target] = STEP_OPS[op](a, b, c, k, data)
            kept.append(state[statements[0][1]])
        return (np.stack(kept), *state) if stacked else tuple(state)

    return dk.trace(f)(f64[3], f64[40, 3])


RANDOM = (STATEMENTS, st.integers(8, 40), st.booleans(), st.integers(0, 7))


@settings(max_examples=80, deadline=None)
@given(*RANDOM)
def test_random_steps(statements: Any, steps: int, stacked: bool, skip: int) -> None:
    graph = program(statements, steps, stacked, skip)
    small = verify(reroll(graph, size=16))
    assert nodes(small) <= nodes(graph)
    assert reroll(small, size=16) is small
    identical(evaluate(small, point(graph)), evaluate(graph, point(graph)))


@settings(max_examples=30, deadline=None)
@given(*RANDOM)
def test_derivatives_of_random_steps(statements: Any, steps: int, stacked: bool, skip: int) -> None:
    graph = program(statements, steps, stacked, skip)
    plain = vjp(graph, [True, True])
    args = point(plain)
    want = evaluate(plain, args)
    identical(evaluate(verify(reroll(plain, size=16)), args), want)
    assume(np.isfinite(size(want)))  # products of products overflow, and then nothing is close
    rolled = evaluate(vjp(reroll(graph, size=16), [True, True]), args)
    for x, y in zip(rolled, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12 * max(1.0, size(want)))
