"""ba: bundle adjustment, the sparse Jacobian of how cameras see points.

Observation i is point X by a camera, (r, C, f, c, k₁, k₂), with weight w:

    Y = R(r) (X - C),   u = (Y₁, Y₂)/Y₃,   ρ = |u|²
    e = w (f (1 + k₁ρ + k₂ρ²) u + c - feature),   and 1 - w²

with Rodrigues' rotation by the angle |r| about r; at r = 0, where its axis has no direction,
Y = d + r × d with d = X - C. The two rows of e depend on 15 of the unknowns: 11 of a camera, 3 of a
point, and w. The Jacobian comes in compressed rows, the columns being the cameras', the points' and
the weights' unknowns in this order.

The Jacobian of many millions of observations is larger than most memories. It is computed in blocks
then: `first` is the number of a block's first observation, `total` how many the problem has, and
the rows are counted over the whole problem.

Source: Agarwal, Snavely, Seitz & Szeliski, "Bundle Adjustment in the Large" (2010), for the sizes.
"""

import numpy

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "in_batches", "jacobian", "objective", "residual", "weight_error"]

CAMERA, POINT = 11, 3
OWN = CAMERA + POINT + 1  # unknowns that one observation depends on
MOST = 2_500_000  # observations at once: a gigabyte of Jacobian


def residual(camera, point, weight, feature, np=numpy):
    """The error of one observation, float64[2]: camera float64[11], point float64[3]."""
    r0, r1, r2, c0, c1, c2, focal, centre0, centre1, k1, k2 = (camera[i] for i in range(CAMERA))
    d0, d1, d2 = point[0] - c0, point[1] - c1, point[2] - c2
    squared = r0 * r0 + r1 * r1 + r2 * r2
    theta = np.sqrt(squared)
    v0, v1, v2 = r0 / theta, r1 / theta, r2 / theta
    c, s = np.cos(theta), np.sin(theta)
    along = (v0 * d0 + v1 * d1 + v2 * d2) * (1.0 - c)
    turns = squared > 0.0
    y0 = np.where(turns, d0 * c + (v1 * d2 - v2 * d1) * s + v0 * along, d0 + r1 * d2 - r2 * d1)
    y1 = np.where(turns, d1 * c + (v2 * d0 - v0 * d2) * s + v1 * along, d1 + r2 * d0 - r0 * d2)
    y2 = np.where(turns, d2 * c + (v0 * d1 - v1 * d0) * s + v2 * along, d2 + r0 * d1 - r1 * d0)
    u0, u1 = y0 / y2, y1 / y2
    rho = u0 * u0 + u1 * u1
    bent = focal * (1.0 + k1 * rho + k2 * rho * rho)
    return weight * np.stack([bent * u0 + centre0 - feature[0], bent * u1 + centre1 - feature[1]])


def weight_error(weight):
    """How far a weight is from 1, squared."""
    return 1.0 - weight * weight


def objective(cameras, points, weights, features, camera_of, point_of, first, total):
    """The errors of all observations, float64[p, 2], and of their weights, float64[p]."""
    errors = dk.vmap(residual)(cameras[camera_of], points[point_of], weights, features)
    return errors, weight_error(weights)


def jacobian(cameras, points, weights, features, camera_of, point_of, first, total):
    """The Jacobian of both errors in compressed rows: `rows` int32[3p + 1], where each row starts,
    `cols` int32[31p] and `vals` float64[31p]."""

    def observation(_, given):
        camera, point, weight, feature = given
        slopes = dk.jacobian(residual, argnums=(0, 1, 2))
        by_camera, by_point, by_weight = slopes(cameras[camera], points[point], weight, feature)
        return None, numpy.concatenate([by_camera, by_point, by_weight[:, None]], axis=1)

    _, blocks = dk.scan(observation, None, (camera_of, point_of, weights, features))
    slopes = dk.vmap(dk.grad(weight_error))(weights)
    columns = CAMERA * len(cameras), CAMERA * len(cameras) + POINT * len(points)
    return assembled(blocks, slopes, camera_of, point_of, columns, first, total)


def in_batches(
    slopes, by_weight, cameras, points, weights, features, camera_of, point_of, first, total,
    np=numpy,
):  # fmt: skip
    """The Jacobian for libraries that differentiate all observations at once: `slopes` of the
    residuals by camera, point and weight, `by_weight` of the weights' errors."""
    found = slopes(cameras[camera_of], points[point_of], weights, features)
    by_camera, by_point, by_own = found
    blocks = np.concatenate([by_camera, by_point, by_own[:, :, None]], axis=2)
    columns = CAMERA * len(cameras), CAMERA * len(cameras) + POINT * len(points)
    return assembled(blocks, by_weight(weights), camera_of, point_of, columns, first, total, np)


