"""The special functions that PyTorch has, by the names of their ops.

It has no incomplete beta function, no Bessel functions with derivatives and no hypergeometric ones:
graphs with those have no twin.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Tensor = Any
DEGREE = math.pi / 180


def special_table(torch: Any) -> dict[str, Callable[..., Tensor]]:
    """The functions, of the module that is given."""
    sp = torch.special

    def gamma(x: Tensor) -> Tensor:
        """By reflection on the left, as PyTorch has the logarithm only."""
        left = x < 0.5
        right = torch.exp(torch.lgamma(torch.where(left, 1 - x, x)))
        sine = torch.sin(math.pi * torch.where(left, x, torch.full_like(x, 0.5)))
        return torch.where(left, math.pi / (sine * right), right)

    def log_beta(a: Tensor, b: Tensor) -> Tensor:
        return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)

    def tandg(x: Tensor) -> Tensor:
        return torch.tan(DEGREE * x)

    return {
        "gamma": gamma,
        "rgamma": lambda x: 1 / gamma(x),
        "loggamma": torch.lgamma,
        "gammasgn": lambda x: torch.sign(gamma(x.detach())),
        "poch": lambda z, m: gamma(z + m) / gamma(z),
        "binom": lambda n, k: gamma(n + 1) / (gamma(k + 1) * gamma(n - k + 1)),
        "beta": lambda a, b: gamma(a) * gamma(b) / gamma(a + b),
        "betaln": log_beta,
        "zeta": sp.zeta,
        "gammainc": sp.gammainc,
        "gammaincc": sp.gammaincc,
        "erfc": torch.erfc,
        "erfcx": sp.erfcx,
        "erfinv": torch.erfinv,
        "erfcinv": lambda y: torch.erfinv(1 - y),
        "ndtr": sp.ndtr,
        "ndtri": sp.ndtri,
        "log_ndtr": sp.log_ndtr,
        "ndtri_exp": lambda y: sp.ndtri(torch.exp(y)),
        "expit": torch.sigmoid,
        "log_expit": torch.nn.functional.logsigmoid,
        "logit": torch.logit,
        "exp10": lambda x: 10.0**x,
        "cosm1": lambda x: -2 * torch.sin(x / 2) ** 2,
        "sindg": lambda x: torch.sin(DEGREE * x),
        "cosdg": lambda x: torch.cos(DEGREE * x),
        "tandg": tandg,
        "cotdg": lambda x: 1 / tandg(x),
        "no_derivative": lambda x, function, argument: x,
        "i0": torch.i0,
        "i1": sp.i1,
        "i0e": sp.i0e,
        "i1e": sp.i1e,
        "exprel": lambda x: torch.expm1(x) / x,
        "boxcox": lambda x, lam: torch.expm1(lam * torch.log(x)) / lam,
        "boxcox1p": lambda x, lam: torch.expm1(lam * torch.log1p(x)) / lam,
        "inv_boxcox": lambda y, lam: torch.exp(torch.log1p(lam * y) / lam),
        "inv_boxcox1p": lambda y, lam: torch.expm1(torch.log1p(lam * y) / lam),
    }
