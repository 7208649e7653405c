"""Primitives: functions that run on values, with rules of their own, in both modes and to any
order; and containers, and what stands for what."""

import importlib

import numpy as onp
import pytest
import scipy.special

import diffkit as dk
import diffkit.compat.autograd as ag
import diffkit.compat.autograd.numpy as np
from diffkit.compat.autograd.builtins import isinstance as is_instance
from diffkit.compat.autograd.builtins import type as type_of
from diffkit.compat.autograd.core import primitive as old_primitive
from diffkit.compat.autograd.core import primitive_jvps, primitive_vjps
from diffkit.compat.autograd.extend import (
    def_linear,
    defjvp,
    defjvp_argnum,
    defvjp,
    defvjp_argnum,
    defvjp_argnums,
    notrace_primitive,
    primitive,
    vspace,
)
from diffkit.compat.autograd.misc import const_graph, flatten
from diffkit.compat.autograd.misc.fixed_points import fixed_point
from diffkit.compat.autograd.test_util import check_grads
from diffkit.compat.autograd.tracer import getval, isbox

X = onp.array([0.3, 1.2, 2.5])


def of_plain_arrays(f):
    """A function that no traced value may reach."""

    def wrapped(*args):
        assert not any(map(isbox, args))
        return f(*args)

    wrapped.__name__ = f.__name__
    return primitive(wrapped)


def cube(rules):
    """x³ with the rules of these modes, by a function that does not trace."""
    f = of_plain_arrays(lambda x: onp.power(onp.asarray(x), 3))
    if "vjp" in rules:
        defvjp(f, lambda ans, x: lambda g: g * 3 * x**2)
    if "jvp" in rules:
        defjvp(f, lambda g, ans, x: g * 3 * x**2)
    return f


@pytest.mark.parametrize("rules", [("vjp",), ("jvp",), ("vjp", "jvp")], ids="-".join)
def test_a_rule_of_one_mode_serves_both_to_second_order(rules):
    f = cube(rules)
    check_grads(f)(X)
    onp.testing.assert_allclose(ag.grad(lambda x: f(x) * 2)(2.0), 24)
    onp.testing.assert_allclose(ag.deriv(f)(2.0), 12)
    onp.testing.assert_allclose(ag.grad(ag.grad(f))(2.0), 12)
    onp.testing.assert_allclose(ag.jacobian(f)(X), onp.diag(3 * X**2))


@pytest.mark.parametrize("rules", [("vjp",), ("jvp",)], ids="-".join)
def test_a_rule_of_complex_numbers_serves_both_modes(rules):
    f = of_plain_arrays(lambda z: onp.abs(onp.asarray(z)) ** 2)
    if "vjp" in rules:
        defvjp(f, lambda ans, z: lambda g: 2 * g * np.conj(z))
    else:
        defjvp(f, lambda g, ans, z: 2 * np.real(np.conj(z) * g))
    check_grads(f)(X + 1j * X[::-1])
    assert ag.grad(f)(3.0 + 4.0j) == 6 - 8j


def test_third_order_through_a_rule_that_calls_a_primitive():
    sin, cos = of_plain_arrays(onp.sin), of_plain_arrays(onp.cos)
    defvjp(sin, lambda ans, x: lambda g: g * np.cos(x))
    defvjp(cos, lambda ans, x: lambda g: -g * np.sin(x))
    onp.testing.assert_allclose(ag.grad(ag.grad(ag.grad(lambda x: sin(x) + cos(x))))(0.4),
                                -onp.cos(0.4) + onp.sin(0.4))  # fmt: skip


def test_a_first_derivative_runs_a_rule_on_values():
    gamma = primitive(scipy.special.gamma)

    def rule(ans, x):
        assert not isbox(x) and not isbox(ans)
        scale = 1.0 if onp.all(onp.asarray(x) > 0) else onp.nan

        def vjp(g):
            out = onp.zeros(onp.shape(x))
            out[...] = g * ans * scipy.special.psi(x) * scale
            return out

        return vjp

    defvjp(gamma, rule)
    onp.testing.assert_allclose(
        ag.grad(lambda x: np.sum(gamma(x)))(X), scipy.special.gamma(X) * scipy.special.psi(X)
    )
    jac = ag.jacobian(gamma)(onp.linspace(1, 3, 20))
    onp.testing.assert_allclose(jac, onp.diag(onp.diag(jac)))


