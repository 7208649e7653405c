"""Random numbers by counter: the published answers of the generator, distributions against their
moments and SciPy's distribution functions, derivatives, and the same numbers on every backend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats as st

import diffkit as dk
from diffkit.errors import DtypeError, ShapeError
from diffkit.random import threefry

KEY = dk.random.key(11)


@pytest.mark.parametrize(
    ("key", "counter", "want"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_the_answers_published_with_the_generator(key: Any, counter: Any, want: Any) -> None:
    words = threefry(np.array(key, np.int64), *map(np.int64, counter))
    assert tuple(map(int, words)) == want


DRAWS = {
    "uniform": (lambda k, n: dk.random.uniform(k, n, -1.0, 3.0), st.uniform(-1, 4)),
    "normal": (lambda k, n: dk.random.normal(k, n, 1.0, 2.0), st.norm(1, 2)),
    "exponential": (lambda k, n: dk.random.exponential(k, n, 3.0), st.expon(scale=3)),
    "gumbel": (lambda k, n: dk.random.gumbel(k, n), st.gumbel_r()),
    "logistic": (lambda k, n: dk.random.logistic(k, n), st.logistic()),
    "laplace": (lambda k, n: dk.random.laplace(k, n), st.laplace()),
    "cauchy": (lambda k, n: dk.random.cauchy(k, n), st.cauchy()),
}


@pytest.mark.parametrize("name", DRAWS)
def test_distributions(name: str) -> None:
    """Kolmogorov and Smirnov's distance of 20,000 numbers; the numbers never change."""
    draw, distribution = DRAWS[name]
    assert st.kstest(draw(KEY, 20_000), distribution.cdf).pvalue > 0.001


def test_integers_and_choices() -> None:
    counts = np.bincount(dk.random.integers(KEY, (60_000,), 0, 6))
    assert counts.size == 6 and st.chisquare(counts).pvalue > 0.001
    assert dk.random.integers(KEY, (), -5, -4) == -5
    p = np.array([0.1, 0.6, 0.3])
    drawn = np.bincount(dk.random.choice(KEY, 3, 30_000, p=p), minlength=3)
    assert st.chisquare(drawn, 30_000 * p).pvalue > 0.001
    by_logits = np.bincount(dk.random.categorical(KEY, np.log(p), (30_000,)), minlength=3)
    assert st.chisquare(by_logits, 30_000 * p).pvalue > 0.001
    assert abs(np.mean(dk.random.bernoulli(KEY, 0.3, 30_000)) - 0.3) < 0.01
    for found in (dk.random.permutation(KEY, 50), dk.random.choice(KEY, 50, 50, replace=False)):
        assert sorted(found) == list(range(50)) and list(found) != list(range(50))
    some = dk.random.choice(KEY, 50, 20, replace=False, p=np.full(50, 0.02))
    assert len(set(some.tolist())) == 20
    rows = dk.random.permutation(KEY, np.arange(6).reshape(3, 2))
    assert sorted(map(tuple, rows.tolist())) == [(0, 1), (2, 3), (4, 5)]


def test_multivariate_normal() -> None:
    cov = np.array([[2.0, 0.6], [0.6, 1.0]])
    x = dk.random.multivariate_normal(KEY, np.array([1.0, -1.0]), cov, 40_000)
    np.testing.assert_allclose(np.mean(x, 0), [1, -1], atol=0.03)
    np.testing.assert_allclose(np.cov(x.T), cov, atol=0.05)


def test_keys_give_independent_streams() -> None:
    keys = dk.random.split(KEY, 100)
    assert len({tuple(k) for k in keys.tolist()}) == 100
    first, second = (dk.random.normal(k, 10_000) for k in keys[:2])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05
    assert not np.array_equal(dk.random.fold_in(KEY, 1), dk.random.fold_in(KEY, 2))
    np.testing.assert_array_equal(dk.random.uniform(KEY, 3), dk.random.uniform(KEY, (7,))[:3])
    np.testing.assert_array_equal(dk.random.uniform(KEY, (2, 3)).ravel(), dk.random.uniform(KEY, 6))


def everything(k: Any) -> Any:
    r = dk.random
    exact = r.bits(k, 4), r.uniform(k, 4), r.integers(k, 4, 0, 9), r.permutation(k, 5), r.split(k)
    return exact, (r.normal(k, 4), r.exponential(k, 4), r.cauchy(k, 4), r.laplace(k, 4))


@pytest.mark.parametrize("backend", ["interpreter", "numba"])
def test_the_same_on_every_backend(backend: str) -> None:
    (exact, near), (exact_too, near_too) = everything(KEY), dk.jit(everything, backend)(KEY)
    for x, y in zip(exact, exact_too, strict=True):
        np.testing.assert_array_equal(x, y)
    for x, y in zip(near, near_too, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-15)


def test_vmap_over_keys() -> None:
    keys = dk.random.split(KEY, 5)
    found = dk.vmap(lambda k: dk.random.normal(k, 3))(keys)
    np.testing.assert_array_equal(found, np.stack([dk.random.normal(k, 3) for k in keys]))


def test_derivatives_by_the_parameters() -> None:
    """The reparametrisation trick: E[(m + s z)²] has the gradient (2m, 2s)."""

    def second_moment(m: float, s: float) -> Any:
        return np.mean(dk.random.normal(KEY, 50_000, m, s) ** 2)

    dm, ds = dk.grad(second_moment, argnums=(0, 1))(1.5, 0.5)
    np.testing.assert_allclose([dm, ds], [3.0, 1.0], atol=0.03)
    dk.check_grads(lambda m, s: dk.random.normal(KEY, 3, m, s), 0.3, 1.2)
    dk.check_grads(lambda s: dk.random.exponential(KEY, 3, s), 1.2)
    dk.check_grads(
        lambda a: dk.random.multivariate_normal(KEY, a[0], a @ a.T + np.eye(2)), np.ones((2, 2))
    )


def test_single_precision_stays() -> None:
    for draw in (dk.random.uniform, dk.random.normal, dk.random.exponential, dk.random.gumbel):
        assert draw(KEY, 4, dtype=np.float32).dtype == np.float32


def test_bad_input() -> None:
    with pytest.raises(ShapeError, match=r"dk.random at test_random.*key\(seed\)"):
        dk.random.uniform(np.array([1.0, 2.0]))
    with pytest.raises(ShapeError, match="low=3, high=3"):
        dk.random.integers(KEY, 3, 3, 3)
    with pytest.raises(DtypeError, match=r"dtype=int64.*dk\.random\.integers"):
        dk.random.uniform(KEY, 3, dtype=np.int64)
    with pytest.raises(ShapeError, match="4 draws from 3"):
        dk.random.choice(KEY, 3, 4, replace=False)
    with pytest.raises(ShapeError, match="lengths of at least 0"):
        dk.random.normal(KEY, (-1,))
