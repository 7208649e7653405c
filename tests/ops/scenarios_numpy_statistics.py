"""Scenarios of sorting, counting, quantiles, moments, and reductions that leave something out."""

from __future__ import annotations

import numpy as np

from .scenario import CUBE, LINE, ROW, P, T, X, case, numbers

N = np.array([[3, -7, 5, 3], [-2, 9, 4, -2]])
LONG = numbers(221, 9)
TABLE = numbers(222, 4, 6)
SORTED = np.sort(numbers(223, 6))
MASK = np.array([[True, False, True], [False, True, True]])
ROWMASK = np.array([True, False, True])
HOLES = np.array([[0.7, np.nan, -1.2, 0.3], [np.nan, 0.4, 2.1, -0.8]])
KEYS = np.array([[1, 0, 1, 2, 0], [3, 3, 1, 1, 2]])
NAN = {"differences": False}
"""A nan among the arguments: differences would need to move it."""


def kept(x):
    """The numbers, for PyTorch, which has no way to leave out nan in most reductions."""
    return ~T.isnan(x)


def T_QUANTILE(x, q, method="linear"):
    return T.quantile(x, T.tensor(q, dtype=x.dtype), interpolation=method)


# fmt: off
ORDER = [
    case("sort", np.sort, X, torch=lambda x: x.sort(-1).values),
    case("sort-axis", lambda x: np.sort(x, axis=1), CUBE, torch=lambda x: x.sort(1).values),
    case("sort-flat", lambda x: np.sort(x, axis=None), X, torch=lambda x: x.ravel().sort().values),
    case("sort-stable", lambda x: np.sort(x, 0, stable=True) * x, X,
         torch=lambda x: x.sort(0).values * x),
    case("sort-nan", lambda x: np.sort(x, axis=1)[:, :3], HOLES,
         torch=lambda x: x.sort(1).values[:, :3], **NAN),
    case("sort-integers", lambda n: np.sort(n), N),
    case("argsort", lambda x: x * np.argsort(x, axis=0), X, torch=lambda x: x * x.argsort(0)),
    case("argsort-stable", lambda n: n.argsort(kind="stable"), N),
    case("argsort-flat", lambda x: np.argsort(x, axis=None), X),
    case("partition", lambda x: np.sort(np.partition(x, 2)[:2]), LONG,
         torch=lambda x: x.sort().values[:2]),
    case("partition-kth", lambda x: np.partition(x, [1, 3], axis=0)[[1, 3]], TABLE,
         torch=lambda x: x.sort(0).values[[1, 3]]),
    case("argpartition", lambda x: x[np.argpartition(x, 4)][4] * x, LONG,
         torch=lambda x: x.sort().values[4] * x),
    case("lexsort", lambda x, k: x[np.lexsort(k)], LINE, KEYS,
         torch=lambda x, k: x[[2, 3, 4, 1, 0]]),
    case("take_along_axis", lambda x, n: np.take_along_axis(x, n, axis=1), TABLE,
         np.array([[0, 5], [3, 3], [1, -1], [2, 0]]),
         torch=lambda x, n: T.gather(x, 1, n % 6)),
    case("take_along_axis-flat", lambda x: np.take_along_axis(x, np.array([4, 0]), None), X,
         torch=lambda x: x.ravel()[[4, 0]]),
    case("take_along_axis-broadcast",
         lambda x: np.take_along_axis(x, np.array([[[2, 0, 1]]]), axis=-1), CUBE,
         torch=lambda x: x[..., [2, 0, 1]]),
    case("searchsorted", lambda x: x * np.searchsorted(SORTED, x), X,
         torch=lambda x: x * T.searchsorted(T.tensor(SORTED, dtype=x.dtype), x.detach()),
         single=False),
    case("searchsorted-right", lambda v: np.searchsorted(np.array([1, 2, 2, 4]), v, side="right"),
         np.array([[0, 1, 2], [3, 4, 9]])),
    case("searchsorted-sorter", lambda x: np.searchsorted(LINE, x, sorter=np.argsort(LINE)), X,
         single=False),
    case("searchsorted-nan", lambda x: np.searchsorted(np.array([0.0, 1.0, np.nan]), x),
         np.array([np.nan, 0.5, 7.0]), single=False),
    case("searchsorted-method", lambda x: np.sort(x).searchsorted(0.1), LONG),
    case("digitize", lambda x: x * np.digitize(x, [-1.0, 0.0, 1.0]), X, single=False,
         torch=lambda x: x * T.bucketize(x.detach(), T.tensor([-1.0, 0, 1], dtype=x.dtype),
                                         right=True)),
    case("digitize-falling", lambda x: np.digitize(x, [1.0, 0.0, -1.0], right=True), X,
         single=False),
    case("isin", lambda x: x * np.isin(np.rint(x), [1, -1]), X,
         torch=lambda x: x * T.isin(x.round(), T.tensor([1.0, -1.0], dtype=x.dtype)), single=False),
    case("isin-invert", lambda n: np.isin(n, [3, 9], invert=True), N),
    case("unravel_index", lambda x: x * np.unravel_index(np.argmax(x), x.shape)[1], X,
         torch=lambda x: x * (x.argmax() % 3)),
    case("ravel_multi_index", lambda n: np.ravel_multi_index((n[0], n[1]), (4, 3), mode="wrap"), N),
    case("bincount", lambda w: np.bincount([1, 3, 1], weights=w, minlength=5), ROW, single=False,
         torch=lambda w: T.stack([0 * w[0], w[0] + w[2], 0 * w[0], w[1], 0 * w[0]])),
    case("bincount-numbers", lambda w: w * np.bincount(np.zeros_like(w, dtype=int)), ROW,
         torch=lambda w: 3 * w, single=False),
    case("histogram", lambda x: np.histogram(x, bins=[-2.0, -0.5, 0.25, 2.0])[0], X, single=False),
    case("histogram-weights", lambda x, w: np.histogram(x, 4, (-1.5, 1.5), weights=w)[0], LONG,
         np.square(LONG), torch=lambda x, w: T.stack(
             [(w * ((x >= a) & (x < a + 0.75))).sum() for a in (-1.5, -0.75, 0.0, 0.75)]),
         single=False),
    case("histogram-density", lambda x: np.histogram(x, 3, density=True), LONG, ulps=16,
         single=False),
    case("histogram_bin_edges", lambda x: np.histogram_bin_edges(x, 3), LONG,
         torch=lambda x: T.stack([x.min() + (x.max() - x.min()) * k / 3 for k in range(4)]),
         ulps=8, single=False),
]