def test_a_rule_of_second_order_may_call_what_does_not_trace_and_branch_on_values():
    A = onp.array([[2.0, 0.5], [0.3, 1.5]])

    @primitive
    def solve(x, transposed, b):
        M = onp.asarray(A + x * onp.eye(2))  # in whatever package
        return onp.linalg.inv(M.T if transposed else M).dot(onp.asarray(b))

    def rule(argnum, ans, args, kwargs):
        x, transposed, _ = args
        assert x > 0  # which branches on a value, at every order

        def vjp(g):
            w = solve(x, not transposed, g)
            return w if argnum == 2 else -np.sum(w * ans)

        return vjp

    defvjp_argnum(solve, rule)
    b = onp.array([1.0, -2.0])
    check_grads(lambda x, b: solve(x, False, b), (0, 1))(0.7, b)

    def exact(x):
        return dk.grad(lambda x: np.sum(np.linalg.solve(A + x * onp.eye(2), b) ** 2))(x)

    found = ag.grad(ag.grad(ag.grad(lambda x: np.sum(solve(x, False, b) ** 2))))(0.7)
    onp.testing.assert_allclose(found, dk.grad(dk.grad(exact))(0.7), rtol=1e-10)


def test_a_rule_that_is_not_linear_is_followed_but_not_transposed():
    f = primitive(lambda x: 1.0 * x)
    defvjp(f, lambda ans, x: lambda g: g * x if abs(g) < 1 else 10.0 * np.sign(g) * x)
    assert ag.grad(f)(0.5) == 5 and ag.grad(lambda x: 0.5 * f(x))(0.5) == 0.25
    slope = ag.core.make_vjp(lambda g: ag.core.make_vjp(f, 3.0)[0](g), 0.5)[0]
    flat = ag.core.make_vjp(lambda g: ag.core.make_vjp(f, 3.0)[0](g), 5.0)[0]
    assert (slope(1.0), flat(1.0)) == (3, 0)
    with pytest.raises(NotImplementedError, match="has no transpose"):
        ag.deriv(f)(0.5)


def test_a_primitive_runs_once_for_a_gradient():
    calls = []

    @primitive
    def f(x):
        calls.append(x)
        return x * x

    defvjp(f, lambda ans, x: lambda g: 2 * x * g)
    assert ag.value_and_grad(lambda x: f(x) * 3)(2.0) == (12, 12)
    assert calls == [2.0] and type(calls[0]) is float


def test_arguments_of_all_kinds():
    @primitive
    def f(kind, params, n, scale=1.0):
        assert kind == "kind" and not isbox(n)
        return {"a": params["x"] * scale, "b": (params["y"] ** 2, onp.arange(n))}

    def rule(argnums, ans, args, kwargs):
        assert argnums == (1,) and args[0] == "kind" and ans["b"][1].tolist() == [0, 1, 2]
        params = args[1]

        def vjp(g):
            return ({"x": g["a"] * kwargs["scale"], "y": 2 * params["y"] * g["b"][0]},)

        return vjp

    defvjp_argnums(f, rule)

    def loss(params):
        out = f("kind", params, 3, scale=5.0)
        return np.sum(out["a"]) + out["b"][0]

    found = ag.grad(loss)({"x": X, "y": 4.0})
    assert found["x"].tolist() == [5, 5, 5] and found["y"] == 8


def test_rules_by_argument():
    @primitive
    def f(x, y, z):
        return x * y + z

    defvjp_argnum(f, lambda k, ans, args, kwargs: lambda g: g if k == 2 else g * args[1 - k])
    defjvp_argnum(f, lambda k, g, ans, args, kwargs: g * 1.0 if k == 2 else g * args[1 - k])
    check_grads(f, (0, 1, 2))(1.5, 2.5, 3.5)
    check_grads(f, 1)(1.5, 2.5, 3.5)


def test_none_is_zero_and_same_is_linear():
    @primitive
    def f(x, y):
        return x * onp.floor(y)

    defvjp(f, lambda ans, x, y: lambda g: g * np.floor(y), None)
    defjvp(f, "same", None)
    check_grads(f, (0, 1))(1.5, 2.5)

    @primitive
    def double(x):
        return 2.0 * x

    def_linear(double)
    check_grads(double, modes=["fwd"])(X)
    with pytest.raises(NotImplementedError, match="cannot be transposed"):
        ag.grad(double)(1.0)


