"""What tracing records: NumPy's semantics, closures, buffers that change, trees."""

import threading
from collections import namedtuple

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit import f32, f64
from diffkit.graph import evaluate
from tests.replay import replayed


def test_python_scalars_are_weak_and_arrays_strong():
    f = lambda x: (x * 2, x * 2.5, x * np.float64(2), x + np.arange(2))  # noqa: E731
    types = dk.trace(f)(f32[2]).types
    assert [str(t) for t in types] == ["f32[2]", "f32[2]", "f64[2]", "f64[2]"]
    assert str(dk.trace(lambda n: n / 2)(dk.i32[()]).types[0]) == "f64[]"
    assert str(dk.trace(lambda c: c + 1)(dk.b1[()]).types[0]) == "i64[]"


def test_python_numbers_stay_weak_as_arguments():
    """As in NumPy: a Python float takes the dtype of the array it meets, also after arithmetic."""
    x = np.ones(2, np.float32)
    step = replayed(lambda v, rate: v - (2 * rate / 3) * v)
    assert step(x, 0.3).dtype == np.float32
    assert step(x, np.float64(0.3)).dtype == np.float64 and step.traces == 2
    assert (
        np.sin(0.3) * x is not None
        and replayed(lambda v, a: np.sin(a) * v)(x, 0.3).dtype == (np.sin(0.3) * x).dtype
    )
    assert dk.value_and_grad(lambda a: (-a * x).sum())(2.0)[0].dtype == np.float32
    assert dk.grad(lambda a: (-a * x).sum())(2.0) == -2.0
    inner = lambda a: dk.grad(lambda b: (a * b * x).sum())(3.0)  # noqa: E731
    assert dk.grad(inner)(2.0) == 2.0


def test_mixed_operands_reach_the_tracer_from_either_side():
    x = np.arange(3.0)
    for f in (
        lambda v: np.ones(3) + v,
        lambda v: v + np.ones(3),
        lambda v: np.float64(1) + v,
        lambda v: [1.0, 1.0, 1.0] + v,  # noqa: RUF005
        lambda v: 1 + v,
    ):
        np.testing.assert_array_equal(replayed(f)(x), x + 1)


def test_a_captured_array_is_taken_as_it_is_then():
    buffer = np.zeros(3)

    def f(x):
        total = 0.0
        for k in range(3):
            buffer[:] = k + 1  # the same array, with new content
            total = total + (buffer * x).sum()
        return total

    assert dk.grad(f)(1.0) == 3 * (1 + 2 + 3)


def test_a_pull_back_does_not_see_later_writes():
    x, a = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    y, pull = dk.vjp(lambda v: np.sum(a * v * v), x)
    x[:] = 100.0
    a[:] = 100.0
    assert y == 3 + 16
    np.testing.assert_array_equal(pull(1.0)[0], [6.0, 16.0])


def test_a_captured_array_is_stored_once():
    data = np.arange(100.0)
    graph = dk.trace(lambda x: (x * data).sum() + (x + data).sum())(f64[()])
    literals = {id(arg) for node in graph.nodes for arg in node.args if not hasattr(arg, "hint")}
    assert len(literals) == 1


def test_closures_over_outer_tracers_are_captured():
    def outer(x):
        inner = dk.grad(lambda y: x * x * y + y**3)
        return inner(2.0) * x

    # d/dx (x² + 12) x = 3x² + 12
    assert dk.grad(outer)(3.0) == 39.0
    graph = dk.trace(outer)(f64[()])
    assert len(graph.params) == 1


def test_trees_in_and_out():
    Point = namedtuple("Point", "x y")

    def f(p, rest):
        return Point(p.x * rest["k"][0], [p.y, None]), rest["k"][1]

    y = replayed(f)(Point(2.0, 3.0), {"k": (4.0, np.ones(2))})
    assert isinstance(y[0], Point) and y[0].x == 8.0 and y[0].y == [3.0, None]
    slope = dk.grad(lambda p: p.x * p.y)(Point(2.0, 3.0))
    assert slope == Point(3.0, 2.0)


def test_results_are_the_users_own():
    x = np.arange(4.0)
    for f in (lambda v: v, lambda v: v.T, lambda v: v[1:], lambda v: v.reshape(2, 2)):
        y = replayed(f)(x)
        assert not np.shares_memory(x, y)
        y[...] = 7.0
    assert x.tolist() == [0, 1, 2, 3]
    first, second = replayed(lambda v: (v + 1, (v + 1)[::-1]))(x)
    assert not np.shares_memory(first, second)
    wide = replayed(lambda v: np.broadcast_to(v.sum(), (3,)))(x)
    wide[0] = 1.0  # writable, though a broadcast


def test_inputs_are_never_written():
    x = np.arange(4.0)
    x.flags.writeable = False
    g = dk.grad(lambda v: sum(v[k] * v[k + 1] for k in range(3)))
    np.testing.assert_array_equal(g(x), [1, 2, 4, 2])
    y = replayed(lambda v: dnp.add_at(dnp.set_at(v, 0, 5.0), [1, 1], 1.0))(x)
    assert y.tolist() == [5, 3, 2, 3] and x[0] == 0


def test_python_loops_on_values_stop_where_the_value_says():
    def collatz_like(x):
        steps = 0
        while x < 100:
            x = x * x + 1
            steps += 1
        return x, steps

    value, steps = collatz_like(2.0)
    (got, aux) = dk.value_and_grad(collatz_like, has_aux=True)(2.0)[0]
    assert got == value and aux == steps


def test_branches_see_values_through_nested_traces():
    def f(x):
        return dk.grad(lambda y: y * y * x if y > x else -y)(5.0)

    assert dk.grad(f)(3.0) == 10.0
    assert dk.grad(f)(7.0) == 0.0


def test_traces_in_threads_do_not_meet():
    results = {}

    def work(k):
        f = lambda x: x * dk.grad(lambda y: x * y * y)(float(k))  # noqa: E731
        results[k] = [dk.grad(f)(1.0 + i) for i in range(20)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        assert results[k] == [4.0 * k * (1.0 + i) for i in range(20)]


def test_dnp_is_numpy_with_a_few_more():
    assert dnp.sin is np.sin and dnp.pi is np.pi
    assert dnp.array([1.0, 2.0]).tolist() == [1.0, 2.0]
    grid = dk.jacobian(lambda x: dnp.array([[x[0], 1.0], [x[1] * 2, x[0]]]))(np.ones(2))
    assert grid.tolist() == [[[1, 0], [0, 0]], [[0, 2], [1, 0]]]
    assert dk.jacobian(lambda x: dnp.full((2, 2), x))(3.0).tolist() == [[1, 1], [1, 1]]
    with pytest.raises(AttributeError):
        dnp.no_such_function  # noqa: B018


def test_evaluate_is_what_the_function_computes():
    f = lambda x, w: np.tanh(x @ w).sum(axis=1)  # noqa: E731
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    np.testing.assert_allclose(evaluate(dk.trace(f)(x, w), [x, w])[0], f(x, w), rtol=1e-15)