METHODS = [
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "median_unbiased", "normal_unbiased", "midpoint",
]
QUANTILES = [
    case("median", np.median, LONG, torch=lambda x: x.median()),
    case("median-even", lambda x: np.median(x, axis=1), TABLE, ulps=8,
         torch=lambda x: x.sort(1).values[:, 2:4].mean(1)),
    case("median-axes", lambda x: np.median(x, axis=(0, 2), keepdims=True), CUBE, ulps=8),
    case("median-integers", lambda n: np.median(n), N),
    case("median-nan", lambda x: np.median(x, axis=0), HOLES, analytic=False, single=False, **NAN),
    case("quantile", lambda x: np.quantile(x, 0.3, axis=1), TABLE, ulps=8,
         torch=lambda x: T.quantile(x, 0.3, dim=1)),
    case("quantile-several", lambda x: np.quantile(x, [[0.0, 0.2], [0.7, 1.0]]), LONG, ulps=8,
         torch=lambda x: T_QUANTILE(x, [0.0, 0.2, 0.7, 1.0]).reshape(2, 2), single=False),
    case("quantile-by-q", lambda x, q: np.quantile(x, q, axis=0), TABLE, np.array([0.31, 0.77]),
         ulps=16),
    case("quantile-keepdims", lambda x: np.quantile(x, 0.6, axis=(0, 1), keepdims=True), CUBE,
         ulps=8, unlike=("empty",)),
    case("quantile-integers", lambda n: np.quantile(n, [0.1, 0.5], axis=1), N, ulps=8),
    case("quantile-weights",
         lambda x: np.quantile(x, [0.2, 0.6], weights=np.square(LONG), method="inverted_cdf"),
         LONG, single=False),
    *[case(f"quantile-{name}", lambda x, name=name: np.quantile(x, [0.0, 0.22, 0.5, 0.93],
                                                                 method=name), LONG, ulps=8,
           single=False) for name in METHODS],
    *[case(f"quantile-{name}", lambda x, name=name: np.quantile(x, 0.4, method=name), LONG,
           torch=lambda x, name=name: T_QUANTILE(x, 0.4, name))
      for name in ("lower", "higher", "nearest")],
    case("percentile", lambda x: np.percentile(x, 42.0, axis=0), TABLE, ulps=8,
         torch=lambda x: T.quantile(x, 0.42, dim=0)),
    case("percentile-several", lambda x: np.percentile(x, (10, 90)), LONG, ulps=8, single=False),
    case("nanmedian", lambda x: np.nanmedian(x, axis=1), HOLES, **NAN, ulps=8,
         torch=lambda x: x.nanmedian(1).values),
    case("nanquantile", lambda x: np.nanquantile(x, 0.35, axis=1), HOLES, **NAN, ulps=8,
         torch=lambda x: T.nanquantile(x, 0.35, dim=1)),
    case("nanpercentile", lambda x: np.nanpercentile(x, [20.0, 60.0], axis=None), HOLES, **NAN,
         ulps=8, single=False,
         torch=lambda x: T.nanquantile(x, T.tensor([0.2, 0.6], dtype=x.dtype))),
]

