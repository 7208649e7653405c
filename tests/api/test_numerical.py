"""`dk.numerical`: values and bars of black boxes, calls counted, bounds kept, bad input refused."""

import math

import numpy as np
import pytest
import scipy.sparse
from scipy.optimize import Bounds, least_squares, minimize, root, rosen, rosen_der, rosen_hess

import diffkit as dk
from diffkit import numerical
from diffkit.errors import CheckError, DtypeError, ShapeError, UnsupportedError

X = np.linspace(-1.2, 1.3, 10)
METHODS = ("adaptive", "richardson", "finite", "complex-step")
BLACK = METHODS[:3]
CLOSE = {"adaptive": 1e-12, "richardson": 1e-11, "finite": 1e-8, "complex-step": 1e-14}


class Counted:
    """A function that remembers where it was called."""

    def __init__(self, f):
        self.f, self.points = f, []

    def __call__(self, x, *args):
        self.points.append(np.array(x))
        return self.f(x, *args)


def covered(found, truth):
    """The bar holds, and says something."""
    error = np.abs(found.value - truth)
    assert np.shape(found.value) == np.shape(found.error) == np.shape(truth)
    return bool(np.all(error <= found.error) and np.all(found.error < 1e-3 * np.max(np.abs(truth))))


# --- Rosenbrock's function in ten variables: peers need 301, 150 and 110 calls ----------------


@pytest.mark.parametrize(
    ("method", "most", "close"),
    [
        ("adaptive", 301, 1e-14),
        ("richardson", 201, 1e-14),
        ("finite", 41, 1e-10),
        (dk.Finite(accuracy=4), 61, 1e-12),
        (dk.Finite("forward"), 21, 1e-7),
        ("complex-step", 25, 1e-15),
    ],
)
def test_the_gradient_of_rosenbrock(method, most, close):
    f = Counted(rosen)
    found = numerical.gradient(f, X, method=method)
    assert found.calls == len(f.points) <= most
    assert np.max(np.abs(found.value - rosen_der(X))) <= close * np.max(np.abs(rosen_der(X)))
    assert method == "complex-step" or covered(found, rosen_der(X))


@pytest.mark.parametrize(
    ("method", "calls"), [(dk.Finite("forward"), 11), ("finite", 21), ("richardson", 211)]
)
def test_without_bars_a_gradient_costs_less_or_as_much(method, calls):
    f = Counted(rosen)
    dk.grad(f, method=method)(X)
    assert len(f.points) == calls


@pytest.mark.parametrize(
    ("method", "most", "close"),
    [("adaptive", 1706, 1e-11), ("richardson", 1101, 1e-11), ("finite", 221, 1e-7)],
)
def test_the_hessian_of_rosenbrock(method, most, close):
    found = numerical.hessian(rosen, X, method=method)
    assert covered(found, rosen_hess(X)) and found.calls <= most
    assert np.max(np.abs(found.value - rosen_hess(X))) <= close * np.max(rosen_hess(X))
    np.testing.assert_array_equal(found.value, found.value.T)
    np.testing.assert_array_equal(dk.hessian(rosen, method=method)(X), found.value)


@pytest.mark.parametrize("method", BLACK)
def test_many_points_in_one_call(method):
    f = Counted(rosen)  # which takes points along a last axis
    found = numerical.gradient(f, X, method=method, vectorized=True)
    assert covered(found, rosen_der(X))
    assert found.calls == len(f.points) <= 34
    assert {p.shape for p in f.points} == {(10,), (10, 3), (10, 10)}
    second = numerical.hessian(rosen, X, method=method, vectorized=True)
    assert covered(second, rosen_hess(X)) and second.calls <= 34


def test_a_function_of_many_points_by_the_complex_step():
    f = Counted(rosen)
    found = numerical.gradient(f, X, method="complex-step", vectorized=True)
    np.testing.assert_allclose(found.value, rosen_der(X), rtol=1e-12)
    assert len(f.points) == 9


