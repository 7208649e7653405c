"""Calls without `jit` find what an equal one has left behind: nothing is differentiated twice, and
nothing that differs is taken for equal."""

import threading
from dataclasses import replace

import numpy as np
import pytest

import diffkit as dk
from diffkit import kept
from diffkit.calls import Call, record_call
from diffkit.errors import EvaluationError
from diffkit.graph import Lit, evaluate, literal
from diffkit.graph.recent import Recent
from diffkit.graph.structure import key_of_attrs, lifted, numbers, same_attrs, structure
from diffkit.modes import reverse
from diffkit.tracing import repeats


@pytest.fixture(autouse=True)
def forgotten():
    """Each test begins with nothing kept."""
    kept.KEPT.clear()
    repeats.REPEATS.clear()


@pytest.fixture
def work(monkeypatch):
    """What has been differentiated and prepared, by the names of the graphs."""
    done = []

    def counting(name, function):
        return lambda graph, *rest: (done.append(name), function(graph, *rest))[1]

    monkeypatch.setattr(reverse, "vjp", counting("vjp", reverse.vjp))
    monkeypatch.setattr(kept, "prepare", counting("prepare", kept.prepare))
    return done


def program(f, *args):
    return record_call(Call.of(f, args, {}, 0, "grad"), eager=True)


def chain(x):
    for _ in range(5):
        x = np.sin(x) * 1.5
    return x


def test_the_second_call_differentiates_and_prepares_nothing(work):
    first = dk.grad(chain)(0.5)
    assert work == ["vjp", "prepare"]
    assert dk.grad(chain)(0.5) == first
    assert dk.grad(chain)(0.7) != first
    assert work == ["vjp", "prepare"]


def test_a_recording_that_repeats_itself_is_the_same_graph():
    assert program(chain, 0.5).graph is program(chain, 0.7).graph


def test_graphs_for_all_values_share_nothing():
    one, two = (dk.trace(chain)(dk.f64[()]) for _ in range(2))
    assert not set(one.nodes) & set(two.nodes)


@pytest.mark.parametrize("method", ["forward", "reverse", "taylor", "complex-step", "symbolic"])
def test_every_method_agrees_with_itself(method):
    g = dk.grad(lambda x: np.exp(-x) * x**3, method=method)
    first = [g(0.25 * k) for k in range(4)]
    assert [g(0.25 * k) for k in range(4)] == first
    exact = [np.exp(-x) * (3 * x**2 - x**3) for x in (0.0, 0.25, 0.5, 0.75)]
    np.testing.assert_allclose(first, exact, rtol=1e-14, atol=1e-15)


def test_jacobians_closures_and_nested_derivatives_repeat():
    x = np.array([0.5, -1.0, 2.0])
    for _ in range(3):
        J = dk.jacobian(lambda x: x**2 * x[::-1])(x)
        np.testing.assert_allclose(J, np.diag(2 * x * x[::-1]) + np.diag(x**2)[:, ::-1])
        _, pull = dk.vjp(np.sin, x)
        np.testing.assert_allclose(pull(np.ones(3))[0], np.cos(x))
        assert dk.grad(dk.grad(lambda x: x**3))(2.0) == 12.0
        np.testing.assert_allclose(dk.hvp(lambda x: np.sum(x**3))(x, np.ones(3)), 6 * x)


# --- what differs is told apart ------------------------------------------------------------------


def test_a_number_that_changes_is_not_the_old_one(work):
    for c in (2.0, 3.0, -1.0, 0.5, 1.0, 0.0, np.inf, np.float64(4.0), 5):
        assert dk.grad(lambda x, c=c: c * np.sin(x))(0.0) == c
    assert work.count("vjp") <= 4  # with the first, with any float, and with an integer


def test_zeros_of_both_signs_nan_and_kinds_of_numbers():
    def at(c):
        return dk.value_and_grad(lambda x: np.arctan2(x * 0.0 + c, -x))(1.0)[0]

    for _ in range(2):
        assert at(0.0) == np.pi
        assert at(-0.0) == np.pi  # 0 + -0 = 0
        assert dk.grad(lambda x: x * np.copysign(1.0, -0.0))(1.0) == -1
        assert np.isnan(dk.grad(lambda x: x * np.nan)(1.0))
        assert dk.grad(lambda x: np.where(np.signbit(-0.0), x, 2 * x))(1.0) == 1
        assert dk.value_and_grad(lambda x: x / x + 1)(np.float32(2))[0].dtype == np.float32


def test_an_exponent_that_changes():
    for p in (3.0, 2.5, 3.0, 0.0, 1.0, 2.0, -1.0, 4.5):
        assert dk.grad(lambda x, p=p: x**p)(2.0) == pytest.approx(p * 2.0 ** (p - 1), rel=1e-15)
        assert dk.taylor(lambda x, p=p: x**4.0 + x * p, 0.0, 2)[1] == p


