"""The operators of `diffkit.compat.autograd` give what autograd's give, are named alike, and refuse
the same."""

import warnings

import autograd
import autograd.misc.optimizers
import autograd.numpy as anp
import numpy as onp
import pytest

import diffkit.compat.autograd as ag
import diffkit.compat.autograd.numpy as np
from diffkit.compat.autograd import test_util
from diffkit.compat.autograd.misc import optimizers

RNG = onp.random.default_rng(0)
X, Y, V = RNG.normal(size=(3, 5))
M = RNG.normal(size=(3, 5))


@pytest.fixture(autouse=True)
def one_direction():
    """The checks draw directions as autograd does; one near zero would show no wrong rule."""
    onp.random.seed(0)  # noqa: NPY002


def scalar(np, x):
    return np.sum(np.sin(x) * np.exp(x / 3)) ** 2


def vector(np, x):
    return np.tanh(np.dot(M, x)) * 2.0


def elementwise(np, x):
    return np.sin(x) + x**3


def two(np, x, y, power=2):
    return np.sum(np.sin(x) * y**power)


CASES = {
    "grad": lambda ag, np: ag.grad(lambda x: scalar(np, x))(X),
    "grad-of-float": lambda ag, np: ag.grad(lambda x: np.sin(x) * x)(0.3),
    "grad-size-one": lambda ag, np: ag.grad(lambda x: np.sum(x**2, keepdims=True))(X),
    "grad-argnum": lambda ag, np: ag.grad(lambda *a, **k: two(np, *a, **k), 1)(X, Y, power=3),
    "grad-argnums": lambda ag, np: ag.grad(lambda x, y: two(np, x, y), (1, 0))(X, Y),
    "grad-one-in-a-list": lambda ag, np: ag.grad(lambda x, y: two(np, x, y), [1])(X, Y),
    "grad-of-list": lambda ag, np: ag.grad(lambda p: np.sum(p[0] * p[1][0] ** 2))([X, [Y, 2.0]]),
    "grad-of-dict": lambda ag, np: ag.grad(lambda p: np.sum(p["a"] * p["b"]))({"b": X, "a": 2.0}),
    "grad-of-tuple": lambda ag, np: ag.grad(lambda p: np.sum(p[0]) * p[1])((X, 3.0)),
    "grad-of-complex": lambda ag, np: ag.grad(lambda z: np.real(z * np.conj(z)))(3.0 + 4.0j),
    "grad-third": lambda ag, np: ag.grad(ag.grad(ag.grad(lambda x: np.sin(x) * x**2)))(0.3),
    "grad-branches": lambda ag, np: ag.grad(lambda x: x**2 if x > 1 else x**3)(0.5),
    "grad_named": lambda ag, np: ag.grad_named(lambda x, y: two(np, x, y), "y")(X, Y),
    "value_and_grad": lambda ag, np: ag.value_and_grad(lambda x: scalar(np, x))(X),
    "grad_and_aux": lambda ag, np: ag.grad_and_aux(lambda x: (scalar(np, x), x**2))(X),
    "elementwise_grad": lambda ag, np: ag.elementwise_grad(lambda x: elementwise(np, x))(M),
    "elementwise_grad-second": lambda ag, np: ag.elementwise_grad(
        ag.elementwise_grad(lambda x: elementwise(np, x))
    )(M),
    "deriv": lambda ag, np: ag.deriv(lambda x: elementwise(np, x))(0.7),
    "jacobian": lambda ag, np: ag.jacobian(lambda x: vector(np, x))(X),
    "jacobian-of-scalar": lambda ag, np: ag.jacobian(lambda x: scalar(np, x))(X),
    "jacobian-by-scalar": lambda ag, np: ag.jacobian(lambda x: np.array([x, x**2]))(0.3),
    "hessian": lambda ag, np: ag.hessian(lambda x: scalar(np, x))(X),
    "hessian-of-vector": lambda ag, np: ag.hessian(lambda x: vector(np, x))(X),
    "holomorphic_grad": lambda ag, np: ag.holomorphic_grad(np.sin)(0.3 + 0.2j),
    "make_vjp": lambda ag, np: ag.make_vjp(lambda x: vector(np, x))(X)[0](X[:3]),
    "make_vjp-argnums": lambda ag, np: ag.make_vjp(lambda x, y: x * y, (0, 1))(X, Y)[0](V),
    "make_jvp": lambda ag, np: ag.make_jvp(lambda x: elementwise(np, x))(X)(V),
    "make_hvp": lambda ag, np: ag.make_hvp(lambda x: scalar(np, x))(X)[0](V),
    "make_hvp-gradient": lambda ag, np: ag.make_hvp(lambda x: scalar(np, x))(X)[1],
    "make_ggnvp": lambda ag, np: ag.make_ggnvp(lambda x: vector(np, x))(X)(V),
    "hessian_tensor_product": lambda ag, np: ag.hessian_tensor_product(
        lambda x: np.sum(np.sin(x) ** 2)
    )(M, M + 1),
    "hessian_vector_product": lambda ag, np: ag.hessian_vector_product(
        lambda x, y: two(np, x, y), 1
    )(X, Y, V),
    "tensor_jacobian_product": lambda ag, np: ag.tensor_jacobian_product(lambda x: vector(np, x))(
        X, V[:3]
    ),
    "checkpoint": lambda ag, np: ag.grad(ag.checkpoint(lambda x, k=1: scalar(np, k * x)))(X),
}


