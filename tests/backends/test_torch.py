"""`to_torch`: the PyTorch twin of a graph has its values, its types, and derivatives of its own."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.backends import torch as backend
from diffkit.backends.torch import to_torch
from diffkit.graph import Builder, Op, evaluate
from diffkit.modes.reverse import vjp
from diffkit.ops import Expr
from diffkit.ops import elementwise as e
from diffkit.types import f32, f64
from tests.ops.scenario import SQUARE, Scenario
from tests.ops.scenarios import SCENARIOS, arguments, by_op, graph_of, has_twin

torch = pytest.importorskip("torch")
QUIET = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")


def as_tensors(args: list[Any]) -> list[Any]:
    return [torch.tensor(np.asarray(x)) for x in args]


def as_list(out: Any) -> list[Any]:
    return list(out) if isinstance(out, tuple) else [out]


@pytest.mark.parametrize("single", [False, True], ids=["float64", "float32"])
@pytest.mark.parametrize("scenario", by_op(SCENARIOS))
def test_values_and_types(scenario: Scenario, single: bool) -> None:
    graph = graph_of(scenario, single)
    if not has_twin(graph):
        pytest.skip("PyTorch has no such function")
    args = arguments(scenario, single)
    found = as_list(to_torch(graph)(*as_tensors(args)))
    for y, want, type_ in zip(found, evaluate(graph, args), graph.types, strict=True):
        assert tuple(y.shape) == type_.shape
        assert str(y.dtype) == f"torch.{type_.dtype.numpy.name}"
        eps = 1e-5 if type_.dtype == f32 or single else 1e-13
        top = float(np.max(np.abs(np.where(np.isfinite(want), want, 0)), initial=1.0))
        np.testing.assert_allclose(y.numpy(), want, rtol=eps, atol=eps * top)


def test_derivative_graphs_run_too() -> None:
    """The ops that only derivatives emit: a vjp graph has a twin as any other."""

    def f(x: Any) -> Any:
        return np.sum(np.sqrt(x[1:]) * x[:-1]) + np.max(x) + np.prod(x[::2])

    x = np.array([0.5, 2.0, 1.5, 3.0])
    joint = vjp(dk.trace(f)(x), [True])
    want = evaluate(joint, [x, np.float64(1.0)])
    for y, z in zip(to_torch(joint)(*as_tensors([x, 1.0])), want, strict=True):
        np.testing.assert_allclose(y.numpy(), z, rtol=1e-14)


def test_one_output_and_several() -> None:
    x = torch.ones(3, dtype=torch.float64)
    assert isinstance(to_torch(dk.trace(np.sin)(f64[3]))(x), torch.Tensor)
    pair = to_torch(dk.trace(lambda x: (x, 2 * x))(f64[3]))(x)
    assert isinstance(pair, tuple) and len(pair) == 2
    assert to_torch(dk.trace(lambda x: ())(f64[3]))(x) == ()


def test_numbers_and_arrays_are_taken_as_tensors() -> None:
    twin = to_torch(dk.trace(lambda x, y: x * y)(f64[2], f64[()]))
    np.testing.assert_array_equal(twin(np.array([1.0, 2.0]), 3).numpy(), [3.0, 6.0])


@QUIET
def test_torch_func() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(np.sin(x * y)) + np.sum(np.where(x > 0, x, 0.0) ** 2) + x[0] * x[-1]

    x, y = np.array([0.3, -1.2, 2.0]), np.array([1.1, 0.4, -0.7])
    twin = to_torch(dk.trace(f)(x, y))
    tx, ty = as_tensors([x, y])
    gx, gy = torch.func.grad(twin, argnums=(0, 1))(tx, ty)
    want = dk.grad(f, argnums=(0, 1))(x, y)
    np.testing.assert_allclose(gx.numpy(), want[0], rtol=1e-14)
    np.testing.assert_allclose(gy.numpy(), want[1], rtol=1e-14)
    _, dy = torch.func.jvp(twin, (tx, ty), (ty, tx))
    np.testing.assert_allclose(dy.numpy(), dk.jvp(f, (x, y), (y, x))[1], rtol=1e-14)
    hess = torch.func.hessian(twin)(tx, ty)
    np.testing.assert_allclose(hess.numpy(), dk.hessian(f)(x, y), rtol=1e-13, atol=1e-15)


@QUIET
def test_stop_gradient_stops_both_modes() -> None:
    twin = to_torch(dk.trace(lambda x: dnp.stop_gradient(np.sin(x)) * x)(f64[()]))
    x = torch.tensor(0.7, dtype=torch.float64)
    assert torch.func.grad(twin)(x) == torch.sin(x)
    assert torch.func.jvp(twin, (x,), (torch.ones_like(x),))[1] == torch.sin(x)


def test_scale_is_linear_in_what_it_guards() -> None:
    """At a tangent of 0 the slope by the tangent is the partial, unless that is infinite."""
    d = torch.tensor([2.0, np.inf, 3.0], dtype=torch.float64)
    t = torch.tensor([0.0, 0.0, 4.0], dtype=torch.float64, requires_grad=True)
    out = backend.scale(d, t)
    (slope,) = torch.autograd.grad(out.sum(), t)
    np.testing.assert_array_equal(out.detach().numpy(), [0.0, 0.0, 12.0])
    np.testing.assert_array_equal(slope.numpy(), [2.0, 0.0, 3.0])


@pytest.mark.parametrize("n", [2, 50, 2000])
def test_the_last_of_repeated_writes_wins(n: int) -> None:
    """PyTorch's own index_put leaves it open, and with many writes on many threads it shows."""
    rng = np.random.default_rng(n)
    places, x, y = rng.integers(-5, 5, n), rng.normal(size=5), rng.normal(size=n)
    graph = dk.trace(lambda x, y, k: dnp.set_at(x, k, y))(x, y, places)
    found = to_torch(graph)(*as_tensors([x, y, places]))
    np.testing.assert_array_equal(found.numpy(), dnp.set_at(x, places, y))


