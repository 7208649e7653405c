"""Unrolled loops come back as scans: equal bit for bit, a few nodes, with the same derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import Graph, all_nodes, evaluate, verify
from diffkit.modes.forward import jvp
from diffkit.modes.reverse import vjp
from diffkit.ops.region import scan
from diffkit.transforms.reroll import reroll
from diffkit.transforms.unroll import unroll
from diffkit.types import f64, i64
from tests.ops.numerics import size
from tests.replay import prepare
from tests.transforms.reroll_programs import (
    PROGRAMS,
    Program,
    double_pendulum,
    heat,
    leapfrog,
    nested,
    shuffled,
    tabulated_euler,
    trajectory,
)

IDS = [program.f.__name__ for program in PROGRAMS]
ALL = pytest.mark.parametrize("program", PROGRAMS, ids=IDS)


def nodes(graph: Graph) -> int:
    return len(list(all_nodes(graph)))


def loops(graph: Graph) -> list[int]:
    """The lengths of all scans, outer ones first."""
    return [node.attrs["length"] for node in all_nodes(graph) if node.op is scan]


def point(graph: Graph, seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [0.4 * rng.normal(size=p.type.shape) for p in graph.params]


def identical(got: Sequence[Any], want: Sequence[Any]) -> None:
    """Equal in dtype, shape and every bit."""
    assert len(got) == len(want)
    for x, y in zip(got, want, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        assert (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes())


@ALL
def test_the_same_bits_from_a_few_nodes(program: Program) -> None:
    graph = dk.trace(program.f)(*program.types)
    small = verify(reroll(graph))
    assert nodes(small) <= program.most < nodes(graph) / 3
    assert loops(small)
    assert reroll(small) is small
    args = point(graph)
    identical(evaluate(small, args), evaluate(graph, args))
    identical(prepare(small)(args), prepare(graph)(args))


@ALL
def test_it_computes_what_numpy_computes(program: Program) -> None:
    small = reroll(dk.trace(program.f)(*program.types))
    args = point(small, seed=1)
    found: Any = program.f(*args)
    want = list(found) if isinstance(found, tuple | list) else [found]
    for x, y in zip(evaluate(small, args), want, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12 * size([y]))


@ALL
@pytest.mark.parametrize("mode", [jvp, vjp], ids=["jvp", "vjp"])
def test_derivatives_before_and_after(program: Program, mode: Any) -> None:
    """Rolled and then differentiated, the same to rounding, as sums have another order; rolled
    after it, the same bits."""
    graph = dk.trace(program.f)(*program.types)
    on = [True] * len(program.types)
    plain = mode(graph, on)
    args = point(plain, seed=2)
    want = evaluate(plain, args)
    late = verify(reroll(plain))
    if program.f is not shuffled:  # whose sums into one element come in no order
        assert nodes(late) < nodes(plain) / 2
    assert reroll(late) is late
    identical(evaluate(late, args), want)
    identical(prepare(late)(args), prepare(plain)(args))
    for x, y in zip(evaluate(verify(mode(reroll(graph), on)), args), want, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-13 * max(1.0, size(want)))


# --- text ----------------------------------------------------------------------------------------

TEXT = {
    heat: """\
graph heat(u: f64[8], c: f64[]) -> (f64[8]) {
  a: f64[8] = scan(consts: c; carry: u) {length=300}
    step(c: f64[], u: f64[8]) -> (f64[8]) {
      a: f64[6] = slice(u) {start=(1,), step=(1,), stop=(7,)}
      b: f64[6] = slice(u) {start=(2,), step=(1,), stop=(8,)}
      d: f64[6] = mul(2.0, a)
      e: f64[6] = sub(b, d)
      f: f64[6] = slice(u) {start=(0,), step=(1,), stop=(6,)}
      g: f64[6] = add(e, f)
      h: f64[6] = mul(c, g)
      i: f64[6] = add(a, h)
      j: f64[8] = slice_set(u, i) {start=(1,), step=(1,), stop=(7,)}
      return j
    }
  return a
}""",
    leapfrog: """\
graph leapfrog(x: f64[3], dt: f64[]) -> (f64[42, 3], f64[3]) {
  a: f64[3] = sin(x)
  b: f64[3] = mul(dt, a)
  c: f64[3] = add(x, b)
  d: f64[3] = mul(2.0, c)
  e: f64[3] = sub(d, x)
  f: f64[] = square(dt)
  g: f64[3] = sin(c)
  h: f64[3] = mul(f, g)
  i: f64[3] = sub(e, h)
  j: f64[3], k: f64[3], l: f64[39, 3] = scan(consts: f; carry: i, c) {length=39}
    step(a: f64[], b: f64[3], c: f64[3]) -> (f64[3], f64[3], f64[3]) {
      d: f64[3] = mul(2.0, b)
      e: f64[3] = sub(d, c)
      f: f64[3] = sin(b)
      g: f64[3] = mul(a, f)
      h: f64[3] = sub(e, g)
      return h, b, h
    }
  m: f64[3, 3] = stack(x, c, i) {axis=0}
  n: f64[42, 3] = concatenate(m, l) {axis=0}
  return n, j
}""",
    tabulated_euler: """\
