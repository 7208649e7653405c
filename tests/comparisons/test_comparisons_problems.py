"""Every problem against its PyTorch twin, its reference against PyTorch's gradient, and published
values."""

import numpy
import pytest

from comparisons.problems import (
    PROBLEMS,
    gmm,
    heat,
    helmholtz,
    kepler,
    logistic_map,
    mass_spring,
    speelpenning,
)
from comparisons.truth import central_difference, complex_step_jacobian, truth

SMALL = [(problem, size) for problem in PROBLEMS for size in problem.quick]
IDS = [f"{problem.name}-{size}" for problem, size in SMALL]


def close(got, wanted, tolerance):
    scale = numpy.max(numpy.abs(wanted))
    assert numpy.max(numpy.abs(numpy.asarray(got) - wanted)) <= tolerance * scale


@pytest.mark.parametrize(("problem", "size"), SMALL, ids=IDS)
def test_twins_agree(problem, size):
    torch = pytest.importorskip("torch")
    case = problem.make(size)
    assert case.x.dtype == numpy.float64 and case.x.ndim == 1
    value = numpy.asarray(case.f(case.x))
    assert value.ndim == (0 if case.operator == "gradient" else 1)
    close(case.torch(torch.from_numpy(case.x)).numpy(), value, 1e-12)


@pytest.mark.parametrize(("problem", "size"), SMALL, ids=IDS)
def test_truth_agrees_with_torch(problem, size):
    torch = pytest.importorskip("torch")
    case = problem.make(size)
    exact, _ = truth(case)
    transform = torch.func.grad if case.operator == "gradient" else torch.func.jacrev
    derivative = transform(case.torch)(torch.from_numpy(case.x)).numpy()
    assert exact.dtype == numpy.float64 and exact.shape == derivative.shape
    close(derivative, exact, 1e-10)


@pytest.mark.parametrize(("problem", "size"), SMALL, ids=IDS)
def test_namespace_can_be_replaced(problem, size):
    namespace = pytest.importorskip("autograd.numpy")
    case = problem.make(size)
    close(case.f(case.x, np=namespace), numpy.asarray(case.f(case.x)), 0.0)


@pytest.mark.parametrize(("problem", "size"), SMALL, ids=IDS)
def test_complex_step_works(problem, size):
    case = problem.make(size)
    exact, _ = truth(case)
    direction = numpy.random.default_rng(0).normal(size=len(case.x))
    slope = numpy.asarray(case.f(case.x + 1e-30j * direction)).imag / 1e-30
    assert abs(slope - exact @ direction).max() <= 1e-10 * abs(exact).max() * len(case.x)


def test_catalogue_is_well_formed():
    assert len({problem.name for problem in PROBLEMS}) == len(PROBLEMS)
    for problem in PROBLEMS:
        assert list(problem.sizes) == sorted(set(problem.sizes))
        assert set(problem.quick) <= set(problem.sizes)


def test_logistic_map_matches_the_survey():
    case = logistic_map.make(3)  # the survey's l4
    assert abs(truth(case)[0][0] - 9.0660864) < 1e-14 * 9.0660864 * 2


def test_mass_spring_matches_the_published_start():
    case = mass_spring.make(1024)
    assert abs(case.f(case.x) - 9.026402e-3) < 5e-10
    expected = [-5.65966e-3, -5.65966e-3, -2.69581e-3]
    assert numpy.max(numpy.abs(truth(case)[0] - expected)) < 5e-9


def test_mass_spring_wall_takes_speed_away():
    case = mass_spring.make(200)
    stretched = numpy.array([0.1, 0.5, 0.1])  # pushes the third mass through the wall
    torch = pytest.importorskip("torch")
    value = case.f(stretched)
    close(case.torch(torch.from_numpy(stretched)).numpy(), value, 1e-12)
    exact = central_difference(case.multiprecision, stretched)
    close(torch.func.grad(case.torch)(torch.from_numpy(stretched)).numpy(), exact, 1e-10)


@pytest.mark.parametrize("n", [1, 5, 12])
def test_helmholtz_closed_form_is_the_true_gradient(n):
    x, a, b = helmholtz.parameters(n)
    assert 0.0 < b @ x < 1.0
    exact = central_difference(helmholtz.make(n).multiprecision, x)
    close(helmholtz.closed_form(x, a, b), exact, 4e-16)


def test_heat_adjoint_is_the_true_gradient():
    case = heat.make(3)
    mp = pytest.importorskip("mpmath")
    position = [mp.mpf(i) / 4 for i in (1, 2, 3)]
    start, target = numpy.sin(numpy.pi * numpy.arange(1.0, 4.0) / 4.0), [t / 2 for t in position]

    def loss(k):
        u, r = [mp.mpf(float(value)) for value in start], mp.mpf(heat.R)
        for _ in range(heat.STEPS):
            rod = [0, *u, 0]
            q = [k[j] * (rod[j + 1] - rod[j]) for j in range(4)]
            u = [u[i] + r * (q[i + 1] - q[i]) for i in range(3)]
        return sum((a - b) ** 2 for a, b in zip(u, target, strict=True)) / 3

    close(case.reference(), central_difference(loss, case.x), 1e-15)
    assert float(loss([mp.mpf(float(k)) for k in case.x])) == pytest.approx(case.f(case.x), 1e-14)


def test_kepler_closed_form_is_the_true_gradient():
    case = kepler.make(2)
    mp = pytest.importorskip("mpmath")

    def distances(x):
        found = mp.mpf(0)
        for mean, e in zip(x[:2], x[2:], strict=True):
            anomaly = mp.findroot(lambda a, m=mean, e=e: a - e * mp.sin(a) - m, mean)
            found += 1 - e * mp.cos(anomaly)
        return found

    close(case.reference(), central_difference(distances, case.x), 1e-15)


def test_kepler_ends_where_newton_does_not_converge():
    x = numpy.array([0.0, 0.0, 40.0, -7.0])
    assert numpy.ndim(kepler.make(2).f(x)) == 0
    assert numpy.isnan(kepler.make(1).f(numpy.array([numpy.nan, 0.5])))


def test_gmm_counts_its_parameters():
    assert [len(gmm.make(k).x) for k in (1, 5)] == [15, 75]


def test_speelpenning_reference_survives_a_zero():
    gradient = speelpenning.closed_form(numpy.array([2.0, 0.0, 3.0]))
    assert gradient.tolist() == [0.0, 6.0, 0.0]


def test_complex_step_jacobian_of_a_known_function():
    jacobian = complex_step_jacobian(
        lambda x: numpy.stack([x[0] * x[1], numpy.exp(x[0])]), numpy.array([0.5, 2.0])
    )
    close(jacobian, numpy.array([[2.0, 0.5], [numpy.exp(0.5), 0.0]]), 2e-16)


def test_a_case_without_reference_says_so():
    from comparison_fakes import NO_TRUTH

    assert truth(NO_TRUTH.make(2)) == (None, "this case has no reference")
