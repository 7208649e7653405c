"""Scenarios of SciPy's special functions, its namespaces, and integrals and convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.integrate as si
import scipy.signal as sg
import scipy.special as sp

from diffkit.ops import hypergeometric

from . import torch_special as ts
from .scenario import CUBE, LINE, ROW, TRIGAMMA, P, Q, Scenario, T, U, X, Y, direct, numbers
from .scenario import case as row

R = numbers(90, 2, 3, low=0.2, high=0.8)
"""Between 0 and 1."""
L = numbers(91, 2, 3, low=-2.5, high=-0.2)
"""Negative."""
W = numbers(92, 2, 3, low=0.6, high=6.0)
"""Positive, where Bessel functions turn."""

WITHOUT_TORCH = frozenset({
    "airy", "betainc", "betaincc", "betaincinv", "betainccinv", "dawsn", "ellipe", "ellipeinc", "ellipem1",
    "ellipj", "ellipk", "ellipkinc", "ellipkm1", "erfi", "exp1", "expi", "expn", "fresnel",
    "gammaincinv", "gammainccinv", "hyp0f1", "hyp1f1", "hyp2f1", "hyperu", "iv", "ive", "j0", "j1",
    "jv", "k0", "k0e", "k1", "k1e", "kv", "kve", "lambertw", "owens_t", "shichi", "sici", "spence",
    "spherical_in", "spherical_jn", "spherical_kn", "spherical_yn", "stdtr", "stdtrit",
    "wrightomega", "y0", "y1", "yv",
})  # fmt: skip
"""Ops for which PyTorch has no function; their twins are written by hand."""


def case(name: str, f: Any, *args: Any, **kw: Any) -> Scenario:
    """A row for a function of SciPy's; most have no complex continuation."""
    module = "" if name.startswith("scipy") else "scipy.special."
    return row(f"{module}{name}", f, *args, **{"analytic": False, "ulps": 16, **kw})


def inverse(name: str, f: Any, slope: Any) -> Any:
    """The twin of SciPy's inverse function, by Newton's method from its value."""
    return lambda p: ts.inverse(getattr(sp, name)(p.numpy(force=True)), f, slope, p)


def gamma_density(x: Any) -> Any:
    return T.exp(1.3 * T.log(x) - x - T.lgamma(T.tensor(2.3, dtype=T.float64)))


def beta_density(x: Any) -> Any:
    return T.exp(0.7 * T.log(x) + 1.4 * T.log1p(-x) - ts.log_beta(1.7, 2.4))


TRI = {"peer": (1e-12, TRIGAMMA)}
PSI = {"peer": (TRIGAMMA, TRIGAMMA)}

