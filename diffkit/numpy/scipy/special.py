"""`dnp.scipy.special`: SciPy's special functions that are no ufuncs. The ufuncs are SciPy's own and
record themselves (`numpy.special`)."""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ...graph import Op
from ...ops import cylinder as c
from ...ops import special as s
from ...ops.arithmetic import cast, stop_gradient
from ...ops.elementwise import polygamma as polygamma_op
from ...tracing.location import at_line
from ...tracing.tracer import Tracer, recorder
from ...types import c128
from ..arguments import normal_axes, require_real
from ..elementwise import together
from ..reduce import floating
from ..reduce import logsumexp as plain_logsumexp
from ..special import scipy_ufunc
from .dispatch import rest_of, standing_in

MODULE = "scipy.special"


def refuse(name: str, got: str, want: str, remedy: str) -> UnsupportedError:
    return UnsupportedError(explain(f"scipy.special.{name}{at_line()}", got, want, remedy))


def known(name: str, argument: str, value: Any) -> Any:
    """An argument that must not be traced, as a plain array."""
    if isinstance(value, Tracer) and value.owner.given(value) is None:
        got = f"a traced value for {argument}={value!r}"
        raise refuse(name, got, "a known number", "Pass it as an untraced argument")
    return np.asarray(value)


def traced(x: Any) -> Tracer:
    """The value as a float of the innermost trace."""
    trace = recorder((x,))
    assert trace is not None
    return floating(trace, x)


def strong(x: Any) -> Any:
    """A Python number as an array, whose dtype counts."""
    return x if isinstance(x, Tracer) else np.asarray(x)


# --- sums of exponentials ------------------------------------------------------------------------


@standing_in(MODULE)
def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: Any = False, return_sign: Any = False
) -> Any:
    """log Σ b e^a over axes, without overflow; its derivative is the (weighted) softmax.

    Args: a and b of shapes that broadcast; axis None, an integer or several. With return_sign the
    log of the absolute value, and the sign; without, a negative sum gives nan.

        >>> import numpy as np, diffkit as dk, diffkit.numpy as dnp
        >>> dk.grad(dnp.scipy.special.logsumexp)(np.zeros(2))
        array([0.5, 0.5])
    """
    trace = recorder((a, b))
    assert trace is not None
    x: Any = floating(trace, a)
    if b is not None or return_sign:
        require_real(f"{MODULE}.logsumexp with b or return_sign", x, b)
    weights: Any = 1.0
    if b is not None:
        x, weights = np.broadcast_arrays(*together(trace, x, b))
        x = np.where(weights == 0, -np.inf, x)
    x = x if x.ndim else np.reshape(x, (1,))
    axes = normal_axes(axis, x.ndim, "scipy.special.logsumexp")
    if b is None and not return_sign and all(x.shape[k] for k in axes):
        return plain_logsumexp(trace, x, axes, bool(keepdims))
    top: Any = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = stop_gradient(np.where(np.isfinite(top), top, 0.0))
    total: Any = np.sum(weights * np.exp(x - top), axis=axis, keepdims=bool(keepdims))
    shift = top if keepdims else np.reshape(top, total.shape)
    value = np.log(np.abs(total)) + shift
    if return_sign:
        return value, np.sign(total)
    return np.where(total < 0, np.nan, value)


@standing_in(MODULE)
def softmax(x: Any, axis: Any = None) -> Any:
    """e^x / Σ e^x over axes, shifted by the greatest element so that nothing overflows.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.scipy.special.softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    v: Any = traced(x)
    if v.ndim == 0:
        return np.reshape(softmax(np.reshape(v, (1,)), axis), ())
    powers = np.exp(v - stop_gradient(np.max(v, axis=axis, keepdims=True)))
    return powers / np.sum(powers, axis=axis, keepdims=True)


@standing_in(MODULE)
def log_softmax(x: Any, axis: Any = None) -> Any:
    """x - log Σ e^x over axes, finite where softmax rounds to 0.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.scipy.special.log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    v: Any = traced(x)
    if v.ndim == 0:
        return np.reshape(log_softmax(np.reshape(v, (1,)), axis), ())
    return v - plain_logsumexp(v.owner, v, axis, True)


@standing_in(MODULE)
def softplus(x: Any) -> Any:
    """log(1 + e^x).

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> float(dk.grad(dnp.scipy.special.softplus)(0.0))
    0.5
    """
    return np.logaddexp(0.0, x)


# --- gamma and zeta functions --------------------------------------------------------------------


@standing_in(MODULE)
def polygamma(n: Any, x: Any) -> Any:
    """ψ⁽ⁿ⁾(x) for known whole numbers n ≥ 0, elementwise; its derivative is ψ⁽ⁿ⁺¹⁾.

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> round(float(dk.grad(lambda x: dnp.scipy.special.polygamma(0, x))(1.0)), 12)
    1.644934066848
    """
    orders = known("polygamma", "n", n)
    v: Any = traced(x).astype(np.float64)
    value: Any = np.zeros(np.broadcast_shapes(orders.shape, v.shape))
    for k in np.unique(orders):
        one = polygamma_op(v, n=int(k))
        value = np.where(orders == k, one, value) if orders.ndim else one
    return value


@standing_in(MODULE)
def multigammaln(a: Any, d: Any) -> Any:
    """The logarithm of the multivariate gamma function of dimension d; nan for a ≤ (d - 1)/2.

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> round(float(dk.grad(lambda a: dnp.scipy.special.multigammaln(a, 1))(1.0)), 12)
    -0.577215664902
    """
    size = int(known("multigammaln", "d", d))
    v: Any = traced(a).astype(np.float64)
    shifted = v[..., None] - np.arange(size) / 2
    lead = size * (size - 1) / 4 * math.log(math.pi)
    value = np.sum(scipy_ufunc("gammaln")(shifted), axis=-1) + lead
    return np.where(v > (size - 1) / 2, value, np.nan)


