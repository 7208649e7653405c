"""The namespaces of `diffkit.compat.autograd`: NumPy's names, and the functions that are
autograd's own."""

import importlib
from functools import partial
from types import FunctionType

import autograd.numpy as anp
import autograd.scipy.integrate
import autograd.scipy.linalg
import autograd.scipy.signal
import autograd.scipy.special
import numpy as onp
import pytest
import scipy.stats

import diffkit.compat.autograd as ag
import diffkit.compat.autograd.numpy as np
from diffkit.compat.autograd import grad, jacobian
from diffkit.compat.autograd.numpy.numpy_vjps import match_complex, unbroadcast, unbroadcast_f
from diffkit.compat.autograd.scipy.integrate import odeint
from diffkit.compat.autograd.scipy.signal import convolve
from diffkit.compat.autograd.scipy.stats import multivariate_normal
from diffkit.compat.autograd.test_util import check_grads
from diffkit.numpy.handlers import HANDLERS

RNG = onp.random.default_rng(0)
INTERNAL = {
    "Box", "array_from_args", "builtins", "c_class", "concatenate_args", "custom_where",
    "notrace_functions", "notrace_primitive", "numpy_jvps", "numpy_vspaces", "numpy_wrapper",
    "parse_einsum_input", "primitive", "r_class", "warnings", "wrap_if_boxes_inside",
    "wrap_intdtype", "wrap_namespace",
}  # fmt: skip


def test_every_public_name_of_the_namespace_is_here():
    theirs = {name for name in dir(anp) if not name.startswith("_")}
    assert {name for name in theirs - INTERNAL if not hasattr(np, name)} == set()


def test_every_function_of_numpy_that_autograd_differentiates_is_recorded():
    functions = [getattr(known, "fun", None) for known in autograd.core.primitive_vjps]
    ours = [f for f in functions if (getattr(f, "__module__", None) or "numpy").startswith("numpy")]
    known = {*HANDLERS.functions, *HANDLERS.ufuncs, onp.full}  # full is `dnp.full`
    assert {f for f in ours if f not in known and f.__name__ not in HANDLERS.scipy_ufuncs} == set()
    assert len(ours) > 150


@pytest.mark.parametrize("module", ["special", "linalg", "signal", "integrate"])
def test_every_function_of_scipy_that_autograd_differentiates_is_recorded(module):
    theirs = importlib.import_module(f"scipy.{module}")
    ours = importlib.import_module(f"diffkit.compat.autograd.scipy.{module}")
    names = {
        getattr(known.fun, "__name__", "")
        for known in autograd.core.primitive_vjps
        if isinstance(getattr(known, "fun", None), FunctionType)
        and known.fun.__module__.startswith(f"scipy.{module}")
    }
    assert all(getattr(ours, name) is not getattr(theirs, name) for name in names)
    assert names or module == "signal"


@pytest.mark.parametrize(
    "module",
    ["", ".core", ".extend", ".tracer", ".util", ".test_util", ".wrap_util", ".misc.optimizers"],
)
def test_the_functions_that_users_import_are_here(module):
    wanted = {
        "": {"grad", "jacobian", "hessian", "elementwise_grad", "checkpoint", "primitive"},
        ".core": {"make_vjp", "make_jvp", "vspace", "primitive_vjps", "defvjp", "def_linear"},
        ".extend": {"primitive", "defvjp", "defjvp", "vspace", "VSpace", "Box"},
        ".tracer": {"isbox", "getval", "primitive", "notrace_primitive"},
        ".util": {"subvals", "subval", "quick_grad_check"},
        ".test_util": {"check_grads", "check_equivalent", "combo_check", "scalar_close"},
        ".wrap_util": {"unary_to_nary", "wraps", "get_name"},
        ".misc.optimizers": {"sgd", "rmsprop", "adam", "unflatten_optimizer"},
    }[module]
    found = importlib.import_module("diffkit.compat.autograd" + module)
    assert {name for name in wanted if not hasattr(found, name)} == set()


