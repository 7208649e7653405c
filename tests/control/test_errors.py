"""Bad input: each error has its four parts and names parameter, types, line and remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import (
    DtypeError,
    EvaluationError,
    IndexingError,
    ShapeError,
    TreeError,
    UnsupportedError,
)
from tests.replay import replayed

X = np.array([0.3, 0.7, 1.1])

Case = tuple[Callable[..., Any], type[Exception], list[str]]


def changes_dtype(x):
    return dk.scan(lambda total, r: (total.astype(np.float32), r), x[0], x)


def changes_shape(x):
    return dk.scan(lambda total, r: ({"a": total["a"][:1]}, r), {"a": x}, x)


def changes_structure(x):
    return dk.scan(lambda total, r: ((total, r), r), x[0], x)


def fori_dtype(x):
    return dk.fori_loop(0, 3, lambda i, acc: (acc[0], acc[1] + x[0]), (x[0], np.int64(0)))


def fori_shape(x):
    return dk.fori_loop(0, 3, lambda i, acc: np.concatenate([acc, acc]), x)


def fori_structure(x):
    return dk.fori_loop(0, 3, lambda i, acc: [acc], x)


def while_dtype(x):
    return dk.while_loop(lambda s: s["k"] < 3, lambda s: {"k": s["k"] + 0.5}, {"k": np.int64(0)})


def while_shape(x):
    return dk.while_loop(lambda s: np.sum(s) < 3, lambda s: s[:, None] + 1, x)


def while_structure(x):
    return dk.while_loop(lambda s: s < 3, lambda s: (s,), x[0])


def float_to_int(x):
    """A Python float does not become an integer."""
    return dk.fori_loop(0, 3, lambda i, acc: i, 0.5)


def no_pair(x):
    return dk.scan(lambda c, r: c + r, x[0], x)


def no_rows(x):
    return dk.scan(lambda c, r: (c, c), x[0])


def scalar_rows(x):
    return dk.scan(lambda c, r: (c, c), x[0], {"v": x, "s": x[0]})


def ragged_rows(x):
    return dk.scan(lambda c, r: (c, c), x[0], (x, x[1:]))


def wrong_length(x):
    return dk.scan(lambda c, r: (c, c), x[0], x, length=4)


def negative_length(x):
    return dk.scan(lambda c, r: (c, c), x[0], length=-1)


def float_length(x):
    return dk.scan(lambda c, r: (c, c), x[0], length=2.5)


def cube(x):
    return dk.scan(lambda c, r: (c, c), x[0], x, checkpoint="cube")


def no_steps_between(x):
    return dk.scan(lambda c, r: (c, c), x[0], x, checkpoint=0)


def float_bound(x):
    return dk.fori_loop(0, 2.5, lambda i, c: c, x[0])


def number_as_condition(x):
    return dk.while_loop(lambda s: 3 - s, lambda s: s + 1, x[0])


def array_as_condition(x):
    return dk.while_loop(lambda s: s < 3, lambda s: s + 1, x)


def negative_max(x):
    return dk.while_loop(lambda s: s < 3, lambda s: s + 1, x[0], max_steps=-1)


def too_many(x):
    return dk.while_loop(lambda s: s < 99, lambda s: s + 1, x[0], max_steps=5)


def array_predicate(x):
    return dk.cond(x > 0.5, lambda: 1.0, lambda: 2.0)


def known_index(x):
    return dk.switch(2, [np.sin, np.cos], x)


def no_branches(x):
    return dk.switch(0, [], x)


def float_index(x):
    return dk.switch(x[0], [np.sin, np.cos], x)


BOTH: list[Case] = [
    (changes_dtype, DtypeError, ["total starts as f64[]", "f32[]", "float32", "lambda"]),
    (changes_shape, ShapeError, ["total['a'] starts as f64[3]", "f64[1]", "(1,)"]),
    (changes_structure, TreeError, ["total", "(*, *)", "structure"]),
    (fori_dtype, DtypeError, ["acc[1] starts as i64[]", "f64[]", "np.asarray(acc[1], np.float64)"]),
    (fori_shape, ShapeError, ["acc starts as f64[3]", "f64[6]"]),
    (fori_structure, TreeError, ["acc", "[*]"]),
    (while_dtype, DtypeError, ["s['k'] starts as i64[]", "f64[]"]),
    (while_shape, ShapeError, ["s starts as f64[3]", "f64[3, 1]"]),
    (while_structure, TreeError, ["(*,)", "the structure that s starts with"]),
    (float_to_int, DtypeError, ["acc starts as f64[]", "i64[]"]),
    (no_pair, TreeError, ["(carry, y)", "y may be None"]),
    (no_rows, ShapeError, ["neither xs nor length", "length=n"]),
    (scalar_rows, ShapeError, ["xs['s'] is a scalar", "carry"]),
    (ragged_rows, ShapeError, ["xs[0] has 3 rows", "xs[1] has 2 rows", "one length"]),
    (wrong_length, ShapeError, ["xs has 3 rows", "length asks for 4 rows"]),
    (negative_length, ShapeError, ["length=-1", "0 or more"]),
    (float_length, DtypeError, ["length=2.5"]),
    (cube, UnsupportedError, ["checkpoint='cube'", '"sqrt"']),
    (no_steps_between, UnsupportedError, ["checkpoint=0", '"sqrt"']),
    (float_bound, DtypeError, ["2.5", "an integer"]),
    (number_as_condition, DtypeError, ["f64[]", "one boolean", "np.any"]),
    (array_as_condition, DtypeError, ["b1[3]", "one boolean", "np.any"]),
    (negative_max, ShapeError, ["max_steps=-1"]),
    (too_many, EvaluationError, ["max_steps=5", "Raise max_steps"]),
    (array_predicate, ShapeError, ["a condition of shape (3,)", "np.any"]),
    (known_index, IndexingError, ["branch 2", "0 to 1", "Clip"]),
    (no_branches, IndexingError, ["no branches"]),
    (float_index, DtypeError, ["an index", "one integer"]),
]

WAYS: dict[str, Callable[..., Any]] = {
    "plain": lambda f: f,
    "eager": lambda f: lambda x: dk.jvp(f, (x,), (x,)),
    "jit": dk.jit,
    "reverse": lambda f: lambda x: dk.vjp(f, x),
}


def caught(f: Callable[..., Any], kind: type[Exception], *args: Any) -> str:
    """The message, which has its parts and belongs to the builtin kind as well."""
    with pytest.raises(kind) as error:
        f(*args)
    message = str(error.value)
    assert "Expected" in message and message.endswith("."), message
    assert isinstance(error.value, dk.DiffkitError)
    return message


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("f", "kind", "parts"), BOTH, ids=[c[0].__name__ for c in BOTH])
def test_the_error_says_what_and_where(way: str, f, kind, parts) -> None:
    message = caught(WAYS[way](f), kind, X)
    for part in parts:
        assert part in message, message
    line = re.search(r"test_errors\.py:(\d+)", message)
    assert line, message
    first = f.__code__.co_firstlineno
    assert first < int(line[1]) <= first + 4


def branch_structure(x):
    return dk.cond(x[0] > 0, lambda v: (v, v), lambda v: [v, v], x)


def branch_shape(x):
    return dk.cond(x[0] > 0, lambda v: {"y": v}, lambda v: {"y": v[1:]}, x)


def branch_dtype(x):
    return dk.cond(x[0] > 0, lambda v: v, lambda v: v.astype(np.float32), x)


def switch_shape(x):
    return dk.switch(np.argmax(x), [lambda v: v, lambda v: v, lambda v: v[0]], x)


TRACED: list[Case] = [
    (branch_structure, TreeError, ["(*, *)", "[*, *]", "every branch"]),
    (branch_shape, ShapeError, ["result['y']", "f64[3]", "f64[2]"]),
    (branch_dtype, DtypeError, ["result", "f64[3]", "f32[3]", ".astype"]),
    (switch_shape, ShapeError, ["result", "f64[3] and f64[]"]),
]


@pytest.mark.parametrize("way", ["eager", "jit", "reverse"])
@pytest.mark.parametrize(("f", "kind", "parts"), TRACED, ids=[c[0].__name__ for c in TRACED])
def test_branches_that_differ(way: str, f, kind, parts) -> None:
    message = caught(WAYS[way](f), kind, X)
    for part in (*parts, "test_errors.py"):
        assert part in message, message


def test_a_plain_scan_whose_rows_differ() -> None:
    def by_structure(c, r):
        return c + 1, r if c < 1 else (r, r)

    def by_shape(c, r):
        return c + 1, np.ones(int(c))

    assert "row 1" in caught(dk.scan, TreeError, by_structure, 0, X)
    assert "y of shape (0,)" in caught(dk.scan, ShapeError, by_shape, 0, X)


@pytest.mark.parametrize("k", [-1, 2, 100])
def test_a_traced_index_without_a_branch(k: int) -> None:
    f = replayed(lambda k, x: dk.switch(k, [np.sin, np.cos], x))
    np.testing.assert_array_equal(f(1, X), np.cos(X))
    message = caught(f, IndexingError, k, X)
    assert f"branch {k} of 2" in message and "test_errors.py" in message
    slope = replayed(dk.grad(lambda x, k: np.sum(f(k, x))))
    assert f"branch {k} of 2" in caught(slope, IndexingError, X, k)


@pytest.mark.parametrize("steps", [3, 4])
@pytest.mark.parametrize("slope", [lambda f: f, dk.grad, lambda f: dk.grad(dk.grad(f))])
def test_max_steps_counts_steps(steps: int, slope) -> None:
    """Four steps are needed: three are too few in every derivative, four are enough."""

    def f(x):
        return dk.while_loop(lambda c: c < 16, lambda c: c * 2 + 0 * x * x * c, x, max_steps=steps)

    for run in (slope(f), replayed(slope(f))):
        if steps == 4:
            assert np.isfinite(run(1.0))
        else:
            message = caught(run, EvaluationError, 1.0)
            assert "max_steps=3" in message and "test_errors.py" in message


def test_an_error_inside_a_loop_names_the_line() -> None:
    def f(x, k):
        def step(c, r):
            return c + x[k + 5], r

        return dk.scan(step, 0.0, x)

    for run in (replayed(f), replayed(dk.grad(lambda x, k: f(x, k)[0]))):
        message = caught(run, IndexingError, X, 4)
        assert "test_errors.py" in message and "out of bounds" in message


def test_an_error_of_the_user_passes_through() -> None:
    def step(c, r):
        raise KeyError("mine")

    for way in WAYS.values():
        with pytest.raises(KeyError, match="mine"):
            way(lambda x: dk.scan(step, 0.0, x))(X)
    assert float(dk.grad(lambda x: x * x)(3.0)) == 6.0  # no trace was left open


# --- rules ---------------------------------------------------------------------------------------


def ruled(jvp=None, forward=None, backward=None):
    f = dk.custom_jvp(lambda x, y: (x * y, x))
    if jvp:
        f.defjvp(jvp)
    if backward:
        f.defvjp(forward or (lambda x, y: (f.f(x, y), (x, y))), backward)
    return lambda x: np.sum(f(x, 2 * x)[0])


def zeros(res, ct):
    return res[0], res[1]


RULES: list[tuple[str, Callable[..., Any], type[Exception], list[str]]] = [
    ("jvp, no pair", ruled(lambda p, t: p[0]), TreeError, ["(result, tangent)"]),
    ("jvp, structure", ruled(lambda p, t: ((p[0], p[0]), t[0])), TreeError, ["(*, *)"]),
    ("jvp, shape", ruled(lambda p, t: ((p[0], p[0]), (t[0], t[0][:1]))), ShapeError, ["(1,)"]),
    ("jvp, primal shape", ruled(lambda p, t: ((p[0][:1], p[0]), (t[0], t[0]))), ShapeError,
     ["(1,)"]),
    ("vjp, count", ruled(backward=lambda r, ct: (r[0],)), TreeError, ["a tuple of 2"]),
    ("vjp, no tuple", ruled(backward=lambda r, ct: r[0]), TreeError, ["a tuple of 2"]),
    ("vjp, shape", ruled(backward=lambda r, ct: (r[0], r[1][:2])), ShapeError, ["(2,)", "(3,)"]),
    ("vjp, structure", ruled(backward=lambda r, ct: (r[0], (r[1],))), TreeError, ["cotangent"]),
    ("forward, no pair", ruled(forward=lambda x, y: x, backward=zeros), TreeError,
     ["(result, residuals)"]),
    ("forward, structure", ruled(forward=lambda x, y: (x, (x, y)), backward=zeros), TreeError,
     ["(*, *)"]),
]  # fmt: skip


@pytest.mark.parametrize("method", ["forward", "reverse"])
@pytest.mark.parametrize(("f", "kind", "parts"), [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_a_rule_of_the_wrong_kind(method: str, f, kind, parts) -> None:
    message = caught(dk.grad(f, method=method), kind, X)
    for part in ("the rule", "lambda", "test_errors.py", "Correct what the rule returns", *parts):
        if part != "lambda" or "zeros" not in message:
            assert part in message, message


def test_a_rule_must_not_capture_traced_values() -> None:
    def outer(x):
        f = dk.custom_jvp(lambda y: y * x)
        f.defjvp(lambda p, t: (p[0] * x, t[0] * x))
        return f(x + 1)

    def late(x):
        f = dk.custom_jvp(lambda y: y * 2)
        f.defjvp(lambda p, t: (p[0] * 2, t[0] * x))
        return f(x + 1)

    def back(x):
        f = dk.custom_vjp(lambda y: y * 2)
        f.defvjp(lambda y: (y * 2, None), lambda _, ct: (ct * x,))
        return f(x + 1)

    for f in (outer, late, back):
        for method in ("forward", "reverse"):
            message = caught(dk.grad(f, method=method), UnsupportedError, 3.0)
            assert "from around it" in message and "Pass the value as an argument" in message


# --- callbacks, and what a mode does not answer --------------------------------------------------


def test_a_callback_that_returns_another_type() -> None:
    for wrong in (lambda x: x[:2], lambda x: x.astype(np.float32), lambda x: 1):
        f = dk.callback(wrong, dk.f64[3])
        for run in (f, replayed(lambda x, f=f: f(x) * 2)):
            message = caught(run, EvaluationError, X)
            assert "f64[3]" in message and "it returned" in message
    f = dk.callback(lambda x: (x, x), dk.f64[3])
    assert "a tree" in caught(replayed(f), EvaluationError, X)
    assert "dk.f64[()]" in caught(dk.callback, DtypeError, np.sin, float)


@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_a_callback_has_no_derivative(method: str) -> None:
    f = dk.callback(np.sort, dk.f64[3])

    def user(x):
        return np.sum(f(x))

    def looped(x):
        return dk.fori_loop(0, 2, lambda i, c: c + np.sum(f(x)), 0.0)

    for g in (user, looped):
        message = caught(dk.grad(g, method=method), UnsupportedError, X)
        for part in ("a callback", ".defjvp", "test_errors.py"):
            assert part in message
    stopped = dk.grad(lambda x: np.sum(f(dk.stop_gradient(x)) * x), method=method)
    assert stopped(X[::-1]).tolist() == X.tolist()


def test_symbolic_mode_says_which_loops_it_cannot_write_out() -> None:
    def newton(x):
        return dk.while_loop(lambda c: abs(c * c - x) > 1e-9, lambda c: (c + x / c) / 2, x)

    def long(x):
        return dk.fori_loop(0, 10**6, lambda i, c: np.sin(c), x)

    def outside(x):
        return dk.callback(np.sin, dk.f64[()])(x)

    for f, part in ((newton, "while"), (long, "1000000 steps"), (outside, "a callback")):
        message = caught(dk.grad(f, method="symbolic"), UnsupportedError, 2.0)
        for words in (part, "'forward' or 'reverse'", "test_errors.py"):
            assert words in message, message