def assembled(blocks, slopes, camera_of, point_of, before, first, total, np=numpy):
    """Compressed rows from the blocks of the observations, float64[p, 2, 15], and the slopes of the
    weights' errors, float64[p]; `before` are the numbers of columns that come before those of the
    points and of the weights."""
    p = len(slopes)
    before_points, before_weights = before
    own = before_weights + first + np.arange(p, dtype=np.int32)
    columns = np.concatenate(
        [
            CAMERA * camera_of[:, None] + np.arange(CAMERA, dtype=np.int32),
            before_points + POINT * point_of[:, None] + np.arange(POINT, dtype=np.int32),
            own[:, None],
        ],
        axis=1,
    )
    starts = [
        OWN * (2 * first + np.arange(2 * p, dtype=np.int32)),
        2 * OWN * total + first + np.arange(p + 1, dtype=np.int32),
    ]
    return {
        "rows": np.concatenate(starts),
        "cols": np.concatenate([np.reshape(np.stack([columns, columns], axis=1), (-1,)), own]),
        "vals": np.concatenate([np.reshape(blocks, (-1,)), slopes]),
    }


def generate(n, m, p):
    """n cameras, m points and p observations of one camera, point, weight and feature."""
    rng = numpy.random.default_rng(31337)
    return {
        "n": n,
        "m": m,
        "p": p,
        "cam": numpy.concatenate(
            [
                rng.uniform(-1.0, 1.0, 3),
                rng.normal(0.0, 1.0, 3),
                [420.0, 6.0, -8.0, 0.09, 0.003],
            ]
        ),
        "x": rng.normal(0.0, 1.0, 3) + 8.0,
        "w": float(rng.uniform()),
        "feat": rng.uniform(0.0, 800.0, 2),
    }


def arguments(given):
    """The camera n times, the point m times, weight and feature p times, and who sees what:
    observation i is of point i mod m by camera i mod n."""
    n, m, p = (int(given[name]) for name in ("n", "m", "p"))
    first, count = int(given.get("first", 0)), int(given.get("count", p))
    i = numpy.arange(first, first + count)
    return Arguments(
        (
            numpy.tile(floats(given["cam"]), (n, 1)),
            numpy.tile(floats(given["x"]), (m, 1)),
            numpy.full(count, float(given["w"])),
            numpy.tile(floats(given["feat"]), (count, 1)),
            (i % n).astype(numpy.int32),
            (i % m).astype(numpy.int32),
            numpy.int32(first),
            numpy.int32(p),
        )
    )


def blocks(given):
    """At most `MOST` observations at a time, equally many but for the last."""
    p = int(given["p"])
    count = -(-p // max(1, -(-p // MOST)))
    if p <= MOST:
        return [given]
    return [given | {"first": k, "count": min(count, p - k)} for k in range(0, p, count)]


def encode(name, result):
    """Of the errors the first, of the Jacobian 30 entries and the last of each array, as GradBench
    asks for: all observations are the same."""
    if name == "jacobian":
        return {part: [*x[:30].tolist(), x[-1].item()] for part, x in result.items()}
    errors, weights = result
    return {
        "reproj_error": {"elements": errors[0].tolist(), "repeated": len(errors)},
        "w_err": {"element": weights[0].item(), "repeated": len(weights)},
    }


def joined(name, outputs):
    """The output for the whole from those of its blocks."""
    first, last = outputs[0], outputs[-1]
    if name == "jacobian":
        return {part: [*first[part][:-1], last[part][-1]] for part in first}
    return {
        part: first[part] | {"repeated": sum(block[part]["repeated"] for block in outputs)}
        for part in first
    }


def workload(number, n, m, p):
    """A problem of the collection; the name is that of the file in GradBench."""
    return Workload(f"ba{number}_n{n}_m{m}_p{p}", {"n": n, "m": m, "p": p})


PROBLEMS = (
    (49, 7776, 31843),
    (21, 11315, 36455),
    (161, 48126, 182072),
    (372, 47423, 204472),
    (257, 65132, 225911),
    (539, 65220, 277273),
    (93, 61203, 287451),
    (88, 64298, 383937),
    (810, 88814, 393775),
    (1197, 126327, 563734),
    (1723, 156502, 678718),
    (253, 163691, 899155),
    (245, 198739, 1091386),
    (356, 226730, 1255268),
)
LARGER = (
    (1102, 780462, 4052340),
    (1544, 942409, 4750193),
    (1778, 993923, 5001946),
    (1936, 649673, 5213733),
    (4585, 1324582, 9125125),
    (13682, 4456117, 28987644),
)
EVAL = Eval(
    name="ba",
    title="sparse Jacobian of bundle adjustment",
    functions={"objective": objective, "jacobian": jacobian},
    primal="objective",
    derivative="jacobian",
    workloads=tuple(workload(i, *sizes) for i, sizes in enumerate(PROBLEMS, 1)),
    small=(
        Workload("n2_m3_p7", {"n": 2, "m": 3, "p": 7}),
        Workload("n5_m20_p100", {"n": 5, "m": 20, "p": 100}),
    ),
    beyond=tuple(workload(i, *sizes) for i, sizes in enumerate(LARGER, len(PROBLEMS) + 1)),
    generate=generate,
    arguments=arguments,
    encode=encode,
    blocks=blocks,
    joined=joined,
)
