"""Values of loops: those of Python's own, whoever runs them, whatever shares memory with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.graph import evaluate
from tests.control.agreement import graph_of, leaves_of, same
from tests.control.programs import PROGRAMS, Program
from tests.replay import prepare, replayed

X = np.array([0.3, 0.7, 1.1])
M = np.arange(12.0).reshape(4, 3) / 7


def everywhere(f: Callable[..., Any], *args: Any) -> list[Any]:
    """The leaves of f(*args): plain, recorded eagerly, under jit twice, and by both evaluators,
    bit for bit the same; and the arguments as they were."""
    before = [np.array(x) for x in args]
    plain = leaves_of(f(*args))
    graph = graph_of(f, args)
    run, jitted = prepare(graph), replayed(f)
    floats = tuple(k for k, x in enumerate(args) if np.asarray(x).dtype.kind == "f")
    eager = dk.vjp(lambda *xs: f(*filled(args, floats, xs)), *[args[k] for k in floats])[0]
    same(evaluate(graph, args), plain)
    for _ in range(2):  # nothing may be left behind in the memory of a prepared graph
        same(run(args), plain)
        same(leaves_of(jitted(*args)), plain)
    same(leaves_of(eager), plain)
    for x, y in zip(args, before, strict=True):
        np.testing.assert_array_equal(x, y)
    for y in leaves_of(jitted(*args)):
        if np.ndim(y):
            y[...] = 7  # a result belongs to the caller
    same(leaves_of(jitted(*args)), plain)
    return plain


def filled(args: Any, places: Any, xs: Any) -> list[Any]:
    found = list(args)
    for k, x in zip(places, xs, strict=True):
        found[k] = x
    return found


# --- against Python ------------------------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_is_a_for_loop(reverse: bool) -> None:
    def step(c, r):
        return np.sin(c) * r + c, (c, r * 2)

    c, ys = np.full(3, 0.4), []
    for r in M[::-1] if reverse else M:
        c, y = step(c, r)
        ys.append(y)
    rows = [np.stack(column) for column in zip(*(ys[::-1] if reverse else ys), strict=True)]
    got = everywhere(lambda m: dk.scan(step, np.full(3, 0.4), m, reverse=reverse), M)
    same(got, [c, *rows])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("size", ["sqrt", 1, 2, 3, 4, 5, 100])
@pytest.mark.parametrize("count", [0, 1, 4, 7])
def test_a_checkpoint_changes_no_bit(count: int, size: Any, reverse: bool) -> None:
    rows = np.linspace(-1, 1, 3 * count).reshape(count, 3)

    def step(c, r):
        return np.tanh(c + r), (c * r, {"k": np.sum(r)})

    def f(checkpoint):
        return lambda m: dk.scan(step, m[:0].sum(axis=0), m, None, reverse, checkpoint)

    same(everywhere(f(size), rows), everywhere(f(None), rows))


def test_length_alone() -> None:
    got = everywhere(lambda x: dk.scan(lambda c, r: (c * x, c if r is None else 0), x, length=3), X)
    np.testing.assert_array_equal(got[0], X * X * X * X)
    np.testing.assert_array_equal(got[1], np.stack([X, X * X, X * X * X]))


def test_rows_that_are_none_and_trees() -> None:
    assert dk.scan(lambda c, r: (c + r, None), 0.0, X)[1] is None
    assert replayed(lambda x: dk.scan(lambda c, r: (c + r, None), 0.0, x))(X)[1] is None

    def step(c, r):
        new = {"n": c["n"] + 1, "v": (c["v"][0] * r["a"], None)}
        return new, [{"y": c["v"][0]}, None, r["b"]]

    def f(x, m):
        return dk.scan(step, {"n": 0, "v": (x, None)}, {"a": m, "b": np.arange(4)})

    got = replayed(f)(X, M)
    assert got[0]["n"] == 4 and got[1][1] is None and got[1][2].tolist() == [0, 1, 2, 3]
    everywhere(f, X, M)


def test_zero_steps() -> None:
    def f(x, m):
        end, ys = dk.scan(lambda c, r: (c / np.sum(r), (c * r, 1 / r[0])), x, m[:0])
        return (
            end,
            ys,
            dk.fori_loop(3, 1, lambda i, c: c * 0, x),
            dk.fori_loop(2, 2, lambda i, c: c / i, x[0]),
        )

    got = everywhere(f, X, M)
    np.testing.assert_array_equal(got[0], X)
    assert got[1].shape == (0, 3) and got[2].shape == (0,)


def test_bounds() -> None:
    def collect(lo, hi):
        return dk.fori_loop(lo, hi, lambda i, s: s * 10 + i, 0)

    for lo, hi in ((0, 4), (2, 5), (-2, 2), (4, 4), (5, 2)):
        want = 0
        for i in range(lo, hi):
            want = want * 10 + i
        assert collect(lo, hi) == want
        assert replayed(lambda x, lo=lo, hi=hi: collect(lo, hi) + 0 * x)(1) == want
        assert replayed(collect)(lo, hi) == want  # traced bounds
        assert replayed(lambda hi, lo=lo: collect(lo, hi))(hi) == want
        assert replayed(lambda lo, hi=hi: collect(lo, hi))(lo) == want


def test_while_with_integers_and_booleans() -> None:
    def collatz(n):
        def step(s):
            n, steps, _ = s
            return np.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1, n > 10

        return dk.while_loop(lambda s: s[0] != 1, step, (n, 0, False))

    assert [int(v) for v in replayed(collatz)(27)] == [1, 111, 0]
    n, steps, big = collatz(np.int64(27))
    assert (n, steps, big) == (1, 111, False) and big.dtype == bool


def test_nested_loops_with_captures_at_every_depth() -> None:
    def f(x, y):
        def outer(i, c):
            inner_scale = np.sum(x) + i

            def inner(c, r):
                def innermost(s):
                    return s[0] + 1, s[1] * y[0] + inner_scale * r + x[1]

                return dk.while_loop(lambda s: s[0] < i + 1, innermost, (0, c))[1], c * y

            end, ys = dk.scan(inner, c, x)
            return end + np.sum(ys) * y[1]

        return dk.fori_loop(0, 3, outer, x[0] * y[2])

    want = X[0] * (X * 0.1)[2]
    for i in range(3):
        ys = []
        for r in X:
            ys.append(want * (X * 0.1))
            for _ in range(i + 1):
                want = want * (X * 0.1)[0] + (np.sum(X) + i) * r + X[1]
        want = want + np.sum(ys) * (X * 0.1)[1]
    got = everywhere(f, X, X * 0.1)
    np.testing.assert_allclose(got[0], want, rtol=1e-13)


def test_a_loop_in_a_gradient_in_a_loop_in_a_gradient() -> None:
    def well(y, a):
        return dk.fori_loop(0, 2, lambda i, c: c + a * (y - i) ** 2, 0.1 * y**4)

    def descend(a):
        return dk.fori_loop(0, 3, lambda i, y: y - 0.1 * dk.grad(well)(y, a), a)

    def by_hand(a):
        y = a
        for _ in range(3):
            y = y - 0.1 * (0.4 * y**3 + 2 * a * y + 2 * a * (y - 1))
        return y

    np.testing.assert_allclose(descend(0.3), by_hand(0.3), rtol=1e-14)
    want = dk.grad(by_hand)(0.3)
    for method in ("forward", "reverse"):
        np.testing.assert_allclose(dk.grad(descend, method=method)(0.3), want, rtol=1e-13)
        np.testing.assert_allclose(replayed(dk.grad(descend, method=method))(0.3), want, rtol=1e-13)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_the_evaluators_agree_on_the_table(program: Program) -> None:
    args = program.args
    graph = graph_of(program.f, args)
    want = evaluate(graph, args)
    same(prepare(graph)(args), want)
    same(leaves_of(replayed(program.f)(*args)), want)
    same(leaves_of(replayed(replayed(program.f))(*args)), want)


# --- Python numbers as carries -------------------------------------------------------------------

X32 = X.astype(np.float32)


@pytest.mark.parametrize("start", [0, 0.0, 1, 2.5])
@pytest.mark.parametrize("rows", [X, X32], ids=["f64", "f32"])
def test_a_python_number_takes_the_dtype_of_the_loop(start: Any, rows: Any) -> None:
    for got in (
        everywhere(lambda x: dk.scan(lambda c, r: (c + r, c), start, x), rows),
        everywhere(lambda x: dk.scan(lambda c, r: (c + r, c), start, x, checkpoint=2), rows),
        everywhere(lambda x: dk.fori_loop(0, 3, lambda i, c: c * 2 + x[i], start), rows),
        everywhere(
            lambda x: dk.while_loop(
                lambda s: s[1] < 3, lambda s: (s[0] + x[1], s[1] + 1), (start, 0)
            )[0],
            rows,
        ),
    ):
        assert {y.dtype for y in got} == {rows.dtype}


def test_a_python_number_that_takes_its_dtype_from_another_carry() -> None:
    def f(x):
        return dk.fori_loop(0, 3, lambda i, s: (s[1] * 2, s[1] + x[i], s[2] + 1), (0, 1, 0))

    assert [y.dtype for y in everywhere(f, X32)] == [np.float32, np.float32, np.int64]


def test_a_number_is_one_no_longer_when_the_loop_made_it_an_array_value() -> None:
    """c is float64 after the first step, so its product with float32 rows is float64, as NumPy
    says; it must not stay a Python number, which would round it to float32."""

    def f(x, z):
        return dk.scan(lambda c, r: (c + r[0], c * r[1]), 0.5, (x, z))

    graph = graph_of(f, (X, X32))
    assert [str(t) for t in graph.types] == ["f64[]", "f64[3]"]
    got = evaluate(graph, (X, X32))
    np.testing.assert_array_equal(got[1][1:], (0.5 + np.cumsum(X)[:2]) * X32[1:])


def test_float32_and_integer_carries_keep_their_type() -> None:
    def f(x, k):
        return dk.fori_loop(0, 3, lambda i, s: (s[0] * 2.5, s[1] + 1, s[2] ^ True), (x, k, k > 5))

    got = everywhere(f, X32, np.int32(7))
    assert [y.dtype for y in got] == [np.float32, np.int32, np.bool_]


# --- shared memory -------------------------------------------------------------------------------


def swap(x, y):
    return dk.fori_loop(0, 3, lambda i, c: (c[1] + 1, c[0] * 2), (x, y))


def swap_only(x, y):
    return dk.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[2], s[1]), (0, x, y))


def twice(x):
    return dk.fori_loop(0, 3, lambda i, c: ((s := c[0] + c[1]), s), (x, x))


def old_and_new(x):
    """The old carry goes on next to the new one, which an update in place would overwrite."""
    return dk.scan(lambda c, _: ((c[0] + 1, c[0]), c[0]), (x, x), length=3)


def constant_out(x):
    return dk.fori_loop(0, 3, lambda i, c: (c[1] * 2, x), (x, x)), x


def literal_out(x):
    ones = np.ones(3)
    return dk.fori_loop(0, 3, lambda i, c: (c[1] + c[0], ones + 0), (x, ones)), ones * x


def row_out(m):
    return dk.scan(lambda c, r: (r, c + 1), m[0], m)


def row_then_written(m):
    """A row becomes the carry, and the next step overwrites its carry."""
    return dk.scan(lambda c, r: ((c[1] * 2, r), c[0] + c[1]), (m[0], m[1]), m), m


def broadcast_out(m):
    return dk.scan(lambda c, r: (np.broadcast_to(c[1], (3,)), c + r), m[0], m)


def broadcast_then_written(m):
    def step(c, r):
        return dnp.add_at(np.broadcast_to(c[0], (3,)), [0, 1], r[:2]), c

    return dk.scan(step, m[0], m)


def view_out(m):
    return dk.scan(lambda c, r: (c[::-1], c[:2]), m[0], m)


def view_then_written(m):
    return dk.scan(lambda c, r: (dnp.set_at(c[::-1], 0, r[0]), (c, c[1:])), m[0], m)


def transposed(m):
    return dk.scan(lambda c, _: (c.T + 1, (c, c.T)), m[:3], length=3)


def accumulate(x):
    """The accumulator is updated in place, and every row of ys is the state of its time."""
    return dk.scan(lambda c, r: (dnp.add_at(c, [0, 2, 0], r), c), np.zeros(3), x)


def accumulate_argument(x):
    y = dk.scan(lambda c, r: (dnp.add_at(c, [0, 2, 0], r), None), x, x)[0]
    return y, x * 1, x


def start_reused(x):
    y = np.sin(x)
    first = dk.fori_loop(0, 3, lambda i, c: dnp.add_at(c, i, 1.0), y)
    second = dk.fori_loop(0, 3, lambda i, c: dnp.add_at(c, i, 2.0), y)
    return first, second, y


def view_as_start(m):
    """The loop starts with a view of a value that is read again afterwards."""
    a = np.sin(m)
    end = dk.fori_loop(0, 3, lambda i, c: dnp.set_at(c, i, 9.0), a[1])
    return end, a


def one_start_for_two(x):
    y = np.cos(x)
    return dk.fori_loop(0, 2, lambda i, c: (dnp.add_at(c[0], 0, 1.0), c[1] * 2), (y, y))


def branches(x):
    """A branch returns its operand itself, which must not be overwritten then."""

    def step(c, r):
        d = dk.cond(r > 0.5, lambda c: c, lambda c: c * 2, c)
        return dnp.add_at(d, 0, r), (c, d)

    return dk.scan(step, x, x)


def no_steps(x):
    y = dk.while_loop(lambda c: c[0] > 99, lambda c: c + 1, x)
    return dnp.add_at(y, 0, 1.0), x * 1


def inner_loop_starts_with_outer_carry(x):
    def step(c, r):
        inner = dk.fori_loop(0, 2, lambda i, d: dnp.add_at(d, i, r), c)
        return inner, (c, inner)

    return dk.scan(step, x, x)


def updates_in_python(x):
    """NumPy's own in-place operators, on the carry and on the row."""

    def step(c, r):
        c += r
        c[0] = 5.0
        r *= 2
        return c, (c, r)

    return dk.scan(step, x, M)


