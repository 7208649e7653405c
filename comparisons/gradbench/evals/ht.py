"""ht: hand tracking, how the misfit of a skinned hand changes with its 26 pose parameters.

Each of 22 bones turns about its parent's frame, in homogeneous coordinates, T_b = T_parent B_b R_z
R_x, and S_b = T_b T_b⁰⁻¹ takes it from its rest. A rotation by α about the unit vector whose cross
product is the matrix K is (Rodrigues)

    R = I + sin α K + (1 - cos α) K²

The frame without a parent is turned by the vector ω. A vertex x̄ follows the bones by its weights,
and the whole hand is moved by t:

    v_j = Σ_b w_jb S_b x̄_j + t

A measured point y belongs to a place on a triangle of the hand with coordinates u,

    e = y - (u₁ v_i + u₂ v_j + (1 - u₁ - u₂) v_k)

or, in the simple case, to a vertex. θ is ω, t, then for each finger two angles of its second bone
and one of the third and the fourth. Each e depends on its own u only, so that the Jacobian has two
columns for all of them, then 26: forward mode with 28 directions.

Source: Taylor et al., "User-specific hand modeling from monocular depth sequences" (2014).
"""

import numpy as np

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "directions", "errors", "jacobian", "objective", "rotation", "skinned"]

PARAMETERS, BONES = 26, 22
NONE = PARAMETERS  # where a bone has no angle: the entry after the last, which is zero
ANGLE_OF = np.full((BONES, 2), NONE)  # about x and z
for finger in range(5):
    ANGLE_OF[2 + 4 * finger] = 6 + 4 * finger, 7 + 4 * finger
    ANGLE_OF[3 + 4 * finger, 0] = 8 + 4 * finger
    ANGLE_OF[4 + 4 * finger, 0] = 9 + 4 * finger
CROSS = np.zeros((3, 4, 4))  # the cross product with each unit vector
CROSS[[0, 1, 2], [2, 0, 1], [1, 2, 0]] = 1.0
CROSS[[0, 1, 2], [1, 2, 0], [2, 0, 1]] = -1.0


def turn(cross, angle):
    """The rotation by an angle about the unit vector that `cross` belongs to, float64[…, 4, 4]."""
    return np.eye(4) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)


def rotation(omega):
    """The rotation by |ω| about ω, float64[4, 4]; none for an angle below 1e-4."""
    angle = np.sqrt(np.sum(omega * omega))
    turned = turn(np.tensordot(omega / angle, CROSS, 1), angle)
    return np.where(angle < 1e-4, np.eye(4), turned)


def posed(theta, relatives, *, parents, mirrored):
    """The frame of each bone, float64[22, 4, 4], after those of the bones before it."""
    angles = np.concatenate([theta, np.zeros(1)])[ANGLE_OF]
    about_x, about_z = np.swapaxes(turn(CROSS[::2], angles[:, :, None, None]), 0, 1)

    def attach(frames, given):
        bone, parent, local = given
        frames[bone + 1] = frames[parent + 1] @ local
        return frames, None

    whole = rotation(theta[:3]) * np.array([-1.0 if mirrored else 1.0, 1.0, 1.0, 1.0])
    start = np.concatenate([whole[None], np.zeros((BONES, 4, 4))])  # a root's parent first
    chain = np.arange(BONES), np.array(parents), relatives @ about_z @ about_x
    return dk.scan(attach, start, chain)[0][1:]


def skinned(theta, relatives, inverses, rest, weights, **static):
    """The vertices of the hand in its pose but for t, float64[M, 3], from those at rest,
    float64[M, 4]."""
    follow = posed(theta, relatives, **static) @ inverses
    carried = np.reshape(weights[:, :, None] * rest[:, None, :], (len(rest), 4 * BONES))
    return carried @ np.reshape(np.swapaxes(follow[:, :3], 1, 2), (4 * BONES, 3))


def errors(theta, us, bones, vertices, correspondences, points, **static):
    """The errors of the N points, float64[N, 3]; us float64[N, 2], or [0, 2] in the simple case.

    `bones` are base_relatives and inverse_base_absolutes, float64[22, 4, 4]; `vertices` are
    base_positions float64[M, 4], weights float64[M, 22] and triangles int[T, 3].
    """
    *rest, triangles = vertices
    hand, moved = skinned(theta, *bones, *rest, **static), theta[3:6]
    if len(us) == 0:
        return points - moved - hand[correspondences]

    def error(_, given):
        (i, j, k), (u, v), point = given
        return None, point - moved - (u * hand[i] + v * hand[j] + (1.0 - u - v) * hand[k])

    return dk.scan(error, None, (triangles[correspondences], us, points))[1]