@pytest.mark.parametrize("derive", [ag.grad, ag.deriv], ids=["VJP", "JVP"])
def test_a_missing_rule_is_named_with_its_mode(derive):
    @primitive
    def foo(x, y):
        return x * y

    mode = "VJP" if derive is ag.grad else "JVP"
    with pytest.raises(NotImplementedError, match=rf"{mode} of foo wrt argnums \(1,\) not defined"):
        derive(foo, 1)(1.0, 2.0)


def test_rules_are_found_in_a_table_and_can_be_taken_out():
    f = cube(("vjp",))
    maker = primitive_vjps.pop(f)
    assert f not in primitive_vjps and f not in primitive_jvps
    with pytest.raises(NotImplementedError, match="not defined"):
        ag.grad(f)(1.0)
    primitive_vjps[f] = maker
    assert ag.grad(f)(1.0) == 3 and f in list(primitive_vjps)


@pytest.mark.parametrize(
    ("act", "error", "says"),
    [
        (lambda: defvjp(onp.sin, None), TypeError, "which is not a primitive"),
        (lambda: defvjp(primitive(abs), 3), TypeError, "3 as a VJP of abs"),
        (lambda: defjvp(primitive(abs), "other"), TypeError, 'or "same"'),
        (lambda: ag.core.VSpace.register(set), NotImplementedError, "optree"),
    ],
    ids=["no primitive", "no rule", "no tangent rule", "registering"],
)
def test_what_is_no_rule_is_refused(act, error, says):
    with pytest.raises(error, match=says):
        act()


def test_a_rule_that_returns_something_else_is_refused():
    f = cube(())
    defvjp(f, lambda ans, x: lambda g: np.sum(g))
    with pytest.raises(ValueError, match=r"it returned shape \(\)"):
        ag.grad(lambda x: np.sum(f(x)))(X)
    defvjp(f, lambda ans, x: lambda g: (g, g))
    with pytest.raises(TypeError, match="it returned a tree"):
        ag.grad(lambda x: np.sum(f(x)))(X)
    defvjp(f, lambda ans, x: lambda g: g * 1j)
    with pytest.raises(ValueError, match="complex numbers"):
        ag.grad(lambda x: np.sum(f(x)))(X)


def test_traced_values_that_no_rule_speaks_of_are_refused():
    f = primitive(lambda x, y=1.0: x * y)
    with pytest.raises(TypeError, match="in a keyword argument"):
        ag.grad(lambda x: f(1.0, y=x))(2.0)
    with pytest.raises(NotImplementedError, match="from around it"):
        ag.grad(lambda x: primitive(lambda y: y * x)(x))(2.0)


def test_known_arrays_are_plain_to_a_primitive():
    f = of_plain_arrays(lambda x, start: onp.concatenate([onp.asarray(start), onp.asarray(x)]))
    defvjp(f, lambda ans, x, start: lambda g: g[len(start) :])
    assert ag.grad(lambda x: np.sum(f(x, np.zeros(2))))(X).tolist() == [1, 1, 1]


def test_a_primitive_is_traced_where_there_are_no_values():
    f = primitive(lambda x: x**3)
    defvjp(f, lambda ans, x: lambda g: g * 30 * x**2)  # ten times too much, to be seen
    compiled = dk.jit(ag.grad(lambda x: f(x) * 2), backend="interpreter")
    assert compiled(2.0) == 240
    assert dk.grad(lambda x: dk.scan(lambda c, _: (f(c), None), x, None, 2)[0])(1.0) == 900


def test_a_primitive_is_a_method_too():
    class Model:
        scale = 3.0

        @primitive
        def run(self, x):
            return self.scale * x

    defvjp(Model.run, None, lambda ans, self, x: lambda g: self.scale * g)
    assert ag.grad(Model().run)(2.0) == 3


