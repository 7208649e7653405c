"""What users of other packages complain about (messages that do not help, and failures in silence),
each in a user's code: here it works, or an error names the line, what it met and what to do.

A test is named after the pain. Not here are those about speed and memory alone, which
`comparisons` measures: compile times (2, 3), costs of small arrays and scalars (4, 5), memory of
the tape (23), speed of differences and formulas (29, 30); and 33, the upkeep of a package.
"""

import logging
import math
import re
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import (
    CheckError,
    DiffkitError,
    IndexingError,
    LeakedTracerError,
    ShapeError,
    TracingError,
    UnsupportedError,
)
from diffkit.graph import Elementwise, Graph, Node, Op, Var, flops
from diffkit.modes.forward import jvp as forward_graph
from diffkit.modes.reverse import vjp as reverse_graph
from diffkit.modes.taylor import taylor as taylor_graph
from diffkit.types import f64 as F64

X = np.array([1.0, 2.0, 3.0])


def fast(f, **settings):
    return dk.jit(f, backend="interpreter", **settings)


def message(kind, f, *args):
    """The message of the error that f raises: its four parts, and the user's line in this file."""
    with pytest.raises(kind) as caught:
        f(*args)
    text = str(caught.value)
    assert isinstance(caught.value, DiffkitError)
    assert re.search(r"test_pains\.py:\d+", text), text
    assert ". Expected " in text and text.endswith("."), text
    return text


# --- 1, 24, 25: graphs that grow, and caches that grow -------------------------------------------


def test_1_an_unrolled_loop_that_is_too_long_to_compile_names_its_line():
    def rough(x):
        for k in range(60):
            x = np.sin(x) if k % 7 in (0, 3) else x * k + 1.0 / (k + 1)
        return x

    text = message(UnsupportedError, dk.jit(rough, max_nodes=40), 1.0)
    first = rough.__code__.co_firstlineno
    assert f"test_pains.py:{first + 2}" in text
    assert "at most 40" in text and "dk.scan or dk.fori_loop" in text


def test_1_an_unrolled_loop_that_repeats_is_rolled_up():
    def unrolled(x, steps):
        for _ in range(steps):
            x = np.sin(x) * 1.01 + x
        return x

    sizes = [len(dk.jit(lambda x, n=n: unrolled(x, n)).optimised(1.0).nodes) for n in (600, 1200)]
    assert sizes[0] == sizes[1] < 10


def test_24_recording_too_often_is_logged(caplog):
    def total(x):
        return x.sum()

    f = fast(total)
    with caplog.at_level(logging.WARNING, "diffkit"):
        for n in range(1, 9):
            f(np.ones(n))
        assert not caplog.records
        f(np.ones(9))
        f(np.ones(10))
    (record,) = caplog.records
    assert "total has been recorded 9 times" in record.getMessage()
    assert "keep their shapes" in record.getMessage()


def test_24_equal_calls_are_recorded_once():
    f = fast(lambda x, y: x @ y)
    for _ in range(20):
        f(X, X)
    f(X.astype(np.float32), X)
    assert f.traces == 2


def test_25_a_formula_that_is_too_deep_is_refused():
    def deep(x):
        for _ in range(3000):
            x = np.sin(x)
        return x

    with pytest.raises(UnsupportedError, match=r"too deep for sympy.*'forward' or 'reverse'"):
        dk.grad(deep, method=dk.Symbolic(cse=False))(1.0)


# --- 6, 7: arrays that are written ---------------------------------------------------------------


def test_6_slice_assignment_works_or_says_what_to_write():
    def f(x):
        out = np.zeros(3)
        out[0] = x[0] ** 2
        out[1:] = x[:2]
        return np.sum(out * out)

    assert_allclose(dk.grad(f)(X), [4 + 2, 4, 0])
    plain = np.zeros(3)

    def outside(x):
        plain[0] = x[0]
        return plain.sum()

    text = message(TracingError, dk.grad(outside), X)
    assert "item assignment" in text and "np.zeros inside the function" in text
    assert "dnp.set_at(a, index, value)" in text


