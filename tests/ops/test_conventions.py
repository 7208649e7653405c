"""The presets for kinks, op by op against the libraries whose conventions they name; and the report
of kinks that were hit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import UnsupportedError
from diffkit.ops.kinks import CURRENT, MINIMUM_NORM

Point = tuple[str, Callable[[Any], Callable[[Any], Any]], Any]


class Of:
    """One library under NumPy's names. `zero` and `one` are constants like x."""

    def __init__(self, module: Any, **own: Any) -> None:
        self.module = module
        self.own = own

    def __getattr__(self, name: str) -> Any:
        return self.own[name] if name in self.own else getattr(self.module, name)


# name, the function given a library, the point
POINTS: list[Point] = [
    ("abs", lambda m: m.abs, 0.0),
    ("abs at -0", lambda m: m.abs, -0.0),
    ("abs off the kink", lambda m: m.abs, -2.0),
    ("maximum", lambda m: lambda x: m.maximum(x, m.zero(x)), 0.0),
    ("minimum", lambda m: lambda x: m.minimum(x, m.zero(x)), 0.0),
    ("max", lambda m: m.max, [1.0, 1.0, 0.0]),
    ("max along an axis", lambda m: lambda x: m.sum(m.amax(x, 0)), [[1.0, 1.0], [1.0, 0.0]]),
    ("min", lambda m: m.min, [1.0, 1.0, 2.0]),
    ("clip at the lower bound", lambda m: lambda x: m.clip(x, -1.0, 1.0), -1.0),
    ("clip at the upper bound", lambda m: lambda x: m.clip(x, -1.0, 1.0), 1.0),
    ("clip inside", lambda m: lambda x: m.clip(x, -1.0, 1.0), 0.5),
    ("clip outside", lambda m: lambda x: m.clip(x, -1.0, 1.0), 1.5),
    ("sqrt", lambda m: m.sqrt, 0.0),
    ("x^½", lambda m: lambda x: x**0.5, 0.0),
    ("x^0", lambda m: lambda x: x**0.0, 0.0),
    ("x^0 off 0", lambda m: lambda x: x**0.0, 2.0),
    ("x^1", lambda m: lambda x: x**1.0, 0.0),
    ("x^2", lambda m: lambda x: x**2.0, 0.0),
    ("norm", lambda m: m.norm, [0.0, 0.0]),
    ("norm off 0", lambda m: m.norm, [3.0, 4.0]),
    ("std", lambda m: m.std, [1.0, 1.0]),
    ("sinc", lambda m: m.sinc, 0.0),
    ("sinc off 0", lambda m: m.sinc, 0.3),
    ("arctan2 by y", lambda m: lambda x: m.arctan2(x, m.zero(x)), 0.0),
    ("arctan2 by x", lambda m: lambda x: m.arctan2(m.zero(x), x), 0.0),
    ("hypot", lambda m: lambda x: m.hypot(x, m.zero(x)), 0.0),
    ("where around sqrt", lambda m: lambda x: m.where(x > 0, m.sqrt(x), m.zero(x)), 0.0),
    ("where around log", lambda m: lambda x: m.where(x > 0, m.log(x), m.zero(x)), 0.0),
    ("prod with a zero", lambda m: m.prod, [0.0, 2.0, 3.0]),
    ("prod with two zeros", lambda m: m.prod, [0.0, 0.0, 3.0]),
    ("sign", lambda m: m.sign, 0.0),
    ("floor", lambda m: m.floor, 2.0),
    ("log", lambda m: m.log, 0.0),
    ("1/x", lambda m: lambda x: 1 / x, 0.0),
    ("arcsin", lambda m: m.arcsin, 1.0),
    ("arccosh", lambda m: m.arccosh, 1.0),
    ("arctanh", lambda m: m.arctanh, 1.0),
    ("log1p", lambda m: m.log1p, -1.0),
    ("logaddexp", lambda m: lambda x: m.logaddexp(x, m.zero(x)), 0.0),
    ("remainder", lambda m: lambda x: x % 1.0, 2.0),
    ("fmax", lambda m: lambda x: m.fmax(x, m.zero(x)), 0.0),
    ("copysign", lambda m: lambda x: m.copysign(x, m.one(x)), 0.0),
    ("sort", lambda m: lambda x: m.sort(x)[0], [1.0, 1.0, 2.0]),
]
DEFECTS = {  # a nan, or no rule, where the function is smooth or the kink is plain
    "torch": {},
    "jax": {"x^0": np.nan},
    "autograd": {
        "sinc": np.nan, "prod with a zero": [np.nan, 0, 0],
        "prod with two zeros": [np.nan, np.nan, 0],
        "copysign": None,
    },
}  # fmt: skip
NUMPY = Of(np, norm=np.linalg.norm, zero=lambda x: 0.0, one=lambda x: 1.0)


def torch_slope(f: Callable[[Any], Callable[[Any], Any]], x: Any) -> Any:
    torch = pytest.importorskip("torch")
    own = Of(
        torch, clip=torch.clamp, norm=torch.linalg.vector_norm, zero=torch.zeros_like,
        one=torch.ones_like, std=lambda x: torch.std(x, correction=0),
        sort=lambda x: torch.sort(x)[0],
    )  # fmt: skip
    point = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    f(own)(point).backward()
    return point.grad.numpy()