def alike(ours, theirs):
    """Equal structure, dtypes, shapes and values to rounding."""
    assert type(ours) is type(theirs) or isinstance(ours, onp.number | onp.ndarray)
    if isinstance(theirs, dict):
        assert ours.keys() == theirs.keys()
        return all(alike(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        return all(map(alike, ours, theirs))
    assert onp.shape(ours) == onp.shape(theirs)
    assert onp.asarray(ours).dtype == onp.asarray(theirs).dtype
    onp.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
    return True


@pytest.mark.parametrize("name", CASES)
def test_an_operator_agrees_with_autograd(name):
    assert alike(CASES[name](ag, np), CASES[name](autograd, anp))


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam"])
def test_an_optimiser_takes_the_steps_of_autograd(name):
    def slope(params, i):
        return {"w": 2 * (params["w"] - X), "b": 3 * params["b"] ** 2 + i / 10}

    def path(module):
        seen = []
        start = {"w": Y, "b": 1.5}
        run = getattr(module, name)
        last = run(slope, start, lambda p, i, g: seen.append((p["b"], i, g["w"])), num_iters=7)
        return [last["w"], last["b"], *(x for step in seen for x in step)]

    ours, theirs = path(optimizers), path(autograd.misc.optimizers)
    assert len(ours) == len(theirs) == 23
    for a, b in zip(ours, theirs, strict=True):
        onp.testing.assert_allclose(a, b, rtol=1e-12)


def test_jvp_in_reverse_mode_is_the_jvp():
    f = lambda x: vector(np, x)  # noqa: E731
    jvp = ag.differential_operators.make_jvp_reversemode(f)(X)
    onp.testing.assert_allclose(jvp(V), ag.make_jvp(f)(X)(V)[1], rtol=1e-12)


def test_the_gradients_of_all_arguments():
    def f(x, y, *rest, scale=2.0, **more):
        return scale * x * y**2 * rest[0] + more["z"] * x

    found = ag.multigrad_dict(f)(3.0, 4.0, 5.0, z=6.0)
    assert found == {"x": 2 * 16 * 5 + 6, "y": 2 * 3 * 8 * 5, "rest": (2 * 3 * 16,),
                     "scale": 3 * 16 * 5, "more": {"z": 3}}  # fmt: skip


def test_names_and_docstrings_say_what_of_what():
    def foo(x, y):
        """The text of foo."""

    made = ag.grad(foo, 1)
    assert made.__name__ == autograd.grad(foo, 1).__name__ == "grad_of_foo_wrt_argnum_1"
    assert made.__doc__.startswith("    grad of function foo with")
    assert ag.jacobian(foo, (0, 1)).__name__ == "jacobian_of_foo_wrt_argnum_(0, 1)"
    assert ag.grad.__name__ == "grad"
    assert ag.checkpoint(foo).__doc__ == "The text of foo."


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 1.0,
        lambda x: np.zeros(()) + 2.0,
        lambda x: np.sum(x > 0) + 0.0,
        lambda x: np.sum(np.floor(x)),
    ],
    ids=["number", "known array", "comparison", "floor"],
)
def test_a_constant_function_warns_and_has_derivative_zero(f):
    with pytest.warns(UserWarning, match="independent of input"):
        assert onp.array_equal(ag.grad(f)(X), onp.zeros(5))
    with pytest.warns(UserWarning, match="independent of input"):
        assert ag.deriv(f)(0.3) == 0