def objective(*data, **static):
    """The errors one after the other, float64[3 N]."""
    return np.reshape(errors(*data, **static), -1)


def jacobian(theta, us, *data, **static):
    """The derivatives of the errors by u, each by its own, and by θ: float64[3 N, 28], or [3 N, 26]
    in the simple case."""

    def column(along_theta, along_u):
        tangents = along_theta, np.broadcast_to(along_u, us.shape)
        return dk.jvp(lambda *x: errors(*x, *data, **static), (theta, us), tangents)[1]

    columns = directions(len(us) > 0)
    return np.reshape(dk.vmap(column, out_axes=2)(*columns), (-1, len(columns[0])))


def directions(both):
    """One direction for each column: of θ float64[28, 26], and of all the u float64[28, 2]."""
    count = PARAMETERS + 2 * both
    return np.eye(count, PARAMETERS, PARAMETERS - count), np.eye(count, 2) * float(both)


def generate(n, vertices=10000, simple=False):
    """A hand of five fingers with `vertices` points of skin near its bones, of which only the first
    544 have triangles, and n points about it."""
    rng = np.random.default_rng(31337)
    parents = [-1, *(0 if k == 0 else 4 * f + k for f in range(5) for k in range(4)), 0]
    relatives = np.zeros((BONES, 4, 4))
    for b in range(BONES):
        relatives[b, :3, :3] = rotation(rng.normal(0.0, 0.3, 3))[:3, :3]
        relatives[b, :3, 3] = rng.normal(0.0, 0.3, 3)
        relatives[b, 3, 3] = 1.0
    absolutes = np.empty_like(relatives)
    for b, parent in enumerate(parents):
        absolutes[b] = relatives[b] if parent < 0 else absolutes[parent] @ relatives[b]
    weights = np.zeros((vertices, BONES))
    count = rng.integers(1, 5, vertices)
    for row, k in zip(weights, count, strict=True):
        row[rng.choice(BONES, k, replace=False)] = rng.dirichlet(np.ones(k))
    rest = np.ones((vertices, 4))
    rest[:, :3] = weights @ absolutes[:, :3, 3] + rng.normal(0.0, 0.1, (vertices, 3))
    triangles = rng.integers(0, min(544, vertices), (1084, 3))
    return {
        "theta": rng.normal(0.0, 1.0, PARAMETERS),
        "us": np.empty((0, 2)) if simple else rng.uniform(0.0, 0.5, (n, 2)),
        "data": {
            "model": {
                "bone_count": BONES,
                "bone_names": [f"bone{b}" for b in range(BONES)],
                "parents": parents,
                "base_relatives": relatives,
                "inverse_base_absolutes": np.linalg.inv(absolutes),
                "base_positions": rest,
                "weights": weights,
                "triangles": triangles,
                "is_mirrored": False,
            },
            "correspondences": rng.integers(0, min(544, vertices) if simple else 1084, n),
            "points": rng.normal(0.0, 1.0, (n, 3)),
        },
    }


def arguments(given):
    """θ and u; the bones, the skin and the points; the bones' parents are known before."""
    data, model = given["data"], given["data"]["model"]
    bones = floats(model["base_relatives"]), floats(model["inverse_base_absolutes"])
    triangles = np.asarray(model["triangles"], np.int64)
    skin = floats(model["base_positions"]), floats(model["weights"]), triangles
    us = floats(given["us"]).reshape(-1, 2)
    correspondences = np.asarray(data["correspondences"], np.int64)
    points = floats(data["points"])
    static = {"parents": tuple(model["parents"]), "mirrored": bool(model["is_mirrored"])}
    return Arguments((floats(given["theta"]), us, bones, skin, correspondences, points), static)


def workload(number, n):
    """The workload of n points, under the name of its file in GradBench."""
    return Workload(f"hand{number}_t26_c{n}", {"n": n})


COUNTS = (100, 192, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 100000)
EVAL = Eval(
    name="ht",
    title="hand tracking, compressed Jacobian",
    functions={"objective": objective, "jacobian": jacobian},
    primal="objective",
    derivative="jacobian",
    workloads=tuple(workload(i, n) for i, n in enumerate(COUNTS, 1)),
    small=(
        Workload("5, small", {"n": 5, "vertices": 40}),
        Workload("100, small", {"n": 100, "vertices": 544}),
    ),
    beyond=(Workload("100, small and simple", {"n": 100, "vertices": 544, "simple": True}),),
    generate=generate,
    arguments=arguments,
)