@pytest.mark.parametrize("f", [np.sum, lambda x: np.sum(x**2), lambda x: x * np.sum(x)])
def test_a_function_that_mixes_points_is_found_out(f):
    operator = numerical.jacobian if np.ndim(f(X)) else numerical.gradient
    with pytest.raises((ShapeError, CheckError), match="leave vectorized out"):
        operator(f, X[:3], vectorized=True)


# --- all operators, all methods ------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_jacobians_of_arrays_of_any_shape(method):
    A = np.arange(6.0).reshape(3, 2) / 5

    def f(x):
        return np.tanh(A @ x) * x[0]

    x = np.array([[0.3, -0.2, 1.0, 2.0], [0.5, 1.5, -1.0, 0.0]])
    want = dk.jacobian(f)(x)
    found = numerical.jacobian(f, x, method=method)
    assert covered(found, want)
    np.testing.assert_allclose(found.value, want, atol=CLOSE[method], rtol=0)
    np.testing.assert_allclose(dk.jacobian(f, method=method)(x), want, atol=CLOSE[method], rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_derivatives_along_a_direction(method):
    v = 1e3 * np.cos(np.arange(10))
    found = numerical.directional(rosen, X, v, method=method)
    assert covered(found, v @ rosen_der(X))
    if method != "complex-step":
        second = numerical.directional(rosen, X, v, 2, method=method)
        assert covered(second, v @ rosen_hess(X) @ v)
    nothing = numerical.directional(rosen, X, 0 * X, method=method)
    assert nothing.value == nothing.error == 0


@pytest.mark.parametrize("method", METHODS)
def test_element_by_element(method):
    x = np.array([[0.1, 1.0, 3.0], [1e-3, 5.0, 20.0]])
    found = numerical.derivative(np.log, x, method=method)
    assert found.calls <= 34 and np.all(np.abs(found.value - 1 / x) <= found.error)
    if method != "complex-step":
        found = numerical.derivative(np.exp, x[:, :2], 2, method=method)
        assert covered(found, np.exp(x[:, :2]))


@pytest.mark.parametrize("method", BLACK)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_higher_orders_of_a_number(method, order):
    want = [np.cos(0.7), -np.sin(0.7), -np.cos(0.7), np.sin(0.7)][order - 1]
    found = numerical.derivative(np.sin, 0.7, order, method=method)
    assert abs(found.value - want) <= found.error < 1e-2
    curve = numerical.derivative(lambda t: np.array([np.sin(t), t]), 0.7, order, method=method)
    assert abs(curve.value[0] - want) <= curve.error[0] and curve.value.shape == (2,)


def test_what_depends_on_other_elements_is_not_elementwise():
    with pytest.raises(CheckError, match="depend on other elements"):
        numerical.derivative(np.cumsum, X)
    with pytest.raises(ShapeError, match="one for each element"):
        numerical.derivative(np.sum, X)


# --- bounds --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [*BLACK, dk.Finite("forward"), dk.Finite(accuracy=4)])
@pytest.mark.parametrize("vectorized", [False, True])
def test_bounds_are_kept(method, vectorized):
    even = np.arange(10) % 2 == 0
    lower, upper = np.where(even, X, -np.inf), np.where(even, X + 0.01, X + 1e-9)
    f = Counted(rosen)

    def inside():
        points = [p if p.ndim == 2 else p[:, None] for p in f.points]
        return all(np.all((lower[:, None] <= p) & (p <= upper[:, None])) for p in points)

    bounds = Bounds(lower, upper)
    found = numerical.gradient(f, X, method=method, bounds=bounds, vectorized=vectorized)
    assert inside() and np.all(np.abs(found.value - rosen_der(X)) <= found.error)
    assert np.max(found.error) < (10 if method == dk.Finite("forward") else 1e-2)
    f.points.clear()
    H = numerical.hessian(f, X, method=method, bounds=bounds, vectorized=vectorized)
    assert inside() and np.all(np.abs(H.value - rosen_hess(X)) <= H.error)
    f.points.clear()
    if not isinstance(method, str):
        return
    own = {"adaptive": dk.Adaptive, "richardson": dk.Richardson, "finite": dk.Finite}[method]
    slope = dk.grad(f, method=own(bounds=(lower, upper)))(X)
    assert inside()
    np.testing.assert_allclose(slope, rosen_der(X), atol=1e-4)


def test_bounds_of_trees_and_numbers():
    def f(p, s):
        return s * np.sqrt(p["a"] - 2) + np.sum(np.sqrt(p["b"]))

    p = {"a": 3.0, "b": np.array([1e-6, 1.0])}
    for bounds in (({"a": 2.0, "b": 0.0}, None), ({"a": 2.0, "b": np.zeros(2)}, np.inf)):
        for method in (dk.Richardson(bounds=bounds), dk.Adaptive(bounds=bounds)):
            found = dk.grad(f, method=method)(p, 4.0)
            np.testing.assert_allclose(found["a"], 2.0, rtol=1e-9)
            np.testing.assert_allclose(found["b"], [500.0, 0.5], rtol=1e-6)
    two = dk.grad(f, (0, 1), method=dk.Finite(bounds=(({"a": 2.0, "b": 0.0}, 4.0), None)))(p, 4.0)
    assert two[1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("bounds", "error", "match"),
    [
        ((np.zeros(3), 1), ShapeError, r"the lower bound .* Expected a number, or an array"),
        ((-9, "x"), ShapeError, "the upper bound 'x'"),
        (3, ShapeError, "bounds=3"),
        ((0, 9), UnsupportedError, r"element 0 is -1\.2.* with bounds 0 and 9"),
        ((X, X), UnsupportedError, "room to move|Hold it fixed"),
    ],
)
@pytest.mark.parametrize("method", BLACK)
def test_wrong_bounds_are_refused(bounds, error, match, method):
    with pytest.raises(error, match=match):
        numerical.gradient(rosen, X, method=method, bounds=bounds)
    own = {"adaptive": dk.Adaptive, "richardson": dk.Richardson, "finite": dk.Finite}[method]
    with pytest.raises(error, match=match):
        dk.grad(rosen, method=own(bounds=bounds))(X)


def test_two_bounds_and_traced_bounds_are_refused():
    with pytest.raises(UnsupportedError, match="one of the two"):
        numerical.gradient(rosen, X, method=dk.Finite(bounds=(-9, 9)), bounds=(-9, 9))
    with pytest.raises(UnsupportedError, match="bounds of traced arguments"):
        dk.jit(dk.grad(np.sin, method=dk.Finite(bounds=(0, 9))))(1.0)


def test_python_s_math_says_where_a_domain_ends():
    for f, x, slope in ((math.log, 1e-3, 1e3), (math.sqrt, 1e-8, 5e3)):
        for method in ("adaptive", "richardson"):
            found = numerical.derivative(f, x, method=method)
            assert abs(found.value - slope) <= found.error < 1e-3 * slope
            assert dk.grad(f, method=method)(x) == found.value


# --- sparsity ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", BLACK)
@pytest.mark.parametrize("vectorized", [False, True])
def test_columns_of_one_colour_move_together(method, vectorized):
    n = 40
    x = np.linspace(0.5, 3.0, n)

    def f(x):
        return x[1:] * np.sin(x[:-1])

    pattern = scipy.sparse.csr_array(np.eye(n - 1, n) + np.eye(n - 1, n, k=1))
    found = numerical.jacobian(f, x, method=method, sparsity=pattern, vectorized=vectorized)
    want = dk.jacobian(f)(x)
    assert found.value.nnz == found.error.nnz == 2 * (n - 1)
    assert np.all(np.abs(found.value.toarray() - want) <= found.error.toarray())
    assert found.calls <= (38 if vectorized else 2 * 31 + 6)
    bounded = numerical.jacobian(
        f, x, method=method, sparsity=pattern.toarray(), bounds=(x - np.arange(n) % 2, x + 1)
    )
    assert np.all(np.abs(bounded.value.toarray() - want) <= bounded.error.toarray() + 1e-12)


@pytest.mark.parametrize("method", BLACK)
def test_a_sparse_hessian_draws_the_lines_of_its_entries(method):
    found = numerical.hessian(rosen, X, method=method, sparsity=np.eye(10) + np.eye(10, k=1))
    assert found.value.nnz == 28 and found.calls <= 19 * 31 + 5
    assert np.all(np.abs(found.value.toarray() - rosen_hess(X)) <= found.error.toarray())


def test_a_pattern_that_lacks_an_entry_is_found_out():
    with pytest.raises(CheckError, match="Add the missing entries"):
        numerical.jacobian(np.cumsum, X, sparsity=np.eye(10))
    with pytest.raises(CheckError, match="Add the missing entries"):
        numerical.hessian(rosen, X, sparsity=np.eye(10))
    with pytest.raises(ShapeError, match=r"a pattern of shape \(3, 3\)"):
        numerical.jacobian(np.cumsum, X, sparsity=np.eye(3))


# --- optimisers ------------------------------------------------------------------------------


def scaled(x, a, b):
    return np.sum(a * (x[1:] - x[:-1] ** 2) ** 2 + (b - x[:-1]) ** 2)


@pytest.mark.parametrize("method", [*BLACK, "complex-step", dk.Adaptive(bounds=(-2, 2))])
def test_gradients_for_minimisers(method):
    start = np.array([0.7, 0.6])
    slope = dk.grad(scaled, method=method)
    args = (10.0, 1)
    assert np.max(np.abs(minimize(scaled, start, args, jac=slope).x - 1)) < 1e-4
    bounded = minimize(scaled, start, args, jac=slope, bounds=[(-2, 2)] * 2, method="L-BFGS-B")
    assert np.max(np.abs(bounded.x - 1)) < 1e-3
    if method == "adaptive" or isinstance(method, dk.Adaptive):
        return
    curvature = dk.hessian(scaled, method=method)
    newton = minimize(scaled, start, args, jac=slope, hess=curvature, method="trust-exact")
    assert np.max(np.abs(newton.x - 1)) < 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_jacobians_for_solvers(method):
    t = np.linspace(0, 2, 12)
    y = 2.0 * np.exp(-0.7 * t)

    def residuals(p, t, y):
        return p[0] * np.exp(-p[1] * t) - y

    jac = dk.jacobian(residuals, method=method)
    fit = least_squares(residuals, [1.0, 1.0], jac=jac, args=(t, y))
    np.testing.assert_allclose(fit.x, [2.0, 0.7], rtol=1e-7)

    def system(x):
        return np.array([x[0] + x[1] - 3, x[0] ** 2 + x[1] ** 2 - 9])

    solved = root(system, [1.0, 5.0], jac=dk.jacobian(system, method=method))
    np.testing.assert_allclose(solved.x, [0.0, 3.0], atol=1e-8)


# --- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_function_may_write_its_argument(method):
    def writes(x):
        x *= 3
        return np.sum(x**2)

    x = np.array([1.0, 2.0])
    assert covered(numerical.gradient(writes, x, method=method), 18 * x)
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize("method", METHODS)
def test_nothing_to_differentiate_by(method):
    assert numerical.gradient(np.sum, [], method=method).value.shape == (0,)
    assert numerical.jacobian(np.exp, np.zeros((0, 2)), method=method).value.shape == (0, 2, 0, 2)
    if method != "complex-step":
        assert numerical.hessian(np.sum, [], method=method).value.shape == (0, 0)
        assert numerical.jacobian(lambda x: x[:0], X, method=method).value.shape == (0, 10)


@pytest.mark.parametrize("method", BLACK)
def test_numbers_of_other_kinds(method):
    found = numerical.gradient(lambda x: x @ x, [1, 2], method=method)
    assert covered(found, np.array([2.0, 4.0]))
    assert numerical.derivative(lambda x: 3, 1.0, method=method).value == 0
    found = numerical.jacobian(lambda x: [x[0] * x[1], 1], [1.0, 2.0], method=method)
    assert np.all(np.abs(found.value - [[2, 1], [0, 0]]) <= found.error)
    single = dk.grad(lambda x: np.sum(np.sin(x)), method=method)(np.float32([1, 2]))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, np.cos([1, 2]), rtol=1e-2 if method == "finite" else 1e-6)
    z = np.array([1 + 2j, 2.0])
    slope = dk.grad(lambda z: np.sum(np.abs(z) ** 2), method=method)(z)
    np.testing.assert_allclose(slope, 2 * np.conj(z), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_not_finite_at_the_point(method):
    found = numerical.gradient(lambda x: np.sum(np.sqrt(x)), [-1.0, 2.0], method=method)
    assert np.all(np.isnan(found.value)) and np.all(found.error == np.inf)
    found = numerical.jacobian(np.sqrt, [-1.0, 2.0], method=method)
    assert np.all(np.isnan(found.value[0])) and np.all(found.error[0] == np.inf)
    assert np.all(np.abs(found.value[1] - [0, 0.125**0.5]) <= found.error[1])
    with pytest.raises(UnsupportedError, match="not finite"):
        numerical.gradient(np.sum, [np.nan, 1.0], method=method)


@pytest.mark.parametrize(
    ("result", "match"),
    [
        (None, "the result is NoneType"),
        ("text", "the result is str"),
        ({"a": 1.0}, "the result is dict"),
        ([np.ones(2), 1.0], "ragged"),
        (1j, "the result is complex128"),
    ],
)
def test_results_that_are_no_array_are_refused(result, match):
    with pytest.raises(DtypeError, match=match):
        numerical.jacobian(lambda x: result, X)
    with pytest.raises(DtypeError, match=match.replace("result", "argument")):
        numerical.jacobian(np.sin, result)


def test_errors_of_the_function_are_its_own():
    def fails(x):
        raise ZeroDivisionError("of the user")

    for method in METHODS:
        with pytest.raises(ZeroDivisionError, match="of the user"):
            numerical.gradient(fails, X, method=method)
    with pytest.raises(ShapeError, match="one shape for all x"):
        numerical.jacobian(lambda x: np.ones(2 if np.array_equal(x, X) else 3), X)


def test_what_the_complex_step_would_get_wrong_is_found_out():
    with pytest.raises(DtypeError, match="keep the imaginary part"):
        numerical.gradient(lambda x: np.sum(np.abs(x)), X, method="complex-step")
    with pytest.raises(CheckError, match="analytic"):
        numerical.gradient(lambda x: np.sum(np.abs(x) + x), X, method="complex-step")
    with pytest.raises(CheckError, match="analytic"):
        numerical.directional(lambda x: np.real(x @ x) + x[0] * x[1], X, X, method="complex-step")


def test_what_is_not_answered_is_refused():
    with pytest.raises(UnsupportedError, match='Expected "adaptive", "richardson"'):
        numerical.gradient(rosen, X, method="reverse")
    with pytest.raises(UnsupportedError, match="order=0"):
        numerical.derivative(np.sin, 1.0, 0)
    with pytest.raises(UnsupportedError, match="multicomplex"):
        numerical.derivative(np.sin, 1.0, 2, method="complex-step")
    with pytest.raises(UnsupportedError, match="another method"):
        numerical.hessian(rosen, X, method="complex-step")
    with pytest.raises(ShapeError, match=r"dk\.numerical\.jacobian"):
        numerical.gradient(np.sin, X)
    with pytest.raises(ShapeError, match="a direction of shape"):
        numerical.directional(rosen, X, np.ones(3))
    with pytest.raises(ShapeError, match="Sum it"):
        dk.hessian(np.sin, method="finite")(X)


def test_a_function_that_cannot_take_many_points_is_found_out():
    A = np.eye(10)
    with pytest.raises(CheckError, match="for three points ValueError"):
        numerical.gradient(lambda x: np.dot(np.dot(x, A), x), X, vectorized=True)