# fmt: off
GAMMA = [
    case("gamma", sp.gamma, Q, torch=ts.gamma, analytic=True, **TRI),
    case("gamma-negative", sp.gamma, np.array([-0.4, -1.3, -2.6, 0.2]), torch=ts.gamma, analytic=True, **TRI),
    case("rgamma", sp.rgamma, Q, torch=lambda x: 1 / ts.gamma(x), analytic=True, **TRI),
    case("rgamma-negative", sp.rgamma, np.array([-0.4, -1.3, -2.6, 0.2]), torch=lambda x: 1 / ts.gamma(x), analytic=True, **TRI),
    case("gammaln", sp.gammaln, Q, torch=lambda x: T.lgamma(x), analytic=True, **TRI),
    case("loggamma", sp.loggamma, Q, torch=lambda x: T.lgamma(x), analytic=True, **TRI),
    case("gammasgn", lambda x: sp.gammasgn(x) * x, X),
    case("psi", sp.psi, Q, torch=lambda x: T.digamma(x), analytic=True, peer=(TRIGAMMA, 1e-11)),
    case("digamma", sp.digamma, Q, torch=lambda x: T.digamma(x), analytic=True, peer=(TRIGAMMA, 1e-11)),
    case("polygamma-0", lambda x: sp.polygamma(0, x), Q, torch=lambda x: T.digamma(x), single=False, analytic=True, peer=(TRIGAMMA, 1e-11)),
    case("polygamma-2", lambda x: sp.polygamma(2, x), Q, torch=lambda x: T.polygamma(2, x), single=False, peer=(1e-9, 1e-9)),
    case("polygamma-orders", lambda x: sp.polygamma([0, 1, 3], x), Q, single=False, peer=(TRIGAMMA, TRIGAMMA)),
    case("multigammaln", lambda x: sp.multigammaln(x, 3), Q + 1, single=False, analytic=True, **TRI,
         torch=lambda x: T.special.multigammaln(x, 3)),
    case("zeta-q", lambda q: sp.zeta(2.4, q), Q, torch=lambda q: T.special.zeta(T.full_like(q, 2.4), q)),
    case("poch", sp.poch, Q, R, torch=lambda z, m: ts.gamma(z + m) / ts.gamma(z), **PSI),
    case("poch-negative", sp.poch, np.array([-0.4, -1.3, -2.6, 0.2]), np.array([1.7, 2.2, 0.3, -1.4]),
         torch=lambda z, m: ts.gamma(z + m) / ts.gamma(z), **PSI),
    case("binom", sp.binom, Q + 2, R, torch=lambda n, k: ts.gamma(n + 1) / ts.gamma(k + 1) / ts.gamma(n - k + 1), **PSI),
    case("binom-beyond", sp.binom, R, Q + 0.6, torch=lambda n, k: ts.gamma(n + 1) / ts.gamma(k + 1) / ts.gamma(n - k + 1), **PSI),
    case("comb", lambda n: sp.comb(n, 2), Q + 2, torch=lambda n: n * (n - 1) / 2, single=False, **PSI),
    case("comb-repetition", lambda n: sp.comb(n, 2, repetition=True), Q, torch=lambda n: (n + 1) * n / 2, single=False, **PSI),
    case("perm", lambda n: sp.perm(n, 2), Q + 2, torch=lambda n: n * (n - 1), single=False, **PSI),
    case("factorial", sp.factorial, Q, torch=lambda n: ts.gamma(n + 1), analytic=True, **TRI),
    case("beta", sp.beta, Q, P, torch=lambda a, b: T.exp(ts.log_beta(a, b)), **PSI),
    case("betaln", sp.betaln, Q, P, torch=ts.log_beta, **PSI),
    case("betaln-large", sp.betaln, 30 * P + 21, Q, torch=ts.log_beta, **PSI),
    case("betaln-broadcast", sp.betaln, Q, np.abs(ROW) + 0.3, torch=ts.log_beta, **PSI),
]

INCOMPLETE = [
    case("gammainc-x", lambda x: sp.gammainc(2.3, x), W, torch=lambda x: T.special.gammainc(T.full_like(x, 2.3), x)),
    case("gammaincc-x", lambda x: sp.gammaincc(2.3, x), W, torch=lambda x: T.special.gammaincc(T.full_like(x, 2.3), x)),
    case("gammaincinv-y", lambda y: sp.gammaincinv(2.3, y), R,
         torch=lambda y: ts.inverse(sp.gammaincinv(2.3, y.numpy(force=True)), lambda x: T.special.gammainc(T.full_like(x, 2.3), x), gamma_density, y)),
    case("gammainccinv-y", lambda y: sp.gammainccinv(2.3, y), R,
         torch=lambda y: ts.inverse(sp.gammainccinv(2.3, y.numpy(force=True)), lambda x: T.special.gammaincc(T.full_like(x, 2.3), x), lambda x: -gamma_density(x), y)),
    case("betainc-x", lambda x: sp.betainc(1.7, 2.4, x), R, torch=lambda x: ts.betainc(1.7, 2.4, x)),
    case("betaincc-x", lambda x: sp.betaincc(1.7, 2.4, x), R, torch=lambda x: 1 - ts.betainc(1.7, 2.4, x)),
    case("betaincinv-y", lambda y: sp.betaincinv(1.7, 2.4, y), R,
         torch=lambda y: ts.inverse(sp.betaincinv(1.7, 2.4, y.numpy(force=True)), lambda x: ts.betainc(1.7, 2.4, x), beta_density, y)),
    case("betainccinv-y", lambda y: sp.betainccinv(1.7, 2.4, y), R,
         torch=lambda y: ts.inverse(sp.betainccinv(1.7, 2.4, y.numpy(force=True)), lambda x: 1 - ts.betainc(1.7, 2.4, x), lambda x: -beta_density(x), y)),
    case("stdtr-t", lambda t: sp.stdtr(3.5, t), X, torch=lambda t: ts.stdtr(3.5, t)),
    case("stdtrit-p", lambda p: sp.stdtrit(3.5, p), R,
         torch=lambda p: ts.inverse(sp.stdtrit(3.5, p.numpy(force=True)), lambda t: ts.stdtr(3.5, t), lambda t: ts.student(3.5, t), p)),
    case("chdtr-x", lambda x: sp.chdtr(3.0, x), W, torch=lambda x: T.special.gammainc(T.full_like(x, 1.5), x / 2)),
    case("chdtrc-x", lambda x: sp.chdtrc(3.0, x), W, torch=lambda x: T.special.gammaincc(T.full_like(x, 1.5), x / 2)),
    case("gdtr-x", lambda a, x: sp.gdtr(a, 2.3, x), Q, P, torch=lambda a, x: T.special.gammainc(T.full_like(x, 2.3), a * x)),
    case("gdtrc-x", lambda a, x: sp.gdtrc(a, 2.3, x), Q, P, torch=lambda a, x: T.special.gammaincc(T.full_like(x, 2.3), a * x)),
    case("pdtr-m", lambda m: sp.pdtr(2, m), Q, torch=lambda m: T.special.gammaincc(T.full_like(m, 3.0), m), single=False),
    case("pdtrc-m", lambda m: sp.pdtrc(2, m), Q, torch=lambda m: T.special.gammainc(T.full_like(m, 3.0), m), single=False),
]

