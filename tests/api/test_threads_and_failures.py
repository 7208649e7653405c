"""No state outside of a call: many threads get what one gets, and a function that raises leaves
nothing behind."""

import gc
import threading

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import diffkit as dk
from diffkit.tracing.tracer import CURRENT

X = np.array([0.5, -1.5, 2.0])
THREADS = 8


def fast(f, **settings):
    return dk.jit(f, backend="interpreter", **settings)


# --- threads -------------------------------------------------------------------------------------


def nested(x):
    """Second derivatives through every operator."""

    def energy(y):
        total = dk.scan(lambda c, r: (np.sin(c * r) + c, c), 0.3, y)[0]
        tail = dk.while_loop(lambda c: c < 3.0, lambda c: c * 1.5 + 0.1, total**2)
        return total * tail + dk.checkpoint(lambda z: np.sum(z**3))(y)

    slope = dk.grad(energy)
    curved = dk.jvp(slope, (x,), (np.ones(3),))[1]
    rows = dk.vmap(dk.grad(lambda y: np.sum(y**2 * x)))(np.stack([x, 2 * x]))
    chosen = dk.cond(x[0] > 0, lambda: x * 2, lambda: x)
    return np.sum(curved) + np.sum(rows) + np.sum(chosen)


@dk.custom_vjp
def ruled(x):
    return x * 2


ruled.defvjp(lambda x: (x * 2, x), lambda x, ct: (ct * x,))

JITTED = fast(dk.value_and_grad(nested))

WORK = {
    "grad": lambda x: dk.grad(nested)(x),
    "forward": lambda x: dk.grad(nested, method="forward")(x),
    "hessian": lambda x: dk.hessian(lambda y: np.sum(np.tanh(y) * y[::-1]))(x),
    "jit": lambda x: JITTED(x)[1],
    "own jit": lambda x: fast(dk.grad(nested))(x),
    "jacobian": lambda x: dk.jacobian(lambda y: np.outer(y, np.exp(y)))(x),
    "auto": lambda x: dk.jacobian(lambda y: np.diff(y) ** 2, method="auto")(x),
    "sparse": lambda x: dk.sparse_jacobian(lambda y: np.diff(y) ** 2)(x).toarray(),
    "taylor": lambda x: dk.taylor(lambda y: np.exp(np.sin(y)), x, 3, x),
    "rules": lambda x: dk.grad(lambda y: np.sum(ruled(y) * y))(x),
    "in place": lambda x: dk.grad(in_place)(x),
}


def in_place(x):
    out = np.zeros(3)
    for k in range(3):
        out[k] = x[k] ** 2
    out[1:] *= x[:2]
    return np.sum(out)


def test_eight_threads_get_what_one_gets():
    points = [X * (1 + 0.1 * k) for k in range(THREADS)]
    want = [{name: work(x) for name, work in WORK.items()} for x in points]
    start, errors = threading.Barrier(THREADS), []
    found = [None] * THREADS

    def run(k):
        try:
            start.wait()
            names = [*WORK][k:] + [*WORK][:k]  # each thread begins with another
            results = {name: WORK[name](points[k]) for name in names}
            again = {name: WORK[name](points[k]) for name in names}
            assert CURRENT.get() is None
            found[k] = (results, again)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for k in range(THREADS):
        for results in found[k]:
            for name in WORK:
                assert_array_equal(results[name], want[k][name], err_msg=name)
    assert gc.isenabled()


def test_a_signature_is_recorded_once_by_many_threads():
    calls = []

    def f(x):
        calls.append(threading.get_ident())
        return np.sum(x**2)

    slope = fast(dk.grad(f))
    start = threading.Barrier(THREADS)

    def run():
        start.wait()
        assert_array_equal(slope(X), 2 * X)

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slope.traces == 1 and len(calls) == 1


def test_a_trace_belongs_to_its_thread():
    """What another thread computes while a function is recorded is none of the recording's."""
    found = []

    def f(x):
        other = threading.Thread(target=lambda: found.append((CURRENT.get(), dk.grad(np.sin)(0.0))))
        other.start()
        other.join()
        return x * found[-1][1]

    assert dk.grad(f)(2.0) == 1.0
    assert found == [(None, 1.0)]


# --- functions that raise ------------------------------------------------------------------------


class Mine(Exception):
    """The user's."""


def fail(*args):
    raise Mine


def fails_late(x):
    y = np.sin(x) * 2
    out = np.zeros(3)
    out[0] = np.sum(y)
    raise Mine


def in_rule(kind):
    def f(x):
        g = dk.custom_jvp(lambda y: y * 2)
        if kind == "jvp":
            g.defjvp(fail)
        else:
            rules = {"forward": (fail, fail), "backward": (lambda y: (y * 2, y), fail)}
            g.defvjp(*rules[kind])
        return np.sum(g(x))

    return f


