"""Functions with operations that only NumPy can run: cut, compiled in pieces, and reported."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.backends.cut import LONE, TORN, Cut, cut
from diffkit.backends.interpreter import prepare
from diffkit.backends.numba.backend import Executable, Joined, Lowered
from diffkit.errors import EvaluationError, UnsupportedError
from diffkit.graph import Graph, Node, verify
from diffkit.lowering.lower import refusal
from diffkit.modes.reverse import vjp
from diffkit.transforms.optimise import optimise
from tests.lowering.agreement import close, graph_of

X = np.array([0.3, -1.2, 2.5, 0.8])
ordered = dk.callback(np.sort, dk.f64[4])
total = dk.callback(np.sum, dk.f64[()])
root = dk.callback(np.cbrt, dk.f64[()])


def middle(x: Any) -> Any:
    return np.sin(ordered(np.exp(x) * x)) * 2


def chain(x: Any) -> Any:
    a = np.exp(x) * np.sum(x)
    b = ordered(a)
    c = np.cos(b) * a + x
    return np.sum(ordered(c) * b), c


def kept(x: Any) -> Any:
    """Results that are arguments, constants, or one value twice."""
    y = ordered(np.tanh(x) * 3)
    return x, y, y, np.ones(4), 2.5, np.sin(y) + y


def side_by_side(x: Any) -> Any:
    """Two callbacks that do not depend on one another share a place."""
    return np.sin(ordered(np.exp(x) * 2)) * np.cos(ordered(np.tanh(x) * 3)) + total(x * x - 1)


def numbers(x: Any) -> Any:
    return root(x[0] * x[1]) * np.sin(x[2]) + root(x[3]) * x[1]


def loop(x: Any) -> Any:
    def step(c: Any, r: Any) -> Any:
        return root(c) + r, c * r

    last, rows = dk.scan(step, 2.0, x)
    return last * np.sum(np.sin(rows))


def branch(x: Any) -> Any:
    y = dk.cond(x[0] > 0, lambda x: ordered(x), lambda x: -x, x)
    return np.sum(np.exp(y) * y)


def called(x: Any) -> Any:
    inner = dk.checkpoint(lambda x: np.exp(ordered(np.sin(x) * 2)) * x)
    return np.sum(inner(inner(x)) * 2)


def beside_a_loop(x: Any) -> Any:
    y = dk.fori_loop(0, 20, lambda k, c: np.sin(c) + x, x)
    return np.sum(ordered(y) * np.exp(y))


PROGRAMS = (middle, chain, kept, side_by_side, numbers, loop, branch, called, beside_a_loop)


@pytest.mark.parametrize("f", PROGRAMS)
def test_a_function_in_pieces_computes_what_the_interpreter_does(f: Callable[..., Any]) -> None:
    graph = graph_of(f, [X])
    close(Lowered(graph).compile()([X]), prepare(graph)([X]), f.__name__)


@pytest.mark.parametrize("f", PROGRAMS)
def test_a_cut_keeps_every_rule_of_the_language(f: Callable[..., Any]) -> None:
    """Parts are graphs of the language; each value is made once, before it is read; compiled parts
    hold nothing that cannot be compiled, and there are no two in a row."""
    found = cut_of(f)
    known = set(found.graph.params)
    for part in found.parts:
        verify(part.graph)
        assert known.issuperset(part.graph.params)
        assert known.isdisjoint(part.graph.outputs)
        known.update(part.graph.outputs)
        assert not part.compiled or not any(map(refusal, part.graph.nodes))
        assert part.compiled or set(part.why) == set(part.graph.nodes)
    kinds = [part.compiled for part in found.parts]
    assert all(a != b for a, b in pairwise(kinds))
    nodes = [node for part in found.parts for node in part.graph.nodes]
    assert len(nodes) == len(set(nodes)) == len(found.graph.nodes)


def cut_of(f: Callable[..., Any]) -> Cut:
    return cut(optimise(graph_of(f, [X])), refusal)


def shape_of(f: Callable[..., Any]) -> list[tuple[bool, list[str]]]:
    """The operations of each part."""
    return [(p.compiled, [n.op.name for n in p.graph.nodes]) for p in cut_of(f).parts]


def test_the_fewest_pieces() -> None:
    assert [kind for kind, _ in shape_of(middle)] == [True, False, True]
    assert [kind for kind, _ in shape_of(chain)] == [True, False, True, False, True]
    assert [kind for kind, _ in shape_of(side_by_side)] == [True, False, True]
    assert len(shape_of(np.sin)) == 1


def test_what_starts_in_numpy_is_not_waited_for() -> None:
    found = shape_of(lambda x: np.sin(ordered(x)) * np.exp(x))
    assert [kind for kind, _ in found] == [False, True]


def test_a_broadcast_is_not_handed_over() -> None:
    """It is made where it is read: what crosses is the row."""
    found = cut_of(lambda x: np.sum(np.broadcast_to(np.sin(x) * x, (50, 4)) * total(np.exp(x) * x)))
    crossing = [p.type.size for part in found.parts for p in part.graph.params]
    assert max(crossing) == 4


def test_a_lone_operation_is_not_compiled() -> None:
    found = cut_of(lambda x: ordered(ordered(x)[::-1] * 2))
    (part,) = found.parts
    assert [(n.op.name, part.why[n]) for n in part.graph.nodes][2] == ("mul", LONE)


def test_what_only_calls_is_written_out_where_it_must_be() -> None:
    assert [kind for kind, _ in shape_of(called)] == [True, False, True, False, True]
    assert not any("call" in names for _, names in shape_of(called))


# --- loops ---------------------------------------------------------------------------------------


def slope_of(f: Callable[..., Any], args: Sequence[Any]) -> Graph:
    return verify(optimise(vjp(graph_of(f, args), [True] * len(args))))


def with_a_rule() -> Any:
    f = dk.callback(np.sin, dk.f64[()])
    slope = dk.callback(np.cos, dk.f64[()])
    slope.defjvp(lambda p, t: (slope(p[0]), -f(p[0]) * t[0]))
    f.defjvp(lambda p, t: (f(p[0]), slope(p[0]) * t[0]))
    return f


def test_saved_steps_do_not_cross_between_compiled_pieces() -> None:
    """The reverse of the loop reads what the loop saved, and comes after the callback."""
    sine = with_a_rule()

    def f(x: Any) -> Any:
        return sine(dk.while_loop(lambda c: c < 5, lambda c: c * c + x, x)) * x

    graph = slope_of(f, [1.1])
    args = [1.1, 0.7]
    run = Lowered(graph)
    close(run.compile()(args), prepare(graph)(args), "while")
    assert TORN in {item.why for item in run.plan.in_numpy}
    np.testing.assert_allclose(dk.jit(dk.grad(f))(1.1), dk.grad(f)(1.1), rtol=1e-13)


def test_derivatives_and_lanes_of_a_callback_with_rules() -> None:
    sine = with_a_rule()

    def f(x: Any) -> Any:
        return sine(x * x) * np.exp(x) + x

    for made in (dk.grad(f), dk.grad(dk.grad(f)), dk.vmap(f)):
        x: Any = X if made.__name__.startswith("vmap") else 0.7
        np.testing.assert_allclose(dk.jit(made)(x), made(x), rtol=1e-12)
    dk.check_grads(dk.jit(f), 0.7, order=2)
    np.testing.assert_allclose(dk.vmap(dk.jit(f))(X), dk.vmap(f)(X), rtol=1e-13)


# --- callbacks -----------------------------------------------------------------------------------


def test_callbacks_keep_their_order_and_their_number() -> None:
    seen: list[str] = []

    def noted(name: str) -> Any:
        return dk.callback(lambda x: seen.append(name) or x, dk.f64[4])

    first, second, third = noted("first"), noted("second"), noted("third")

    def f(x: Any) -> Any:
        a = first(np.exp(x) * x)
        b = second(np.sin(a) * a)
        return third(x) * b * a, first(x)

    run = dk.jit(f)
    for _ in range(2):
        seen.clear()
        run(X)
        assert seen == ["first", "second", "third", "first"]


def test_the_error_of_a_callback_names_its_line() -> None:
    bad = dk.callback(lambda x: x[:2], dk.f64[4])
    with pytest.raises(EvaluationError, match=r"callback at .*test_pieces\.py"):
        dk.jit(lambda x: np.sin(bad(np.exp(x) * 2)) * 2)(X)


def test_an_error_in_a_compiled_piece_names_its_line() -> None:
    run = dk.jit(lambda x, k: x[k] * np.sin(x[k]) + total(np.exp(x) * 2))
    assert run(X, 1) == pytest.approx(X[1] * np.sin(X[1]) + np.sum(np.exp(X) * 2), rel=1e-14)
    with pytest.raises(IndexError, match=r"test_pieces\.py"):
        run(X, 9)


def test_results_belong_to_the_caller() -> None:
    x = X.copy()
    given, y, again, *_ = dk.jit(kept)(x)
    given[:], y[:] = 7, 8
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(again, np.sort(np.tanh(X) * 3))


def test_arguments_in_any_order_and_donated() -> None:
    def f(x: Any) -> Any:
        return dk.callback(np.ascontiguousarray, dk.f64[3, 4])(np.exp(x) * x) + x * 2

    x = np.linspace(-1, 1, 12).reshape(4, 3).T
    before = x.copy()
    np.testing.assert_allclose(dk.jit(f, donate=(0,))(x), np.exp(x) * x + x * 2, rtol=1e-14)
    np.testing.assert_array_equal(x, before)


def test_threads_share_one_function() -> None:
    run = dk.jit(chain)
    start = threading.Barrier(4)
    found: dict[int, Any] = {}

    def work(k: int) -> None:
        start.wait()
        found[k] = [run(X * (k + 1))[0] for _ in range(5)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.traces == 1
    for k, values in found.items():
        np.testing.assert_allclose(values, [chain(X * (k + 1))[0]] * 5, rtol=1e-12)


def test_equal_pieces_are_one_program() -> None:
    def f(x: Any) -> Any:
        for _ in range(6):
            x = ordered(np.sin(x) * x + 1)
        return x

    compiled = dk.jit(f).lower(X).compile()
    assert isinstance(compiled, Joined)
    functions = {step.run.function for step in compiled.steps if isinstance(step.run, Executable)}
    assert len(functions) == 2  # the first reads an argument that has a name
    np.testing.assert_allclose(compiled.flat(X), f(X), rtol=1e-13)


# --- the report ----------------------------------------------------------------------------------


def where(f: Callable[..., Any], line: int) -> str:
    return f"test_pieces.py:{f.__code__.co_firstlineno + line}"


def test_the_plan_says_what_runs_in_numpy_and_why() -> None:
    assert (
        str(dk.jit(middle).plan(X))
        == f"""\