def test_the_old_ways_to_give_rules_warn_and_work():
    f = old_primitive(lambda x, y: x * y)
    with pytest.warns(UserWarning, match="defgrad is deprecated"):
        f.defgrad(lambda ans, x, y: lambda g: y * g)
    with pytest.warns(UserWarning, match="defvjp is deprecated"):
        f.defvjp(lambda g, ans, vs, gvs, x, y: vs.scalar_mul(x, g), argnum=1)
    check_grads(f, (0, 1), modes=["rev"])(2.0, 3.0)
    zero = old_primitive(lambda x, y: 0 * x * y)
    with pytest.warns(UserWarning, match="defvjp_is_zero is deprecated"):
        zero.defvjp_is_zero([0, 1])
    assert ag.grad(zero, (0, 1))(2.0, 3.0) == (0, 0)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("tracer", "Node"),
        ("tracer", "trace"),
        ("extend", "VJPNode"),
        ("core", "backward_pass"),
        ("misc.tracers", "full_graph"),
    ],
)
def test_what_has_no_counterpart_says_what_to_use(module, name):
    with pytest.raises(ImportError, match=r"dk\.trace"):
        exec(f"from diffkit.compat.autograd.{module} import {name}")
    with pytest.raises(AttributeError):
        _ = importlib.import_module(f"diffkit.compat.autograd.{module}").no_such_name


def test_a_notrace_primitive_gives_values():
    bins = notrace_primitive(lambda x: int(onp.floor(x)))
    assert ag.grad(lambda x: x * bins(x))(2.5) == 2


# --- what stands for what ------------------------------------------------------------------------


def test_a_traced_value_counts_as_what_it_stands_for():
    seen = []

    def f(x, array, pair):
        seen.append([
            isbox(x), isbox(pair), is_instance(x, float), is_instance(array, onp.ndarray),
            is_instance(pair, tuple), is_instance(array[0], onp.float64), type_of(x),
            type_of(array), type_of(pair), getval(x), getval(1.0),
        ])  # fmt: skip
        return x * array[0] * pair[0]

    ag.grad(f, (0, 1, 2))(2.0, X, (1.0,))
    assert seen == [[True, False, True, True, True, True, float, onp.ndarray, tuple, 2.0, 1.0]]


def test_vector_spaces_are_equal_by_structure_shape_and_dtype():
    a = vspace({"x": [1.0, X], "y": 1j})
    assert a == vspace({"y": 2j, "x": [2.0, X + 1]}) and a.size == 6 and a.iscomplex
    assert a != vspace({"x": [1.0, X], "y": 1.0}) and a != vspace([1.0, X, 1j])
    assert vspace(X) != vspace(X.astype(onp.float32)) and vspace(X).shape == (3,)
    assert a.shape["x"][1] == vspace(X) and len(list(a.standard_basis())) == 6
    assert repr(vspace(X)) == "VSpace(float64[3])"


def test_the_space_of_a_traced_value_is_that_of_its_value():
    spaces = []
    ag.grad(lambda x: spaces.append(vspace(x)) or np.sum(x[0]))([X, 2.0])
    assert spaces == [vspace([X, 2.0])]


# --- misc ----------------------------------------------------------------------------------------


def test_flatten_keeps_dtypes_and_is_differentiable():
    tree = {"w": X.astype(onp.float32), "z": [1 + 2j, ()], "b": 2.0}
    vector, unflatten = flatten(tree)
    again = unflatten(vector)
    assert vector.dtype == onp.complex128 and vector.shape == (5,)
    assert again["w"].dtype == onp.float32 and again["z"] == [1 + 2j, ()] and again["b"] == 2
    real = {"w": X, "b": 2.0}
    vector, unflatten = flatten(real)
    check_grads(lambda v: np.sum(unflatten(v)["w"] ** 2) * unflatten(v)["b"])(vector)
    check_grads(lambda t: flatten(t)[0] ** 2)(real)
    with pytest.raises(ValueError, match="Give it the length"):
        unflatten(vector[1:])


def test_a_fixed_point_is_differentiated_at_its_limit():
    def newton(a):
        return lambda x: 0.5 * (x + a / x)

    def root(a):
        return fixed_point(newton, a, 1.0, lambda x, y: np.abs(x - y), 1e-13)

    assert abs(root(2.0) - onp.sqrt(2.0)) < 1e-12
    assert abs(ag.grad(root)(2.0) - 0.5 / onp.sqrt(2.0)) < 1e-12
    assert abs(ag.grad(ag.grad(root))(2.0) + 0.25 / onp.sqrt(2.0) ** 3) < 1e-10


def test_a_constant_graph_is_recorded_once_for_a_signature():
    calls = []

    @const_graph
    def f(x):
        calls.append(1)
        return x * x if np.sum(x) > 0 else -x

    assert f(2.0) == 4 and f(-3.0) == 9 and len(calls) == 1
    assert f(X).tolist() == (X * X).tolist() and len(calls) == 2
    assert ag.grad(f)(3.0) == 6 and len(calls) == 2
