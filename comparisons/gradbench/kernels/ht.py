"""ht by hand: an angle moves the bones behind its own only, a vertex follows a few bones.

With the parent's frame and the bone's base in front, G = T_parent B_b, an angle changes the frame
of its bone by G ∂R_b and those behind by what their own turns make of it. The derivative of the
rotation by ω in its i-th entry is, with the unit vectors e_i,

    ∂R/∂ω_i = (ω_i [ω]× + [ω × (I - R) e_i]×) R / |ω|²

Source: Gallego & Yezzi, "A compact formula for the derivative of a 3-D rotation in exponential
coordinates", Journal of Mathematical Imaging and Vision 51 (2015).
"""

import math
from collections.abc import Callable
from typing import Any

import numpy

from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]

BONES, ANGLES, DEPTH = 22, 20, 4  # DEPTH: as many angles as can move one bone


def kernels() -> dict[str, Callable[..., Any]]:
    """The errors, and their derivatives by u and θ."""
    njit = numba_tools().njit

    @njit
    def product(a, b):
        out = numpy.zeros((3, b.shape[1]))
        for i in range(3):
            for k in range(3):
                for j in range(b.shape[1]):
                    out[i, j] += a[i, k] * b[k, j]
        return out

    @njit
    def put(out, found):  # a slice assigned takes Numba a second to compile
        for i in range(found.shape[0]):
            for j in range(found.shape[1]):
                out[i, j] = found[i, j]

    @njit
    def turn(axis, angle, slope):
        """The turn about x (0) or z (2), or its derivative by the angle."""
        c, s = math.cos(angle), math.sin(angle)
        if slope:
            c, s = -s, c
        out = numpy.zeros((3, 3))
        out[axis, axis] = 0.0 if slope else 1.0
        i, j = (axis + 1) % 3, (axis + 2) % 3
        out[i, i], out[j, j], out[i, j], out[j, i] = c, c, -s, s
        return out

    @njit
    def cross(x, y, z):
        return numpy.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])

    @njit
    def whole(omega):
        """The rotation of the hand, and its derivatives."""
        squared = omega[0] * omega[0] + omega[1] * omega[1] + omega[2] * omega[2]
        angle = math.sqrt(squared)
        out, slopes = numpy.eye(3), numpy.zeros((3, 3, 3))
        if angle >= 1e-4:
            k = cross(omega[0], omega[1], omega[2])
            s, c, both = math.sin(angle) / angle, (1.0 - math.cos(angle)) / squared, product(k, k)
            for i in range(3):
                for j in range(3):
                    out[i, j] += s * k[i, j] + c * both[i, j]
            lost = numpy.empty((3, 3))
            for i in range(3):
                for j in range(3):
                    lost[i, j] = (1.0 if i == j else 0.0) - out[i, j]
            moved = product(k, lost)
            for m in range(3):
                v = cross(moved[0, m], moved[1, m], moved[2, m])
                for i in range(3):
                    for j in range(3):
                        v[i, j] = (v[i, j] + omega[m] * k[i, j]) / squared
                put(slopes[m], product(v, out))
        return out, slopes

    @njit
    def moves(a, b):
        """A product of homogeneous matrices, of which the upper three rows are stored."""
        out = product(a, b)
        for i in range(3):
            out[i, 3] += a[i, 3]
        return out

    @njit
    def turned(base, rotation):
        out = numpy.zeros((3, 4))
        put(out, product(base, rotation))
        return out

    @njit
    def skeleton(theta, relatives, inverses, parents):
        """How each bone moves from rest, and its derivative by each angle that moves it."""
        frames, local = numpy.empty((BONES, 3, 4)), numpy.empty((BONES, 3, 4))
        follow, behind = numpy.empty((BONES, 3, 4)), numpy.empty((BONES, DEPTH, 3, 4))
        slopes, moved = numpy.empty((BONES, DEPTH, 3, 4)), numpy.empty((BONES, DEPTH), numpy.int64)
        count = numpy.zeros(BONES, numpy.int64)
        for b in range(BONES):
            finger, joint = (b - 1) // 4, (b - 1) % 4
            first = 6 + 4 * finger + (0, 0, 2, 3)[joint]
            own = 0 if b in (0, BONES - 1) else (0, 2, 1, 1)[joint]
            x = theta[first] if own else 0.0
            z = theta[first + 1] if own == 2 else 0.0
            put(local[b], turned(relatives[b], product(turn(2, z, False), turn(0, x, False))))
            for i in range(3):
                local[b, i, 3] = relatives[b, i, 3]
            parent = parents[b]
            if parent < 0:
                put(frames[b], local[b])
            else:
                put(frames[b], moves(frames[parent], local[b]))
                count[b] = count[parent]
                for k in range(count[b]):
                    moved[b, k] = moved[parent, k]
                    put(behind[b, k], moves(behind[parent, k], local[b]))
            for k in range(own):
                at = count[b]
                rotation = product(turn(2, z, k == 1), turn(0, x, k == 0))
                put(behind[b, at], product(frames[parent], turned(relatives[b], rotation)))
                moved[b, at] = first + k - 6
                count[b] += 1
            put(follow[b], moves(frames[b], inverses[b]))
            for k in range(count[b]):
                put(slopes[b, k], moves(behind[b, k], inverses[b]))
        return follow, slopes, moved, count

    @njit
    def placed(theta, mirrored):
        out, by_omega = whole(theta[:3])
        if mirrored:
            for i in range(3):
                out[i, 0] = -out[i, 0]
                for m in range(3):
                    by_omega[m, i, 0] = -by_omega[m, i, 0]
        return out, by_omega

    @njit
    def skin(place, follow, rest, weights):
        """The vertices before and after they are placed."""
        still, hand = numpy.zeros((len(rest), 3)), numpy.empty((len(rest), 3))
        for j in range(len(rest)):
            x, y, z, one = rest[j, 0], rest[j, 1], rest[j, 2], rest[j, 3]
            for b in range(BONES):
                w = weights[j, b]
                if w != 0.0:
                    for i in range(3):
                        s = follow[b, i]
                        still[j, i] += w * (s[0] * x + s[1] * y + s[2] * z + s[3] * one)
            for i in range(3):
                p = place[i]
                hand[j, i] = p[0] * still[j, 0] + p[1] * still[j, 1] + p[2] * still[j, 2]
        return still, hand

    @njit
    def skin_slopes(place, slopes, moved, count, rest, weights):
        """The derivatives of the vertices by the angles of the fingers."""
        ready, out = numpy.empty_like(slopes), numpy.zeros((len(rest), 3, ANGLES))
        for b in range(BONES):
            for k in range(count[b]):
                put(ready[b, k], product(place, slopes[b, k]))
        for j in range(len(rest)):
            x, y, z, one = rest[j, 0], rest[j, 1], rest[j, 2], rest[j, 3]
            for b in range(BONES):
                w = weights[j, b]
                if w != 0.0:
                    for k in range(count[b]):
                        for i in range(3):
                            s = ready[b, k, i]
                            along = s[0] * x + s[1] * y + s[2] * z + s[3] * one
                            out[j, i, moved[b, k]] += w * along
        return out

    @njit
    def shares(us, triangles, correspondences, q, corners, share):
        """Which vertices a point belongs to, and by how much."""
        if len(us) == 0:
            corners[0] = corners[1] = corners[2] = correspondences[q]
            share[0], share[1], share[2] = 1.0, 0.0, 0.0
        else:
            for c in range(3):
                corners[c] = triangles[correspondences[q], c]
            share[0], share[1] = us[q, 0], us[q, 1]
            share[2] = 1.0 - us[q, 0] - us[q, 1]

    @njit
    def objective(theta, us, bones, skins, correspondences, points, parents, mirrored):
        follow, _, _, _ = skeleton(theta, bones[0], bones[1], parents)
        place, _ = placed(theta, mirrored)
        _, hand = skin(place, follow, skins[0], skins[1])
        corners, share = numpy.empty(3, numpy.int64), numpy.empty(3)
        out = numpy.empty(3 * len(points))
        for q in range(len(points)):
            shares(us, skins[2], correspondences, q, corners, share)
            for i in range(3):
                at = theta[3 + i]
                for c in range(3):
                    at += share[c] * hand[corners[c], i]
                out[3 * q + i] = points[q, i] - at
        return out

    @njit
    def fill(theta, us, bones, skins, correspondences, points, parents, mirrored, out):
        both = 2 if len(us) else 0
        follow, slopes, moved, count = skeleton(theta, bones[0], bones[1], parents)
        place, by_omega = placed(theta, mirrored)
        still, hand = skin(place, follow, skins[0], skins[1])
        by_angle = skin_slopes(place, slopes, moved, count, skins[0], skins[1])
        corners, share = numpy.empty(3, numpy.int64), numpy.empty(3)
        for q in range(len(points)):
            shares(us, skins[2], correspondences, q, corners, share)
            i0, i1, i2 = corners
            s0, s1, s2 = share
            for i in range(3):
                row = out[3 * q + i]
                for k in range(both):
                    row[k] = hand[i2, i] - hand[corners[k], i]
                for k in range(3):
                    total = 0.0
                    for m in range(3):
                        at = s0 * still[i0, m] + s1 * still[i1, m] + s2 * still[i2, m]
                        total += by_omega[k, i, m] * at
                    row[both + k] = -total
                    row[both + 3 + k] = -1.0 if k == i else 0.0
                a0, a1, a2 = by_angle[i0, i], by_angle[i1, i], by_angle[i2, i]
                for a in range(ANGLES):
                    row[both + 6 + a] = -(s0 * a0[a] + s1 * a1[a] + s2 * a2[a])

    def jacobian(theta, us, bones, skins, correspondences, points, parents, mirrored):
        out = numpy.empty((3 * len(points), 28 if len(us) else 26))
        fill(theta, us, bones, skins, correspondences, points, parents, mirrored, out)
        return out

    return {"objective": objective, "jacobian": jacobian}