middle: 2 compiled pieces (4 operations), 1 operation in NumPy
  callback at {where(middle, 1)}: only Python can run it"""
    )
    inside = f"callback at {where(loop, 2)}"
    assert (
        str(dk.jit(loop).plan(X))
        == f"""\
loop: 1 compiled piece (3 operations), 1 operation in NumPy
  scan at {where(loop, 4)}: the whole loop runs in NumPy, for {inside} inside"""
    )
    assert "the whole branch runs in NumPy" in str(dk.jit(branch).plan(X))
    assert str(dk.jit(np.sin).plan(X)) == "sin: compiled as a whole"


def test_the_plan_counts_lines_that_come_again() -> None:
    def f(x: Any) -> Any:
        for _ in range(6):
            x = ordered(np.sin(x) * x)
        return x

    lines = str(dk.jit(f).plan(X)).splitlines()
    assert lines[0] == "f: 6 compiled pieces (12 operations), 6 operations in NumPy"
    assert lines[1:] == [f"  callback at {where(f, 2)}: only Python can run it (6 times)"]


def test_the_plan_of_a_function_that_is_not_compiled() -> None:
    plan = dk.jit(middle, backend="interpreter").plan(X)
    assert plan.pieces == 0
    assert {item.why for item in plan.in_numpy} == {'backend="interpreter"'}
    with pytest.raises(UnsupportedError, match="max_nodes"):
        dk.jit(chain, max_nodes=3).plan(X)
    asked = dk.jit(chain, max_nodes=3, fallback="interpreter")
    assert "max_nodes" in str(asked.plan(X))
    np.testing.assert_array_equal(asked(X)[1], chain(X)[1])


def test_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "diffkit"):
        for f in (middle, loop, np.sin):
            run = dk.jit(f)
            run(X)
            run(X)
    levels = [(record.levelname, record.getMessage().split(":")[0]) for record in caplog.records]
    assert levels == [("INFO", "middle"), ("WARNING", "loop")]


def test_all_pieces_are_printed() -> None:
    run = dk.jit(chain)
    assert run.source(X).count("def chain_") == 3
    assert str(run.loops(X)).count("program chain(") == 3


def test_the_gpu_refuses_what_has_no_compiled_form() -> None:
    with pytest.raises(UnsupportedError, match=r'callback.*backend="numba"'):
        _ = dk.jit(middle, backend="cuda").source(X)


def test_a_node_that_is_refused_for_any_reason_is_cut_out() -> None:
    """Refusals are the cutter's only knowledge of what a backend can do."""

    def no_cosines(node: Node) -> str | None:
        return "no cosines today" if node.op.name == "cos" else None

    graph = graph_of(lambda x: np.sin(np.cos(x) * x) + np.cos(x + 1), [X])
    kinds = [(p.compiled, [n.op.name for n in p.graph.nodes]) for p in cut(graph, no_cosines).parts]
    assert kinds == [(False, ["cos", "add", "cos"]), (True, ["mul", "sin", "add"])]
