"""Control flow on lanes, against a Python loop over the lanes: values, derivatives of the lanes and
lanes of the derivatives, nested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import EvaluationError, IndexingError, UnsupportedError
from tests.replay import replayed

A = np.array([2.0, 9.0, 1e4, 0.3])
TABLE = np.array([1.0, 2.0, 4.0, 8.0])


def by_rows(f: Callable[..., Any], *args: Any) -> Any:
    return np.stack([f(*row) for row in zip(*args, strict=True)])


def agree(f: Callable[[Any], Any], xs: Any) -> None:
    """vmap of f and of its derivatives, and derivatives of the vmap, for a scalar function."""
    xs = np.asarray(xs)
    close: dict[str, Any] = {"rtol": 1e-12, "atol": 1e-13}
    slopes = by_rows(dk.grad(f), xs)
    assert_allclose(dk.vmap(f)(xs), by_rows(f, xs), **close)
    assert_allclose(replayed(dk.vmap(f))(xs), by_rows(f, xs), **close)
    assert_allclose(dk.vmap(dk.grad(f))(xs), slopes, **close)
    assert_allclose(dk.grad(lambda v: np.sum(dk.vmap(f)(v)))(xs), slopes, **close)
    v = np.linspace(0.5, 1.5, xs.size).reshape(xs.shape)
    pushed = by_rows(lambda x, dx: dk.jvp(f, (x,), (dx,))[1], xs, v)
    assert_allclose(dk.jvp(dk.vmap(f), (xs,), (v,))[1], pushed, **close)
    assert_allclose(dk.vmap(lambda x, dx: dk.jvp(f, (x,), (dx,))[1])(xs, v), pushed, **close)
    twice = by_rows(lambda x: dk.grad(lambda y: np.sum(dk.grad(f)(y)))(x), xs)
    second = dk.vmap(lambda x: dk.grad(lambda y: np.sum(dk.grad(f)(y)))(x))
    assert_allclose(second(xs), twice, rtol=1e-10, atol=1e-12)
    total = dk.grad(lambda v: np.sum(dk.vmap(dk.grad(f))(v)))
    assert_allclose(total(xs), twice, rtol=1e-10, atol=1e-12)


def newton(a: Any) -> Any:
    """√a, after a number of steps that depends on a."""
    step = lambda x: (x + a / x) / 2  # noqa: E731
    return dk.while_loop(lambda x: abs(x * x - a) > 1e-13 * a, step, 0.1 + a, max_steps=60)


def decay(x: Any) -> Any:
    """A while with a counter, a part of the state that all lanes share, and one they do not."""

    def body(state: Any) -> Any:
        k, y, total = state
        return k + 1, y * 0.6, total + np.sin(y)

    return dk.while_loop(lambda s: s[1] > 0.2, body, (0, x, 0.0), max_steps=40)[2]


def together(x: Any) -> Any:
    """A while whose condition all lanes share, and that has no bound."""
    return dk.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * np.sin(s[1])), (0, x))[1]


def reads_ahead(x: Any) -> Any:
    """A finished lane stands on an index that is out of bounds, and divides by zero."""

    def body(state: Any) -> Any:
        i, total = state
        return i + 1, total + dnp.take(TABLE, i) * x / (4 - i)

    start = np.where(x > 5, 3, np.where(x > 1, 1, 4)).astype(np.int64)
    return dk.while_loop(lambda s: s[0] < 4, body, (start, x * x), max_steps=4)[1]


def rolling(x: Any) -> Any:
    """Scans in both directions, with rows that differ between lanes and rows that do not."""

    def step(carry: Any, row: Any) -> Any:
        a, b = row
        return carry * np.cos(a) + b, carry * b

    rows = np.stack([x, 2 * x, x * x])
    end, ys = dk.scan(step, x, (rows, np.array([0.3, -0.2, 0.5])))
    back, more = dk.scan(step, 1.0, (ys, rows), reverse=True)
    return end * back + np.sum(more * ys)


def nested(x: Any) -> Any:
    """A while of unknown length inside a scan."""
    step = lambda c, r: (c + newton(np.abs(r * x) + 0.5), None)  # noqa: E731
    return dk.scan(step, x, np.array([0.5, 3.0]))[0]


def inner_branch(x: Any) -> Any:
    """A branch inside a while, and a while inside a branch."""
    body = lambda y: dk.cond(y > 3, lambda z: z / 2, lambda z: z - 0.3 * np.sin(z), y)  # noqa: E731
    end = dk.while_loop(lambda y: y > 0.4, body, x, max_steps=60)
    return dk.cond(x > 1, lambda: newton(end + x), lambda: end * x)


def chosen(x: Any) -> Any:
    """√ of a negative number in the branch not taken."""
    return dk.cond(x > 1, lambda y: np.sqrt(y - 1) * y, lambda y: y**3, x)


def switched(x: Any) -> Any:
    branches = [np.sin, lambda y: y * y, lambda y: 1 / (y - 0.3)]
    return dk.switch(np.where(x > 5, 2, np.where(x > 1, 1, 0)).astype(np.int64), branches, x + 0.0)


def same_branch(x: Any) -> Any:
    return dk.cond(np.sum(TABLE) * dk.stop_gradient(1.0) > 0, lambda y: y * y, lambda y: y, x)


def called(x: Any) -> Any:
    return dk.checkpoint(lambda y: np.exp(np.sin(y)))(x) * x


@dk.custom_jvp
def odd(x: Any, s: Any) -> Any:
    return np.sin(x) * s


@odd.defjvp
def odd_jvp(primals: Any, tangents: Any) -> Any:
    (x, s), (dx, ds) = primals, tangents
    return odd(x, s), 3 * dx * s + ds * x


@dk.custom_vjp
def even(x: Any, s: Any) -> Any:
    return np.cos(x) * s


even.defvjp(
    lambda x, s: (even(x, s), (x, s)), lambda res, ct: (ct * res[0] * 2, ct * np.sin(res[1]))
)

FUNCTIONS: list[Callable[[Any], Any]] = [
    newton, decay, together, reads_ahead, rolling, nested, inner_branch, chosen, switched,
    same_branch, called,
]  # fmt: skip


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_lanes_are_what_a_loop_over_them_gives(f: Callable[[Any], Any]) -> None:
    agree(f, A)


def test_custom_rules_are_used_lane_by_lane() -> None:
    s = 1.7
    agree(lambda x: odd(x * x, s) + odd(0.5, x), A)
    agree(lambda x: even(x, s) * x, A)
    # a cotangent for the operand that all lanes share is the sum of theirs
    total = dk.grad(lambda s: np.sum(dk.vmap(lambda x: odd(x, s) + even(x, s))(A)))(s)
    assert_allclose(total, np.sum(A) + A.size * np.sin(s))


def test_a_custom_rule_inside_masked_control_flow() -> None:
    @dk.custom_vjp
    def looked_up(x: Any, i: Any) -> Any:
        return dnp.take(TABLE, i) * x

    def backward(i: Any, ct: Any) -> Any:
        return dnp.take(TABLE, i) * ct, None

    looked_up.defvjp(lambda x, i: (dnp.take(TABLE, i) * x, i), backward)

    def f(x: Any) -> Any:
        body = lambda s: (s[0] + 1, looked_up(s[1], s[0]))  # noqa: E731
        start = np.where(x > 5, 2, 4).astype(np.int64)
        return dk.while_loop(lambda s: s[0] < 4, body, (start, x), max_steps=9)[1]

    agree(f, A)


def test_a_callback_is_called_for_each_lane() -> None:
    seen: list[Any] = []

    def note(x: Any, y: Any) -> Any:
        seen.append(np.shape(x))
        return np.sort(x) + y

    f = dk.callback(note, dk.f64[3])
    f.defjvp(lambda primals, tangents: (f(*primals), tangents[0] * 2 + tangents[1]))
    xs = np.array([[3.0, 1.0, 2.0], [0.0, -1.0, 5.0]])
    assert_allclose(dk.vmap(f, in_axes=(0, None))(xs, 1.0), np.sort(xs, 1) + 1)
    assert seen == [(3,), (3,)]
    both = dk.vmap(dk.vmap(f, in_axes=(0, None)), in_axes=(None, 0))(xs, np.array([0.0, 1.0]))
    assert_allclose(both, np.stack([np.sort(xs, 1), np.sort(xs, 1) + 1]))
    slope = dk.grad(lambda v: np.sum(dk.vmap(lambda x: f(x, 1.0))(v)))(xs)
    assert_allclose(slope, np.full((2, 3), 2.0))


@pytest.mark.parametrize("f", [newton, reads_ahead, inner_branch, nested, switched])
def test_vmap_of_vmap_is_one_for_each_pair(f: Callable[[Any], Any]) -> None:
    g = lambda x, y: f(x * y)  # noqa: E731
    both = dk.vmap(dk.vmap(g, in_axes=(None, 0)), in_axes=(0, None))
    ys = np.array([1.0, 0.2, 3.0])
    want = np.array([[g(x, y) for y in ys] for x in A])
    assert_allclose(both(A, ys), want, rtol=1e-12)
    slope = np.array([[dk.grad(g)(x, y) for y in ys] for x in A])
    got = dk.vmap(dk.vmap(dk.grad(g), in_axes=(None, 0)), in_axes=(0, None))(A, ys)
    assert_allclose(got, slope, rtol=1e-11)
    total = dk.grad(lambda v: np.sum(both(v, ys)))(A)
    assert_allclose(total, slope.sum(1), rtol=1e-11)


def test_idle_lanes_do_not_leak() -> None:
    """One step more would divide by zero: in the value, the derivatives and their derivatives."""

    def f(x: Any) -> Any:
        body = lambda s: (s[0] - 1, s[1] / s[0])  # noqa: E731
        return dk.while_loop(lambda s: s[0] > 0, body, (x, x * x), max_steps=9)[1]

    agree(f, np.array([1.0, 3.0, 4.0, 2.0]))


def test_a_loop_does_not_wait_for_lanes_that_do_not_want_it() -> None:
    """In a branch, and in a branch in a loop: for 3 the doubling would never end."""

    def double(y: Any) -> Any:
        return dk.while_loop(lambda z: z != 8, lambda z: z * 2, y, max_steps=4)

    def f(x: Any) -> Any:
        return dk.cond(x == 3, lambda y: y * y, lambda y: double(y) * y, x)

    def g(x: Any) -> Any:
        more = lambda z: double(z) + z  # noqa: E731
        step = lambda y: dk.cond(y < 2, lambda z: z + 0.5, more, y)  # noqa: E731
        return dk.while_loop(lambda y: y < 3, step, x, max_steps=5)

    for h, xs in ((f, [1.0, 3.0, 4.0]), (g, [1.0, 2.0, 3.0, 5.0])):
        agree(h, np.array(xs))


def test_what_no_lane_changes_is_left_alone() -> None:
    def f(x: Any, n: Any) -> Any:
        return x * dk.while_loop(lambda k: k * k < n, lambda k: k + 1, 0)

    graph = dk.trace(dk.vmap(f, in_axes=(0, None)))(A, 17)
    (loop,) = [node for node in graph.nodes if node.op.regional]
    assert [str(out.type) for out in loop.outs] == ["i64[]"]
    assert_allclose(dk.vmap(f, in_axes=(0, None))(A, 17), A * 5)


def test_a_loop_without_bound_is_refused_with_its_line() -> None:
    def halve(x: Any) -> Any:
        return dk.while_loop(lambda y: y > 1, lambda y: y / 2, x)

    line = halve.__code__.co_firstlineno + 1
    with pytest.raises(UnsupportedError, match="max_steps") as caught:
        dk.vmap(halve)(A)
    assert f"test_vmap_regions.py:{line}" in str(caught.value)
    assert "Expected" in str(caught.value)
    with pytest.raises(UnsupportedError, match="max_steps"):  # a limit that differs between lanes
        dk.vmap(lambda n: dk.fori_loop(0, n, lambda i, c: c + 1.0, 0.0))(np.arange(3))


def test_a_lane_that_does_not_end_raises() -> None:
    f = lambda x: dk.while_loop(lambda y: y > 1, lambda y: y * 1.0, x, max_steps=5)  # noqa: E731
    with pytest.raises(EvaluationError, match="max_steps=5"):
        dk.vmap(f)(A)


@pytest.mark.parametrize("k", [3, -1])
def test_a_lane_without_a_branch_raises(k: int) -> None:
    f = dk.vmap(lambda i, x: dk.switch(i, [np.sin, np.cos, np.tan], x))
    with pytest.raises(IndexingError, match="out of bounds"):
        f(np.array([0, k]), np.array([1.0, 2.0]))


def test_a_batched_loop_prints() -> None:
    f = lambda x, n: dk.while_loop(lambda y: y > n, lambda y: y / 2, x, max_steps=9)  # noqa: E731
    graph = dk.trace(dk.vmap(f, in_axes=(0, None)))(A, 1.0)
    assert str(graph) == GOLDEN


GOLDEN = """\
graph vmap_lambda(x: f64[4], n: f64[]) -> (f64[4]) {
  a: b1[4] = greater(x, n)
  b: f64[4], c: b1[4] = while(consts: n; carry: x, a) {max_steps=9}
    lambda_vmap(n: f64[], y: f64[4], active: b1[4]) -> (b1[]) {
      a: b1[] = any(active) {axes=(0,)}
      return a
    }
    lambda_vmap(n: f64[], y: f64[4], active: b1[4]) -> (f64[4], b1[4]) {
      a: f64[4] = div(y, 2.0)
      b: f64[4] = select(active, a, y)
      c: b1[4] = greater(b, n)
      d: b1[4] = logical_and(active, c)
      return b, d
    }
  return b
}"""
