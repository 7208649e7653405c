"""The operators: what they return, that they nest, that every method answers alike."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import CheckError
from diffkit.graph import flops, verify
from tests.replay import replayed

EXACT = ("reverse", "forward", "symbolic", "complex-step")
GRAPH = ("reverse", "forward", "symbolic")


def f(x):
    return np.exp(x[0]) * np.sin(x[1]) + x[2] / x[0] + np.log(x[1]) * x[2] ** 2


X = np.array([0.7, 1.3, -0.4])


def slope(x):
    e, s = np.exp(x[0]), np.sin(x[1])
    return np.array(
        [
            e * s - x[2] / x[0] ** 2,
            e * np.cos(x[1]) + x[2] ** 2 / x[1],
            1 / x[0] + 2 * x[2] * np.log(x[1]),
        ]
    )


@pytest.mark.parametrize("method", [*EXACT, "finite"])
def test_every_method_answers_every_operator(method):
    tolerance = 1e-9 if method == "finite" else 1e-14
    close = {"rtol": tolerance, "atol": tolerance}
    want = slope(X)
    assert_allclose(dk.grad(f, method=method)(X), want, **close)
    value, g = dk.value_and_grad(f, method=method)(X)
    assert_allclose(value, f(X), rtol=1e-15)
    assert_allclose(g, want, **close)
    v = np.array([0.3, -1.0, 2.0])
    y, dy = dk.jvp(f, (X,), (v,), method=method)
    assert_allclose([y, dy], [f(X), want @ v], **close)
    y, pull = dk.vjp(f, X, method=method)
    assert_allclose(pull(2.0)[0], 2 * want, **close)
    both = dk.jacobian(lambda x: {"f": f(x), "x": x * 2}, method=method)(X)
    assert_allclose(both["f"], want, **close)
    assert_allclose(both["x"], 2 * np.eye(3), **close)


@pytest.mark.parametrize("scheme", ["central", "forward", "backward"])
def test_difference_schemes_reach_the_digits_theory_allows(scheme):
    error = np.max(np.abs(dk.grad(f, method=dk.Finite(scheme))(X) - slope(X)))
    assert error < (1e-9 if scheme == "central" else 1e-6)


def test_the_step_of_differences_can_be_set():
    coarse = dk.grad(np.exp, method=dk.Finite("forward", step=1e-4))(0.0)
    assert_allclose(coarse, 1.000050001667141, rtol=1e-12)  # (e^h - 1)/h at h = 1e-4


def test_perturbations_are_not_confused():
    assert dk.grad(lambda x: x * dk.grad(lambda y: x + y)(x))(1.0) == 1.0
    inner = lambda x: dk.jvp(lambda y: x + y, (x,), (1.0,))[1]  # noqa: E731
    assert dk.jvp(lambda x: x * inner(x), (1.0,), (1.0,))[1] == 1.0


def third_derivative(x):
    """Of e^(2x) sin x, by mpmath at 40 digits."""
    import mpmath

    with mpmath.workdps(40):
        return float(mpmath.diff(lambda t: mpmath.exp(2 * t) * mpmath.sin(t), mpmath.mpf(x), 3))


@pytest.mark.parametrize("modes", list(itertools.product(GRAPH, GRAPH, [*EXACT, "finite"])))
def test_third_derivatives_agree_by_any_mix_of_modes(modes):
    h = lambda x: np.exp(2 * x) * np.sin(x)  # noqa: E731
    for method in modes:
        h = dk.grad(h, method=method)
    assert_allclose(h(0.7), third_derivative(0.7), rtol=1e-9 if modes[-1] == "finite" else 1e-14)


def test_finite_differences_inside_a_trace():
    inner = dk.grad(lambda x: np.sin(x) * x, method="finite")
    assert_allclose(dk.grad(inner)(1.0), 2 * np.cos(1) - np.sin(1), rtol=1e-4)


def test_hessian_and_hvp():
    H = dk.hessian(f)(X)
    assert_allclose(H, H.T, rtol=1e-14)
    v = np.array([1.0, -2.0, 0.5])
    assert_allclose(dk.hvp(f)(X, v), H @ v, rtol=1e-13)
    tree = dk.hessian(lambda p: p["a"] ** 2 * p["b"])({"a": 3.0, "b": 2.0})
    assert tree == {"a": {"a": 4.0, "b": 6.0}, "b": {"a": 6.0, "b": 0.0}}


def test_argnums_and_aux():
    g = lambda x, y, n: (x * y**n, {"n": n, "sum": x + y})  # noqa: E731
    (dx, dy), aux = dk.grad(g, argnums=(0, 1), has_aux=True)(2.0, 3.0, 2)
    assert (dx, dy) == (9.0, 12.0) and aux == {"n": 2, "sum": 5.0}
    assert dk.grad(lambda x, y: x * y, argnums=-1)(2.0, 3.0) == 2.0
    J, aux = dk.jacobian(lambda x: (x * x, x), has_aux=True)(np.ones(2))
    assert J.tolist() == [[2, 0], [0, 2]] and aux.tolist() == [1, 1]
    assert dk.grad(lambda x, *, k: k * x)(1.0, k=4.0) == 4.0


def test_gradients_have_the_type_of_the_argument():
    x = np.ones(3, np.float32)
    for method in ("reverse", "forward", "symbolic", "finite", "complex-step"):
        g = dk.grad(lambda v: (v * v).sum(), method=method)(x)
        assert_allclose(g, 2 * x, rtol=1e-2 if method == "finite" else 1e-6)
        assert g.dtype == np.float32, method
    assert dk.grad(lambda v: (v * v).sum())(x).dtype == np.float32
    assert dk.jvp(lambda v: v * 2, (x,), (x,))[1].dtype == np.float32
    assert isinstance(dk.grad(lambda v: v * v)(3.0), np.float64)


def test_an_output_that_does_not_depend_on_the_input():
    assert dk.grad(lambda x: 3.0)(1.0) == 0.0
    assert dk.jacobian(lambda x: np.ones(2))(1.0).tolist() == [0, 0]
    assert dk.jvp(lambda x: (np.argmax(x), x[0]), (X,), (X,))[1] == (0.0, X[0])


def test_stop_gradient():
    assert dk.grad(lambda x: dk.stop_gradient(x) * x)(3.0) == 3.0
    assert dk.grad(lambda x: dk.stop_gradient(x) * x, method="forward")(3.0) == 3.0
    assert dk.stop_gradient(2.0) == 2.0


def test_jit_traces_once_for_each_signature():
    g = replayed(dk.grad(f))
    for _ in range(3):
        assert_allclose(g(X), slope(X), rtol=1e-14)
    assert g.traces == 1
    h = replayed(lambda x, n: x * n if n > 1 else x, static_argnums=(1,))
    assert (h(2.0, 3), h(5.0, 3), h(2.0, 1), h(np.ones(2), 3).tolist()) == (6, 15, 2, [3, 3])
    assert h.traces == 3
    kinds = replayed(lambda x, n: x * n if isinstance(n, int) else x + n, static_argnums=(-1,))
    assert (kinds(5.0, 2), kinds(5.0, 2.0)) == (10.0, 7.0)
    k = replayed(lambda x, y=1.0, *, power: x**power + y)
    assert (k(3.0, power=2), k(3.0, y=2.0, power=2), k(3.0, power=3)) == (10, 11, 28)
    assert dk.grad(lambda x: g(x).sum())(X).shape == (3,)


def test_a_jitted_function_captures_the_values_of_an_outer_trace_anew():
    def outer(x):
        return replayed(lambda y: x * y)(2.0)

    assert dk.grad(outer)(3.0) == 2.0 and dk.grad(outer)(4.0) == 2.0
    scaled = {}

    def keeps(x):
        scaled.setdefault("f", replayed(lambda y: y * x))
        return dk.grad(scaled["f"])(1.0)

    assert dk.grad(keeps)(3.0) == 1.0


def test_a_chain_of_100_000_ops():
    def chain(x):
        for _ in range(50_000):
            x = np.sin(x) * 1.0001
        return x

    graph = dk.trace(chain)(dk.f64[()])
    assert len(graph.nodes) == 100_000
    assert len(str(graph).splitlines()) == 100_003
    value, g = dk.value_and_grad(chain)(1.0)
    assert 0 < g < value < 1


def test_the_gradient_of_a_sum_costs_at_most_five_primals():
    def total(x):
        return sum(np.sin(x[k]) * x[k] for k in range(100))

    primal = dk.trace(total)(dk.f64[100])
    both = dk.trace(dk.value_and_grad(total))(dk.f64[100])
    verify(both)
    assert flops(both) <= 5 * flops(primal)
    # reads of single elements add into one accumulator, not into 100 padded arrays
    names = [n.op.name for n in both.nodes]
    assert names.count("scatter_add") == 100 and names.count("pad") == 0


def test_speelpenning_costs_what_the_book_says():
    """Griewank & Walther: the product of n numbers with its gradient takes 3(n - 1) - 1 products by
    the reverse mode; the tree of `prod` pads to even lengths, so allow a few more."""
    both = dk.trace(dk.value_and_grad(np.prod))(dk.f64[1000])
    assert flops(both) <= 4 * 1000 + 50
    x = np.linspace(0.5, 1.5, 12)
    x[3] = 0.0
    others = [np.prod(np.delete(x, k)) for k in range(12)]
    assert_allclose(dk.grad(np.prod)(x), others, rtol=1e-14)


def test_check_grads_passes_what_is_right_and_names_what_is_wrong():
    dk.check_grads(f, X)
    dk.check_grads(lambda p: {"y": np.tanh(p["w"] @ p["x"])}, {"w": np.ones((2, 3)), "x": X})
    dk.check_grads(f, X, modes=("forward",), order=1)

    def wrong(x):  # a kink right at the point: no derivative agrees with a difference across it
        return np.where(x > 0, x * 2, x).sum()

    with pytest.raises(CheckError, match="check_grads of wrong"):
        dk.check_grads(wrong, np.zeros(2))

    def quietly_cut(x):
        return (dk.stop_gradient(x) * x).sum()

    with pytest.raises(CheckError, match="mode gives"):
        dk.check_grads(quietly_cut, X)


def test_check_grads_finds_an_error_of_second_order():
    def second(x):  # value and slope of x², but the slope is held fixed
        s = dk.stop_gradient(x)
        return (s * s + 2 * s * (x - s)).sum()

    with pytest.raises(CheckError):
        dk.check_grads(second, X, order=2)


def test_indexing_writes_differentiate():
    g = dk.grad(lambda x: (dnp.set_at(x, 0, x[1] * 2) ** 2).sum())(np.array([1.0, 3.0]))
    assert g.tolist() == [0.0, 2 * 36 / 3 + 6]
