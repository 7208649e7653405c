"""Every method on two small cases: the right derivative and value, or the reason why not."""

import importlib
import warnings

import numpy
import pytest

from comparisons.measure import measure, relative_error
from comparisons.method import Method, Prepared, Unsupported
from comparisons.methods import METHODS, calls, casadi, operations, refusal, symbols, sympy
from comparisons.methods.torch_compile import METHODS as COMPILED
from comparisons.problem import Case
from comparisons.problems import kepler

X = numpy.array([0.5, -1.25, 2.0])
WEIGHTS = numpy.array([[2.0, 0.5, 0.0], [0.5, 1.0, -0.25], [0.0, -0.25, 4.0]])


def quadratic(x, np=numpy):
    return 0.5 * np.sum(x * (WEIGHTS @ x))


def torch_quadratic(x):
    import torch

    return 0.5 * torch.sum(x * (torch.from_numpy(WEIGHTS) @ x))


def pair(x, np=numpy):
    return np.stack([x[0] * x[1], np.exp(x[2] * 0.25)])


def torch_pair(x):
    import torch

    return torch.stack([x[0] * x[1], torch.exp(x[2] * 0.25)])


GRADIENT = Case(quadratic, X, torch=torch_quadratic, reference=lambda: WEIGHTS @ X)
EXACT_PAIR = numpy.array([[-1.25, 0.5, 0.0], [0.0, 0.0, 0.25 * numpy.exp(0.5)]])
JACOBIAN = Case(pair, X, "jacobian", torch_pair, lambda: EXACT_PAIR)
LINE = Case(lambda x, np=numpy: np.sin(x[0]), X[:1], reference=lambda: numpy.cos(X[:1]))

# Of differences, what truncation and rounding leave; the others are exact to rounding.
DIGITS_OF = {"dk-central": 1e-9, "dk-one-sided": 1e-6, "scipy": 1e-9, "findiff": 1e-12}
SLOW = {"torch-compile"}
CHOSEN = [method for method in METHODS if method.name not in SLOW]


@pytest.fixture(autouse=True)
def float64_is_left_as_it_was():
    yield
    jax = importlib.util.find_spec("jax") and importlib.import_module("jax")
    if jax:
        jax.config.update("jax_enable_x64", False)


def prepared(method: Method, case: Case) -> Prepared:
    for package in method.needs:
        pytest.importorskip(package)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the peers' own use of their parts
        return method.prepare(case)


def require_right(method: Method, case: Case) -> None:
    exact = case.reference()
    ready = prepared(method, case)
    found = ready.derivative()
    assert isinstance(found, numpy.ndarray) and found.shape == exact.shape
    assert relative_error(found, exact) < DIGITS_OF.get(method.name, 1e-13)
    value = numpy.asarray(ready.primal())
    assert value.shape == numpy.shape(case.f(case.x))
    assert numpy.max(numpy.abs(value - case.f(case.x))) <= 1e-14 * numpy.max(numpy.abs(value))
    for title, content in (ready.details() if ready.details else {}).items():
        assert title and content.strip() and isinstance(content, str)


@pytest.mark.parametrize("method", CHOSEN, ids=lambda method: method.name)
def test_gradients(method):
    if method.name in ("dk-compiled-sparse", "dk-auto", "findiff"):
        with pytest.raises(Unsupported, match=r"."):
            prepared(method, GRADIENT)
        return
    require_right(method, GRADIENT)


@pytest.mark.parametrize("method", CHOSEN, ids=lambda method: method.name)
def test_jacobians(method):
    if method.name == "findiff":
        with pytest.raises(Unsupported, match="values on a grid, and f has 3 inputs"):
            prepared(method, JACOBIAN)
        return
    require_right(method, JACOBIAN)


def test_findiff_differentiates_samples_of_one_variable():
    (method,) = (method for method in METHODS if method.name == "findiff")
    require_right(method, LINE)


@pytest.mark.long
@pytest.mark.parametrize("method", COMPILED, ids=lambda method: method.name)
def test_what_takes_long_to_compile(method):
    require_right(method, GRADIENT)
    with pytest.raises(Unsupported, match="cannot be captured"):
        prepared(method, JACOBIAN)


