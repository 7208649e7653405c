"""ba against complex steps through the matrix exponential of each camera's rotation."""

import os
from pathlib import Path

import numpy
import pytest
from scipy.linalg import expm
from scipy.sparse import csr_matrix

from comparisons.gradbench.compiled import compiled
from comparisons.gradbench.evals import ba
from comparisons.gradbench.evaluation import Arguments, Workload
from comparisons.gradbench.kernels.ba import kernels
from comparisons.gradbench.tool import answer
from comparisons.gradbench.validate import difference, reference

FUNCTIONS = {"by hand": kernels()["jacobian"], "diffkit": ba.jacobian}


def scene(n=3, m=4, p=9):
    """Cameras, points, weights and features that all differ; camera 0 does not turn."""
    rng = numpy.random.default_rng(8)
    cameras = rng.normal(0.0, 0.3, (n, 11))
    cameras[:, 5] -= 5.0
    cameras[:, 6] += 400.0
    cameras[0, :3] = 0.0
    i = numpy.arange(p)
    return (
        cameras,
        rng.normal(0.0, 1.0, (m, 3)),
        rng.uniform(0.5, 1.5, p),
        rng.normal(0.0, 50.0, (p, 2)),
        (i % n).astype(numpy.int32),
        (i % m).astype(numpy.int32),
        numpy.int32(0),
        numpy.int32(p),
    )


def all_errors(unknowns, data):
    """2 p errors, then p of the weights, from all unknowns in a vector that may be complex."""
    cameras, points, weights, features, camera_of, point_of, *_ = data
    n, m = len(cameras), len(points)
    found = []
    for i in range(len(weights)):
        camera = unknowns[11 * camera_of[i] :][:11]
        point = unknowns[11 * n + 3 * point_of[i] :][:3]
        (x, y, z), w = camera[:3], unknowns[11 * n + 3 * m + i]
        seen = expm(numpy.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])) @ (point - camera[3:6])
        u = seen[:2] / seen[2]
        rho = u @ u
        bent = camera[6] * (1 + camera[9] * rho + camera[10] * rho**2) * u
        found.append(w * (bent + camera[7:9] - features[i]))
    weights = unknowns[11 * n + 3 * m :]
    return numpy.concatenate([*found, 1 - weights**2])


def unknowns_of(data):
    return numpy.concatenate([part.ravel() for part in data[:3]])


def by_complex_steps(data):
    x, step = unknowns_of(data), 1e-30
    columns = [all_errors(x + 1j * step * e, data).imag / step for e in numpy.eye(len(x))]
    return numpy.stack(columns, axis=1)


def matrix(found, width):
    return csr_matrix(
        (found["vals"], found["cols"], found["rows"]), (len(found["rows"]) - 1, width)
    )


def run(function, data):
    """By hand, or by diffkit, compiled."""
    if function is not ba.jacobian:
        return function(*data)
    program = compiled(function, Arguments(data))
    return program.tree(program.run())


@pytest.mark.parametrize("by", FUNCTIONS)
def test_the_jacobian_is_that_of_complex_steps(by):
    data = scene()
    expected = by_complex_steps(data)
    found = matrix(run(FUNCTIONS[by], data), expected.shape[1])
    assert found.nnz == 31 * len(data[2])
    numpy.testing.assert_allclose(found.toarray(), expected, rtol=1e-10, atol=1e-9)
    still = found.toarray()[:2, :3]  # by the angles of the camera that does not turn
    assert numpy.all(numpy.abs(still) > 1.0)


def test_the_errors_are_those_of_the_matrix_exponential():
    data = scene()
    expected = all_errors(unknowns_of(data), data)
    for errors, weights in (ba.objective(*data), kernels()["objective"](*data)):
        numpy.testing.assert_allclose(numpy.append(errors, weights), expected, rtol=1e-12)


@pytest.mark.parametrize("by", FUNCTIONS)
def test_blocks_of_observations_make_the_whole(by):
    """The rows of a block say where they stand in the whole."""
    data, function, p = scene(p=8), FUNCTIONS[by], 8
    whole = run(function, data)
    cols, vals = numpy.zeros(31 * p), numpy.zeros(31 * p)
    for first in (0, 4):
        own = (part[first : first + 4] for part in data[2:6])
        found = run(function, (*data[:2], *own, numpy.int32(first), numpy.int32(p)))
        numpy.testing.assert_array_equal(found["rows"][:8], whole["rows"][2 * first :][:8])
        numpy.testing.assert_array_equal(found["rows"][8:], whole["rows"][2 * p + first :][:5])
        starts = numpy.concatenate([found["rows"][:8, None] + numpy.arange(15)])
        places = numpy.concatenate([starts.ravel(), found["rows"][8:-1]])
        cols[places], vals[places] = found["cols"], found["vals"]
    numpy.testing.assert_array_equal(cols, whole["cols"])
    numpy.testing.assert_array_equal(vals, whole["vals"])


@pytest.mark.parametrize("function", ["objective", "jacobian"])
def test_a_large_problem_is_answered_in_blocks(monkeypatch, function):
    """And the answer is that to the whole."""
    given = ba.generate(2, 3, 100) | {"min_runs": 2, "min_seconds": 0.0}
    message = {"id": 1, "kind": "evaluate", "module": "ba", "function": function, "input": given}
    expected = answer(message)["output"]
    monkeypatch.setattr(ba, "MOST", 34)
    assert [block["count"] for block in ba.blocks(given)] == [34, 34, 32]
    found = answer(message)
    assert found["output"] == expected
    assert [t["name"] for t in found["timings"]] == ["prepare", "evaluate", "evaluate"]
    assert difference(expected, reference(ba.EVAL, function, given)) <= 1e-12


def test_what_is_sent():
    """The first 30 entries and the last of each array; of the errors the first."""
    data = ba.arguments(ba.generate(2, 3, 11)).data
    found = run(ba.jacobian, data)
    sent = ba.encode("jacobian", found)
    assert {part: len(numbers) for part, numbers in sent.items()} == dict.fromkeys(sent, 31)
    assert sent["rows"][:3] == [0, 15, 30] and sent["rows"][-1] == 31 * 11
    assert sent["cols"][:15] == [*range(11), 22, 23, 24, 31] and sent["cols"][-1] == 31 + 10
    assert sent["vals"][-1] == -2.0 * data[2][0]
    errors = ba.encode("objective", ba.objective(*data))
    assert errors["reproj_error"]["repeated"] == errors["w_err"]["repeated"] == 11
    assert len(errors["reproj_error"]["elements"]) == 2


def test_workloads_have_the_sizes_of_their_names():
    for workload in (*ba.EVAL.workloads, *ba.EVAL.beyond):
        assert workload == Workload(
            workload.name,
            {part[0]: int(part[1:]) for part in workload.name.split("_")[1:]},
        )


@pytest.mark.skipif("DIFFKIT_GRADBENCH_DATA" not in os.environ, reason="needs GradBench's data")
def test_the_real_input():
    """One observation of the file stands for all."""
    (path,) = Path(os.environ["DIFFKIT_GRADBENCH_DATA"], "ba").glob("ba1_*.txt")
    _, *numbers = [numpy.array(line.split(), float) for line in path.read_text().splitlines()]
    cam, x, w, feat = numbers[:4]
    given = {"n": 1, "m": 1, "p": 1, "cam": cam, "x": x, "w": w.item(), "feat": feat}
    data = ba.arguments(given).data
    expected = by_complex_steps(data)
    for function in FUNCTIONS.values():
        found = matrix(function(*data), 15).toarray()
        scale = numpy.abs(expected).max()
        numpy.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * scale)
