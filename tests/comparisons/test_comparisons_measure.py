"""The figures: errors, timings, memory, and the peers' methods on cases with known answers."""

import gc
import math
import sys

import comparison_fakes as fakes
import numpy
import pytest

from comparisons.lookup import find_method
from comparisons.measure import measure, relative_error, sample, ulp_error
from comparisons.memory import peak_increase
from comparisons.method import Unsupported
from comparisons.problem import Case
from comparisons.problems import bundle_adjustment, rosenbrock
from comparisons.truth import truth


def test_relative_error():
    exact = numpy.array([4.0, -2.0])
    assert relative_error(numpy.array([4.0, -1.0]), exact) == 0.25
    assert relative_error(numpy.array([0.5]), numpy.array([0.0])) == 0.5
    assert math.isnan(relative_error(numpy.array([numpy.nan, -2.0]), exact))
    assert relative_error(numpy.array([numpy.inf, -2.0]), exact) == math.inf


def test_ulp_error():
    exact = numpy.array([1.0, 0.0])
    assert ulp_error(exact, exact) == 0.0
    assert ulp_error(numpy.array([1.0 + 2.0**-51, 0.0]), exact) == 2.0
    # A zero entry is held to the last place of 2^-52 times the largest.
    assert ulp_error(numpy.array([1.0, 2.0**-104]), exact) == 1.0
    assert ulp_error(numpy.zeros(3), numpy.zeros(3)) == 0.0


def test_sample_repeats_short_calls_and_not_long_ones():
    calls = []
    timing = sample(lambda: calls.append(1), 0.01)
    assert timing.runs > 10 and len(calls) == timing.runs + 1
    assert 0.0 < timing.best <= timing.median and timing.spread >= 0.0
    assert sample(lambda: None, 0.0).runs == 1


def test_measure_judges_right_and_wrong():
    case = fakes.make(3)
    good = measure(case, fakes.RIGHT.prepare(case), 0.5, 2.0 * case.x, "known", 0.01)
    assert good.relative_error == 0.0 and good.ulps == 0.0 and good.value == 14.0
    assert good.flops_ratio == 1.0 and good.calls == 1 and good.nodes == 3
    assert good.ratio == good.derivative.median / good.primal.median
    assert good.ratio_numpy == good.derivative.median / good.numpy.median
    bad = measure(case, fakes.WRONG.prepare(case), 0.0, 2.0 * case.x, "known", 0.01)
    assert bad.relative_error == pytest.approx(1e-3 / 6.0)
    unknown = measure(case, fakes.RIGHT.prepare(case), 0.0, None, "none", 0.01)
    assert unknown.relative_error is None and unknown.ulps is None and unknown.truth == "none"


def test_measure_refuses_a_wrong_shape():
    case = fakes.make(3)
    with pytest.raises(ValueError, match=r"got shape \(1, 1\); expected \(3,\)"):
        measure(case, fakes.WRONG_SHAPE.prepare(case), 0.0, None, "none", 0.01)
    assert gc.get_freeze_count() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the figure exists on Linux only")
def test_peak_memory_counts_what_a_call_held_and_freed():
    result, peak = peak_increase(lambda: float(numpy.ones(8 << 20).sum()))
    assert result == 8 << 20
    if peak is None:
        pytest.skip("this system does not let a process reset its high-water mark")
    assert 60 << 20 < peak < 100 << 20


# What rounding leaves of a difference: with steps of ε^(1/3) and ε^(1/2), errors near
# ε^(2/3) = 4e-11 and ε^(1/2) = 1e-8, times the curvature of the problem
# over its slope (up to 100 here).
DIGITS_OF = {"dk-central": 4e-9, "dk-one-sided": 1e-6}
# What has a loop over directions or outputs; test_comparisons_methods has every method.
LARGER = (
    "dk-reverse", "dk-forward", "dk-complex-step", "dk-central", "dk-one-sided",
    "autograd", "torch-reverse", "torch-forward",
)  # fmt: skip


# PyTorch deprecates, on its own first use, what its forward mode is built on.
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("method", [find_method(name) for name in LARGER], ids=LARGER)
@pytest.mark.parametrize("make", [rosenbrock.make, bundle_adjustment.make])
def test_methods_find_the_true_derivative(method, make):
    for package in method.needs:
        pytest.importorskip(package)
    case = make(70)  # more than one block of tangents
    try:
        prepared = method.prepare(case)
    except Unsupported as reason:
        pytest.skip(str(reason))
    exact, _ = truth(case)
    derivative = prepared.derivative()
    assert isinstance(derivative, numpy.ndarray) and derivative.shape == exact.shape
    assert relative_error(derivative, exact) < DIGITS_OF.get(method.name, 1e-12)
    value = numpy.asarray(prepared.primal())
    assert numpy.max(numpy.abs(value - case.f(case.x))) <= 1e-12 * numpy.max(numpy.abs(value))


def test_torch_needs_a_twin():
    pytest.importorskip("torch")
    from comparisons.methods import torch

    case = Case(f=fakes.make(2).f, x=fakes.make(2).x)
    with pytest.raises(Unsupported, match="no PyTorch twin"):
        torch.METHODS[0].prepare(case)