def test_7_in_place_changes_differentiate_as_numpy_runs_them():
    def f(x):
        y = np.exp(x)
        z = y * y
        y *= 2  # z keeps the old y
        y[0] += z[0]
        return np.sum(y) + np.sum(z)

    def pure(x):
        y = np.exp(x)
        return np.sum(2 * y) + y[0] * y[0] + np.sum(y * y)

    assert_allclose(f(X), pure(X))
    for method in ("reverse", "forward"):
        assert_allclose(dk.grad(f, method=method)(X), dk.grad(pure)(X), rtol=1e-14)
    plain = {"out": np.ones(3)}  # made outside, and out of reach in a dict
    text = message(UnsupportedError, dk.grad(lambda x: np.sum(np.add(x, 1, **plain))), X)
    assert "a = a + x instead of a += x" in text


# --- 8, 9, 10, 11: kinks and singular points -----------------------------------------------------


@pytest.mark.parametrize("method", ["reverse", "forward", "taylor"])
def test_8_a_branch_not_taken_leaks_no_nan(method):
    x = np.array([-1.0, 0.0, 4.0])

    def f(x):
        return np.sum(np.where(x > 0, np.sqrt(x) * np.log(x), x**2))

    with np.errstate(all="ignore"):
        want = [-2.0, 0.0, math.log(4) / 4 + 0.5]
        assert_allclose(dk.grad(f, method=method)(x), want, atol=1e-15)
        second = dk.hessian(f)(x)
    assert np.all(np.isfinite(second))


def test_9_norms_have_a_gradient_at_zero_twice():
    for f in (np.linalg.norm, lambda x: np.hypot(x[0], x[1])):
        assert_array_equal(dk.grad(f)(np.zeros(3)), np.zeros(3))
        assert np.all(np.isfinite(dk.hessian(f)(np.zeros(3))))
    assert dk.grad(np.sqrt)(0.0) == np.inf  # the limit, not an exception


def test_10_one_convention_at_kinks():
    slopes = {
        "abs": dk.grad(abs)(0.0),
        "sign": np.sign(0.0),
        "relu": dk.grad(dk.nn.relu)(0.0),
        "maximum": dk.grad(lambda x: np.maximum(x, 0.0))(0.0),
    }
    assert slopes == {"abs": 0.0, "sign": 0.0, "relu": 0.0, "maximum": 0.5}
    assert_array_equal(dk.grad(np.max)(np.array([1.0, 1.0, 0.0])), [0.5, 0.5, 0.0])


def test_11_functions_of_equal_eigenvalues_differentiate():
    def trace_of_exp(a):
        return np.sum(np.exp(np.linalg.eigvalsh(a)))

    found = dk.grad(trace_of_exp)(np.eye(2))
    assert_allclose(found, np.e * np.eye(2), rtol=1e-14)


def test_11_eigenvectors_that_are_not_unique_are_refused_by_name():
    def f(a):
        return np.linalg.eigh(a)[1][0, 1]

    with np.errstate(all="ignore"):
        text = message(DiffkitError, dk.grad(f), np.eye(2))
    assert "not unique" in text


# --- 12, 13, 14: rules that are missing ----------------------------------------------------------


def test_12_a_numpy_function_without_a_handler_is_named():
    text = message(UnsupportedError, dk.grad(lambda x: np.busday_count(x, x)), 1.5)
    assert "np.busday_count at test_pains.py" in text
    assert "tables in diffkit/numpy" in text and "dk.callback with .defjvp or .defvjp" in text


def test_12_a_scipy_function_without_a_handler_is_named_with_the_users_line():
    from scipy import linalg, optimize, special

    text = message(UnsupportedError, dk.grad(lambda x: special.wofz(x)), 1.5)
    assert text.startswith("scipy.special.wofz at test_pains.py")
    text = message(DiffkitError, dk.grad(lambda a: np.sum(linalg.schur(a)[0])), np.eye(2))
    assert text.startswith("scipy.linalg.schur at test_pains.py") and "dk.callback" in text
    text = message(DiffkitError, dk.grad(lambda x: optimize.brentq(lambda y: y - x, -9, 9)), 1.5)
    assert text.startswith("scipy.optimize.brentq at test_pains.py") and "dk.solve.root" in text


def test_13_every_mode_of_every_mode():
    a, b = np.array([[2.0, 0.3], [0.3, 1.5]]), np.array([1.0, -2.0])

    def f(t):
        return np.sum(np.linalg.solve(a + t * np.eye(2), b) ** 2) + np.linalg.slogdet(a * t)[1]

    ways = ("forward", "reverse")
    found = [dk.grad(dk.grad(f, method=m), method=n)(0.7) for m in ways for n in ways]
    assert_allclose(found, found[0], rtol=1e-12)
    dk.check_grads(f, 0.7)