MOMENTS = [
    case("average", np.average, X, torch=lambda x: x.mean()),
    case("average-weights", lambda x, w: np.average(x, axis=1, weights=w), X, P,
         torch=lambda x, w: (x * w).sum(1) / w.sum(1), ulps=8, unlike=("empty",)),
    case("average-line",
         lambda x, w: np.average(x, axis=0, weights=w, returned=True, keepdims=True),
         TABLE, np.square(TABLE[:, 0]) + 0.1, ulps=8,
         torch=lambda x, w: ((x * w[:, None]).sum(0, keepdim=True) / w.sum(),
                             w.sum().expand(1, 6))),
    case("average-integers", lambda n: np.average(n, axis=0, weights=[1, 3]), N),
    case("mean-where", lambda x: np.mean(x, axis=0, where=MASK), X,
         torch=lambda x: (x * T.tensor(MASK)).sum(0) / T.tensor(MASK.sum(0))),
    case("mean-dtype", lambda n: np.mean(n, axis=0, dtype=np.float64), N),
    case("var-axes", lambda x: np.var(x, axis=(0, 2), ddof=1), CUBE, ulps=16,
         torch=lambda x: x.var((0, 2))),
    case("var-where", lambda x: np.var(x, axis=1, where=MASK, correction=1, keepdims=True), X,
         ulps=16),
    case("var-mean", lambda x, m: np.var(x, axis=1, mean=m), X, np.array([[0.3], [-0.2]]), ulps=8,
         torch=lambda x, m: ((x - m) ** 2).mean(1)),
    case("var-integers", lambda n: np.var(n, axis=0, ddof=0.5), N),
    case("std-where", lambda x: np.std(x, where=MASK), X, ulps=16,
         torch=lambda x: x[T.tensor(MASK)].std(correction=0)),
    case("ptp-keepdims", lambda x: np.ptp(x, axis=(0, 1), keepdims=True), CUBE,
         torch=lambda x: x.amax((0, 1), True) - x.amin((0, 1), True)),
    case("cov", np.cov, TABLE, torch=lambda x: T.cov(x), ulps=16),
    case("cov-columns", lambda x, y: np.cov(x, y, rowvar=False, bias=True), TABLE, TABLE[:, 0] * 1,
         torch=lambda x, y: T.cov(T.cat([x, y[:, None]], 1).T, correction=0), ulps=64,
         single=False),
    case("cov-weights", lambda x, w: np.cov(x, fweights=[1, 2, 1, 3, 1, 1], aweights=w), TABLE,
         np.square(TABLE[0]) + 0.2, ulps=64, single=False,
         torch=lambda x, w: T.cov(x, fweights=T.tensor([1, 2, 1, 3, 1, 1]), aweights=w)),
    case("cov-line", lambda x: np.cov(x, ddof=0), LONG, torch=lambda x: x.var(correction=0),
         ulps=16, single=False),
    case("corrcoef", np.corrcoef, TABLE, torch=T.corrcoef if T else None, ulps=16, single=False),
    case("corrcoef-two", lambda x, y: np.corrcoef(x, y)[0, 1], LINE, np.exp(LINE), ulps=16,
         torch=lambda x, y: T.corrcoef(T.stack([x, y]))[0, 1], single=False),
]

