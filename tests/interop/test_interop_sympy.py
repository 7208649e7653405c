# ruff: noqa: E501  (the tables: a row is a function)
"""Functions to sympy and back: the same values and derivatives, and errors that name what is not
understood. The oracles are sympy itself and the function before it went there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special as sp
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import DiffkitError, DtypeError, ShapeError, TreeError, UnsupportedError

x, y = sympy.symbols("x y", real=True)
MODES = ("forward", "reverse", "symbolic")

Function = Callable[..., Any]
Program = list[tuple[str, int, int]]

# fmt: off
UNARY: dict[str, Function] = {
    "sin": np.sin, "cos": np.cos, "exp": lambda u: np.exp(np.tanh(u)), "sqrt": lambda u: np.sqrt(1 + u * u),
    "log": lambda u: np.log(1 + u * u), "tanh": np.tanh, "arctan": np.arctan, "abs": np.abs,
    "cbrt": lambda u: np.cbrt(u + 0.01), "floor": lambda u: np.floor(3 * u) * u, "cube": lambda u: u**3,
    "power": lambda u: (1.5 + np.cos(u)) ** 0.7, "expm1": lambda u: np.expm1(np.sin(u)),
    "sinh": lambda u: np.sinh(np.sin(u)), "arcsinh": np.arcsinh, "log1p": lambda u: np.log1p(u * u),
    "erf": sp.erf, "erfc": sp.erfc, "gamma": lambda u: sp.gamma(2.5 + np.sin(u)),
    "digamma": lambda u: sp.digamma(2 + np.cos(u)), "gammaln": lambda u: sp.gammaln(1.2 + u * u),
    "polygamma": lambda u: dnp.scipy.special.polygamma(1, 2.1 + np.sin(u)), "zeta": lambda u: dnp.scipy.special.zeta(3.0, 2.5 + np.sin(u)),
    "j0": sp.j0, "j1": sp.j1, "jv": lambda u: sp.jv(2.5, 1.5 + np.sin(u)), "i0": lambda u: sp.i0(np.sin(u)),
    "kv": lambda u: sp.kv(1.0, 2 + np.sin(u)), "expit": sp.expit, "softplus": lambda u: np.logaddexp(0.0, u),
    "sinc": np.sinc, "ndtr": sp.ndtr, "airy": lambda u: sp.airy(np.sin(u))[0],
    "where": lambda u: np.where(u > 0.3, u * u, np.sin(u)), "constant": lambda u: 0.1 * u + 1e-3,
}
BINARY: dict[str, Function] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": lambda u, v: u / (1.1 + v * v),
    "maximum": np.maximum, "minimum": np.minimum, "hypot": lambda u, v: np.hypot(u, 1 + v * v),
    "where": lambda u, v: np.where(u < v, np.sin(u), v * u), "arctan2": lambda u, v: np.arctan2(u, 2 + np.sin(v)),
    "logaddexp": np.logaddexp, "xlogy": lambda u, v: sp.xlogy(u, 1 + v * v),
    "beta": lambda u, v: sp.beta(1.5 + np.sin(u), 2 + np.cos(v)),
    "pow": lambda u, v: (1 + u * u) ** np.tanh(v),
    "both": lambda u, v: np.where((u > 0) & (v > 0) | (u < -0.5), u * v, u - v),
}
# fmt: on

programs = st.lists(
    st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 9), st.integers(0, 9)),
    min_size=1,
    max_size=4,
)


def run(program: Program) -> Function:
    """The function that a program is: each step takes two of the values so far."""

    def f(x: Any, y: Any) -> Any:
        values = [x, y]
        for name, i, j in program:
            u, v = values[i % len(values)], values[j % len(values)]
            row = BINARY.get(name)
            new = UNARY[name](u) if row is None or (name == "where" and i > 4) else row(u, v)
            values.append(new)
        return values[-1]

    return f


def close(got: Any, want: Any, tolerance: float) -> None:
    scale = np.maximum(1.0, np.abs(want))
    assert np.all(np.abs(np.asarray(got) - want) <= tolerance * scale), (got, want)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(programs, st.integers(0, 10**6))
def test_there_and_back(program: Program, seed: int) -> None:
    """from_sympy(to_sympy(f)) is f, to rounding; and all modes agree on the derivatives of both."""
    f = run(program)
    at = np.random.default_rng(seed).uniform(-1.5, 1.5, 2)
    back = dk.from_sympy(dk.to_sympy(f, *at), "x y")
    close(back(*at), f(*at), 1e-13)
    want = dk.grad(f, argnums=(0, 1))(*at)
    for method in MODES:
        close(dk.grad(back, argnums=(0, 1), method=method)(*at), want, 1e-11)
    several = np.linspace(-1.4, 1.4, 5)
    close(back(several, at[1]), f(several, at[1]), 1e-13)


@pytest.mark.parametrize("name", sorted({*UNARY, *BINARY} - {"floor"}))
def test_the_formula_is_what_sympy_makes_of_it(name: str) -> None:
    """sympy's own 30 digits for the formula and its derivative."""
    f = run([(name, 0, 1)])
    a, b = 0.734, -0.421
    formula = dk.to_sympy(f, a, b)
    exact = {x: sympy.Float(a, 40), y: sympy.Float(b, 40)}
    exact = {s: exact[{"x": x, "y": y}[s.name]] for s in formula.free_symbols}
    close(f(a, b), float(formula.subs(exact).evalf(30)), 1e-13)
    slope = sympy.diff(formula, x).subs(exact).evalf(30)
    close(dk.grad(f)(a, b), float(slope), 1e-12)


