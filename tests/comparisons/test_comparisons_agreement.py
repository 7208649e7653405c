"""The main claim of the comparison: independent ways to one derivative agree to rounding."""

from pathlib import Path

import numpy
import pytest

import diffkit as dk
from comparisons.measure import relative_error
from comparisons.problems import bundle_adjustment, helmholtz
from comparisons.truth import truth

# A copy of GradBench's inputs beside the checkout, if there is one; they are not part of it.
BENCHMARK = Path(__file__).resolve().parents[3] / "shared" / "data" / "gradbench"
EXACT = ("reverse", "forward", "symbolic", "complex-step")


@pytest.fixture(scope="module")
def case():
    return helmholtz.make(50)


@pytest.fixture(scope="module")
def exact(case):
    return truth(case)[0]


@pytest.mark.parametrize("method", EXACT)
def test_helmholtz_agrees_with_120_digits_and_with_pytorch(case, exact, method):
    torch = pytest.importorskip("torch")
    gradient = dk.grad(lambda x: case.f(x), method=method)(case.x)
    assert relative_error(gradient, exact) <= 1e-13
    peer = torch.func.grad(case.torch)(torch.from_numpy(case.x)).numpy()
    assert relative_error(gradient, peer) <= 1e-12


def test_helmholtz_by_differences_is_as_good_as_theory_allows(case, exact):
    """Truncation h²|f‴|/6 and rounding ε|f|/h, with f‴ from a central difference of the gradient
    in 60 digits and h the default step; the measured error may not exceed their sum by more than
    the rounding of the n terms inside f."""
    import mpmath

    h = 2.0 ** numpy.rint(numpy.log2(numpy.finfo(float).eps ** (1 / 3)))
    with mpmath.workdps(60):
        point = [mpmath.mpf(float(v)) for v in case.x]
        third = []
        for k in range(3):  # three coordinates stand for all: the terms are alike
            moved = lambda t, k=k: case.multiprecision([*point[:k], t, *point[k + 1 :]])  # noqa: E731
            third.append(abs(float(mpmath.diff(moved, point[k], 3))))
    gradient = dk.grad(lambda x: case.f(x), method="finite")(case.x)
    value = abs(float(case.f(case.x)))
    rounding = numpy.finfo(float).eps * (1 + value) / h
    for k in range(3):
        allowed = 1.5 * h**2 * third[k] / 6 + 50 * rounding
        assert abs(gradient[k] - exact[k]) <= allowed
    assert relative_error(gradient, exact) < 1e-7


def test_bundle_adjustment_on_the_benchmarks_own_input():
    file = BENCHMARK / "ba" / "ba1_n49_m7776_p31843.txt"
    if not file.exists():
        pytest.skip("no copy of the benchmark's inputs beside the checkout")
    torch = pytest.importorskip("torch")
    lines = [numpy.array(line.split(), float) for line in file.read_text().splitlines() if line]
    sizes, camera, point, weight, feature = lines[:5]
    assert sizes.tolist() == [49, 7776, 31843]
    n, m, p = 2, 3, 8  # the benchmark repeats one camera, point, weight and feature
    x = numpy.concatenate([numpy.tile(camera, n), numpy.tile(point, m), numpy.tile(weight, p)])
    case = bundle_adjustment.build(x, numpy.tile(feature, (p, 1)), n, m)
    exact = case.reference()
    peer = torch.func.jacrev(case.torch)(torch.from_numpy(x)).numpy()
    for method in ("reverse", "forward", "complex-step"):
        jacobian = dk.jacobian(lambda x: case.f(x), method=method)(x)
        assert relative_error(jacobian, exact) < 1e-13
        assert relative_error(jacobian, peer) < 1e-12
    # the last rows are the weights' residuals 1 - w²
    numpy.testing.assert_allclose(jacobian[2 * p :, -p:], -2 * weight * numpy.eye(p), rtol=1e-14)
