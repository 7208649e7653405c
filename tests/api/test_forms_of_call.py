"""Arguments by number and by name, by position and by keyword; what is not differentiated may be
anything; functions of every kind, and operators as decorators on methods."""

import functools
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose

import diffkit as dk
from diffkit.errors import ShapeError, TreeError

X = np.array([0.5, -1.5, 2.0])
METHODS = ("reverse", "forward", "symbolic", "complex-step", "finite", "taylor")


def line(x, slope, offset=1.0, *, power=2.0, kind="plain"):
    """slope · Σ x^power + offset, or its double."""
    y = slope * np.sum(x**power) + offset
    return 2 * y if kind == "double" else y


def by_x(slope, power):
    return slope * power * X ** (power - 1)


# --- which arguments -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_name_finds_the_argument_however_it_is_given(method):
    rtol = 1e-7 if method == "finite" else 1e-13
    g = dk.grad(line, argnames="slope", method=method)
    want = np.sum(X**2)
    for found in (g(X, 3.0), g(X, slope=3.0), g(slope=3.0, x=X), g(X, 3.0, power=2.0)):
        assert_allclose(found, want, rtol=rtol)


def test_a_number_counts_parameters_given_by_name_too():
    assert_allclose(dk.grad(line)(x=X, slope=3.0), by_x(3.0, 2.0))
    assert dk.grad(line, argnums=1)(X, slope=3.0) == np.sum(X**2)
    assert dk.grad(line, argnums=2)(X, 3.0, offset=0.5) == 1.0
    both = dk.grad(line, argnums=(1, 0))(X, slope=3.0)
    assert both[0] == np.sum(X**2)
    assert_allclose(both[1], by_x(3.0, 2.0))
    assert dk.grad(line, argnums=-1)(X, 3.0, 0.5) == 1.0
    assert dk.grad(line, argnums=-1)(X, 3.0, offset=0.5) == 1.0
    assert_allclose(dk.grad(line, argnums=-1)(X, slope=3.0), np.sum(X**2))


def test_several_names_give_a_dict_several_numbers_a_tuple():
    found = dk.grad(line, argnames=("slope", "x"))(X, slope=3.0)
    assert list(found) == ["slope", "x"]
    assert found["slope"] == np.sum(X**2)
    assert_allclose(found["x"], by_x(3.0, 2.0))
    one = dk.grad(line, argnames=["slope"])(X, 3.0)
    assert one == {"slope": np.sum(X**2)}
    assert dk.grad(line, argnums=(1,))(X, 3.0) == (np.sum(X**2),)
    assert dk.grad(line, argnums=np.int64(1))(X, 3.0) == np.sum(X**2)


def test_keyword_only_arguments_differentiate():
    positive = np.array([0.5, 1.5])
    want = np.sum(3 * positive**2 * np.log(positive))
    assert_allclose(dk.grad(line, argnames="power")(positive, 3.0, power=2.0), want)
    extra = lambda **parts: parts["a"] ** 2 * parts["b"]  # noqa: E731
    assert dk.grad(extra, argnames="a")(a=3.0, b=2.0) == 12.0
    assert dk.grad(extra, argnames=("b", "a"))(a=3.0, b=2.0) == {"b": 9.0, "a": 12.0}


def test_other_arguments_may_be_anything():
    class Settings:
        factor = 3.0

    def f(x, how, kind, settings, nothing, n):
        assert nothing is None and isinstance(n, int)
        return settings.factor * how(x) ** n if kind == "fast" else x

    args = (2.0, np.square, "fast", Settings(), None, 2)
    for method in METHODS:
        found = dk.grad(f, method=method)(*args)
        assert_allclose(found, 3 * 4 * 2.0**3, rtol=1e-7, err_msg=method)
    assert_allclose(dk.hessian(f)(*args), 3 * 4 * 3 * 4.0)
    assert dk.jacobian(f, method="sparse")(2.0, np.square, "fast", Settings, None, 2) == 96.0


@pytest.mark.parametrize("operator", [dk.grad, dk.jacobian, dk.value_and_grad])
def test_every_operator_takes_names(operator):
    found = operator(line, argnames="slope")(X, slope=3.0)
    want = np.sum(X**2)
    if operator is dk.value_and_grad:
        assert found == (3 * want + 1, want)
    else:
        assert found == want