graph tabulated_euler(x: f64[]) -> (f64[]) {
  a: f64[] = scan(carry: x; xs: [TIMES]) {length=40}
    step(x: f64[], a: f64[]) -> (f64[]) {
      b: f64[] = sub(a, x)
      c: f64[] = mul(0.1, b)
      d: f64[] = add(x, c)
      return d
    }
  return a
}""".replace("TIMES", ",".join(repr(float(np.sin(0.1 * k))) for k in range(40))),
    trajectory: """\
graph trajectory(x: f64[2]) -> (f64[41, 2]) {
  a: f64[41, 2] = broadcast(0.0) {shape=(41, 2)}
  b: f64[2] = mul(0.0, x)
  c: f64[41, 2] = add(a, b)
  d: f64[1, 2] = reshape(x) {shape=(1, 2)}
  e: f64[41, 2] = slice_set(c, d) {start=(0, 0), step=(1, 1), stop=(1, 2)}
  f: f64[2], g: f64[40, 2] = scan(carry: x) {length=40}
    step(x: f64[2]) -> (f64[2], f64[2]) {
      a: f64[2] = sin(x)
      b: f64[2] = mul(0.1, a)
      c: f64[2] = add(x, b)
      return c, c
    }
  h: f64[41, 2] = slice_set(e, g) {start=(1, 0), step=(1, 1), stop=(41, 2)}
  return h
}""",
}


@pytest.mark.parametrize("f", TEXT, ids=lambda f: f.__name__)
def test_the_text_of_a_rolled_loop(f: Any) -> None:
    (program,) = [program for program in PROGRAMS if program.f is f]
    assert str(reroll(dk.trace(f)(*program.types))) == TEXT[f]


def test_a_nest_of_loops_is_a_nest_of_scans() -> None:
    def f(x: Any, d: Any) -> Any:
        for _ in range(20):
            for i in range(30):
                x = np.sin(x + d[i]) * d[i]
            x = x * 0.5
        return x

    small = reroll(dk.trace(f)(f64[()], f64[30]))
    assert sorted(loops(small)) in ([19, 30, 30], [20, 30])
    assert loops(reroll(dk.trace(nested)(f64[()], f64[5]))) == [99]


# --- the inverse of unrolling --------------------------------------------------------------------


def cell(w: Any, h: Any, rows: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = np.tanh(w @ h + x)
        return h, (np.sum(h * h), x * h)

    return dk.scan(step, h, rows)


def backwards(w: Any, h: Any, rows: Any) -> Any:
    return dk.scan(lambda h, x: (np.sin(w @ h) + x, h * x), h, rows, reverse=True)


def counted(w: Any, h: Any, rows: Any) -> Any:
    return dk.fori_loop(0, 40, lambda k, h: np.cos(w @ h) * (1 + k) + rows[k % 3], h)


def branching(w: Any, h: Any, rows: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        return dk.cond(np.sum(h) > 0, lambda h: np.sin(w @ h), lambda h: h + x, h), x[0]

    return dk.scan(step, h, rows)


@pytest.mark.parametrize("f", [cell, backwards, counted, branching], ids=lambda f: f.__name__)
def test_what_was_unrolled_is_rolled_up_again(f: Any) -> None:
    graph = dk.trace(f)(f64[3, 3], f64[3], f64[40, 3])
    flat = unroll(graph)
    small = verify(reroll(flat))
    assert loops(small) in ([40], [39])
    assert nodes(small) <= 1.5 * nodes(graph) + 4
    args = point(graph)
    identical(evaluate(small, args), evaluate(flat, args))
    identical(evaluate(small, args), evaluate(graph, args))


def test_the_direction_of_rows() -> None:
    """Read from the end, written from the end: the rows stand where they belong."""

    def f(x: Any) -> Any:
        out = [np.sin(x[k]) * (k + 2.0) * x[k] for k in range(39, -1, -1)]
        return np.stack(out[::-1], axis=1), np.stack(out[::2])

    graph = dk.trace(f)(f64[40, 2])
    small = verify(reroll(graph))
    assert loops(small) == [40]
    identical(evaluate(small, point(graph)), evaluate(graph, point(graph)))


# --- regions, other types ------------------------------------------------------------------------


def test_loops_inside_regions() -> None:
    def f(x: Any, rows: Any) -> Any:
        def step(c: Any, r: Any) -> Any:
            for _ in range(50):
                c = np.sin(c) + r
            return c, c

        return dk.scan(step, x, rows)

    graph = dk.trace(f)(f64[()], f64[3])
    small = verify(reroll(graph))
    assert loops(small) == [3, 50]
    assert reroll(small) is small
    identical(evaluate(small, point(graph)), evaluate(graph, point(graph)))


def test_loops_around_regions() -> None:
    """A Python loop around a scan and a branch: regions are compared by what they do."""

    def f(x: Any, rows: Any) -> Any:
        for _ in range(30):
            x, ys = dk.scan(lambda c, r: (np.sin(c) + r, c * r), x, rows)
            x = dk.cond(x > 0, lambda x, y: x * y, lambda x, y: x - y, x, ys[0])
        return x

    graph = dk.trace(f)(f64[()], f64[5])
    small = verify(reroll(graph))
    assert loops(small) == [30, 5]
    identical(evaluate(small, point(graph)), evaluate(graph, point(graph)))


def test_regions_that_differ_stay_apart() -> None:
    def f(x: Any, rows: Any) -> Any:
        for k in range(70):
            x = dk.cond(x > 0, lambda x, k=k: x * (k + 2.0), lambda x: x - 1, x)
        return x

    graph = dk.trace(f)(f64[()], f64[5])
    assert reroll(graph) is graph


def test_integers_and_booleans() -> None:
    def f(n: Any, x: Any) -> Any:
        states = []
        for k in range(40):
            n = np.where(n % 2 == 0, n // 2, 3 * n + 1)
            x = np.where(n > k, x, np.sin(x))
            states.append(n > 50)
        return n, x, np.stack(states)

    graph = dk.trace(f)(i64[3], f64[3])
    small = verify(reroll(graph))
    assert loops(small) == [40]
    args = [np.array([27, 31, 4]), np.array([0.1, 0.2, 0.3])]
    identical(prepare(small)(args), prepare(graph)(args))


def test_callbacks_keep_their_order() -> None:
    calls: list[float] = []

    def note(x: Any) -> Any:
        calls.append(float(x))
        return np.asarray(x) * 2

    noted = dk.callback(note, f64[()])

    def f(x: Any) -> Any:
        for _ in range(70):
            x = np.sin(noted(x))
        return x

    graph = dk.trace(f)(f64[()])
    small = verify(reroll(graph))
    found: list[list[float]] = []
    for program in (graph, small):
        calls.clear()
        evaluate(program, [np.float64(0.3)])
        found.append(calls.copy())
    assert len(found[0]) == 70
    assert found[0] == found[1]


def test_custom_rules_stay() -> None:
    wave = dk.custom_jvp(lambda x: np.sin(x) * 2)
    wave.defjvp(lambda primals, tangents: (np.sin(primals[0]) * 2, 5 * tangents[0]))

    def f(x: Any) -> Any:
        for _ in range(70):
            x = wave(x) * 0.3
        return x

    graph = dk.trace(f)(f64[()])
    small = verify(reroll(graph))
    args = [np.float64(0.3), np.float64(1.0)]
    want = evaluate(jvp(graph, [True]), args)
    np.testing.assert_allclose(evaluate(jvp(small, [True]), args), want, rtol=1e-13)
    np.testing.assert_allclose(want[1], 1.5**70, rtol=1e-13)


def test_twenty_thousand_steps_of_one_op() -> None:
    """Nothing recurses over the length."""

    def f(x: Any) -> Any:
        for _ in range(20_000):
            x = np.sin(x)
        return x

    small = reroll(dk.trace(f)(f64[()]))
    assert str(small).count("sin") == 1
    assert loops(small) == [20_000]


def test_a_thousand_steps_of_a_double_pendulum() -> None:
    graph = dk.trace(lambda s: double_pendulum(s, 1000))(f64[4])
    small = verify(reroll(graph))
    assert loops(small) == [1000]
    assert nodes(small) <= 30 < 29_000 <= nodes(graph)
    identical(prepare(small)(point(graph)), prepare(graph)(point(graph)))


def test_how_much_is_a_loop() -> None:
    def f(x: Any) -> Any:
        for _ in range(10):
            x = np.sin(x) + 0.1 * x
        return x

    graph = dk.trace(f)(f64[()])
    assert reroll(graph) is graph
    assert loops(reroll(graph, size=30)) == [10]
    assert reroll(graph, repeats=11, size=30) is graph
