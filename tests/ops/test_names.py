"""No name that autograd wraps, with or without a rule, is missing; and the page of coverage is what
the code does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.tracing import Tracer

from .coverage import NO, PAGE, ZERO, numpy_name, numpy_names, page, rows, scipy_names

NUMPY = """
    abs absolute fabs negative reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin
    arccos arctan sinh cosh tanh arcsinh arccosh arctanh rad2deg degrees deg2rad radians square
    sqrt sinc nan_to_num real imag conj conjugate angle real_if_close acos acosh asin asinh atan
    atan2 atanh pow permute_dims concat add subtract multiply divide true_divide power mod
    remainder maximum minimum fmax fmin logaddexp logaddexp2 arctan2 hypot reshape ravel squeeze
    expand_dims transpose swapaxes moveaxis rollaxis roll rot90 flipud fliplr broadcast_to
    repeat tile concatenate vstack hstack column_stack stack append split array_split hsplit
    vsplit dsplit atleast_1d atleast_2d atleast_3d pad diag diagonal trace triu tril where clip
    sum mean prod var std max min amax amin cumsum sort partition dot inner outer matmul
    tensordot einsum kron cross diff gradient floor ceil round rint around fix trunc all any
    argmax argmin argpartition argsort argwhere nonzero flatnonzero count_nonzero searchsorted
    sign ndim shape floor_divide logical_and logical_or logical_not logical_xor isfinite isinf
    isnan isneginf isposinf allclose isclose array_equal array_equiv greater greater_equal less
    less_equal equal not_equal iscomplexobj iscomplex size isreal zeros_like ones_like
    empty_like full_like result_type cumprod flip take take_along_axis median percentile
    quantile nansum nanmean nanmax nanmin nanvar nanstd interp average cov corrcoef cbrt
    copysign fmod float_power positive convolve correlate vdot vecdot cumulative_sum
    cumulative_prod matrix_transpose trapezoid ptp insert delete unwrap ldexp modf vander
    polyval meshgrid dstack compress block ediff1d heaviside i0 linalg.cholesky linalg.det
    linalg.slogdet linalg.inv linalg.pinv linalg.solve linalg.eig linalg.eigh linalg.svd
    linalg.norm linalg.qr linalg.lstsq linalg.matrix_power linalg.cond linalg.eigvals
    linalg.eigvalsh linalg.svdvals linalg.vector_norm linalg.matrix_norm linalg.trace
    linalg.outer linalg.diagonal linalg.tensorsolve linalg.tensorinv linalg.multi_dot fft.fft
    fft.ifft fft.fft2 fft.ifft2 fft.fftn fft.ifftn fft.rfft fft.irfft fft.rfft2 fft.irfft2
    fft.rfftn fft.irfftn fft.hfft fft.ihfft fft.fftshift fft.ifftshift
""".split()  # noqa: SIM905
MADE = "array asarray full linspace isscalar"
"""Functions that NumPy's protocols do not reach: diffkit.numpy has its own, or they take any
value."""
METHODS = """
    clip compress cumprod cumsum diagonal max mean min prod ravel repeat reshape squeeze std sum
    swapaxes take trace transpose var flatten T astype dot copy
""".split()  # noqa: SIM905
SCIPY = {
    "special": """
        beta betainc betaln gamma gammaln gammainc gammaincc gammasgn rgamma multigammaln
        digamma psi polygamma j0 j1 y0 y1 jn yn jv yv i0 i1 iv ive k0 k1 kv erf erfc erfinv
        erfcinv logit expit logsumexp softmax xlogy entr zeta
    """,
    "linalg": """
        sqrtm solve_sylvester solve_triangular solve_banded expm logm lu qr cho_solve lstsq inv
        pinvh polar block_diag toeplitz solve_continuous_lyapunov
    """,
    "signal": "convolve",
}
NOT_UNIQUE = "schur"
"""Factors that are not unique where they could be differentiated: refused by name."""
STATS = {
    "norm": "pdf cdf sf logpdf logcdf logsf",
    "t": "pdf cdf logpdf logcdf",
    "beta": "pdf cdf logpdf",
    "gamma": "pdf cdf logpdf",
    "chi2": "pdf cdf logpdf",
    "poisson": "pmf logpmf cdf",
    "dirichlet": "pdf logpdf",
    "multivariate_normal": "pdf logpdf entropy",
}


def resolved(name: str) -> Any:
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", NUMPY)
def test_numpy(name: str) -> None:
    assert numpy_name(resolved(name)) in numpy_names()


def test_what_is_made_and_methods() -> None:
    assert all(callable(getattr(dnp, name)) for name in MADE.split())
    assert all(hasattr(Tracer, name) for name in METHODS)


def test_scipy() -> None:
    import scipy.special

    known = scipy_names()
    missing: list[str] = []
    for room, names in SCIPY.items():
        for name in names.split():
            public = getattr(scipy.special, name).__name__ if room == "special" else name
            if f"scipy.{room}.{public}" not in known:
                missing.append(f"{room}.{name}")
    assert missing == []


def test_what_has_no_unique_derivative_is_refused_by_name() -> None:
    for name in NOT_UNIQUE.split():
        function = getattr(dnp.scipy.linalg, name)
        with pytest.raises(dk.DiffkitError, match=rf"scipy\.linalg\.{name} at test_names"):
            dk.grad(lambda a, f=function: np.sum(f(a)[0]))(np.eye(2))


def test_distributions() -> None:
    for name, methods in STATS.items():
        distribution = getattr(dnp.scipy.stats, name)
        assert all(callable(getattr(distribution, method)) for method in methods.split())


@pytest.fixture(scope="module")
def table() -> dict[str, tuple[str, ...]]:
    return rows()


def test_every_name_is_shown(table: dict[str, tuple[str, ...]]) -> None:
    assert (numpy_names() | scipy_names()) - set(table) == set()


def test_the_page_is_what_the_code_does(table: dict[str, tuple[str, ...]]) -> None:
    """`python -m tests.ops.coverage` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page(table)


def test_both_modes_and_order_2_have_the_same_rules(table: dict[str, tuple[str, ...]]) -> None:
    for name, (value, forward, reverse, second, vmap, *_) in table.items():
        assert value == "yes" and vmap == "yes", name
        assert forward == reverse == second != NO, name
    assert sum(row[1] != ZERO for row in table.values()) > 300