def test_second_derivatives_by_names():
    h = dk.hessian(line, argnames=("x", "slope"))(X, slope=3.0)
    assert list(h) == ["x", "slope"] and list(h["x"]) == ["x", "slope"]
    assert_allclose(h["x"]["x"], 6 * np.eye(3))
    assert_allclose(h["x"]["slope"], 2 * X)
    assert_allclose(h["slope"]["x"], 2 * X)
    assert h["slope"]["slope"] == 0.0
    assert_allclose(dk.hessian(line, argnames="x")(x=X, slope=3.0), 6 * np.eye(3))


def test_jacobians_by_pattern_take_names():
    def rows(shift, *, x):
        return (x[1:] - x[:-1]) ** 2 * shift

    want = dk.jacobian(rows, argnames="x")(2.0, x=X)
    assert want.shape == (2, 3)
    for method in ("sparse", "auto", "forward"):
        assert_allclose(dk.jacobian(rows, argnames="x", method=method)(2.0, x=X), want)
    sparse = dk.sparse_jacobian(rows, argnames="x")
    assert_allclose(sparse(2.0, x=X).toarray(), want)
    assert_allclose(sparse(2.0, x=2 * X).toarray(), 2 * want)  # x varies, and is not recorded anew
    h = dk.sparse_hessian(lambda shift, x: np.sum(x**2) * shift, argnames="x")
    assert_allclose(h(3.0, x=X).toarray(), 6 * np.eye(3))


WRONG = [
    ({"argnums": 2}, (1.0, 2.0), {}, "argnums=2 with 2 positional arguments"),
    ({"argnums": -3}, (1.0, 2.0), {}, "argnums=-3"),
    ({"argnums": 1}, (1.0,), {}, "Pass the argument"),
    ({"argnums": (0, 0)}, (1.0, 2.0), {}, "each argument once"),
    ({"argnums": (0, -2)}, (1.0, 2.0), {}, "each argument once"),
    ({"argnames": ("x", "x")}, (1.0, 2.0), {}, "each argument once"),
    ({"argnames": "z"}, (1.0, 2.0), {}, "argnames='z' with the arguments x, y"),
    ({"argnames": "z"}, (1.0,), {"y": 2.0}, "Correct the name"),
    ({"argnames": "y"}, (1.0,), {}, "Pass the argument"),
]


@pytest.mark.parametrize(("how", "args", "kwargs", "part"), WRONG)
def test_an_argument_that_is_not_there(how, args, kwargs, part):
    with pytest.raises(TreeError) as caught:
        dk.grad(lambda x, y=1.0: x * y, **how)(*args, **kwargs)
    message = str(caught.value)
    assert part in message and "Expected" in message and "test_forms_of_call.py" in message