def test_branches_on_values_take_turns():
    def f(x):
        y = np.sin(x)
        if y > 0:
            return y * y
        return -3 * y

    for x in (0.5, -0.5, 0.5, 1.0, -1.0):
        want = 2 * np.sin(x) * np.cos(x) if x > 0 else -3 * np.cos(x)
        assert dk.grad(f)(x) == pytest.approx(want, rel=1e-15)


def test_another_dtype_or_shape_is_another_program():
    f = dk.grad(lambda x: np.sum(x * x))
    for _ in range(2):
        for x in (np.ones(3), np.ones(4), np.ones(3, np.float32), np.ones((2, 3)), 1.0):
            found = f(x)
            assert np.array_equal(found, 2 * np.asarray(x))
            assert found.dtype == np.asarray(x).dtype


def test_a_large_constant_may_change_its_content(work):
    data = np.linspace(0.0, 1.0, 1000)
    g = dk.grad(lambda w: np.sum(data * w))
    for k in range(2, 6):
        data[:] = k
        assert g(1.0) == 1000 * k
        assert g(np.ones(1000)).tolist() == [k] * 1000
    assert work.count("vjp") == 2
    assert len(repeats.REPEATS) == 0  # the user's data is not kept


def test_what_is_not_used_does_not_keep_data_either():
    def f(x, data):
        np.sum(x * data)
        return np.sin(x)

    dk.grad(f)(0.5, np.linspace(0, 1, 10))
    assert len(repeats.REPEATS) == 1
    repeats.REPEATS.clear()
    dk.grad(lambda x: f(x, np.linspace(0, 1, 1000)))(0.5)
    assert len(repeats.REPEATS) == 0


def test_a_small_constant_may_change_its_content():
    data = np.zeros(3)
    g = dk.grad(lambda w: np.sum(np.sin(data) * w))
    for k in range(4):
        data[1] = k
        assert g(1.0) == pytest.approx(np.sin(k))


def test_loops_and_branches_are_compared_with_their_bodies(work):
    def f(x, c):
        y = dk.scan(lambda h, _: (np.sin(h) * c, None), x, length=3)[0]
        return dk.cond(y > 0, lambda y: y * c, lambda y: y / c, y)

    def by_hand(x, c):
        slope = 1.0
        for _ in range(3):
            x, slope = np.sin(x) * c, np.cos(x) * c * slope
        return slope * (c if x > 0 else 1 / c)

    for c in (1.5, 2.5, 1.5, 2.5):
        for x in (0.5, -0.5):
            assert dk.grad(f)(x, c) == pytest.approx(by_hand(x, c), rel=1e-14)
    assert work.count("vjp") == 2


def test_writes_in_place_repeat():
    def f(x):
        y = np.zeros(3)
        y[0] = x
        y[1:] += x * y[0]
        x *= 2
        return np.sum(y) + x

    for x in (1.0, 2.0, 3.0):
        assert dk.grad(f)(x) == pytest.approx(1 + 4 * x + 2)
        assert dk.grad(f)(np.float64(x)) == pytest.approx(1 + 4 * x + 2)


def test_results_belong_to_the_caller():
    small, large = np.arange(3.0), np.arange(100.0)
    for weights in (small, large):
        g = dk.grad(lambda x, w=weights: np.sum(x * w))
        for _ in range(3):
            found = g(np.ones_like(weights))
            assert np.array_equal(found, weights)
            found[:] = -1
        assert weights[-1] > 0


def test_auxiliary_results_are_those_of_this_call():
    calls = []

    def f(x):
        calls.append(x)
        return np.sin(x), {"count": len(calls), "square": x * x}

    for k in range(1, 4):
        _, aux = dk.grad(f, has_aux=True)(float(k))
        assert aux == {"count": k, "square": k * k}


def test_custom_rules_are_asked_each_time():
    def scaled(factor):
        @dk.custom_jvp
        def f(x):
            return np.sin(x)

        f.defjvp(lambda primals, tangents: (np.sin(primals[0]), factor * tangents[0]))
        return f

    for factor in (2.0, 3.0, 2.0):
        f = scaled(factor)
        assert dk.grad(lambda x, f=f: f(x) * 1.0)(0.5) == factor


# --- errors --------------------------------------------------------------------------------------


def test_an_error_names_its_own_line():
    def first(x):
        return np.sum(np.linalg.cholesky(x))

    def second(x):
        return np.sum(np.linalg.cholesky(x))

    good, bad = np.eye(2), -np.eye(2)
    for _ in range(2):
        for f in (first, second):
            line = f.__code__.co_firstlineno + 1
            dk.grad(f)(good)
            with pytest.raises(EvaluationError, match=rf"test_repeats\.py:{line}"):
                dk.grad(f)(bad)


def test_a_failed_recording_leaves_nothing(work):
    def f(x):
        y = np.sin(x)
        if fails:
            raise KeyError("from inside")
        return y

    for fails in (True, False, True, False):
        if fails:
            with pytest.raises(KeyError):
                dk.grad(f)(0.5)
        else:
            assert dk.grad(f)(0.5) == np.cos(0.5)
    assert work == ["vjp", "prepare"]