def test_symbols_are_named_after_parameters() -> None:
    def f(rate, weights):
        return {"loss": rate * np.sum(weights**2), "parts": np.outer(weights, weights)}

    found = dk.to_sympy(f, 0.1, dk.f64[2])
    assert str(found["loss"]) == "rate*(weights_0**2 + weights_1**2)"
    assert found["parts"].shape == (2, 2) and str(found["parts"][0, 1]) == "weights_0*weights_1"
    with pytest.raises(NotImplementedError, match=r"argument z is c128"):
        dk.to_sympy(lambda z: z * z, 1j)


def test_arrays_of_symbols_are_arguments() -> None:
    report = dk.formula(lambda w, b: np.tanh(w @ w[::-1] + b) * w)(dk.f64[3], dk.f64[()])
    f = dk.from_sympy(report.formula, report.symbols)
    w, b = np.array([0.3, -0.2, 0.9]), 0.4
    np.testing.assert_allclose(f(w, b), np.tanh(w @ w[::-1] + b) * w, rtol=1e-14)
    many = np.stack([w, 2 * w, w - 1], axis=1)
    np.testing.assert_allclose(f(many, b)[:, 1], f(2 * w, b), rtol=1e-15)
    with pytest.raises(ShapeError, match=r"first axes are \(3,\)"):
        f(w[:2], b)


def test_it_broadcasts_like_a_ufunc() -> None:
    f = dk.from_sympy(sympy.sin(x) + 2, (x, y))
    assert f(np.zeros((3, 1)), np.zeros(4)).shape == (3, 4)
    assert f(0, 1) == 2.0 and f(np.float32(0), 0).dtype == np.float64
    assert dk.from_sympy(sympy.Integer(7), "x")(np.zeros(2)).tolist() == [7.0, 7.0]
    assert dk.from_sympy(x > y, "x y")(np.array([0.0, 2.0]), 1.0).tolist() == [False, True]
    rows = dk.from_sympy(sympy.Matrix([[x, y], [1, x * y]]), "x y")(np.arange(3.0), 2.0)
    assert rows.shape == (2, 2, 3) and rows[1, 1].tolist() == [0.0, 2.0, 4.0]
    first, second = dk.from_sympy((x, sympy.Array([y, x])), "x y")(1.0, 2.0)
    assert first == 1.0 and second.tolist() == [2.0, 1.0]
    np.testing.assert_allclose(dk.jit(f)(np.ones(2), 0.0), np.sin(np.ones(2)) + 2, rtol=1e-15)
    np.testing.assert_allclose(dk.vmap(f)(np.ones(2), np.ones(2)), f(np.ones(2), 1.0))