def test_a_value_of_an_outer_function_is_independent_of_the_inner_argument():
    def outer(x):
        with pytest.warns(UserWarning, match="independent of input"):
            return x * ag.grad(lambda y: x * 2)(3.0) + x

    assert ag.grad(outer)(1.0) == 1


def test_a_function_that_depends_on_its_argument_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ag.grad(lambda x: x * 0)(1.0) == 0
        assert ag.grad(lambda x: np.zeros(2)[0] + x)(1.0) == 1


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: ag.grad(lambda x: x * 2)(X), "Try jacobian, elementwise_grad or holomorphic_grad"),
        (lambda: ag.grad(lambda x: x * 1j)(1.0), "one real number"),
        (lambda: ag.grad(lambda x: x > 1)(1.0), "one real number"),
        (lambda: ag.elementwise_grad(lambda x: x * 1j)(1.0), "real numbers"),
        (lambda: ag.grad(lambda x: x * 2)(1), "floating"),
        (lambda: ag.grad(lambda x: x * 2, argnum="x")(1.0), "argnum='x'"),
        (lambda: ag.core.vspace(1), "the value 1 of type int"),
    ],
    ids=["array", "complex", "boolean", "elementwise", "integer", "argnum", "vspace"],
)
def test_what_autograd_refuses_by_a_type_error_is_refused_so(call, says):
    with (
        warnings.catch_warnings(),
        pytest.raises(TypeError, match=says.replace("(", r"\(")),
    ):
        warnings.simplefilter("ignore")
        call()


def test_holomorphic_grad_of_a_real_number_warns():
    with pytest.warns(UserWarning, match="not complex"):
        assert ag.holomorphic_grad(np.sin)(0.0) == 1


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_a_wrong_rule_is_found_in_its_mode(mode):
    f = ag.extend.primitive(lambda x: x * 1.0)
    right, wrong = ("fwd", "rev") if mode == "rev" else ("rev", "fwd")
    ag.extend.defvjp(f, lambda ans, x: lambda g: g * (1.001 if mode == "rev" else 1.0))
    ag.extend.defjvp(f, lambda g, ans, x: g * (1.001 if mode == "fwd" else 1.0))
    test_util.check_grads(f, modes=[right], order=1)(0.7)
    with pytest.raises(AssertionError, match="check of <lambda> failed"):
        test_util.check_grads(f, modes=[wrong], order=1)(0.7)


def test_a_wrong_rule_of_a_rule_is_found_at_second_order():
    once = ag.extend.primitive(lambda x: x * 1.0)
    ag.extend.defvjp(once, lambda ans, x: lambda g: twice(g))
    twice = ag.extend.primitive(lambda g: g * 1.0)
    ag.extend.defvjp(twice, lambda ans, g: lambda ct: ct * 1.001)
    test_util.check_grads(once, modes=["rev"], order=1)(0.7)
    with pytest.raises(AssertionError, match="check of vjp_<lambda> failed"):
        test_util.check_grads(once, modes=["rev"], order=2)(0.7)


def test_check_grads_refuses_unknown_modes():
    with pytest.raises(NotImplementedError, match="reverse"):
        test_util.check_grads(np.sin, modes=["reverse"])(1.0)


def test_the_old_check_warns():
    with pytest.warns(UserWarning, match="deprecated"):
        ag.util.quick_grad_check(lambda x, y: x**2 + y, 1.0, (2.0,))
