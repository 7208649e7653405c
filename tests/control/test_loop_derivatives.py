"""Derivatives through loops and branches: every mode, every order, one number."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import diffkit as dk
from tests.control.agreement import first_order, floats, leaves_of, near, second_order
from tests.control.programs import BY_NAME, PROGRAMS, Program, X
from tests.ops.numerics import size
from tests.replay import replayed

STATIC = [p for p in PROGRAMS if p.static]
THIRD = ["prefix products", "while with scan", "scan with while", "cond in scan in while",
         "checkpointed", "newton", "collatz"]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_first_order(program: Program) -> None:
    first_order(program.f, program.args, program.analytic)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_second_order(program: Program) -> None:
    second_order(program.f, program.args, program.smooth)


def total(program: Program):
    """The program as a function of one scalar, along a fixed direction, to one scalar."""

    def f(t):
        args = [x + t * np.cos(np.arange(x.size) + 1.0).reshape(x.shape) for x in program.args]
        return sum(np.sum(np.sin(y)) for y in floats_of(program.f(*args)))

    return f


def floats_of(tree):
    """The leaves with a derivative, of arrays or of traced values."""
    import optree

    return [y for y in optree.tree_leaves(tree) if y.dtype.kind == "f"]


def once(mode: str, f):
    return dk.grad(f) if mode == "r" else (lambda t: dk.jvp(f, (t,), (1.0,))[1])


@pytest.mark.parametrize("name", THIRD)
def test_third_order(name: str) -> None:
    found = {}
    for modes in itertools.product("fr", repeat=3):
        f = total(BY_NAME[name])
        for mode in modes:
            f = once(mode, f)
        found["".join(modes)] = float(f(0.0))
    want = found["fff"]
    assert want != 0
    assert max(abs(x - want) for x in found.values()) <= 1e-10 * max(abs(want), 1.0), found


@pytest.mark.parametrize("program", STATIC, ids=lambda p: p.name)
def test_the_formula_agrees(program: Program) -> None:
    def f(*args):
        return sum(np.sum(y) for y in floats_of(program.f(*args)))

    places = tuple(range(len(program.args)))
    small = [x[tuple(slice(0, 4) for _ in x.shape)] for x in program.args]
    want = dk.grad(f, argnums=places)(*small)
    got = dk.grad(f, argnums=places, method="symbolic")(*small)
    for g, w in zip(got, want, strict=True):
        near(g, w, 1e-11, size(want))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_jit_of_a_gradient_is_the_gradient(program: Program, method: str) -> None:
    def f(*args):
        return sum(np.sum(y) for y in floats_of(program.f(*args)))

    places = tuple(range(len(program.args)))
    slope = dk.grad(f, argnums=places, method=method)
    for g, w in zip(replayed(slope)(*program.args), slope(*program.args), strict=True):
        near(g, w, 1e-13, size([w]))


# --- the examples on which stale accumulators fail -----------------------------------------------

TWOS = np.full(3, 2.0)


def accumulated(step, start):
    return lambda x: dk.fori_loop(0, 3, lambda i, c: step(c, x[i]), start)


def plus(c, v):
    return c + v


STALE = [
    ("product", accumulated(lambda c, v: c * v, 1.0), [4.0, 4.0, 4.0]),
    ("sum", accumulated(plus, 0.0), [1.0, 1.0, 1.0]),
    ("norm", lambda x: np.sqrt(accumulated(lambda c, v: c + v * v, 0.0)(x)), [3**-0.5] * 3),
    ("logsumexp", lambda x: np.log(accumulated(lambda c, v: c + np.exp(v), 0.0)(x)), [1 / 3] * 3),
    ("the square of 5 + sum", lambda x: accumulated(plus, 5.0)(x) ** 2, [22.0, 22.0, 22.0]),
    ("five times the product", accumulated(lambda c, v: c * v, 5.0), [20.0, 20.0, 20.0]),
    ("in place", lambda x: np.prod(dk.scan(lambda c, v: (c * v, c * v), x, x[:1])[0]), None),
]


@pytest.mark.parametrize(("f", "want"), [c[1:] for c in STALE], ids=[c[0] for c in STALE])
@pytest.mark.parametrize("method", ["forward", "reverse", "complex-step"])
def test_accumulators_are_not_stale(f, want, method) -> None:
    """Replaying a loop body with the accumulator that the loop ended or started with would give
    [32, 8, 2] for the product, an infinity for the norm, and 10 in place of 22."""
    got = dk.grad(f, method=method)(TWOS)
    if want is None:
        want = dk.grad(f, method="symbolic")(TWOS)
    np.testing.assert_allclose(got, want, rtol=1e-14)


def test_the_derivative_by_the_initial_value() -> None:
    def f(start, x):
        return dk.fori_loop(0, 3, lambda i, c: c * x[i], start)

    by_start, by_x = dk.grad(f, argnums=(0, 1))(5.0, TWOS)
    assert by_start == 8.0
    assert by_x.tolist() == [20.0, 20.0, 20.0]


# --- zero steps, nothing moving, nan -------------------------------------------------------------


@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_a_loop_of_no_steps_is_the_identity(method: str) -> None:
    def scanned(x):
        return np.sum(dk.scan(lambda c, r: (c * r, c), x[0], x[:0])[0])

    def never(x):
        return dk.while_loop(lambda c: c > 10, lambda c: c * c, x[0])

    for f in (scanned, never, lambda x: dk.fori_loop(3, 1, lambda i, c: c * x[i], x[0])):
        assert dk.grad(f, method=method)(X).tolist() == [1.0, 0.0, 0.0, 0.0]
        assert not np.any(dk.hessian(f)(X))


@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_a_result_that_does_not_move_has_slope_zero(method: str) -> None:
    def counted(x):
        k, _ = dk.while_loop(lambda s: s[1] < 9, lambda s: (s[0] + 1, s[1] + x[0]), (0.0, x[1]))
        return k

    assert dk.grad(counted, method=method)(X).tolist() == [0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_stopped_values_stay_stopped_in_loops(method: str) -> None:
    def f(x):
        return dk.scan(lambda c, r: (c + dk.stop_gradient(c) * r, None), 1.0, x)[0]

    def by_hand(x):
        held = [1.0, 1.3, 1.3 * 1.7, 1.3 * 1.7 * 2.1]
        return 1.0 + sum(h * v for h, v in zip(held, x, strict=True))

    want = dk.grad(by_hand)(X)
    np.testing.assert_allclose(dk.grad(f, method=method)(X), want, rtol=1e-14)


def overflow(v):
    """Infinite at 0, with finite derivatives at 0.5 and 2."""
    return np.exp(1000 * (1 - v))


@pytest.mark.parametrize("method", ["forward", "reverse"])
@pytest.mark.parametrize("bad", [np.log, np.sqrt, lambda v: 1 / v, lambda v: v**-0.5, overflow])
def test_a_branch_not_taken_leaks_no_nan(bad, method: str) -> None:
    x = np.array([0.0, 0.5, 2.0])

    def chosen(x):
        def step(c, r):
            return c + dk.cond(r > 0.1, bad, lambda v: 3 * v, r) + np.where(r > 0.1, bad(r), r), c

        c, ys = dk.scan(step, 0.0, x)
        return c + np.sum(ys)

    got = dk.grad(chosen, method=method)(x)
    assert np.all(np.isfinite(got))
    assert got[0] == 12.0  # 3 + 1 in the last carry, and in two of the rows
    assert np.all(np.isfinite(dk.hessian(chosen)(x)))


@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_a_nan_that_is_taken_is_seen(method: str) -> None:
    got = dk.grad(lambda x: dk.scan(lambda c, r: (c + np.sqrt(r), None), 0.0, x)[0], method=method)(
        np.array([1.0, -1.0])
    )
    assert got[0] == 0.5 and np.isnan(got[1])


def test_float32_loops_stay_float32() -> None:
    for name in ("rnn", "prefix products", "while with scan", "checkpointed"):
        program = BY_NAME[name]
        small = [x.astype(np.float32) for x in program.args]
        y, pull = dk.vjp(program.f, *small)
        assert {x.dtype for x in floats(leaves_of(y))} == {np.dtype(np.float32)}, name
        exact, pull64 = dk.vjp(program.f, *program.args)
        ones = [np.ones_like(np.asarray(v)) for v in leaves_of(exact)]
        import optree

        tree = optree.tree_structure(exact)
        got = pull(optree.tree_unflatten(tree, [v.astype(np.float32) for v in ones]))
        want = pull64(optree.tree_unflatten(tree, ones))
        for g, w in zip(got, want, strict=True):
            assert g.dtype == np.float32
            near(g, w, 1e-4, size(want))