REFUSED = {
    "dk-compiled-reverse": "a branch or loop condition on the traced value",
    "dk-symbolic": "a branch or loop condition on the traced value",
    "jax-reverse": "boolean conversion of traced array",
    "casadi": "truth value of a CasADi",
    "sympy": "truth value of Relational",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_loop_on_values_is_refused_in_the_tool_s_own_words(name):
    (method,) = (method for method in METHODS if method.name == name)
    with pytest.raises(Unsupported, match=REFUSED[name]):
        prepared(method, kepler.make(2))


@pytest.mark.parametrize("name", ["dk-reverse", "dk-forward", "dk-adaptive", "autograd"])
def test_eager_methods_follow_a_loop_on_values(name):
    (method,) = (method for method in METHODS if method.name == name)
    case = kepler.make(2)
    assert relative_error(prepared(method, case).derivative(), case.reference()) < 1e-10


def test_compiled_methods_show_their_source_and_numerical_ones_their_bars():
    by = {method.name: method for method in METHODS}
    shown = prepared(by["dk-compiled-reverse"], GRADIENT).details()
    assert "graph" in shown["graph"] and "def " in shown["source"]
    for name in ("dk-adaptive", "numdifftools", "jacobi", "scipy"):
        table = prepared(by[name], GRADIENT).details()["error bars"]
        assert "error bar" in table and len(table.splitlines()) >= 4


def test_another_value_than_numpy_s_is_refused_before_anything_is_timed():
    def wrong(factor):
        return Prepared(primal=lambda: quadratic(X) * factor, derivative=lambda: WEIGHTS @ X)

    with pytest.raises(
        ValueError, match="the value of NumPy's f was asked for; got one that is off"
    ):
        measure(GRADIENT, wrong(1.0 + 1e-7), 0.0, WEIGHTS @ X, "known", 0.01)
    measure(GRADIENT, wrong(1.0 + 1e-15), 0.0, WEIGHTS @ X, "known", 0.0)
    flat = Prepared(primal=lambda: pair(X)[:1], derivative=lambda: EXACT_PAIR)
    with pytest.raises(ValueError, match="expected"):
        measure(JACOBIAN, flat, 0.0, EXACT_PAIR, "known", 0.01)


def test_symbols_compare_choose_and_reduce():
    np = symbols.Namespace(
        {"sqrt": lambda x: x**0.5},
        choose=lambda condition, a, b: a if condition else b,
        larger=max,
        both=lambda a, b: a and b,
    )
    x = symbols.vector([4.0, 1.0, 9.0, 16.0])
    square = np.reshape(x, (2, 2))
    assert np.sqrt(x).tolist() == [2.0, 1.0, 3.0, 4.0]
    assert np.max(x) == 16.0 and np.max(square, axis=1).tolist() == [4.0, 16.0]
    assert np.max(square, axis=-1, keepdims=True).shape == (2, 1)
    assert np.where(np.logical_and(x >= 4.0, x < 16.0), x, 0.0).tolist() == [4.0, 0.0, 9.0, 0.0]
    assert np.maximum(x, 5.0).tolist() == [5.0, 5.0, 9.0, 16.0]
    assert symbols.elements(np.sum(x)) == [30.0]


@pytest.mark.parametrize("module", [casadi, sympy], ids=["casadi", "sympy"])
def test_symbolic_peers_choose_by_conditions(module):
    def f(x, np=numpy):
        return np.sum(np.where(x > 0.0, x * x, -x)) + np.max(x)

    (method,) = module.METHODS
    found = prepared(method, Case(f, X)).derivative()
    assert found.tolist() == [1.0, -1.0, 5.0]


def test_too_many_calls_and_operations_are_turned_down(monkeypatch):
    monkeypatch.setattr(calls, "MOST_SECONDS", 0.0)
    with pytest.raises(Unsupported, match=r"3 inputs take some 6 calls of f"):
        calls.require_few_calls(GRADIENT, 2)
    with pytest.raises(Unsupported, match=r"for each of 3 inputs; at most 10 in all"):
        operations.require_few_operations(GRADIENT, 10)
    operations.require_few_operations(kepler.make(1), 0)  # for the method itself to refuse


def test_a_refusal_is_short_and_keeps_its_cause():
    with pytest.raises(Unsupported) as caught, refusal.refused("A tool", KeyError):
        raise KeyError("no\nsuch " + "x" * 1000)
    assert str(caught.value).startswith("A tool refuses this function: ")
    assert len(str(caught.value)) < 300 and isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(ValueError, match="other"), refusal.refused("A tool", KeyError):
        raise ValueError("other")
