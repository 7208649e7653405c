"""SciPy's special ufuncs on traced values, by name, so that SciPy loads with the first of them.

Most are one op of `ops.special`, `ops.cylinder` or `ops.hypergeometric`. Those with a short formula
are composed of ops that are compiled; at the edges of their domains they follow SciPy, value by
value, and their derivatives are the limits where such exist.
"""

# SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import DtypeError, explain
from ..graph import Op
from ..ops import arithmetic as a
from ..ops import cylinder as c
from ..ops import elementwise as e
from ..ops import hypergeometric as h
from ..ops import special as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..types import DType, dtype_of
from .elementwise import convert, key_of, resolve

Handler = Callable[..., Any]


@lru_cache(maxsize=512)
def scipy_ufunc(name: str) -> Any:
    """SciPy's ufunc of this name."""
    from scipy import special  # scipy loads on first use

    return getattr(special, name)


def common_dtype(name: str, t: Trace, xs: tuple[Any, ...]) -> DType:
    """The dtype in which SciPy's ufunc computes; an integer order becomes a float, as its others
    do."""
    keys = tuple([key_of(x) if not isinstance(x, list | tuple) else t.value(x).dtype for x in xs])
    where = f"scipy.special.{name}{at_line()}"
    try:
        found = resolve(scipy_ufunc(name), keys)
    except TypeError as error:
        got = f"got {' and '.join(map(str, keys))}"
        want = "operands that SciPy's function accepts"
        raise DtypeError(explain(where, got, want, f"SciPy says: {error}")) from None
    dtype = dtype_of(np.result_type(*[d.numpy for d in found]))
    if dtype.kind == "c" and name not in HOLOMORPHIC:
        got, want = f"an operand of type {dtype}", "real operands"
        remedy = f"Traced complex numbers may go to {', '.join(sorted(HOLOMORPHIC))}"
        raise DtypeError(explain(where, got, want, remedy))
    return dtype


def numbers(name: str, t: Trace, xs: tuple[Any, ...]) -> list[Tracer]:
    """The operands as tracers of one dtype."""
    dtype = common_dtype(name, t, xs)
    return [convert(t, x, dtype) for x in xs]


def one(op: Op, name: str | None = None, **attrs: Any) -> tuple[str, Handler]:
    """A ufunc that is one op."""
    ufunc = op.name if name is None else name

    def handler(t: Trace, *xs: Any) -> Any:
        return op(*numbers(ufunc, t, xs), **attrs)

    return ufunc, handler


def several(op: Op, count: int) -> tuple[str, Handler]:
    """A ufunc with several results."""

    def handler(t: Trace, *xs: Any) -> Any:
        values = numbers(op.name, t, xs)
        return tuple([op(*values, part=k) for k in range(count)])

    return op.name, handler


def composed(name: str, formula: Callable[..., Any]) -> tuple[str, Handler]:
    """A ufunc that is a formula of others."""

    def handler(t: Trace, *xs: Any) -> Any:
        return formula(*numbers(name, t, xs))

    return name, handler


# --- formulas ------------------------------------------------------------------------------------


def xlogy(x: Any, y: Any) -> Any:
    """x log y, 0 where x is 0 and y is a number; there the derivative by x is log y."""
    return np.where(np.isnan(y), y, a.scale(np.log(y), x))


def xlog1py(x: Any, y: Any) -> Any:
    return np.where(np.isnan(y), y, a.scale(np.log1p(y), x))


def entr(x: Any) -> Any:
    """-x log x; 0 at 0, where the derivative is infinite, and -∞ of negative numbers."""
    return np.where(x < 0, -np.inf, -a.scale(np.log(x), x))


def log_ratio(x: Any, y: Any) -> Any:
    """log(x/y), of which no digit is lost where x is near y, and which does not overflow."""
    ratio = x / y
    near = (ratio > 0.5) & (ratio < 2)
    far = np.where((ratio > 0) & np.isfinite(ratio), np.log(ratio), np.log(x) - np.log(y))
    return np.where(near, np.log1p((x - y) / y), far)


def in_domain(x: Any, y: Any, value: Any, at_zero: Any) -> Any:
    """A relative entropy where x > 0 and y > 0, what it is at x = 0, and ∞ elsewhere."""
    defined = np.where((x > 0) & (y > 0), value, np.where((x == 0) & (y >= 0), at_zero, np.inf))
    return np.where(np.isnan(x) | np.isnan(y), x + y, defined)


def rel_entr(x: Any, y: Any) -> Any:
    """x log(x/y)."""
    term = a.scale(log_ratio(x, y), x)
    return in_domain(x, y, term, term)


def kl_div(x: Any, y: Any) -> Any:
    """x log(x/y) - x + y, which is least, 0, where x = y."""
    term = a.scale(log_ratio(x, y), x) - x + y
    return in_domain(x, y, term, term)


