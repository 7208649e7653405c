"""kmeans against means of clusters that are found one point at a time."""

import numpy
import pytest

from comparisons.gradbench.evals import kmeans
from comparisons.gradbench.validate import difference


@pytest.mark.parametrize("sizes", [{"k": 3, "n": 20, "d": 2}, {"k": 7, "n": 500, "d": 5}])
def test_kmeans_moves_centroids_to_means(both, sizes):
    given = kmeans.generate(**sizes)
    points, centroids = (given[name].astype(numpy.longdouble) for name in ("points", "centroids"))
    squares = ((points[:, None, :] - centroids) ** 2).sum(axis=2)
    nearest = squares.argmin(axis=1)
    means = [points[nearest == j].mean(axis=0) for j in range(sizes["k"])]
    expected = {
        "cost": float(squares.min(axis=1).sum()),
        "dir": (centroids - means).astype(float),
    }
    assert numpy.linalg.norm(expected["dir"]) > 0.1
    for function, found, by_hand in both("kmeans", **sizes):
        assert difference(found, expected[function]) <= 1e-13
        assert difference(by_hand, expected[function]) <= 1e-13


def test_kmeans_rests_where_each_point_is_a_centroid(both):
    for function, found, by_hand in both("kmeans", k=6, n=6, d=3):
        assert numpy.all(numpy.asarray(found) == 0.0), function
        assert numpy.all(numpy.asarray(by_hand) == 0.0), function


def test_kmeans_agrees_with_torch(both):
    pytest.importorskip("torch")
    from comparisons.gradbench.peers.torch import DERIVATIVES

    sizes = {"k": 7, "n": 500, "d": 5}
    expected = DERIVATIVES["kmeans"](kmeans.arguments(kmeans.generate(**sizes)))().numpy()
    for function, found, _ in both("kmeans", **sizes):
        if function == "dir":
            assert difference(found, expected) <= 1e-12