# Written for sympy; its own 30 digits are the oracle.
FORMULAS = [
    sympy.Piecewise((x**2, x > 1), (sympy.Abs(x), x < 0), (y, True)),
    sympy.Max(x, y, 0.2) - sympy.Min(x, -y, 3), sympy.Heaviside(x) * x, sympy.Mod(x, y + 2),
    sympy.sec(x) + sympy.csc(x) + sympy.cot(x), sympy.acot(x + 2), sympy.sech(x) + sympy.coth(x),
    sympy.besselj(2, x + 2) * sympy.bessely(1, x + 2) * sympy.besseli(0, y) * sympy.besselk(1, x + 2),
    sympy.lowergamma(1.5, x + 2) + sympy.uppergamma(2.5, x + 2), sympy.binomial(x + 3, 2.5),
    sympy.Ei(x + 2) + sympy.Si(x) + sympy.Ci(x + 2) + sympy.Shi(x) + sympy.Chi(x + 2),
    sympy.fresnels(x) + sympy.fresnelc(x), sympy.airyai(x) * sympy.airybiprime(x),
    sympy.elliptic_k(x / 4) + sympy.elliptic_e(x / 4) + sympy.elliptic_f(x, y / 4),
    sympy.hyper([0.5, 1.5], [2.5], x / 3) + sympy.hyper([1.5], [2.5], x), sympy.LambertW(x + 2),
    sympy.zeta(4, x + 4) + sympy.zeta(3, x + 3), sympy.expint(1, x + 2) + sympy.expint(3, x + 2),
    sympy.factorial(x + 2) + sympy.rf(x + 3, 1.5) + sympy.ff(x + 5, 2.5), sympy.erfinv(x / 4),
    sympy.polylog(2, x / 3), sympy.sinc(x) * sympy.frac(x + 2), sympy.pi**x + x ** sympy.Rational(2, 3) * 0,
    sympy.atan2(y, x) + sympy.sign(x) * sympy.ceiling(x), sympy.log(x + 2, 3), sympy.beta(x + 2, y + 2),
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_values_are_sympys(formula: Any) -> None:
    f = dk.from_sympy(formula, (x, y))
    for a, b in ((0.75, 0.5), (0.3125, -0.25)):
        exact = formula.subs({x: sympy.Rational(a), y: sympy.Rational(b)}).evalf(30)
        close(f(a, b), float(exact), 2e-14)
        slopes = [dk.grad(f, method=m)(a, b) for m in ("forward", "reverse", "finite")]
        close(slopes[0], slopes[1], 1e-12)
        close(slopes[0], slopes[2], 1e-7)


k = sympy.Symbol("k", integer=True)
REFUSED = [
    (sympy.Sum(x**k, (k, 0, y)), "Sum in"), (sympy.Product(x + k, (k, 1, y)), "Product in"),
    (sympy.Integral(sympy.exp(-(x**2)), (x, 0, y)), "Integral in"),
    (sympy.Limit(sympy.sin(x) / x, x, 0), "Limit in"), (sympy.Function("g")(x), "g in the formula"),
    (sympy.Derivative(sympy.Function("h")(x), x), "Derivative in"), (sympy.I * x, "ImaginaryUnit in"),
    (sympy.sqrt(-2) * x, "the formula"), (x + k, "the symbol k"), (sympy.DiracDelta(x), "DiracDelta in"),
    (sympy.polygamma(x, y), "polygamma in"), (sympy.zoo * x, "zoo"),
    ("x**2", "a str"), (sympy.hyper([1, 2, x], [y], x), "hyper in"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "named"), REFUSED, ids=[str(f) for f, _ in REFUSED])
def test_what_is_not_understood_is_named(formula: Any, named: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        dk.from_sympy(formula, "x y")
    assert named in str(caught.value) and "test_interop_sympy.py" in str(caught.value)


def test_arguments_are_checked() -> None:
    f = dk.from_sympy(x * y, "x y")
    with pytest.raises(TreeError, match="as many as symbols"):
        f(1.0)
    with pytest.raises(DtypeError, match="real numbers"):
        f(1j, 2.0)
    with pytest.raises(TreeError, match="2 different symbols of the name x"):
        dk.from_sympy(x + sympy.Symbol("x"), "x")
    with pytest.raises(DiffkitError, match="among the symbols"):
        dk.from_sympy(x, [1.5])


def test_numbers_keep_every_digit() -> None:
    numbers = np.random.default_rng(5).standard_normal(60) * 10.0 ** np.arange(-150, 150, 5)
    numbers = np.concatenate([numbers, [5e-324, 1.7976931348623157e308, 0.1, 1 / 3, 2**53 + 2.0]])
    for number in numbers:
        formula = dk.to_sympy(lambda x, c=number: x + c, 1.0)
        assert dk.from_sympy(formula, "x")(0.0) == number
    assert dk.from_sympy(sympy.Float("0.1", 50) + x, "x")(0.0) == 0.1


def test_names_of_arguments_come_back() -> None:
    f = dk.from_sympy(dk.to_sympy(lambda rate, time: np.exp(-rate * time), 1.0, 2.0), "rate time")
    assert str(dk.to_sympy(f, 1.0, 2.0)) == "exp(-rate*time)"
    assert dk.to_sympy(dk.trace(f)(1.0, 2.0))[0] == dk.to_sympy(f, 1.0, 2.0)