def huber(delta: Any, r: Any) -> Any:
    """r²/2 up to |r| = δ, from there on its tangent; ∞ for a negative δ."""
    size = np.abs(r)
    value = np.where(size <= delta, 0.5 * np.square(r), delta * (size - 0.5 * delta))
    return np.where(delta < 0, np.inf, value)


def pseudo_huber(delta: Any, r: Any) -> Any:
    """δ² (√(1 + (r/δ)²) - 1) = δ r²/(δ + √(δ² + r²)), which is right for δ → 0 too."""
    value: Any = e.div_or_zero(delta * np.square(r), delta + np.hypot(delta, r))
    return np.where(delta < 0, np.inf, value)


# fmt: off
SCIPY_UFUNCS: dict[str, Handler] = dict([
    # gamma and beta functions
    one(s.gamma), one(s.rgamma), one(e.lgamma, "gammaln"), one(s.loggamma), one(s.gammasgn),
    one(e.polygamma, "psi", n=0), one(s.poch), one(s.binom), one(s.beta), one(s.betaln),
    one(s.gammainc), one(s.gammaincc), one(s.gammaincinv), one(s.gammainccinv),
    one(s.betainc), one(s.betaincc), one(s.betaincinv), one(s.betainccinv),
    # error functions and distributions
    one(e.erf), one(s.erfc), one(s.erfcx), one(s.erfi), one(s.dawsn), one(s.erfinv), one(s.erfcinv),
    one(s.ndtr), one(s.ndtri), one(s.log_ndtr), one(s.ndtri_exp), one(s.owens_t),
    one(s.stdtr), one(s.stdtrit),
    composed("chdtr", lambda v, x: s.gammainc(v / 2, x / 2)),
    composed("chdtrc", lambda v, x: s.gammaincc(v / 2, x / 2)),
    composed("gdtr", lambda a, b, x: s.gammainc(b, a * x)),
    composed("gdtrc", lambda a, b, x: s.gammaincc(b, a * x)),
    composed("pdtr", lambda k, m: s.gammaincc(np.floor(k) + 1, m)),
    composed("pdtrc", lambda k, m: s.gammainc(np.floor(k) + 1, m)),
    # elementary functions
    one(s.expit), one(s.log_expit), one(s.logit), one(e.exp2), one(s.exp10), one(h.exprel),
    one(e.expm1), one(e.log1p), one(e.cbrt), one(s.cosm1),
    one(s.sindg), one(s.cosdg), one(s.tandg), one(s.cotdg), one(s.wrightomega),
    one(h.boxcox), one(h.boxcox1p), one(h.inv_boxcox), one(h.inv_boxcox1p),
    composed("xlogy", xlogy), composed("xlog1py", xlog1py), composed("entr", entr),
    composed("rel_entr", rel_entr), composed("kl_div", kl_div),
    composed("huber", huber), composed("pseudo_huber", pseudo_huber),
    # Bessel functions
    one(c.j0), one(c.j1), one(c.y0), one(c.y1), one(c.i0), one(c.i1), one(c.k0), one(c.k1),
    one(c.i0e), one(c.i1e), one(c.k0e), one(c.k1e),
    one(c.jv), one(c.yv), one(c.iv), one(c.kv), one(c.ive), one(c.kve),
    one(c.yv, "yn"), one(c.kv, "kn"), several(c.airy, 4),
    # integrals, elliptic and hypergeometric functions
    one(c.exp1), one(c.expi), one(c.expn), several(c.sici, 2), several(c.shichi, 2),
    several(c.fresnel, 2), one(h.spence),
    one(h.ellipk), one(h.ellipkm1), one(h.ellipe), one(h.ellipkinc), one(h.ellipeinc),
    several(h.ellipj, 4),
    one(h.hyp0f1), one(h.hyp1f1), one(h.hyp2f1), one(h.hyperu),
])
# fmt: on

HOLOMORPHIC = frozenset({
    "gamma", "loggamma", "psi", "erf", "erfc", "erfi", "ndtr", "exp1", "expm1", "log1p",
})  # fmt: skip
"""The ufuncs that take traced complex numbers: SciPy has a loop for them, and the partials compare
nothing."""


def untraced(name: str, x: Any) -> Any:
    return SCIPY_UFUNCS[name](x.owner, x) if isinstance(x, Tracer) else scipy_ufunc(name)(x)


def erf(x: Any) -> Any:
    """The error function, elementwise, of an array or a traced value.

    >>> import diffkit.numpy as dnp
    >>> float(dnp.erf(0.5))
    0.5204998778130465
    """
    return untraced("erf", x)


def lgamma(x: Any) -> Any:
    """log|Γ(x)|, elementwise, of an array or a traced value.

    >>> import diffkit.numpy as dnp
    >>> float(dnp.lgamma(3.0))
    0.6931471805599453
    """
    return untraced("gammaln", x)


def digamma(x: Any) -> Any:
    """ψ(x) = Γ′(x)/Γ(x), elementwise, of an array or a traced value.

    >>> import diffkit.numpy as dnp
    >>> round(float(dnp.digamma(1.0)), 12)
    -0.577215664902
    """
    return untraced("psi", x)
