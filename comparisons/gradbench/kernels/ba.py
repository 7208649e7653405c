"""ba by hand: an observation's block from the gradients of its two errors, straight into its rows.

Memory that is fresh from the system costs more than the arithmetic, so the results come from NumPy,
which asks for large pages; `projection` has the derivatives.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy

from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problems.projection import lens, pose

__all__ = ["kernels"]


def kernels() -> dict[str, Callable[..., Any]]:
    """The errors, and their Jacobian in compressed rows."""
    tools = numba_tools()
    njit, sin, cos = tools.njit, tools.sin, tools.cos
    lens_of, pose_of = njit(lens), njit(pose)

    @njit
    def seen(camera, point, weight, feature, error):
        r0, r1, r2 = camera[0], camera[1], camera[2]
        d0, d1, d2 = point[0] - camera[3], point[1] - camera[4], point[2] - camera[5]
        squared = r0 * r0 + r1 * r1 + r2 * r2
        c, s, inverse = 1.0, 1.0, 1.0
        if squared > 0.0:
            theta = math.sqrt(squared)
            c, s, inverse = cos(theta), sin(theta), 1.0 / theta
        v0, v1, v2 = r0 * inverse, r1 * inverse, r2 * inverse
        along = (v0 * d0 + v1 * d1 + v2 * d2) * (1.0 - c)
        depth = 1.0 / (d2 * c + (v0 * d1 - v1 * d0) * s + v2 * along)
        u0 = (d0 * c + (v1 * d2 - v2 * d1) * s + v0 * along) * depth
        u1 = (d1 * c + (v2 * d0 - v0 * d2) * s + v1 * along) * depth
        rho = u0 * u0 + u1 * u1
        scale = camera[6] * (1.0 + rho * (camera[9] + camera[10] * rho))
        error[0] = weight * (scale * u0 + camera[7] - feature[0])
        error[1] = weight * (scale * u1 + camera[8] - feature[1])

    @njit
    def errors(cameras, points, weights, features, camera_of, point_of, error, weight_error):
        for i in range(weights.size):
            seen(cameras[camera_of[i]], points[point_of[i]], weights[i], features[i], error[i])
            weight_error[i] = 1.0 - weights[i] * weights[i]

    @njit
    def fill(
        cameras, points, weights, features, camera_of, point_of, first, total, rows, cols, vals
    ):
        p, own = weights.size, numpy.empty(15)
        before_points = 11 * cameras.shape[0]
        before_weights = before_points + 3 * points.shape[0] + first
        blocks = vals[: 30 * p].reshape(p, 2, 15)
        columns = cols[: 30 * p].reshape(p, 2, 15)
        for i in range(p):
            camera, point = camera_of[i], point_of[i]
            for k in range(11):
                own[k] = cameras[camera, k]
                columns[i, 0, k] = columns[i, 1, k] = 11 * camera + k
            for k in range(3):
                own[11 + k] = points[point, k]
                columns[i, 0, 11 + k] = columns[i, 1, 11 + k] = before_points + 3 * point + k
            own[14] = weights[i]
            columns[i, 0, 14] = columns[i, 1, 14] = cols[30 * p + i] = before_weights + i
            theta = math.sqrt(own[0] * own[0] + own[1] * own[1] + own[2] * own[2])
            turns = theta > 0.0
            c, s, angle = (cos(theta), sin(theta), theta) if turns else (1.0, 0.0, 1.0)
            j0, j1 = blocks[i, 0], blocks[i, 1]
            (e00, e01, e11), view = lens_of(own, features[i], angle, c, s, j0, j1)
            pose_of(e00, e01, view, j0)
            pose_of(e01, e11, view, j1)
            if not turns:  # g · (r × d) = r · (d × g)
                d0, d1, d2 = own[11] - own[3], own[12] - own[4], own[13] - own[5]
                for j in (j0, j1):
                    g0, g1, g2 = j[11], j[12], j[13]
                    j[0], j[1], j[2] = d1 * g2 - d2 * g1, d2 * g0 - d0 * g2, d0 * g1 - d1 * g0
            vals[30 * p + i] = -2.0 * weights[i]
        for i in range(2 * p):
            rows[i] = 15 * (2 * first + i)
        for i in range(p + 1):
            rows[2 * p + i] = 30 * total + first + i

    def objective(cameras, points, weights, features, camera_of, point_of, first, total):
        p = len(weights)
        found = numpy.empty((p, 2)), numpy.empty(p)
        errors(cameras, points, weights, features, camera_of, point_of, *found)
        return found

    def jacobian(*data):
        p = len(data[2])
        found = {
            "rows": numpy.empty(3 * p + 1, numpy.int32),
            "cols": numpy.empty(31 * p, numpy.int32),
            "vals": numpy.empty(31 * p),
        }
        fill(*data, *found.values())
        return found

    return {"objective": objective, "jacobian": jacobian}