def jax_slope(f: Callable[[Any], Callable[[Any], Any]], x: Any) -> Any:
    jax = pytest.importorskip("jax")
    jnp = pytest.importorskip("jax.numpy")
    own = Of(jnp, norm=jnp.linalg.norm, zero=jnp.zeros_like, one=jnp.ones_like)
    with jax.enable_x64(True):
        return np.asarray(jax.grad(f(own))(jnp.asarray(x, jnp.float64)))


def autograd_slope(f: Callable[[Any], Callable[[Any], Any]], x: Any) -> Any:
    autograd = pytest.importorskip("autograd")
    anp = pytest.importorskip("autograd.numpy")
    own = Of(anp, norm=anp.linalg.norm, zero=lambda x: 0.0, one=lambda x: 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return autograd.grad(f(own))(np.asarray(x))


LIBRARIES = {"torch": torch_slope, "jax": jax_slope, "autograd": autograd_slope}


@pytest.mark.parametrize("method", ["reverse", "forward"])
@pytest.mark.parametrize("point", POINTS, ids=lambda p: p[0])
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_preset_is_what_the_library_does(name: str, point: Point, method: str) -> None:
    what, f, x = point
    if what in DEFECTS[name]:
        pytest.skip("a defect of the library")
    if method == "forward" and what.startswith(("where", "prod")):
        pytest.skip("nan leaks backwards only")
    want = LIBRARIES[name](f, x)
    with dk.kinks(name):
        got = dk.jacobian(f(NUMPY), method=method)(np.asarray(x)[()])
    np.testing.assert_allclose(got, want, rtol=1e-14)


@pytest.mark.parametrize("name", LIBRARIES)
def test_defects_are_not_conventions(name: str) -> None:
    for what, nan in DEFECTS[name].items():
        f, x = next((f, x) for found, f, x in POINTS if found == what)
        if nan is not None:
            np.testing.assert_array_equal(LIBRARIES[name](f, x), nan)
        with dk.kinks(name):
            assert np.all(np.isfinite(dk.grad(f(NUMPY))(np.asarray(x)[()])))


def test_the_convention_ends_with_the_block() -> None:
    with pytest.raises(RuntimeError), dk.kinks("jax"):
        assert dk.grad(np.abs)(0.0) == 1
        raise RuntimeError
    assert CURRENT.get() is MINIMUM_NORM
    assert dk.grad(np.abs)(0.0) == 0


def test_compiled_and_kept_derivatives_know_their_convention() -> None:
    compiled = dk.jit(dk.grad(np.abs), backend="interpreter")
    plain = dk.grad(np.abs)
    sparse = dk.sparse_jacobian(np.abs)
    for name, slope in [("minimum-norm", 0), ("jax", 1), ("torch", 0), ("jax", 1)]:
        with dk.kinks(name):
            assert compiled(0.0) == slope
            assert plain(0.0) == slope
            assert sparse(np.zeros(2)).toarray()[0, 0] == slope


def test_an_unknown_preset() -> None:
    with (
        pytest.raises(UnsupportedError, match=r"kinks: 'tensorflow'.*\"torch\", \"jax\""),
        dk.kinks("tensorflow"),
    ):
        pass


def test_the_report_names_op_line_and_index() -> None:
    def f(x: Any) -> Any:
        y = np.abs(x)
        return np.sum(np.maximum(y, 1.0) + np.sqrt(x * x))

    with dk.report_kinks() as report:
        dk.grad(f)(np.array([1.0, 0.0, 3.0, 0.0]))
    first = f.__code__.co_firstlineno
    found = [(h.op, h.kind, h.loc.line - first, h.index) for h in report if h.loc]
    assert found == [
        ("abs", "kink", 1, ((1,), (3,))),
        ("maximum", "tie", 2, ((0,),)),
        ("sqrt", "singularity", 2, ((1,), (3,))),
    ]
    assert "kink of abs at" in str(report) and "index [1], [3]" in str(report)


def test_the_report_sees_into_loops_and_compiled_functions() -> None:
    def f(x: Any) -> Any:
        return dk.fori_loop(0, 3, lambda k, y: np.abs(y) * 0.0 + x, x)

    with dk.report_kinks() as report:
        dk.jit(f, backend="interpreter")(0.0)
        dk.jvp(f, (0.0,), (1.0,))
    assert [(h.op, h.kind) for h in report] == [("abs", "kink")]


def test_the_report_sees_repeated_eigenvalues() -> None:
    """They share the derivative of their sum, which is a choice."""
    a = np.diag([2.0, 1.0, 2.0])
    with dk.report_kinks() as report:
        slope = dk.grad(lambda a: np.linalg.eigvalsh(a)[2])(a)
    assert [(h.op, h.kind, h.index) for h in report] == [("eigh", "tie", ((1,), (2,)))]
    np.testing.assert_allclose(slope, np.diag([0.5, 0.0, 0.5]), atol=1e-15)


def test_no_kinks_no_report() -> None:
    with dk.report_kinks() as report:
        dk.grad(lambda x: np.sin(x) * np.abs(x))(1.0)
    assert len(report) == 0 and str(report) == "no kinks"
    dk.grad(np.abs)(0.0)
    assert len(report) == 0