FAILURES = {
    "grad": lambda: dk.grad(fails_late)(X),
    "value_and_grad": lambda: dk.value_and_grad(fails_late, has_aux=True)(X),
    "forward": lambda: dk.grad(fails_late, method="forward")(X),
    "symbolic": lambda: dk.grad(fails_late, method="symbolic")(X),
    "complex-step": lambda: dk.grad(fails_late, method="complex-step")(X),
    "finite": lambda: dk.grad(fails_late, method="finite")(X),
    "jvp": lambda: dk.jvp(fails_late, (X,), (X,)),
    "vjp": lambda: dk.vjp(fails_late, X),
    "linearize": lambda: dk.linearize(fails_late, X),
    "jacobian": lambda: dk.jacobian(fails_late)(X),
    "auto": lambda: dk.jacobian(fails_late, method="auto")(X),
    "sparse": lambda: dk.sparse_jacobian(fails_late)(X),
    "hessian": lambda: dk.hessian(fails_late)(X),
    "hvp": lambda: dk.hvp(fails_late)(X, X),
    "nested": lambda: dk.grad(lambda x: x * dk.grad(lambda y: fails_late(x * y))(x))(2.0),
    "jit": lambda: fast(fails_late)(X),
    "jit in grad": lambda: dk.grad(fast(fails_late))(X),
    "vmap": lambda: dk.vmap(fails_late)(X),
    "grad of vmap": lambda: dk.grad(lambda x: np.sum(dk.vmap(fails_late)(x)))(X),
    "taylor": lambda: dk.taylor(fails_late, 1.0, 2),
    "trace": lambda: dk.trace(fails_late)(dk.f64[3]),
    "checkpoint": lambda: dk.grad(dk.checkpoint(fails_late))(X),
    "scan": lambda: dk.grad(lambda x: dk.scan(fail, x[0], x)[0])(X),
    "scan in jit": lambda: fast(lambda x: dk.scan(fail, x[0], x)[0])(X),
    "fori_loop": lambda: dk.grad(lambda x: dk.fori_loop(0, 3, fail, x))(1.0),
    "while condition": lambda: dk.grad(lambda x: dk.while_loop(fail, lambda c: c, x))(1.0),
    "while body": lambda: dk.grad(lambda x: dk.while_loop(lambda c: c < 3, fail, x))(1.0),
    "cond": lambda: dk.grad(lambda x: dk.cond(x > 0, fail, fail, x))(1.0),
    "cond in jit": lambda: fast(lambda x: dk.cond(x > 0, lambda y: y, fail, x))(1.0),
    "switch": lambda: fast(lambda x, k: dk.switch(k, [np.sin, fail], x))(1.0, 0),
    "jvp rule": lambda: dk.grad(in_rule("jvp"))(X),
    "forward rule": lambda: dk.grad(in_rule("forward"))(X),
    "backward rule": lambda: dk.grad(in_rule("backward"))(X),
    "check_grads": lambda: dk.check_grads(fails_late, X),
    "formula": lambda: dk.formula(fails_late)(dk.f64[3]),
    "root": lambda: dk.grad(lambda x: dk.solve.root(lambda z: fail(z * x), 1.0))(1.0),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_exception_leaves_nothing_behind(name):
    with pytest.raises(Mine):
        FAILURES[name]()
    assert CURRENT.get() is None and gc.isenabled()
    assert_array_equal(dk.grad(in_place)(X), dk.grad(lambda x: np.sum(x**2 * [1, x[0], x[1]]))(X))
    assert dk.scan(lambda c, r: (c + r, c), 0.0, X)[0] == X.sum()  # plain Python outside of a trace


def test_a_signature_that_failed_is_recorded_again():
    broken = [True]

    def f(x):
        if broken[0]:
            raise Mine
        return np.sum(x**2)

    slope = fast(dk.grad(f))
    pattern = dk.sparse_jacobian(lambda x: f(x) * x)
    for g in (slope, pattern, dk.jacobian(f, method="auto")):
        with pytest.raises(Mine):
            g(X)
    broken[0] = False
    assert_array_equal(slope(X), 2 * X)
    assert pattern(X).shape == (3, 3)


def test_a_callback_that_fails_at_run_time_leaves_nothing_behind():
    wrong = dk.callback(fail, dk.f64[3])
    f = fast(lambda x: np.sum(wrong(x)))
    with pytest.raises(Mine):
        f(X)
    with pytest.raises(Mine):
        f(X)
    assert CURRENT.get() is None
    assert fast(np.sum)(X) == X.sum()


def test_a_generator_that_is_left_in_the_middle():
    """A trace ends with its call, though what it returned may go on: that is a leak, and named."""

    def f(x):
        return iter([x, x * 2])

    with pytest.raises(dk.errors.TreeError, match="list_iterator"):
        dk.grad(f)(1.0)
    assert CURRENT.get() is None
