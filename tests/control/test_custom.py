"""Functions with rules: each mode follows its rule, to every order and inside everything."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import UnsupportedError
from diffkit.graph import all_nodes
from tests.control.agreement import first_order, second_order
from tests.replay import replayed

X = np.array([0.3, 0.7, 1.1])


def body(x, y):
    return np.exp(-x * x) * y + np.sin(y)


def jvp_rule(primals, tangents):
    (x, y), (dx, dy) = primals, tangents
    e = np.exp(-x * x)
    return e * y + np.sin(y), -2 * x * e * y * dx + (e + np.cos(y)) * dy


def forward_rule(x, y):
    e = np.exp(-x * x)
    return e * y + np.sin(y), {"x": x, "y": y, "e": e}


def backward_rule(residuals, ct):
    x, y, e = residuals["x"], residuals["y"], residuals["e"]
    return -2 * x * e * y * ct, (e + np.cos(y)) * ct


def by_jvp():
    f = dk.custom_jvp(body)
    f.defjvp(jvp_rule)
    return f


def by_vjp():
    f = dk.custom_vjp(body)
    f.defvjp(forward_rule, backward_rule)
    return f


def by_both():
    f = by_jvp()
    f.defvjp(forward_rule, backward_rule)
    return f


KINDS = {"jvp": by_jvp, "vjp": by_vjp, "both": by_both}
USES = {
    "plain": lambda f: lambda x: f(x, np.cos(x)) * x,
    "one argument": lambda f: lambda x: f(np.full(3, 0.4), x),
    "nested": lambda f: lambda x: f(f(x, x), f(np.sin(x), 1.0 + x)),
    "scan": lambda f: lambda x: dk.scan(lambda c, r: (f(c, r), f(r, c)), 0.4, x),
    "reverse scan": lambda f: lambda x: dk.scan(lambda c, r: (f(c, r), c), 0.4, x, reverse=True),
    "while": lambda f: (
        lambda x: dk.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, f(s[1], x)), (0, x))[1]
    ),
    "cond": lambda f: (
        lambda x: dk.scan(lambda c, r: (dk.cond(r > 0.5, f, lambda c, r: c * r, c, r), c), 0.4, x)
    ),
    "call": lambda f: lambda x: dk.checkpoint(lambda x: f(x, f(x, x)))(x),
    "jit": lambda f: lambda x: replayed(lambda x: f(x, x) * x)(x),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", USES)
def test_rules_of_every_kind_in_every_place(kind: str, use: str) -> None:
    f = USES[use](KINDS[kind]())
    first_order(f, [X])
    second_order(f, [X])
    # the same program without a rule: values and slopes agree
    np.testing.assert_allclose(
        np.asarray(slope(f)(X)), np.asarray(slope(USES[use](body))(X)), rtol=1e-12, atol=1e-13
    )


def slope(f):
    return dk.grad(lambda x: total(f(x)))


def total(tree):
    return sum(np.sum(np.sin(y)) for y in (tree if isinstance(tree, tuple) else (tree,)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", ["plain", "nested", "scan", "while"])
def test_third_order(kind: str, use: str) -> None:
    def along(f):
        return lambda t: total(USES[use](f)(X + t * np.array([1.0, -0.5, 0.25])))

    def third(f, modes):
        g = along(f)
        for mode in modes:
            g = once(g, mode)
        return float(g(0.0))

    def once(g, mode):
        return dk.grad(g) if mode == "r" else (lambda t: dk.jvp(g, (t,), (1.0,))[1])

    want = third(body, "fff")
    f = KINDS[kind]()
    for modes in itertools.product("fr", repeat=3):
        assert abs(third(f, modes) - want) <= 1e-10 * max(abs(want), 1.0), modes


def test_each_mode_follows_its_own_rule() -> None:
    """Rules that lie differently tell which of them was asked."""
    f = dk.custom_jvp(lambda x: x * 1.0)
    f.defjvp(lambda primals, tangents: (primals[0], 2 * tangents[0]))
    assert dk.jvp(f, (1.0,), (1.0,))[1] == 2.0
    assert dk.grad(f)(1.0) == 2.0  # by transposition
    f.defvjp(lambda x: (x, None), lambda _, ct: (3 * ct,))
    assert dk.jvp(f, (1.0,), (1.0,))[1] == 2.0
    assert dk.grad(f)(1.0) == 3.0
    g = dk.custom_vjp(lambda x: x * 1.0)
    g.defvjp(lambda x: (x, None), lambda _, ct: (3 * ct,))
    assert dk.jvp(g, (1.0,), (1.0,))[1] == 3.0
    assert dk.linearize(g, 1.0)[1](1.0) == 3.0


@pytest.mark.parametrize("wrap", [lambda f: f, dk.jit, dk.checkpoint])
def test_a_gradient_is_clipped_where_it_flows(wrap) -> None:
    clipped = dk.custom_vjp(lambda x: x)
    clipped.defvjp(lambda x: (x, None), lambda _, ct: (np.clip(ct, -1.0, 1.0),))
    f = wrap(lambda x: np.sum(np.array([10.0, 0.5, -7.0]) * clipped(x)))
    assert dk.grad(f)(X).tolist() == [1.0, 0.5, -1.0]

    def loop(x):
        return dk.fori_loop(0, 4, lambda i, c: clipped(c) * 3, x)

    assert dk.grad(wrap(loop))(1.0) == 1.0


def test_a_rule_that_is_not_linear_is_not_transposed() -> None:
    """The transpose of clipping at zero is the identity, which would undo the clipping silently."""
    clipped = dk.custom_vjp(lambda x: x)
    clipped.defvjp(lambda x: (x, None), lambda _, ct: (np.clip(ct, -1.0, 1.0),))

    def f(x):
        return 10 * dk.fori_loop(0, 2, lambda i, c: clipped(c), x)

    assert dk.grad(f)(2.0) == 1.0
    assert dk.vjp(f, 2.0)[1](1.0)[0] == 1.0
    for ask in (dk.grad(f, method="forward"), lambda x: dk.linearize(f, x)[1](1.0)):
        with pytest.raises(UnsupportedError, match=r"not linear.*\.defjvp"):
            ask(2.0)
    clipped.defjvp(lambda p, t: (p[0], np.clip(t[0], -1.0, 1.0)))
    assert dk.grad(f, method="forward")(2.0) == 10.0
    only = dk.custom_jvp(lambda x: x * 1.0)
    only.defjvp(lambda p, t: (p[0] * 1.0, np.clip(t[0], -1.0, 1.0)))
    with pytest.raises(UnsupportedError, match="not linear"):
        dk.grad(lambda x: 10 * only(x))(2.0)


def test_a_straight_through_estimator() -> None:
    rounded = dk.custom_jvp(np.round)
    rounded.defjvp(lambda primals, tangents: (np.round(primals[0]), tangents[0]))
    f = lambda x: np.sum(rounded(3 * x) ** 2)  # noqa: E731
    want = 2 * np.round(3 * X) * 3
    for method in ("forward", "reverse"):
        np.testing.assert_allclose(dk.grad(f, method=method)(X), want, rtol=1e-15)


def test_a_rule_that_calls_its_own_function() -> None:
    f = dk.custom_jvp(np.exp)

    @f.defjvp
    def rule(primals, tangents):
        y = f(primals[0])
        return y, y * tangents[0]

    g = f
    for modes in ("r", "f", "r", "f"):
        g = dk.grad(g, method="forward" if modes == "f" else "reverse")
        np.testing.assert_allclose(g(0.5), np.exp(0.5), rtol=1e-14)


# --- trees, static arguments, integers, None -----------------------------------------------------


@pytest.mark.parametrize("kind", ["jvp", "vjp", "both"])
def test_trees(kind: str) -> None:
    def f(p, q):
        return {"s": p["a"] * q[0], "t": (p["b"] + q[1],)}

    def rule(primals, tangents):
        (p, q), (dp, dq) = primals, tangents
        dy = {"s": dp["a"] * q[0] + p["a"] * dq[0], "t": (dp["b"] + dq[1],)}
        return f(p, q), dy

    def back(res, ct):
        p, q = res
        return (
            {"a": ct["s"] * q[0], "b": ct["t"][0]},
            (p["a"] * ct["s"], ct["t"][0]),
        )

    g = dk.custom_jvp(f)
    if kind != "vjp":
        g.defjvp(rule)
    if kind != "jvp":
        g.defvjp(lambda p, q: (f(p, q), (p, q)), back)

    def user(x):
        y = g({"a": x[0], "b": x[1] * x[2]}, (x[1], x[0]))
        return y["s"] * y["t"][0]

    def inline(x):
        return x[0] * x[1] * (x[1] * x[2] + x[0])

    for method in ("forward", "reverse"):
        np.testing.assert_allclose(dk.grad(user, method=method)(X), dk.grad(inline)(X), rtol=1e-14)
    np.testing.assert_allclose(dk.hessian(user)(X), dk.hessian(inline)(X), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("static", [(1,), (-1,)])
@pytest.mark.parametrize("kind", ["jvp", "vjp"])
def test_static_arguments_reach_the_rules_as_they_are(static, kind: str) -> None:
    def f(x, how):
        return np.sin(x) if how["name"] == "sin" else np.cos(x)

    def rule(primals, tangents):
        assert tangents[1] is None
        x, how = primals
        return f(x, how), (np.cos(x) if how["name"] == "sin" else -np.sin(x)) * tangents[0]

    g = dk.custom_jvp(f, static_argnums=static)
    if kind == "jvp":
        g.defjvp(rule)
    else:
        g.defvjp(
            lambda x, how: (f(x, how), x),
            lambda x, ct: (ct * np.cos(x), None),
        )
    assert dk.grad(lambda x: g(x, {"name": "sin"}))(0.3) == np.cos(0.3)
    if kind == "jvp":
        assert dk.grad(lambda x: g(x, how={"name": "cos"}))(0.3) == -np.sin(0.3)
        assert dk.jvp(lambda x: g(x, {"name": "cos"}), (0.3,), (1.0,))[1] == -np.sin(0.3)


def test_integer_arguments_have_no_tangent() -> None:
    f = dk.custom_jvp(lambda x, k: x * k)
    seen = []

    @f.defjvp
    def rule(primals, tangents):
        seen.append(tangents[1])
        return primals[0] * primals[1], tangents[0] * primals[1]

    def loop(x):
        return dk.fori_loop(1, 4, lambda i, c: f(c, i), x)

    assert dk.grad(loop)(2.0) == 6.0
    assert dk.grad(loop, method="forward")(2.0) == 6.0
    assert all(np.asarray(dk_).dtype.kind == "i" and not np.any(dk_) for dk_ in seen)

    g = dk.custom_vjp(lambda x, k: x * k)
    g.defvjp(lambda x, k: (x * k, k), lambda k, ct: (ct * k, None))
    assert dk.grad(lambda x: dk.fori_loop(1, 4, lambda i, c: g(c, i), x))(2.0) == 6.0


def test_integer_results_have_no_tangent() -> None:
    f = dk.custom_jvp(lambda x: (x * x, np.argmax(x)))

    @f.defjvp
    def rule(primals, tangents):
        y = f(primals[0])
        return y, (2 * primals[0] * tangents[0], y[1])

    def user(x):
        y, k = f(x)
        return y[k] + np.sum(y)

    for method in ("forward", "reverse"):
        assert dk.grad(user, method=method)(np.array([1.0, 3.0])).tolist() == [2.0, 12.0]


def test_none_is_a_cotangent_of_zero() -> None:
    f = dk.custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, (x, y)), lambda res, ct: (res[1] * ct, None))
    gx, gy = dk.grad(lambda x, y: np.sum(f(x, y)), argnums=(0, 1))(X, 2 * X)
    np.testing.assert_array_equal(gx, 2 * X)
    np.testing.assert_array_equal(gy, 0 * X)


def test_a_plain_call_is_the_function_itself() -> None:
    f = by_both()
    assert type(f(0.3, 0.5)) is type(body(0.3, 0.5)) and f(0.3, 0.5) == body(0.3, 0.5)
    assert f.__name__ == "body"


# --- wrong rules ---------------------------------------------------------------------------------

WRONG_JVP = dk.custom_jvp(np.sin)
WRONG_JVP.defjvp(lambda p, t: (np.sin(p[0]), 1.01 * np.cos(p[0]) * t[0]))
WRONG_VJP = dk.custom_vjp(np.sin)
WRONG_VJP.defvjp(lambda x: (np.sin(x), x), lambda x, ct: (1.01 * np.cos(x) * ct,))
WRONG_SECOND = dk.custom_jvp(np.sin)
WRONG_SECOND.defjvp(lambda p, t: (np.sin(p[0]), dk.stop_gradient(np.cos(p[0])) * t[0]))


@pytest.mark.parametrize("f", [WRONG_JVP, WRONG_VJP], ids=["jvp", "vjp"])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("loop", [False, True])
def test_a_wrong_rule_is_found(f, mode: str, loop: bool) -> None:
    user = (lambda x: dk.fori_loop(0, 2, lambda i, c: f(c), x)) if loop else f
    np.testing.assert_array_equal(replayed(user)(X), np.sin(np.sin(X)) if loop else np.sin(X))
    with pytest.raises(dk.DiffkitError, match="numerical derivative"):
        dk.check_grads(user, X, modes=(mode,), order=1)


def test_a_wrong_second_order_is_found() -> None:
    dk.check_grads(WRONG_SECOND, X, order=1)
    with pytest.raises(dk.DiffkitError, match="numerical derivative"):
        dk.check_grads(WRONG_SECOND, X, order=2)


def test_rules_that_disagree_are_found() -> None:
    f = dk.custom_jvp(np.sin)
    f.defjvp(lambda p, t: (np.sin(p[0]), np.cos(p[0]) * t[0]))
    f.defvjp(lambda x: (np.sin(x), x), lambda x, ct: (-np.cos(x) * ct,))
    with pytest.raises(dk.DiffkitError):
        dk.check_grads(f, X, order=1)


# --- callbacks -----------------------------------------------------------------------------------


def test_a_callback_runs_once_for_each_run() -> None:
    seen = []

    def outside(x):
        seen.append(type(x))
        return np.sort(x)

    f = dk.callback(outside, dk.f64[3])
    run = replayed(lambda x: f(x) * 2)
    assert run(X[::-1]).tolist() == (2 * X).tolist()
    assert run(X).tolist() == (2 * X).tolist()
    assert seen == [np.ndarray, np.ndarray]
    assert "callback" in str(run.graph(X))


def test_a_callback_cannot_write_into_the_values_of_the_graph() -> None:
    def scribble(x):
        x[:] = -1.0
        return np.sum(x)

    f = dk.callback(scribble, dk.f64[()])
    kept = X.copy()
    y, z = replayed(lambda x: (f(x), x * 1.0))(X)
    assert y == -3.0 and z.tolist() == kept.tolist() and X.tolist() == kept.tolist()


def test_a_callback_in_loops_and_branches() -> None:
    f = dk.callback(lambda x: np.cbrt(x), dk.f64[()])

    def loop(x):
        def step(c, r):
            return dk.cond(r > 0.5, lambda c: f(c) + r, lambda c: c, c), f(r)

        return dk.scan(step, 2.0, x)

    got = replayed(loop)(X)
    want = loop(X)
    assert got[0] == want[0] and got[1].tolist() == want[1].tolist()


@pytest.mark.parametrize("kind", ["jvp", "vjp"])
def test_a_callback_with_a_rule(kind: str) -> None:
    f = dk.callback(np.sin, dk.f64[()])
    slope = dk.callback(np.cos, dk.f64[()])
    slope.defjvp(lambda p, t: (slope(p[0]), -f(p[0]) * t[0]))
    if kind == "jvp":
        f.defjvp(lambda p, t: (f(p[0]), slope(p[0]) * t[0]))
    else:
        f.defvjp(lambda x: (f(x), x), lambda x, ct: (slope(x) * ct,))
    dk.check_grads(lambda x: f(x) * x, 0.7, order=3)
    dk.check_grads(lambda x: dk.fori_loop(0, 3, lambda i, c: f(c) * x[i], 0.7), X)


def test_a_callback_with_a_tree_of_results() -> None:
    f = dk.callback(lambda x, k: {"a": x * 2, "k": (k + 1,)}, {"a": dk.f64[3], "k": (dk.i64[()],)})
    got = replayed(lambda x, k: f(x, k))(X, 4)
    assert got["a"].tolist() == (2 * X).tolist() and got["k"] == (5,)


# --- printing ------------------------------------------------------------------------------------


def test_rules_print_by_name() -> None:
    f = by_both()
    text = str(dk.trace(lambda x: f(x, x))(dk.f64[3]))
    assert (
        text
        == """\
graph lambda(x: f64[3]) -> (f64[3]) {
  a: f64[3] = custom(operands: x, x) {name=body, rules=(jvp, forward, backward)}
    body(x: f64[3], y: f64[3]) -> (f64[3]) {
      a: f64[3] = neg(x)
      b: f64[3] = mul(a, x)
      c: f64[3] = exp(b)
      d: f64[3] = mul(c, y)
      e: f64[3] = sin(y)
      f: f64[3] = add(d, e)
      return f
    }
  return a
}"""
    )


def test_rules_survive_until_they_are_needed() -> None:
    """Dead results of a custom function do not take its rule away."""
    f = dk.custom_jvp(lambda x: (x * x, x * x * x))
    f.defjvp(lambda p, t: (f(p[0]), (7 * t[0], 9 * t[0])))
    graph = dk.trace(lambda x: f(x)[1])(dk.f64[()])
    assert next(all_nodes(graph)).op.name == "custom"
    assert dk.grad(lambda x: f(x)[1])(2.0) == 9.0
    assert dk.grad(lambda x: f(x)[0], method="forward")(2.0) == 7.0