TRAPS = [
    (swap, (X, X + 1)), (swap_only, (X, X + 1)), (twice, (X,)), (old_and_new, (X,)),
    (constant_out, (X,)), (literal_out, (X,)), (row_out, (M,)), (row_then_written, (M,)),
    (broadcast_out, (M,)), (broadcast_then_written, (M,)), (view_out, (M,)),
    (view_then_written, (M,)), (transposed, (M,)), (accumulate, (X,)), (accumulate_argument, (X,)),
    (start_reused, (X,)), (view_as_start, (M,)), (one_start_for_two, (X,)), (branches, (X,)),
    (no_steps, (X,)), (inner_loop_starts_with_outer_carry, (X,)), (updates_in_python, (X,)),
]  # fmt: skip


@pytest.mark.parametrize(("f", "args"), TRAPS, ids=[t[0].__name__ for t in TRAPS])
def test_memory_is_shared_with_nobody(f, args) -> None:
    everywhere(f, *args)

    def scalar(*xs):
        return sum(np.sum(np.sin(y)) for y in flat(f(*xs)))

    got = dk.grad(scalar, argnums=tuple(range(len(args))))(*args)
    want = dk.grad(scalar, argnums=tuple(range(len(args))), method="forward")(*args)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-12, atol=1e-13)