@standing_in(MODULE)
def zeta(x: Any, q: Any = None, out: Any = None) -> Any:
    """The Riemann or Hurwitz zeta function Σ (k + q)^-x, differentiable by q.

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> round(float(dk.grad(lambda q: dnp.scipy.special.zeta(2.0, q))(1.0)), 12)
    -2.404113806319
    """
    if out is not None:
        raise refuse("zeta", "out=", "no out=", "Bind the result to a name")
    trace = recorder((x, q))
    assert trace is not None
    both = together(trace, x, 1.0 if q is None else q)
    return s.zeta(*[floating(trace, v) for v in both])


@standing_in(MODULE)
def factorial(n: Any, exact: Any = False, extend: Any = "zero") -> Any:
    """n! = Γ(n + 1), and 0 for negative n.

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> round(float(dk.grad(dnp.scipy.special.factorial)(0.0)), 12)
    -0.577215664902
    """
    if exact or extend != "zero":
        got = f"exact={exact!r}, extend={extend!r} with a traced value"
        raise refuse("factorial", got, "exact=False, extend='zero'", "Use scipy.special.gamma")
    v: Any = traced(n)
    value = np.where(v < 0, 0.0, scipy_ufunc("gamma")(v + 1))
    return value.astype(np.float64) if v.ndim else value


@standing_in(MODULE)
def comb(N: Any, k: Any, *, exact: Any = False, repetition: Any = False) -> Any:
    """The binomial coefficient N over k, 0 unless 0 ≤ k ≤ N; differentiable by both.

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> round(float(dk.grad(lambda n: dnp.scipy.special.comb(n, 2))(5.0)), 12)
    4.5
    """
    if exact:
        got = "exact=True with a traced value"
        raise refuse("comb", got, "exact=False", "Whole numbers have no derivative")
    n, m = strong(N), strong(k)
    if repetition:
        value = scipy_ufunc("binom")(n + m - 1, m)
        return np.where((m == 0) & (n >= 0), np.ones(()), value)
    inside = (m <= n) & (n >= 0) & (m >= 0)
    return np.where(inside, scipy_ufunc("binom")(n, m), np.zeros(()))


@standing_in(MODULE)
def perm(N: Any, k: Any, exact: Any = False) -> Any:
    """N (N - 1) … (N - k + 1), 0 unless 0 ≤ k ≤ N; differentiable by both.

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> round(float(dk.grad(lambda n: dnp.scipy.special.perm(n, 2))(5.0)), 12)
    9.0
    """
    if exact:
        got = "exact=True with a traced value"
        raise refuse("perm", got, "exact=False", "Whole numbers have no derivative")
    n, m = strong(N), strong(k)
    inside = (m <= n) & (n >= 0) & (m >= 0)
    return np.where(inside, scipy_ufunc("poch")(n - m + 1, m), np.zeros(()))


@standing_in(MODULE)
def lambertw(z: Any, k: Any = 0, tol: float = 1e-8) -> Any:
    """W with W e^W = z, of branch k; complex, also for real z: its real part is `.real`.

    >>> import numpy as np, diffkit as dk, diffkit.numpy as dnp
    >>> round(float(dk.grad(lambda x: dnp.scipy.special.lambertw(x).real)(np.e)), 12)
    0.183939720586
    """
    branch = int(known("lambertw", "k", k))
    return s.lambertw(cast(traced(z), dtype=c128), k=branch, tol=float(tol))


# --- spherical Bessel functions ------------------------------------------------------------------


def spherical(op: Op, n: Any, z: Any, derivative: Any) -> Any:
    """The function, or by the same recurrence as in `ops.cylinder` its derivative."""
    order = known(op.name, "n", n).astype(np.float64)
    require_real(f"{MODULE}.{op.name}", z)
    v: Any = traced(z).astype(np.float64)
    if not derivative:
        return op(v.owner.value(order), v)
    first = np.maximum(order - 1, 0.0)
    lower, upper = op(v.owner.value(first), v), op(v.owner.value(order + 1), v)
    signs = {"spherical_jn": (1, -1), "spherical_yn": (1, -1), "spherical_in": (1, 1)}
    p, q = signs.get(op.name, (-1, -1))
    return (p * order * lower + q * (order + 1) * upper) / (2 * order + 1)


@standing_in(MODULE)
def spherical_jn(n: Any, z: Any, derivative: Any = False) -> Any:
    """The spherical Bessel function of the first kind, of known whole order.

    >>> import diffkit as dk, diffkit.numpy as dnp
    >>> float(dk.grad(lambda x: dnp.scipy.special.spherical_jn(1, x))(0.0))
    0.3333333333333333
    """
    return spherical(c.spherical_jn, n, z, derivative)


@standing_in(MODULE)
def spherical_yn(n: Any, z: Any, derivative: Any = False) -> Any:
    """The spherical Bessel function of the second kind, of known whole order."""
    return spherical(c.spherical_yn, n, z, derivative)


@standing_in(MODULE)
def spherical_in(n: Any, z: Any, derivative: Any = False) -> Any:
    """The modified spherical Bessel function of the first kind, of known whole order."""
    return spherical(c.spherical_in, n, z, derivative)


@standing_in(MODULE)
def spherical_kn(n: Any, z: Any, derivative: Any = False) -> Any:
    """The modified spherical Bessel function of the second kind, of known whole order."""
    return spherical(c.spherical_kn, n, z, derivative)


__getattr__ = rest_of(MODULE)