ERROR = [
    case("erf", sp.erf, X, torch=lambda x: T.erf(x), analytic=True),
    case("erfc", sp.erfc, X, torch=lambda x: T.erfc(x), analytic=True),
    case("erfcx", sp.erfcx, X, torch=lambda x: T.exp(x * x) * T.erfc(x), analytic=True),
    case("erfi", sp.erfi, X, torch=ts.erfi, analytic=True),
    case("dawsn", sp.dawsn, X, torch=ts.dawsn, analytic=True),
    case("erfinv", sp.erfinv, U, torch=lambda x: T.erfinv(x)),
    case("erfcinv", sp.erfcinv, R, torch=lambda x: T.erfinv(1 - x)),
    case("ndtr", sp.ndtr, X, torch=lambda x: T.erfc(-x / 2**0.5) / 2, analytic=True),
    case("ndtri", sp.ndtri, R, torch=lambda x: 2**0.5 * T.erfinv(2 * x - 1)),
    case("log_ndtr", sp.log_ndtr, X, torch=lambda x: T.log(T.erfc(-x / 2**0.5) / 2), analytic=True),
    case("ndtri_exp", sp.ndtri_exp, L, torch=lambda x: 2**0.5 * T.erfinv(2 * T.exp(x) - 1)),
    case("owens_t", sp.owens_t, X, Y, torch=ts.owens_t),
    case("expit", sp.expit, X, torch=lambda x: T.sigmoid(x)),
    case("log_expit", sp.log_expit, X, torch=lambda x: -T.log1p(T.exp(-x))),
    case("logit", sp.logit, R, torch=lambda p: T.log(p) - T.log1p(-p)),
    case("softplus", sp.softplus, X, torch=lambda x: T.log1p(T.exp(x)), analytic=True),
]

