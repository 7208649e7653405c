"""ht against complex steps through the matrix exponentials of all its rotations, bone by bone."""

import os
from pathlib import Path

import numpy
import pytest
from scipy.linalg import expm

from comparisons.gradbench.compiled import compiled
from comparisons.gradbench.evals import ht
from comparisons.gradbench.kernels.ht import kernels

BY_HAND = kernels()


def given(simple=False, mirrored=False, still=False):
    """A small hand with 7 points, perhaps mirrored, perhaps not turned as a whole."""
    found = ht.generate(7, vertices=40, simple=simple)
    found["data"]["model"]["is_mirrored"] = mirrored
    if still:
        found["theta"][:3] = 0.0
    return found


def about(axis):
    """The matrix of a cross product from the left."""
    x, y, z = axis
    return numpy.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])


def errors(asked, theta, us):
    """The errors, float64[3 N]; θ and u may be complex."""
    model, data = asked["data"]["model"], asked["data"]
    frames = []
    for b, parent in enumerate(model["parents"]):
        finger, joint = divmod(b - 1, 4)
        at = 6 + 4 * finger
        x, z = 0.0, 0.0
        if 1 <= b <= 20 and joint:
            x, z = theta[at + (0, 0, 2, 3)[joint]], theta[at + 1] if joint == 1 else 0.0
        turn = numpy.eye(4, dtype=complex)
        turn[:3, :3] = expm(z * about([0, 0, 1])) @ expm(x * about([1, 0, 0]))
        local = model["base_relatives"][b] @ turn
        frames.append(local if parent < 0 else frames[parent] @ local)
    follow = [
        t @ inverse for t, inverse in zip(frames, model["inverse_base_absolutes"], strict=True)
    ]
    whole = expm(about(theta[:3]))
    hand = []
    for weights, rest in zip(model["weights"], model["base_positions"], strict=True):
        v = sum(w * (s @ rest)[:3] for w, s in zip(weights, follow, strict=True))
        v = v * [-1 if model["is_mirrored"] else 1, 1, 1]
        hand.append(whole @ v + theta[3:6])
    found = []
    for q, (k, y) in enumerate(zip(data["correspondences"], data["points"], strict=True)):
        if len(us) == 0:
            found.append(y - hand[k])
            continue
        a, b, c = model["triangles"][k]
        u, v = us[q]
        found.append(y - (u * hand[a] + v * hand[b] + (1 - u - v) * hand[c]))
    return numpy.concatenate(found)


def expected(asked, step=1e-30):
    """The errors and their derivatives: by all u₁, all u₂, then θ."""
    theta, us = numpy.asarray(asked["theta"], float), numpy.asarray(asked["us"], float)
    columns = []
    for along in numpy.eye(2) if len(us) else ():
        columns.append(errors(asked, theta, us + 1j * step * along).imag / step)
    for along in numpy.eye(26):
        columns.append(errors(asked, theta + 1j * step * along, us).imag / step)
    return errors(asked, theta, us).real, numpy.stack(columns, axis=1)


def test_compiled_and_by_hand():
    """Points on triangles of a mirrored hand."""
    asked = given(mirrored=True)
    arguments = ht.arguments(asked)
    for name, right in zip(("objective", "jacobian"), expected(asked), strict=True):
        program = compiled(ht.EVAL.functions[name], arguments)
        by_hand = BY_HAND[name](*arguments.data, *arguments.static.values())
        assert numpy.all(numpy.abs(right).max(axis=0) > 1e-3)  # no column is zero
        for found in (program.tree(program.run()), by_hand):
            numpy.testing.assert_allclose(found, right, rtol=1e-10, atol=1e-11)


def test_points_on_vertices():
    """26 columns."""
    asked = given(simple=True)
    arguments = ht.arguments(asked)
    for name, right in zip(("objective", "jacobian"), expected(asked), strict=True):
        by_hand = BY_HAND[name](*arguments.data, *arguments.static.values())
        found = ht.EVAL.functions[name](*arguments.data, **arguments.static)
        assert right.shape[1:] == ((26,) if name == "jacobian" else ())
        for it in (found, by_hand):
            numpy.testing.assert_allclose(it, right, rtol=1e-10, atol=1e-11)


def test_a_hand_that_does_not_turn():
    """Below an angle of 1e-4 the hand is taken as it is: no derivative by ω, others as ever."""
    asked = given(still=True)
    arguments = ht.arguments(asked)
    _, right = expected(asked)
    assert numpy.abs(right[:, 2:5]).max() > 0.1  # what the limit would have
    right[:, 2:5] = 0.0
    by_hand = BY_HAND["jacobian"](*arguments.data, *arguments.static.values())
    for found in (ht.jacobian(*arguments.data, **arguments.static), by_hand):
        numpy.testing.assert_allclose(found, right, rtol=1e-10, atol=1e-11)


def rows(path, separator=None):
    return [line.split(separator) for line in path.read_text().splitlines()]


def matrix(values):
    """16 numbers, a row after the other."""
    return numpy.array(values, float).reshape(4, 4)


def read(folder, points):
    """A problem of GradBench's files, in the shape of the protocol."""
    bones = rows(folder / "model" / "bones.txt", ":")
    vertices = rows(folder / "model" / "vertices.txt", ":")
    weights = numpy.zeros((len(vertices), len(bones)))
    for row, vertex in zip(weights, vertices, strict=True):
        for bone, weight in zip(vertex[9::2], vertex[10::2], strict=True):
            row[int(bone)] = float(weight)
    (path,) = folder.glob(f"hand*_c{points}.txt")
    (count, _), *lines = rows(path)
    n = int(count)
    us = lines[n : 2 * n] if len(lines) > n + 26 else []
    return {
        "theta": numpy.array(lines[-26:], float)[:, 0],
        "us": numpy.array(us, float).reshape(-1, 2),
        "data": {
            "model": {
                "parents": [int(bone[1]) for bone in bones],
                "base_relatives": numpy.stack([matrix(bone[2:18]) for bone in bones]),
                "inverse_base_absolutes": numpy.stack([matrix(bone[18:34]) for bone in bones]),
                "base_positions": numpy.array([[*v[:3], 1.0] for v in vertices], float),
                "weights": weights,
                "triangles": numpy.array(rows(folder / "model" / "triangles.txt", ":"), int),
                "is_mirrored": False,
            },
            "correspondences": numpy.array([int(line[0]) for line in lines[:n]]),
            "points": numpy.array([line[1:] for line in lines[:n]], float),
        },
    }


@pytest.mark.skipif("DIFFKIT_GRADBENCH_DATA" not in os.environ, reason="needs GradBench's data")
@pytest.mark.parametrize("kind", ["simple_small", "complicated_big"])
def test_the_real_input(kind):
    asked = read(Path(os.environ["DIFFKIT_GRADBENCH_DATA"], "ht", kind), 100)
    skin, data = asked["data"]["model"], asked["data"]
    for name in ("base_positions", "weights"):  # those that the points use
        skin[name] = skin[name][:544]
    for name in ("correspondences", "points"):
        data[name] = data[name][:5]
    asked["us"] = asked["us"][:5]
    arguments = ht.arguments(asked)
    base = numpy.stack(arguments.data[2][0])
    numpy.testing.assert_array_equal(base[:, 3], numpy.tile([0, 0, 0, 1], (22, 1)))
    _, right = expected(asked)
    by_hand = BY_HAND["jacobian"](*arguments.data, *arguments.static.values())
    for found in (ht.jacobian(*arguments.data, **arguments.static), by_hand):
        numpy.testing.assert_allclose(found, right, rtol=1e-10, atol=1e-10)