def test_a_leaked_value_is_still_refused():
    outside = []

    def f(x):
        outside.append(x)
        return np.sin(x) + (np.sin(outside[0]) if len(outside) > 1 else 0.0)

    dk.grad(f)(0.5)
    with pytest.raises(dk.errors.LeakedTracerError):
        dk.grad(f)(0.5)


# --- threads and bounds --------------------------------------------------------------------------


def test_threads_do_not_meet():
    wrong = []

    def run(k):
        for i in range(40):
            x = 0.1 * (i % 7)
            c = float(k) if i % 2 else 1.0
            found = dk.grad(lambda x, c=c: c * np.sin(x) + x * x)(x)
            if found != pytest.approx(c * np.cos(x) + 2 * x, rel=1e-14):
                wrong.append((k, i, found))

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(kept, "KEPT", Recent(500))
    monkeypatch.setattr(repeats, "REPEATS", Recent(500))
    for n in range(40):
        assert dk.grad(lambda x: np.sum(x) * 2)(np.ones(n + 1))[0] == 2
        assert kept.KEPT.weight <= 500
    assert 0 < len(kept.KEPT) < 40


def test_recent_forgets_what_was_not_used():
    recent = Recent(10)
    recent.put("a", 1, 4)
    recent.put("b", 2, 4)
    assert recent.get("a") == 1
    recent.put("c", 3, 4)
    assert [recent.get(key) for key in "abc"] == [1, None, 3]
    recent.put("a", 4, 1)
    assert (recent.get("a"), recent.weight, len(recent)) == (4, 5, 2)
    recent.put("d", 5, 11)  # would push out all others
    assert recent.get("d") is None
    recent.clear()
    assert (len(recent), recent.weight) == (0, 0)


# --- structures ----------------------------------------------------------------------------------


def test_equal_programs_have_one_structure():
    one, two = (dk.trace(chain)(dk.f64[()]) for _ in range(2))
    found, again = structure(one), structure(two)
    assert found == again
    assert hash(found[0]) == hash(again[0])


def changed(graph, **parts):
    node = replace(graph.nodes[0], **parts)
    return replace(graph, nodes=(node, *graph.nodes[1:]))


def test_programs_that_differ_have_other_structures():
    graph = dk.trace(lambda x: np.sum(np.cumsum(x * 1.0, axis=0)) / 2.0)(dk.f64[3])
    node = graph.nodes[0]
    attrs = dict(node.attrs)
    others = [
        dk.trace(lambda x: np.sum(np.cumsum(x, axis=0)) / 3.0)(dk.f64[3]),
        dk.trace(lambda x: np.sum(np.cumsum(x, axis=0)) / 2.0)(dk.f64[4]),
        changed(graph, loc=node.loc._replace(line=1)),
        changed(graph, attrs={**attrs, "more": 1}),
        changed(graph, attrs={**attrs, "more": True}),
        changed(graph, attrs={**attrs, "more": 0.0}),
        changed(graph, attrs={**attrs, "more": -0.0}),
        replace(graph, outputs=(*graph.outputs, *graph.outputs)),
        replace(graph, outputs=graph.params),
        replace(graph, name="g"),
    ]
    keys = [structure(g)[0] for g in (graph, *others)]
    assert len(set(keys)) == len(keys)


def test_functions_as_attributes_can_not_be_compared():
    graph = dk.trace(np.sin)(dk.f64[()])
    assert structure(changed(graph, attrs={"function": print})) is None
    assert not same_attrs({"function": print}, {"function": print})


def test_attributes_are_compared_with_their_types():
    keys = [key_of_attrs({"a": value}) for value in (1, True, 1.0, (1,), (True,), "1", None)]
    assert len(set(keys)) == len(keys)


def test_large_literals_and_numbers_become_parameters():
    data = np.linspace(0.0, 1.0, 100)
    graph = dk.trace(lambda x: np.sum(x * 2.5 + data) ** 3.0)(dk.f64[()])
    free = numbers(graph)
    assert [lit.value.item() for lit in free] == [2.5]  # not the exponent, which has rules
    key, left = structure(graph, free)
    assert {lit.type for lit in left} == {dk.f64[()], dk.f64[100]}
    other = dk.trace(lambda x: np.sum(x * 3.5 + data) ** 3.0)(dk.f64[()])
    assert structure(other, numbers(other))[0] != key  # the line is another
    parametric = lifted(graph, left)
    assert len(parametric.params) == 3
    args = [arg for node in parametric.nodes for arg in node.args if isinstance(arg, Lit)]
    assert [lit.value.item() for lit in args] == [3.0]
    given = [np.float64(2.0), *[lit.value for lit in left]]
    assert evaluate(parametric, given) == evaluate(graph, [np.float64(2.0)])


def test_numbers_of_python_are_made_once():
    assert literal(2.5) is literal(2.5)
    kinds = [literal(x).key for x in (1.0, 1, True, 0.0, -0.0)]
    assert len(set(kinds)) == len(kinds)
    assert literal(1, np.dtype(np.float32)).type == dk.f32[()]