ELEMENTARY = [
    case("exp2", sp.exp2, X, torch=lambda x: 2.0**x, analytic=True),
    case("exp10", sp.exp10, U, torch=lambda x: 10.0**x),
    case("expm1", sp.expm1, X, torch=lambda x: T.exp(x) - 1, analytic=True),
    case("log1p", sp.log1p, U, torch=lambda x: T.log(1 + x), analytic=True),
    case("cbrt", sp.cbrt, P, torch=lambda x: x ** (1 / 3), analytic=True),
    case("cosm1", sp.cosm1, X, torch=lambda x: T.cos(x) - 1),
    case("exprel", sp.exprel, X, torch=ts.exprel),
    case("sindg", sp.sindg, 40 * X, torch=lambda x: T.sin(x * (np.pi / 180))),
    case("cosdg", sp.cosdg, 40 * X, torch=lambda x: T.cos(x * (np.pi / 180))),
    case("tandg", sp.tandg, 40 * U, torch=lambda x: T.tan(x * (np.pi / 180))),
    case("cotdg", sp.cotdg, 30 * P, torch=lambda x: 1 / T.tan(x * (np.pi / 180))),
    case("boxcox", sp.boxcox, Q, X, torch=lambda x, k: (x**k - 1) / k),
    case("boxcox1p", sp.boxcox1p, Q, X, torch=lambda x, k: ((1 + x) ** k - 1) / k),
    case("inv_boxcox", sp.inv_boxcox, R, X / 3, torch=lambda y, k: (1 + k * y) ** (1 / k)),
    case("inv_boxcox1p", sp.inv_boxcox1p, R, X / 3, torch=lambda y, k: (1 + k * y) ** (1 / k) - 1),
    case("wrightomega", sp.wrightomega, X, torch=lambda z: ts.inverse(sp.wrightomega(z.numpy(force=True)), lambda w: w + T.log(w), lambda w: 1 + 1 / w, z)),
    case("lambertw", lambda x: sp.lambertw(x).real, Q, torch=lambda z: ts.inverse(sp.lambertw(z.numpy(force=True)).real, lambda w: w * T.exp(w), lambda w: (1 + w) * T.exp(w), z)),
    case("xlogy", sp.xlogy, X, P, torch=lambda x, y: x * T.log(y), analytic=True),
    case("xlog1py", sp.xlog1py, X, P, torch=lambda x, y: x * T.log(1 + y), analytic=True),
    case("entr", sp.entr, P, torch=lambda x: -x * T.log(x), analytic=True),
    case("rel_entr", sp.rel_entr, P, Q, torch=lambda x, y: x * T.log(x / y), analytic=True),
    case("kl_div", sp.kl_div, P, Q + 3, torch=lambda x, y: x * T.log(x / y) - x + y, analytic=True),
    case("huber", sp.huber, P, X, torch=lambda d, r: T.where(abs(r) <= d, r * r / 2, d * (abs(r) - d / 2)), analytic=True),
    case("pseudo_huber", sp.pseudo_huber, P, X, torch=lambda d, r: d * d * (T.sqrt(1 + (r / d) ** 2) - 1), analytic=True),
]

BESSEL = [
    case("j0", sp.j0, W, torch=lambda x: ts.jn(0, x)),
    case("j1", sp.j1, W, torch=lambda x: ts.jn(1, x)),
    case("y0", sp.y0, W, torch=lambda x: ts.yn(0, x)),
    case("y1", sp.y1, W, torch=lambda x: ts.yn(1, x)),
    case("i0", sp.i0, X, torch=lambda x: ts.inu(0, x)),
    case("i1", sp.i1, X, torch=lambda x: ts.inu(1, x)),
    case("k0", sp.k0, W, torch=lambda x: ts.knu(0, x)),
    case("k1", sp.k1, W, torch=lambda x: ts.knu(1, x)),
    case("i0e", sp.i0e, X, torch=lambda x: T.exp(-abs(x)) * ts.inu(0, x)),
    case("i1e", sp.i1e, X, torch=lambda x: T.exp(-abs(x)) * ts.inu(1, x)),
    case("k0e", sp.k0e, W, torch=lambda x: T.exp(x) * ts.knu(0, x)),
    case("k1e", sp.k1e, W, torch=lambda x: T.exp(x) * ts.knu(1, x)),
    case("jv-3", lambda x: sp.jv(3, x), W, torch=lambda x: ts.jn(3, x)),
    case("jn-2", lambda x: sp.jn(2, x), W, torch=lambda x: ts.jn(2, x)),
    case("jv-real", lambda x: sp.jv(0.7, x), W),
    case("yv-2", lambda x: sp.yv(2, x), W, torch=lambda x: ts.yn(2, x)),
    case("yn-2", lambda x: sp.yn(2, x), W, torch=lambda x: ts.yn(2, x), single=False, ulps=64),
    case("yv-real", lambda x: sp.yv(0.7, x), W),
    case("iv-3", lambda x: sp.iv(3, x), W, torch=lambda x: ts.inu(3, x)),
    case("iv-real", lambda x: sp.iv(1.7, x), W),
    case("ive-3", lambda x: sp.ive(3, x), X, torch=lambda x: T.exp(-abs(x)) * ts.inu(3, x)),
    case("kv-real", lambda x: sp.kv(0.7, x), W, torch=lambda x: ts.knu(0.7, x)),
    case("kn-2", lambda x: sp.kn(2, x), W, torch=lambda x: ts.knu(2, x), single=False),
    case("kve-real", lambda x: sp.kve(0.7, x), W, torch=lambda x: T.exp(x) * ts.knu(0.7, x)),
    case("spherical_jn-2", lambda x: sp.spherical_jn(2, x), W, torch=lambda x: ts.spherical_jn(2, x), single=False),
    case("spherical_jn-derivative", lambda x: sp.spherical_jn(2, x, derivative=True), W, single=False),
    case("spherical_jn-orders", lambda x: sp.spherical_jn([0, 1, 4], x), W, single=False),
    case("spherical_yn-2", lambda x: sp.spherical_yn(2, x), W, torch=lambda x: ts.spherical_yn(2, x), single=False),
    case("spherical_in-2", lambda x: sp.spherical_in(2, x), W, torch=lambda x: ts.spherical_in(2, x), single=False),
    case("spherical_kn-2", lambda x: sp.spherical_kn(2, x), W, torch=lambda x: ts.spherical_kn(2, x), single=False),
    case("spherical_kn-derivative", lambda x: sp.spherical_kn(1, x, derivative=True), W, single=False),
    case("airy", sp.airy, X, torch=ts.airy),
]