def test_a_star_import_brings_numpy():
    space = {}
    exec("from diffkit.compat.autograd.numpy import *", space)
    assert space["sin"] is onp.sin and space["make_diagonal"] is np.make_diagonal
    assert float(space["linalg"].norm(onp.ones(4))) == 2


@pytest.mark.parametrize(
    "f",
    [
        lambda np, x: np.sum([x, x**2]),
        lambda np, x: np.mean([x, 2 * x, x**2]),
        lambda np, x: np.std([x, 2 * x, x**2]),
        lambda np, x: np.dot([x, x**2], onp.array([1.0, 2.0])),
        lambda np, x: np.max([x, x**2]),
    ],
    ids=["sum", "mean", "std", "dot", "max"],
)
def test_a_list_of_traced_values_is_an_array(f):
    assert f(np, 0.7) == f(onp, 0.7)
    h = 1e-6
    difference = (f(onp, 0.7 + h) - f(onp, 0.7 - h)) / (2 * h)
    assert abs(grad(lambda x: f(np, x))(0.7) - difference) < 1e-8


@pytest.mark.parametrize(
    "f",
    [
        lambda np, x: np.r_[x, 1.0, x[0] ** 2, 0:3],
        lambda np, x: np.r_["0,2", x, x**2],
        lambda np, x: np.c_[x, x**2],
        lambda np, x: np.c_[x, [1.0, 2.0, 3.0], [x[0], x[1], 2.0]],
    ],
)
def test_joining_by_brackets(f):
    x = onp.array([0.3, 0.5, 0.7])
    assert onp.array_equal(f(np, x), f(onp, x))
    check_grads(lambda x: f(np, x))(x)


def test_where_of_python_numbers_is_one():
    assert type(np.where(True, 1, 2)) is int and np.where(False, [1, 2], [3, 4]) == [3, 4]
    assert np.where(onp.array([True, False]))[0].tolist() == [0]
    assert grad(lambda x: np.where(x > 0, x**2, 0.0))(3.0) == 6
    with pytest.raises(ValueError, match="both or neither"):
        np.where(True, 1)


def test_integer_types_convert_traced_values():
    x = onp.array([2.5, 1.5, 0.5])
    assert onp.dtype(np.int64) == onp.int64 and np.int32(3.7) == 3
    assert isinstance(onp.int64(1), np.int64)
    assert grad(lambda x: np.sum(x[np.int64(x)] * x))(x).tolist() == [1, 3, 5]


def test_diagonal_matrices():
    D = RNG.normal(size=(2, 3))
    assert onp.array_equal(
        np.make_diagonal(D, axis1=-1, axis2=-2), anp.make_diagonal(D, axis1=-1, axis2=-2)
    )
    check_grads(lambda D: np.make_diagonal(D, axis1=-1, axis2=-2))(D)
    with pytest.raises(NotImplementedError, match="Move the axes"):
        np.make_diagonal(D)


def test_helpers_of_rules_that_broadcast():
    g = RNG.normal(size=(4, 2, 3))
    meta = np.metadata(onp.ones((2, 1)))
    assert meta == ((2, 1), 2, onp.float64, False)
    onp.testing.assert_allclose(unbroadcast(g, meta), g.sum((0, 2))[:, None])
    onp.testing.assert_allclose(unbroadcast(g, np.metadata(onp.ones((4, 2))), -1), g.sum(2))
    onp.testing.assert_allclose(unbroadcast_f(onp.ones(3), lambda g: 2 * g)(g), 2 * g.sum((0, 1)))
    assert match_complex(1.0, 2j) == 0 and type(match_complex(1j, 2.0)) is complex