MODES = {
    "forward mode": lambda f: dk.grad(f, method="forward")(X),
    "reverse mode": lambda f: dk.grad(f)(X),
    "Taylor mode": lambda f: dk.taylor(f, X, 2, X),
    "the complex step": lambda f: dk.grad(f, method="complex-step")(X),
    "a sparsity pattern": lambda f: dk.sparse_jacobian(f)(X),
}


@pytest.mark.parametrize("mode", MODES)
def test_14_the_mode_named_is_the_mode_at_work(mode):
    sort = dk.callback(np.sort, dk.f64[3])

    def f(x):
        return np.sum(sort(x) * x)

    text = message(UnsupportedError, MODES[mode], f)
    first = f.__code__.co_firstlineno
    assert text.startswith(f"{mode} at ") and f"test_pains.py:{first + 1}: a callback" in text
    assert ".defjvp or .defvjp" in text
    for other in set(MODES) - {mode}:
        assert other not in text


def test_14_a_second_derivative_names_the_mode_that_fails():
    f = dk.callback(np.sort, dk.f64[3])
    f.defvjp(lambda x: (f(x), x), lambda x, ct: (sort_again(x) * ct,))
    sort_again = dk.callback(np.sort, dk.f64[3])
    slope = dk.grad(lambda x: np.sum(f(x)))
    assert_array_equal(slope(X), X)
    assert message(UnsupportedError, dk.jacobian(slope), X).startswith("reverse mode at ")
    text = message(UnsupportedError, dk.jacobian(slope, method="forward"), X)
    assert text.startswith("forward mode at ")


class NoFact:
    """A fact that no mode knows."""


def graph_of(fact):
    """A graph of one op with a fact."""
    op = Op("mystery", lambda x: x, lambda x: x, fact)
    x, y = Var(F64[()], "x"), Var(F64[()], "y")
    return Graph("f", (x,), (Node(op, (x,), {}, (y,), None),), (y,))


@pytest.mark.parametrize(
    ("mode", "transform"),
    [
        ("forward mode", lambda g: forward_graph(g, [True])),
        ("reverse mode", lambda g: reverse_graph(g, [True])),
        ("Taylor mode", lambda g: taylor_graph(g, [True], 2)),
    ],
)
def test_14_an_op_without_a_fact_names_op_mode_and_file(mode, transform):
    """Planted: with a fact the same graph differentiates."""
    transform(graph_of(Elementwise((2.0,))))
    with pytest.raises(UnsupportedError) as caught:
        transform(graph_of(NoFact()))
    assert str(caught.value).startswith(f"{mode}: the op mystery, which has no rule")
    assert "diffkit/ops" in str(caught.value)


def test_14_other_tables_name_op_and_file():
    from diffkit.transforms.vmap import batch

    with pytest.raises(UnsupportedError, match=r"vmap: the op mystery.*transforms/vmap_ops\.py"):
        batch(graph_of(Elementwise((2.0,))), [True], 3)
    torch = pytest.importorskip("torch")
    assert torch
    from diffkit.backends.torch import to_torch

    with pytest.raises(UnsupportedError, match=r"to_torch: the op mystery.*backends/torch\.py"):
        to_torch(graph_of(Elementwise((2.0,))))


# --- 15, 16, 17: rules in both modes, complex numbers, precision ---------------------------------


def test_15_a_rule_for_one_mode_serves_all():
    only_vjp = dk.custom_vjp(lambda x: np.sin(x))
    only_vjp.defvjp(lambda x: (np.sin(x), x), lambda x, ct: (ct * np.cos(x),))
    only_jvp = dk.custom_jvp(lambda x: np.sin(x))
    only_jvp.defjvp(lambda p, t: (np.sin(p[0]), t[0] * np.cos(p[0])))
    both = dk.custom_jvp(lambda x: np.sin(x))
    both.defjvp(lambda p, t: (np.sin(p[0]), t[0] * np.cos(p[0])))
    both.defvjp(lambda x: (np.sin(x), x), lambda x, ct: (ct * np.cos(x),))
    for f in (only_vjp, only_jvp, both):
        for method in ("forward", "reverse"):
            assert_allclose(dk.grad(f, method=method)(0.7), np.cos(0.7))
            for outer in ("forward", "reverse"):
                second = dk.grad(dk.grad(f, method=method), method=outer)(0.7)
                assert_allclose(second, -np.sin(0.7))
        assert_allclose(dk.taylor(f, 0.7, 2), [np.sin(0.7), np.cos(0.7), -np.sin(0.7)])