LEFT_OUT = [
    case("sum-where", lambda x: np.sum(x, axis=1, where=MASK), X,
         torch=lambda x: (x * T.tensor(MASK)).sum(1)),
    case("sum-initial", lambda x, y: np.sum(x, axis=0, initial=2.5, where=ROWMASK) * y, X, ROW,
         torch=lambda x, y: (x.sum(0) * T.tensor(ROWMASK) + 2.5) * y),
    case("sum-where-traced", lambda x: np.sum(x, where=x > 0), X,
         torch=lambda x: T.where(x > 0, x, 0 * x).sum()),
    case("sum-dtype", lambda n: np.sum(n, dtype=np.float64), N),
    case("prod-where", lambda x: np.prod(x, axis=1, where=MASK, initial=2.0), X,
         torch=lambda x: 2 * T.where(T.tensor(MASK), x, 1 + 0 * x).prod(1)),
    case("max-where", lambda x: np.max(x, axis=0, initial=-9.0, where=MASK), X,
         torch=lambda x: T.where(T.tensor(MASK), x, -9 + 0 * x).amax(0)),
    case("max-initial", lambda x: np.max(x, axis=1, initial=0.4), X,
         torch=lambda x: x.amax(1).clamp(min=0.4)),
    case("min-initial", lambda x: x.min(initial=-0.1, keepdims=True), X,
         torch=lambda x: x.amin((0, 1), True).clamp(max=-0.1)),
    case("max-empty", lambda x: np.max(x[:0], initial=1.5) + x, ROW, torch=lambda x: 1.5 + x),
    case("any-where", lambda x: np.any(x > 0, axis=0, where=MASK), X),
    case("all-where", lambda x: np.all(x > 0, axis=0, where=MASK), X),
    case("add-reduce-all", lambda x: np.add.reduce(x, axis=None), X, torch=lambda x: x.sum()),
    case("maximum-reduce-keywords",
         lambda x: np.maximum.reduce(x, 1, None, None, True, 0.2, MASK), X,
         torch=lambda x: T.where(T.tensor(MASK), x, 0.2).amax(1, True).clamp(min=0.2)),
    case("logical_or-reduce", lambda x: np.logical_or.reduce(x > 1.0, axis=1), X),
    case("logical_and-reduce", lambda x: np.logical_and.reduce(x > -1.0), X),
    case("nansum", lambda x: np.nansum(x, axis=0), HOLES, torch=lambda x: x.nansum(0), **NAN),
    case("nansum-integers", lambda n: np.nansum(n, axis=1), N),
    case("nanprod", lambda x: np.nanprod(x, axis=1, keepdims=True), HOLES, **NAN,
         torch=lambda x: x.nan_to_num(1.0).prod(1, keepdim=True)),
    case("nanmean", lambda x: np.nanmean(x, axis=1), HOLES, torch=lambda x: x.nanmean(1), **NAN),
    case("nanmean-whole", lambda x: np.nanmean(x, keepdims=True), X,
         torch=lambda x: x.mean((0, 1), keepdim=True)),
    case("nanvar", lambda x: np.nanvar(x, axis=1, ddof=1), HOLES, **NAN, ulps=16,
         torch=lambda x: T.stack([r[kept(r)].var() for r in x])),
    case("nanvar-integers", lambda n: np.nanvar(n, axis=0), N),
    case("nanstd", lambda x: np.nanstd(x), HOLES, **NAN, ulps=16,
         torch=lambda x: x[kept(x)].std(correction=0)),
    case("nanmax", lambda x: np.nanmax(x, axis=0), HOLES, **NAN,
         torch=lambda x: x.nan_to_num(-9.0).amax(0)),
    case("nanmin", lambda x: np.nanmin(x, axis=1, keepdims=True), HOLES, **NAN,
         torch=lambda x: x.nan_to_num(9.0).amin(1, True)),
    case("nanargmax", lambda x: x * np.nanargmax(x, axis=1, keepdims=True), X,
         torch=lambda x: x * x.argmax(1, keepdim=True)),
    case("nanargmin", lambda x: np.nanargmin(x, axis=1), HOLES),
    case("nancumsum", lambda x: np.nancumsum(x, axis=1), HOLES, **NAN,
         torch=lambda x: x.nan_to_num(0.0).cumsum(1)),
    case("nancumprod", np.nancumprod, HOLES, **NAN,
         torch=lambda x: x.nan_to_num(1.0).ravel().cumprod(0)),
]
# fmt: on

SCENARIOS = [*ORDER, *QUANTILES, *MOMENTS, *LEFT_OUT]