INTEGRALS = [
    case("exp1", sp.exp1, W, torch=lambda x: ts.expn(1, x), analytic=True),
    case("expi", sp.expi, P, torch=ts.expi),
    case("expn-3", lambda x: sp.expn(3, x), W, torch=lambda x: ts.expn(3, x), single=False),
    case("expn-0", lambda x: sp.expn(0, x), P, torch=lambda x: T.exp(-x) / x, single=False),
    case("sici", sp.sici, W, torch=ts.sici),
    case("shichi", sp.shichi, P, torch=ts.shichi),
    case("fresnel", sp.fresnel, X, torch=ts.fresnel),
    case("spence", sp.spence, W, torch=ts.spence, analytic=True),
    case("ellipk", sp.ellipk, U, torch=ts.ellipk),
    case("ellipkm1", sp.ellipkm1, R, torch=lambda p: ts.ellipk(1 - p)),
    case("ellipem1", direct(hypergeometric.ellipem1), R, torch=lambda p: ts.ellipe(1 - p)),
    case("ellipe", sp.ellipe, U, torch=ts.ellipe),
    case("ellipkinc-phi", lambda x: sp.ellipkinc(x, 0.6), U, torch=lambda x: ts.ellipkinc(x, 0.6)),
    case("ellipeinc-phi", lambda x: sp.ellipeinc(x, 0.6), X, torch=lambda x: ts.ellipeinc(x, 0.6)),
    case("ellipj-u", lambda u: sp.ellipj(u, 0.6), U, torch=lambda u: ts.ellipj(u, 0.6)),
    case("hyp0f1-z", lambda z: sp.hyp0f1(1.3, z), X, torch=lambda z: ts.hypergeometric((), (1.3,), z)),
    case("hyp1f1-x", lambda x: sp.hyp1f1(0.8, 1.9, x), X, torch=lambda x: ts.hypergeometric((0.8,), (1.9,), x)),
    case("hyp2f1-z", lambda z: sp.hyp2f1(0.8, 1.4, 1.9, z), U / 2, torch=lambda z: ts.hypergeometric((0.8, 1.4), (1.9,), z)),
    case("hyperu-x", lambda x: sp.hyperu(1.4, 1.9, x), P, torch=lambda x: ts.hyperu(1.4, 1.9, x)),
]

FUNCTIONS = [
    case("logsumexp", sp.logsumexp, LINE, torch=lambda x: T.logsumexp(x, 0), analytic=True),
    case("logsumexp-all", lambda x: sp.logsumexp(np.outer([1.0, 2.0], np.append(x, 0.5))), LINE, single=False),
    case("logsumexp-axis", lambda x: sp.logsumexp(x, axis=-1, keepdims=True), CUBE, torch=lambda x: T.logsumexp(x, -1, True), analytic=True),
    case("logsumexp-b", lambda x, b: sp.logsumexp(x, 1, b), X, P, torch=lambda x, b: T.log(T.sum(b * T.exp(x), 1)), analytic=True),
    case("logsumexp-sign", lambda x, b: sp.logsumexp(x, axis=0, b=b, return_sign=True), X, np.abs(ROW) * [1, -1, 2],
         torch=lambda x, b: (T.log(abs(T.sum(b * T.exp(x), 0))), T.sign(T.sum(b * T.exp(x), 0).detach())), analytic=True),
    case("softmax", sp.softmax, X, torch=lambda x: T.softmax(x.reshape(-1), 0).reshape(x.shape), analytic=True),
    case("softmax-axis", lambda x: sp.softmax(x, axis=1), CUBE, torch=lambda x: T.softmax(x, 1), analytic=True),
    case("log_softmax", sp.log_softmax, X, torch=lambda x: x - T.logsumexp(x, (0, 1)), analytic=True, unlike=("empty",)),
    case("log_softmax-axis", lambda x: sp.log_softmax(x, axis=0), CUBE, torch=lambda x: T.log_softmax(x, 0), analytic=True),
]