@pytest.mark.parametrize(
    ("how", "part"),
    [
        ({"argnums": True}, "argnums=True"),
        ({"argnums": (True, False)}, "argnums=(True, False)"),
        ({"argnums": 1.0}, "argnums=1.0"),
        ({"argnums": "x"}, "argnums='x'"),
        ({"argnums": (0, "x")}, "argnums=(0, 'x')"),
        ({"argnames": 0}, "argnames=0"),
        ({"argnames": ("x", 1)}, "argnames=('x', 1)"),
        ({"argnums": 0, "argnames": "x"}, "argnums=0 and argnames='x'"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_before_the_call(how, part):
    for operator in (dk.grad, dk.jacobian, dk.hessian, dk.sparse_jacobian, dk.sparse_hessian):
        with pytest.raises(TreeError) as caught:
            operator(line, **how)
        assert part in str(caught.value)


def test_an_argument_that_is_no_array_says_how_to_leave_it_out():
    with pytest.raises(TreeError, match=r"argument kind is a str.*argnums, argnames"):
        dk.grad(lambda kind, x: x)("fast", 1.0)
    with pytest.raises(TreeError, match=r"argument kind is a str.*static_argnums"):
        dk.jit(lambda kind, x: x)("fast", 1.0)


# --- static arguments of jit ---------------------------------------------------------------------


def jitted(f, **settings):
    return dk.jit(f, backend="interpreter", **settings)


@pytest.mark.parametrize(
    "how",
    [{"static_argnums": 1}, {"static_argnums": (1,)}, {"static_argnums": -1},
     {"static_argnames": "n"}, {"static_argnames": ("n",)}],
)  # fmt: skip
def test_static_arguments_by_number_or_name(how):
    def power(x, n):
        for _ in range(n):
            x = x * x
        return x

    f = jitted(power, **how)
    assert (f(2.0, 2), f(3.0, 2), f(2.0, 3)) == (16.0, 81.0, 256.0)
    assert f.traces == 2
    assert f(2.0, n=2) == 16.0 and f.traces == 2


def test_keywords_of_jit_vary_if_they_are_arrays_or_floats():
    f = jitted(lambda x, *, scale, kind="a", n=1: scale * x**n if kind == "a" else x)
    assert f(2.0, scale=3.0) == 6.0 and f(2.0, scale=4.0) == 8.0 and f.traces == 1
    assert f(2.0, scale=3.0, kind="b") == 2.0 and f(2.0, n=2, scale=3.0) == 12.0 and f.traces == 3
    assert_allclose(f(2.0, scale=X), 2 * X)
    slope = dk.grad(lambda s: f(2.0, scale=s))
    assert slope(3.0) == 2.0  # a traced value by name
    given = jitted(lambda x, scale=1.0, shift=0.0: scale * x + shift)
    assert given(2.0, shift=1.0) == 3.0 and given(2.0, shift=2.0) == 4.0 and given.traces == 1
    fixed = jitted(lambda x, *, scale: scale * x, static_argnames="scale")
    assert fixed(2.0, scale=3.0) == 6.0 and fixed(2.0, scale=4.0) == 8.0 and fixed.traces == 2


def test_what_cannot_be_static_is_named():
    f = jitted(lambda x, n: x, static_argnames="n")
    with pytest.raises(TreeError, match=r"test_forms_of_call.py:\d+: the static .*ndarray"):
        f(2.0, X)
    g = jitted(lambda x, *, n: x)
    with pytest.raises(TreeError, match=r"the static n, a list"):
        g(2.0, n=["a"])
    with pytest.raises(TreeError, match=r"argument options\['mode'\] is a str"):
        jitted(lambda options: options["mode"])({"mode": "fast"})


# --- functions of every kind ---------------------------------------------------------------------


class Model:
    """A class with state, as users write them."""

    def __init__(self, factor):
        self.factor = factor

    def loss(self, x):
        return self.factor * np.sum(x**2)

    def __call__(self, x):
        out = np.zeros(3)  # a plain array would not hold traced values
        out[0] = self.loss(x)
        return out[0]

    def with_buffer(self, x):
        out = np.zeros(3)
        out[:] = x**2
        return self.factor * out.sum()

    @functools.partial(dk.grad, argnums=1)
    def slope(self, x):
        return self.loss(x)

    @functools.partial(dk.grad, argnames="x")
    def slope_by_name(self, x):
        return self.loss(x)

    @dk.custom_vjp
    def doubled(self, x):
        return self.factor * x

    doubled.defvjp(lambda self, x: (self.factor * x, None), lambda _, ct: (None, 2 * ct))

    @dk.custom_jvp
    def tripled(self, x, kind):
        return self.factor * x

    @tripled.defjvp
    def rule(primals, tangents):
        self, x, kind = primals
        assert tangents[0] is None and tangents[2] is None and kind == "k"
        return self.factor * x, 3 * tangents[1]

    @dk.checkpoint
    def remembered(self, x, power=2):
        return self.factor * np.sum(x**power)

    @functools.partial(dk.vmap, in_axes=(None, 0))
    def rows(self, x):
        return self.loss(x)

    @functools.partial(dk.jit, backend="interpreter", static_argnums=0)
    def fast(self, x):
        return self.loss(x)

    @staticmethod
    @dk.grad
    def static_slope(x):
        return np.sum(x**2)

    @classmethod
    @functools.partial(dk.grad, argnums=1)
    def class_slope(cls, x):
        return np.sum(x**2)


@pytest.mark.parametrize("method", METHODS)
def test_callable_objects_and_bound_methods(method):
    model = Model(3.0)
    want, rtol = 6 * X, 1e-7 if method == "finite" else 1e-13
    for f in (model, model.loss, model.with_buffer, functools.partial(Model.loss, model)):
        assert_allclose(dk.grad(f, method=method)(X), want, rtol=rtol)
    assert dk.grad(model).__name__ == "grad_Model"
    assert dk.grad(model.loss).__name__ == "grad_loss"


def test_operators_as_decorators_on_methods():
    model = Model(3.0)
    assert_allclose(model.slope(X), 6 * X)
    assert_allclose(Model.slope(model, X), 6 * X)
    assert_allclose(model.slope_by_name(X), 6 * X)
    assert_allclose(model.slope_by_name(x=X), 6 * X)
    assert_allclose(model.static_slope(X), 2 * X)
    assert_allclose(model.class_slope(X), 2 * X)
    assert_allclose(Model.class_slope(X), 2 * X)
    assert_allclose(model.rows(np.stack([X, 2 * X])), [model.loss(X), model.loss(2 * X)])
    assert_allclose(dk.grad(model.remembered)(X), 6 * X)
    assert_allclose(dk.grad(model.remembered)(X, power=3), 9 * X**2)
    assert model.remembered(X) == model.loss(X)


def test_rules_on_methods():
    model = Model(3.0)
    assert model.doubled(2.0) == 6.0 and model.tripled(2.0, "k") == 6.0
    for method in ("forward", "reverse"):
        assert dk.grad(model.doubled, method=method)(2.0) == 2.0
        assert dk.grad(model.tripled, method=method)(2.0, "k") == 3.0
    assert isinstance(Model.doubled, dk.Custom)


def test_jit_on_methods():
    model, other = Model(3.0), Model(5.0)
    for _ in range(2):
        assert model.fast(X) == model.loss(X) and other.fast(X) == other.loss(X)
    assert Model.fast.traces == 2
    assert_allclose(dk.grad(model.fast)(X), 6 * X)


@dataclass(frozen=True)
class Linear:
    """A class that is a tree itself: its methods need no static self."""

    weight: np.ndarray
    bias: float

    @functools.partial(dk.jit, backend="interpreter")
    def __call__(self, x):
        return x @ self.weight + self.bias

    @dk.grad
    def slope(self, x):
        return np.sum((x @ self.weight + self.bias) ** 2)


def test_methods_of_a_dataclass_differentiate_by_its_fields():
    layer, x = Linear(np.array([1.0, 2.0, 3.0]), 0.5), np.ones(3)
    y = x @ layer.weight + layer.bias
    assert layer(x) == y and Linear(2 * layer.weight, 0.5)(x) == 2 * y - 0.5
    assert Linear.__call__.traces == 1
    found = layer.slope(x)
    assert isinstance(found, Linear)
    assert_allclose(found.weight, 2 * y * x)
    assert found.bias == 2 * y


def test_a_self_that_is_no_tree_is_explained():
    class Plain:
        @dk.grad
        def slope(self, x):
            return x

        @functools.partial(dk.jit, backend="interpreter")
        def fast(self, x):
            return x

    for method in (Plain().slope, Plain().fast):
        with pytest.raises(TreeError, match=r"argument self is a Plain.*dataclass.*argnums=1"):
            method(1.0)
    with pytest.raises(ShapeError, match="self without axes"):
        dk.vmap(Plain.slope)(Plain(), X)


@pytest.mark.parametrize(
    "operator", [dk.grad, dk.jit, dk.vmap, dk.jacobian, dk.checkpoint, dk.custom_jvp, dk.custom_vjp]
)
def test_what_is_no_function_is_refused_at_once(operator):
    with pytest.raises(TreeError) as caught:
        operator(np.sin(1.0))
    message = str(caught.value)
    assert "test_forms_of_call.py" in message and "a float64. Expected a function" in message
    assert f"{operator.__name__}(f)(x) instead of {operator.__name__}(f(x))" in message
    with pytest.raises(TreeError, match="Write @classmethod above"):
        operator(classmethod(line))


def test_closures_over_traced_values():
    def outer(x):
        inner = dk.jit(lambda y: x * y**2, backend="interpreter")
        mapped = dk.vmap(lambda y: x * y)(np.arange(3.0))
        kept = dk.checkpoint(lambda y: np.sin(x * y))(2.0)
        looped = dk.scan(lambda c, r: (c * x + r, c), 0.0, np.ones(3))[0]
        chosen = dk.cond(x > 0, lambda: x**2, lambda: x)
        return dk.grad(inner)(3.0) + mapped.sum() + kept + looped + chosen

    def by_hand(x):
        return 6 * x + 3 * x + np.sin(2 * x) + (1 + x + x**2) + x**2

    dk.check_grads(outer, 1.3)
    assert_allclose(outer(1.3), by_hand(1.3))
    for method in METHODS[:2]:
        assert_allclose(dk.grad(outer, method=method)(1.3), dk.grad(by_hand)(1.3))
