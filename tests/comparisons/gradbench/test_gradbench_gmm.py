"""gmm against the densities themselves, in many digits, and against PyTorch."""

import mpmath
import numpy
import pytest

from comparisons.gradbench.evals import gmm
from comparisons.gradbench.validate import difference

NAMES = ("alpha", "mu", "q", "l")


def log_posterior(given, parameters):
    """By the densities: of the points, a mixture of normal distributions with precisions P = Q'Q,
    and of each P, Wishart's with the scale 1/gamma² and d + m + 1 degrees of freedom."""
    alpha, mu, q, l = (parameters[name] for name in NAMES)  # noqa: E741
    d, m, gamma = given["d"], given["m"], mpmath.mpf(given["gamma"])
    weights = [mpmath.exp(a) for a in alpha]
    precisions = [precision_of(q_k, l_k) for q_k, l_k in zip(q, l, strict=True)]
    total = mpmath.mpf(0)
    for x in given["x"]:
        density = mpmath.mpf(0)
        for weight, mean, precision in zip(weights, mu, precisions, strict=True):
            delta = mpmath.matrix([mpmath.mpf(a) - b for a, b in zip(x, mean, strict=True)])
            scale = mpmath.sqrt(mpmath.det(precision) / (2 * mpmath.pi) ** d)
            density += weight * scale * mpmath.exp(-(delta.T * precision * delta)[0] / 2)
        total += mpmath.log(density / sum(weights))
    freedom = d + m + 1
    gamma_d = mpmath.pi ** (mpmath.mpf(d * (d - 1)) / 4)
    for j in range(d):
        gamma_d *= mpmath.gamma(mpmath.mpf(freedom - j) / 2)
    for precision in precisions:
        trace = sum(precision[j, j] for j in range(d))
        density = mpmath.det(precision) ** (mpmath.mpf(m) / 2) * mpmath.exp(-(gamma**2) * trace / 2)
        density /= 2 ** (mpmath.mpf(d * freedom) / 2) * gamma ** (-d * freedom) * gamma_d
        total += mpmath.log(density)
    return total


def precision_of(q, l):  # noqa: E741
    """Q'Q of the triangle that q and l make."""
    d, below = len(q), iter(l)
    triangle = mpmath.zeros(d)
    for j in range(d):
        triangle[j, j] = mpmath.exp(q[j])
        for i in range(j + 1, d):
            triangle[i, j] = next(below)
    return triangle.T * triangle


@pytest.mark.parametrize(("m", "gamma"), [(0, 1.0), (2, 1.3)])
def test_gmm_is_the_posterior_and_its_slope(both, m, gamma):
    sizes = {"d": 3, "k": 2, "n": 4, "m": m, "gamma": gamma}
    given = gmm.generate(**sizes)
    exact = {name: numpy.vectorize(mpmath.mpf, otypes=[object])(given[name]) for name in NAMES}
    way = {name: numpy.cos(numpy.arange(given[name].size)) for name in NAMES}

    def moved(h):
        steps = {name: (h * way[name]).reshape(exact[name].shape) for name in NAMES}
        return log_posterior(given, {name: exact[name] + steps[name] for name in NAMES})

    with mpmath.workdps(60):
        h = mpmath.mpf(10) ** -20
        value = float(moved(mpmath.mpf(0)))
        slope = float((moved(h) - moved(-h)) / (2 * h))
    (_, *values), (_, *gradients) = both("gmm", **sizes)
    for found in values:
        assert abs(found - value) <= 1e-13 * abs(value)
    for tree in gradients:
        along = sum(float(numpy.ravel(tree[name]) @ way[name]) for name in NAMES)
        assert abs(along - slope) <= 1e-12 * abs(slope)


@pytest.mark.parametrize("sizes", [{"d": 2, "k": 3, "n": 5}, {"d": 10, "k": 5, "n": 130, "m": 1}])
def test_gmm_agrees_with_torch(both, sizes):
    torch = pytest.importorskip("torch")
    from comparisons.gradbench.peers import torch_gmm

    arguments = gmm.arguments(gmm.generate(**sizes))
    named, x, gamma = arguments.data
    parameters = {name: torch.from_numpy(part).requires_grad_() for name, part in named.items()}
    value = torch_gmm.objective(parameters, torch.from_numpy(x), gamma, **arguments.static)
    value.backward()
    expected = {
        "objective": value.item(),
        "jacobian": {name: part.grad.numpy() for name, part in parameters.items()},
    }
    for function, found, by_hand in both("gmm", **sizes):
        assert difference(found, expected[function]) <= 1e-12
        assert difference(by_hand, expected[function]) <= 1e-12