def test_deep_graphs_do_not_recurse() -> None:
    b = Builder("deep")
    x = Expr(b, b.param(f64[()], "x").atom)
    y = x
    for _ in range(5000):
        y = e.sin(y)
    twin = to_torch(b.finish([y.atom]))
    with torch.no_grad():
        assert abs(twin(torch.tensor(1.0, dtype=torch.float64)).item()) < 0.1


def test_wrong_arguments_are_refused() -> None:
    twin = to_torch(dk.trace(lambda x, y: x + y)(f64[2], f64[2]))
    good = torch.ones(2, dtype=torch.float64)
    with pytest.raises(dk.DiffkitError, match=r"1 arguments\. Expected 2"):
        twin(good)
    with pytest.raises(ValueError, match=r"y is torch\.float64\[1\]\. Expected f64\[2\]"):
        twin(good, good[:1])
    with pytest.raises(TypeError, match=r"x is torch\.float32\[2\]"):
        twin(good.float(), good)


def test_an_op_without_a_row_is_refused() -> None:
    b = Builder("f")
    x = Expr(b, b.param(f64[()], "x").atom)
    strange = Op("strange", lambda t: t, np.sin, e.sin.fact)
    graph = b.finish([strange(x).atom])
    with pytest.raises(NotImplementedError, match="op strange"):
        to_torch(graph)


def test_without_torch_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(NotImplementedError, match=r"pip install diffkit\[compare\]"):
        to_torch(dk.trace(np.sin)(f64[()]))


def test_importing_diffkit_does_not_import_torch() -> None:
    modules = "diffkit, diffkit.interop, diffkit.backends.torch"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def newton(a: Any) -> Any:
    """√a."""
    return dk.while_loop(lambda x: abs(x * x - a) > 1e-12 * a, lambda x: (x + a / x) / 2, a)


def cell(x: Any) -> Any:
    """A recurrence backwards over rows, with a branch in each step."""

    def step(h: Any, row: Any) -> Any:
        h = dk.cond(np.sum(h) > 0, lambda h: np.tanh(h + row), lambda h: h * row, h)
        return h, h * row

    h, ys = dk.scan(step, x[0], x, reverse=True)
    return np.sum(h) + np.sum(ys)


def chosen(x: Any) -> Any:
    """A switch in a checkpointed function, repeated."""
    f = dk.checkpoint(lambda i, x: dk.switch(i % 2, [np.sin, np.exp], x))
    return np.sum(dk.fori_loop(0, 3, f, x))


@QUIET
@pytest.mark.parametrize(
    ("f", "x"),
    [(newton, np.float64(2.0)), (cell, SQUARE), (chosen, SQUARE)],
    ids=["while", "scan", "switch"],
)
def test_control_flow_runs_and_differentiates(f: Any, x: Any) -> None:
    twin, gradient = to_torch(dk.trace(f)(x)), to_torch(dk.trace(dk.grad(f))(x))
    leaf = torch.tensor(np.asarray(x), requires_grad=True)
    y = twin(leaf)
    y.backward()
    np.testing.assert_allclose(y.item(), f(x), rtol=1e-14)
    np.testing.assert_allclose(leaf.grad.numpy(), dk.grad(f)(x), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(gradient(x).numpy(), dk.grad(f)(x), rtol=1e-13, atol=1e-15)


def test_a_callback_has_no_twin() -> None:
    f = dk.callback(np.sort, f64[3])
    with pytest.raises(dk.errors.UnsupportedError, match="callback into NumPy"):
        to_torch(dk.trace(f)(np.ones(3)))