def test_16_the_complex_convention_is_one_in_all_modes():
    def f(z):
        return np.real(z * np.conj(z))

    assert dk.grad(f)(3 + 4j) == 6 - 8j
    assert dk.grad(f, method="forward")(3 + 4j) == 6 - 8j
    analytic = dk.grad(np.exp, holomorphic=True)(0.3 + 0.4j)
    assert_allclose(analytic, np.exp(0.3 + 0.4j))


def test_17_numbers_are_float64_and_float32_stays():
    assert dnp.zeros(2).dtype == np.float64 and dk.grad(np.sin)(1.0).dtype == np.float64
    assert fast(lambda x: x * 2.0)(1).dtype == np.float64
    narrow = X.astype(np.float32)
    assert dk.grad(lambda x: np.sum(x * 2.0))(narrow).dtype == np.float32


# --- 18, 19, 20: control flow on values ----------------------------------------------------------


def test_18_reverse_mode_goes_through_a_while_loop():
    def f(x):
        return dk.while_loop(lambda c: c < 100.0, lambda c: c * x, x)

    assert dk.grad(f)(2.0) == 7 * 2.0**6
    assert fast(dk.grad(f))(2.0) == 7 * 2.0**6


def test_19_item_inside_vmap_names_the_line_and_what_to_write():
    text = message(TracingError, dk.vmap(lambda x: x.item() * 2), X)
    assert text.startswith("item() at ") and "which has no value: this runs once" in text
    assert "arithmetic and np functions accept it" in text and "stop_gradient" not in text


def test_19_a_branch_inside_vmap_names_cond_and_where():
    text = message(TracingError, dk.vmap(lambda x: x if x > 0 else -x), X)
    assert "np.where" in text and "dk.cond" in text
    assert_array_equal(dk.vmap(lambda x: dk.cond(x > 2, lambda: x, lambda: -x))(X), [-1, -2, 3])