KERNEL = numbers(93, 2, 2)
SIGNALS = [
    case("scipy.signal.convolve-full", lambda x, y: sg.convolve(x, y), LINE, ROW, torch=lambda x, y: convolve_1d(x, y), ulps=64, analytic=True),
    case("scipy.signal.convolve-same", lambda x, y: sg.convolve(x, y, "same"), LINE, ROW, torch=lambda x, y: convolve_1d(x, y)[1:6], ulps=64, analytic=True),
    case("scipy.signal.convolve-valid", lambda x, y: sg.convolve(y, x, mode="valid"), LINE, ROW, torch=lambda x, y: convolve_1d(x, y)[2:5], ulps=64, analytic=True),
    case("scipy.signal.convolve-2d", lambda x, y: sg.convolve(x, y, "same"), X, KERNEL, ulps=64, analytic=True,
         torch=lambda x, y: T.conv2d(x[None, None], T.flip(y, (0, 1))[None, None], padding=1)[0, 0, :2, :3]),
    case("scipy.signal.convolve-3d", lambda x: sg.convolve(x, KERNEL[:, None, :], "valid"), CUBE, ulps=64, analytic=True),
    case("scipy.signal.fftconvolve", lambda x, y: sg.fftconvolve(x, y), X, KERNEL, ulps=256, analytic=True, single=False),
    case("scipy.signal.correlate-full", lambda x, y: sg.correlate(x, y), LINE, ROW, torch=lambda x, y: convolve_1d(x, T.flip(y, (0,))), ulps=64, analytic=True),
    case("scipy.signal.correlate-same", lambda x, y: sg.correlate(x, y, "same"), X, KERNEL, ulps=64, analytic=True),
    case("scipy.signal.correlate-valid", lambda x, y: sg.correlate(y, x, "valid"), LINE, ROW, ulps=64, analytic=True),
    case("scipy.integrate.trapezoid", lambda y: si.trapezoid(y, dx=0.3), X, torch=lambda y: T.trapezoid(y, dx=0.3), analytic=True),
    case("scipy.integrate.trapezoid-x", lambda y, x: si.trapezoid(y, x, axis=0), CUBE, np.cumsum(np.abs(numbers(94, 2))),
         torch=lambda y, x: T.trapezoid(y.movedim(0, -1), x), analytic=True),
    case("scipy.integrate.cumulative_trapezoid", lambda y, x: si.cumulative_trapezoid(y, x, initial=0), LINE, np.cumsum(np.abs(numbers(95, 5))),
         torch=lambda y, x: T.cat([T.zeros(1), T.cumulative_trapezoid(y, x)]), analytic=True, ulps=64),
    case("scipy.integrate.cumulative_trapezoid-axis", lambda y: si.cumulative_trapezoid(y, axis=1), CUBE,
         torch=lambda y: T.cumulative_trapezoid(y, dim=1), analytic=True, ulps=64),
    case("scipy.integrate.simpson-odd", lambda y, x: si.simpson(y, x=x), LINE, np.cumsum(np.abs(numbers(96, 5))), analytic=True, ulps=64),
    case("scipy.integrate.simpson-even", lambda y, x: si.simpson(y, x=x), CUBE, np.cumsum(np.abs(numbers(97, 4))), analytic=True, ulps=64),
    case("scipy.integrate.simpson-dx", lambda y: si.simpson(y, dx=0.2, axis=1), CUBE, torch=lambda y: (y[:, 0] + 4 * y[:, 1] + y[:, 2]) * 0.2 / 3, analytic=True, ulps=64),
    case("scipy.integrate.simpson-two", lambda y: si.simpson(y, axis=0), X, torch=lambda y: (y[0] + y[1]) / 2, analytic=True, ulps=64),
]
# fmt: on


def convolve_1d(x: Any, y: Any) -> Any:
    """Σₖ x[n - k] y[k] by PyTorch."""
    n = y.shape[0] - 1
    return T.conv1d(x[None, None], T.flip(y, (0,))[None, None], padding=n)[0, 0]


SCENARIOS = [
    *GAMMA, *INCOMPLETE, *ERROR, *ELEMENTARY, *BESSEL, *INTEGRALS, *FUNCTIONS, *SIGNALS,
]  # fmt: skip