CONVOLUTIONS = [
    ((5,), (3,), None, ((), ())),
    ((3,), (5,), None, ((), ())),
    ((4, 3), (3, 2), None, ((), ())),
    ((4, 3), (3, 2), ([0], [1]), ((), ())),
    ((4, 3), (3, 2), ([1, 0], [1, 0]), ((), ())),
    ((3, 3, 2), (3, 2, 3), ([1], [1]), ([0], [2])),
    ((3, 5), (3, 4, 2), ([1], [2]), ([0], [0])),
    ((2, 5, 4, 3), (2, 4, 2, 3, 2), ([1, 2], [2, 4]), ([0, 3], [0, 3])),
    ((3, 5), (3, 4), ([], []), ([0], [0])),
]


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
@pytest.mark.parametrize(("a", "b", "axes", "dot_axes"), CONVOLUTIONS)
def test_convolution_over_some_axes(a, b, axes, dot_axes, mode):
    A, B = RNG.normal(size=a), RNG.normal(size=b)
    theirs = autograd.scipy.signal.convolve
    try:
        want = theirs(A, B, axes=axes, dot_axes=dot_axes, mode=mode)
    except Exception as error:
        assert "must be larger" in str(error)
        with pytest.raises(ValueError, match="at least as long"):
            convolve(A, B, axes=axes, dot_axes=dot_axes, mode=mode)
        return
    found = convolve(A, B, axes=axes, dot_axes=dot_axes, mode=mode)
    if mode == "same" and want.shape != found.shape:
        # autograd puts the convolved axes between the others for some ranks
        order = [k for k in range(want.ndim)]
        assert sorted(want.shape) == sorted(found.shape) and order
        assert abs(onp.sum(found) - onp.sum(want)) < 1e-9 * onp.sum(onp.abs(want))
        return
    onp.testing.assert_allclose(found, want, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
def test_a_convolution_has_derivatives(mode):
    A, B = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))
    check_grads(lambda A, B: convolve(A, B, mode=mode), (0, 1), order=1)(A, B)


def test_an_unknown_convolution_is_refused():
    with pytest.raises(NotImplementedError, match="mode='wrap'"):
        convolve(onp.ones(3), onp.ones(2), mode="wrap")


def test_a_normal_density_of_a_singular_covariance():
    cov = onp.diag([1.0, 2.0, 0.0])
    mean, inside = onp.array([0.1, 0.2, 0.3]), onp.array([0.5, -0.4, 0.3])
    outside = onp.stack([inside, inside + 1.0])
    theirs = scipy.stats.multivariate_normal(mean, cov, allow_singular=True)
    ours = partial(multivariate_normal.logpdf, mean=mean, cov=cov, allow_singular=True)
    onp.testing.assert_allclose(grad(lambda x: ours(x))(inside), [-0.4, 0.3, 0.0])
    for x in (inside, outside):
        found = jacobian(lambda x: ours(x))(x)
        value = ag.make_jvp(lambda x: ours(x))(x)(x)[0]
        onp.testing.assert_allclose(value, theirs.logpdf(x), rtol=1e-14)
        assert onp.all(onp.isfinite(found))
    with pytest.raises(NotImplementedError, match="with a traced cov"):
        grad(lambda s: multivariate_normal.logpdf(inside, mean, cov * s, allow_singular=True))(2.0)


def rates(np, y, t, k, c):
    return np.array([y[1], -k * np.sin(y[0]) - c[0] * y[1] * np.cos(t)])


def test_an_initial_value_problem_agrees_with_scipy_through_autograd():
    y0, t = onp.array([0.5, 0.1]), onp.linspace(0.0, 1.0, 4)
    args = (1.3, onp.array([0.2]))
    ours = odeint(lambda *a: rates(np, *a), y0, t, args)
    theirs = autograd.scipy.integrate.odeint(lambda *a: rates(anp, *a), y0, t, args)
    onp.testing.assert_allclose(ours, theirs, atol=1e-6)
    found = jacobian(lambda y0: odeint(lambda *a: rates(np, *a), y0, t, args)[-1])(y0)
    want = autograd.jacobian(
        lambda y0: autograd.scipy.integrate.odeint(lambda *a: rates(anp, *a), y0, t, args)[-1]
    )(y0)
    onp.testing.assert_allclose(found, want, atol=1e-6)


def test_settings_of_scipy_that_are_not_ours_are_named():
    with pytest.raises(NotImplementedError, match="full_output"):
        odeint(lambda y, t: -y, onp.ones(1), onp.array([0.0, 1.0]), full_output=True)
