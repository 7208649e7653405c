"""kmeans: the cost of a clustering, and the step of Newton's method in its centroids.

    cost(C) = Σ_i min_j |p_i - c_j|²,   dir = ∇cost / diag(H)

Each point counts for one centroid, so that the Hessian H is diagonal, and its product with a vector
of ones is all of it: the derivative of the gradient in that direction. The nearest centroid is that
of the least |c|² - 2 c·p, from one product of matrices; its distance is then computed from the
difference, where nothing cancels, and the derivative passes through the nearest alone. (Where two
are equally near, the cost has a kink, and the first is taken.)
"""

import numpy

import diffkit as dk
from comparisons.gradbench.evals.blocks import in_blocks
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "cost", "direction"]


def cost(centroids, points):
    """The sum of squared distances of points, float64[n, d], to the nearest of centroids,
    float64[k, d]."""
    return numpy.sum((points - centroids[nearest(centroids, points)]) ** 2)


def nearest(centroids, points):
    """The number of the centroid that is nearest to each point, int64[n], found for a block of
    points at a time: a matrix of all distances would go out of the cache and back."""
    lengths = numpy.sum(centroids**2, axis=1)

    def search(block):
        return numpy.argmin(lengths[:, None] - 2.0 * (centroids @ block.T), axis=0)

    return in_blocks(search, points, most=100)


def direction(centroids, points):
    """The gradient over the diagonal of the Hessian, float64[k, d]."""
    gradient, diagonal = dk.jvp(
        lambda centroids: dk.grad(cost)(centroids, points),
        (centroids,),
        (numpy.ones_like(centroids),),
    )
    return gradient / diagonal


def generate(k, n, d):
    """n points in the unit cube; the last k are the centroids, so that each has a point."""
    points = numpy.random.default_rng(31337).uniform(size=(n, d))
    return {"points": points, "centroids": points[-k:]}


def arguments(given):
    """The centroids and the points."""
    return Arguments((floats(given["centroids"]), floats(given["points"])))


SIZES = sorted(
    ((k, n, d) for k in (10, 100, 1000) for n in (1000, 10000) for d in (8, 16)), key=numpy.prod
)
EVAL = Eval(
    name="kmeans",
    title="Newton's direction of k-means",
    functions={"cost": cost, "dir": direction},
    primal="cost",
    derivative="dir",
    workloads=tuple(Workload(f"k={k},n={n},d={d}", {"k": k, "n": n, "d": d}) for k, n, d in SIZES),
    small=(
        Workload("k=3,n=20,d=2", {"k": 3, "n": 20, "d": 2}),
        Workload("k=7,n=500,d=5", {"k": 7, "n": 500, "d": 5}),
    ),
    generate=generate,
    arguments=arguments,
)