def flat(tree):
    import optree

    return [y for y in optree.tree_leaves(tree) if y.dtype.kind == "f"]


def test_a_step_that_returns_one_buffer_again_and_again() -> None:
    buffer = np.zeros(3)

    def step(c, r):
        buffer[:] = c + r
        return buffer, buffer

    end, ys = dk.scan(step, X, M)
    np.testing.assert_allclose(ys, X + np.cumsum(M, axis=0), rtol=1e-15)
    np.testing.assert_array_equal(end, ys[-1])


# --- as text -------------------------------------------------------------------------------------


def test_a_scan_as_text() -> None:
    def f(x, w):
        return dk.scan(lambda h, row: (np.tanh(h * w + row), h), 0.5, x)

    assert (
        str(dk.trace(f)(dk.f64[4], dk.f64[()]))
        == """\
graph f(x: f64[4], w: f64[]) -> (f64[], f64[4]) {
  a: f64[], b: f64[4] = scan(consts: w; carry: 0.5; xs: x) {length=4}
    lambda(w: f64[], h: f64[], row: f64[]) -> (f64[], f64[]) {
      a: f64[] = mul(h, w)
      b: f64[] = add(a, row)
      c: f64[] = tanh(b)
      return c, h
    }
  return a, b
}"""
    )