CONDITIONS = {
    "if": lambda x: x if x[0] > 0 else -x,
    "while": lambda x: [0 for _ in iter(lambda: x[0] > 0, False)],
    "not": lambda x: x if not x[0] else -x,
    "and": lambda x: x[0] > 0 and x[1] > 0,
    "assert": lambda x: bool(np.all(x > 0)),
    "in": lambda x: 1.0 in x,
    "max": lambda x: max(x),
    "sorted": lambda x: sorted(x),
    "any": lambda x: any(x > 0),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_20_a_condition_on_a_traced_value_names_the_line(name):
    text = message(TracingError, fast(CONDITIONS[name]), X)
    assert text.startswith("bool() at ") and "dk.cond or dk.while_loop" in text


def test_20_without_jit_conditions_are_taken():
    assert dk.grad(lambda x: x if x > 0 else -x)(-2.0) == -1.0
    assert_array_equal(dk.grad(max)(X), [0, 0, 1])


def test_20_a_mask_or_a_size_that_depends_on_a_value_names_what_to_write():
    text = message(IndexingError, fast(lambda x: x[x > 1]), X)
    assert "np.where" in text
    text = message(TracingError, fast(lambda x, n: sum(x for _ in range(n))), 2.0, 3)
    assert "dk.fori_loop" in text and "static_argnums" in text


# --- 21, 22, 26, 27, 28: higher orders, sparsity, interplay with NumPy, checks -------------------


def test_21_taylor_mode_goes_through_loops():
    def f(x):
        grown = dk.scan(lambda c, r: (np.sin(c * r), c), x, np.ones(3))[0]
        return dk.while_loop(lambda c: c < 5, lambda c: c * x, grown + x, max_steps=20)

    found = dk.taylor(f, 1.5, 3)
    for k, want in enumerate((f, dk.grad(f), dk.grad(dk.grad(f)), dk.grad(dk.grad(dk.grad(f))))):
        assert_allclose(found[k], want(1.5), rtol=1e-10)


def test_22_sparse_derivatives_are_found():
    jacobian = dk.sparse_jacobian(lambda x: (x[1:] - x[:-1]) ** 2)
    assert jacobian(np.arange(50.0)).nnz == 98 and jacobian.plan(np.arange(50.0)).passes == 2


def test_26_numpy_functions_take_traced_values():
    assert dk.grad(lambda x: np.sum(np.array([x, x**2]) @ np.ones((2, 2))))(3.0) == 14.0

    def local(x):
        import numpy as own

        return own.array([x, x])

    text = message(TracingError, dk.grad(local), 1.0)
    assert "dnp.array" in text


def test_27_a_hessian_vector_product_costs_a_few_gradients():
    def f(x):
        return np.sum(np.tanh(x[1:] * x[:-1]) ** 2)

    n = 200
    gradient = flops(fast(dk.grad(f)).optimised(np.ones(n)))
    product = flops(fast(dk.hvp(f)).optimised(np.ones(n), np.ones(n)))
    assert product <= 4 * gradient


def test_28_a_failed_check_says_by_how_much():
    def wrong(x):
        return x * dk.stop_gradient(x)

    for x in (2.0, np.float32(2.0)):
        dk.check_grads(lambda x: x**3, x)
        with pytest.raises(CheckError, match=r"check_grads of wrong: .*mode gives .*numerical"):
            dk.check_grads(wrong, x)


def test_28_a_function_that_is_not_repeatable_is_called_that():
    rng = np.random.default_rng(0)
    with pytest.raises(CheckError, match="other results on a second call"):
        dk.check_grads(lambda x: x * rng.normal(), 2.0)


def test_28_what_is_no_float_is_held_fixed():
    dk.check_grads(lambda x, n, kind: x**n if kind == "power" else x, 2.0, 3, "power")
    with pytest.raises(DiffkitError, match=r"Pass 2\.0 instead of 2"):
        dk.check_grads(lambda x: x * 2, 2)


# --- 31, 32: implicit derivatives and threads ----------------------------------------------------


def test_31_implicit_derivatives_are_not_lost():
    def root(a):
        return dk.solve.root(lambda x: x * x - a, 1.0)

    def full(a):
        x, info = dk.solve.root(lambda x: x * x - a, 1.0, full=True)
        return x, (info, x**2)

    assert_allclose(dk.grad(root)(4.0), 0.25, rtol=1e-12)
    slope, (info, square) = dk.grad(full, has_aux=True)(4.0)
    assert_allclose([slope, square], [0.25, 4.0], rtol=1e-12)
    assert info.converged
    assert_allclose(dk.grad(lambda a: root(a) + root(a) ** 2)(4.0), 1.25, rtol=1e-12)
    low = dk.grad(lambda a: dk.solve.minimize(lambda x: (x - a) ** 2 * (1 + a), 1.0))(4.0)
    assert_allclose(low, 1.0, rtol=1e-8)
    assert_allclose(dk.grad(dk.grad(root))(4.0), -1 / 32, rtol=1e-9)


def test_32_nested_gradients_in_threads():
    def f(x):
        return x * dk.grad(lambda y: x * y * y)(x)  # 2 x³

    found = [None] * 8
    start = threading.Barrier(8)

    def run(k):
        start.wait()
        found[k] = [dk.grad(f)(float(k)) for _ in range(20)]

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == [[6.0 * k * k] * 20 for k in range(8)]


# --- failures in silence that no list has, but every user meets ----------------------------------


def test_a_value_that_leaked_is_named_when_it_is_used():
    kept = []
    dk.grad(lambda x: (kept.append(x), x)[1])(1.0)
    text = message(LeakedTracerError, lambda: np.sin(kept[0]))
    assert "that has ended" in text and "Return the value" in text


def test_a_number_that_carries_no_derivative_may_be_had():
    assert dk.grad(lambda x: float(dk.stop_gradient(x)) * x)(3.0) == 3.0
    assert dk.grad(lambda x: dk.stop_gradient(x).item() * x)(3.0) == 3.0
    assert dk.grad(lambda x: math.floor(np.floor(x)) * x)(3.5) == 3.0
    text = message(TracingError, dk.grad(lambda x: float(x) * x), 3.0)
    assert "dk.stop_gradient(x) takes it out" in text


def test_printing_shows_the_value_where_there_is_one():
    seen = []
    dk.grad(lambda x: (seen.append(f"{x:.3f} {x}"), x)[1])(1.5)
    fast(lambda x: (seen.append(f"{x:.3f}"), x)[1])(1.5)
    assert seen == ["1.500 Traced(x: f64[])", "Traced(x: f64[])"]


def test_rounding_names_the_function_of_numpy():
    text = message(TracingError, dk.grad(lambda x: x * round(x)), 1.5)
    assert text.startswith("round() at ") and "np.round" in text


def test_a_gradient_of_an_array_says_sum_or_jacobian():
    text = message(ShapeError, dk.grad(lambda x: x**2), X)
    assert "np.sum" in text and "dk.jacobian" in text
