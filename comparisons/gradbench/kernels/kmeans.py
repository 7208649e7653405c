"""kmeans by hand: a block of points at a time, its distances side by side, the nearest kept."""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]

BLOCK = 64  # points at a time: with 1000 centroids their distances take 512 kB


def kernels() -> dict[str, Callable[..., Any]]:
    """The cost, and the direction: each centroid minus the mean of its points."""
    tools = numba_tools()
    njit, add = tools.njit, tools.add

    @njit
    def lengths_of(centroids):
        k, d = centroids.shape
        out = numpy.empty(k)
        for j in range(k):
            total = 0.0
            for a in range(d):
                total = add(total, centroids[j, a] * centroids[j, a])
            out[j] = 0.5 * total
        return out

    @njit
    def nearest_of(centroids, lengths, points, products, least, nearest):
        """½|c|² - c·p, least over the centroids, for each point of a block."""
        rows = len(points)
        numpy.dot(centroids, points.T, products)
        for i in range(rows):
            least[i], nearest[i] = numpy.inf, 0
        for j in range(len(centroids)):
            for i in range(rows):
                found = lengths[j] - products[j, i]
                better = found < least[i]
                least[i] = found if better else least[i]
                nearest[i] = j if better else nearest[i]

    @njit
    def cost(centroids, points):
        (k, d), n = centroids.shape, len(points)
        lengths, least = lengths_of(centroids), numpy.empty(BLOCK)
        nearest = numpy.empty(BLOCK, numpy.int64)
        total = 0.0
        for b in range(0, n, BLOCK):
            block = points[b : b + BLOCK]
            products = numpy.empty((k, len(block)))
            nearest_of(centroids, lengths, block, products, least, nearest)
            for i in range(len(block)):
                for a in range(d):
                    difference = block[i, a] - centroids[nearest[i], a]
                    total = add(total, difference * difference)
        return total

    @njit
    def direction(centroids, points):
        (k, d), n = centroids.shape, len(points)
        lengths, least = lengths_of(centroids), numpy.empty(BLOCK)
        nearest = numpy.empty(BLOCK, numpy.int64)
        out, counts = numpy.zeros((k, d)), numpy.zeros(k)
        for b in range(0, n, BLOCK):
            block = points[b : b + BLOCK]
            products = numpy.empty((k, len(block)))
            nearest_of(centroids, lengths, block, products, least, nearest)
            for i in range(len(block)):
                j = nearest[i]
                counts[j] += 1.0
                for a in range(d):
                    out[j, a] += centroids[j, a] - block[i, a]
        for j in range(k):
            for a in range(d):
                out[j, a] /= counts[j]
        return out

    return {"cost": cost, "dir": direction}