def test_a_while_as_text() -> None:
    def f(a):
        return dk.while_loop(lambda x: x * x > a, lambda x: x / 2, a, max_steps=9)

    assert (
        str(dk.trace(f)(dk.f64[()]))
        == """\
graph f(a: f64[]) -> (f64[]) {
  b: f64[] = while(consts: a; carry: a) {max_steps=9}
    lambda(a: f64[], x: f64[]) -> (b1[]) {
      b: f64[] = mul(x, x)
      c: b1[] = greater(b, a)
      return c
    }
    lambda(a: f64[], x: f64[]) -> (f64[]) {
      b: f64[] = div(x, 2.0)
      return b
    }
  return b
}"""
    )


def test_a_cond_as_text() -> None:
    def halve(w):
        return w / 2

    def f(x, y):
        return dk.cond(x > 0, lambda v: v * y, halve, x)

    assert (
        str(dk.trace(f)(dk.f64[()], dk.f64[()]))
        == """\
graph f(x: f64[], y: f64[]) -> (f64[]) {
  a: b1[] = greater(x, 0.0)
  b: f64[] = cond(pred: a; operands: y, x)
    lambda(y: f64[], v: f64[]) -> (f64[]) {
      a: f64[] = mul(v, y)
      return a
    }
    halve(y: f64[], w: f64[]) -> (f64[]) {
      a: f64[] = div(w, 2.0)
      return a
    }
  return b
}"""
    )
