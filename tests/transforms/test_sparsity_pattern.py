"""The pattern of a graph: it misses nothing, and has not much that it need not have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import UnsupportedError
from diffkit.graph import Elementwise
from diffkit.modes.activity import operands
from diffkit.ops.shape import slice_
from diffkit.transforms.sparsity import index_sets, regions
from diffkit.transforms.sparsity.index_sets import TooDense
from diffkit.transforms.sparsity.pattern import pattern
from diffkit.types import type_of
from tests.control import test_random_loops as loops
from tests.control.programs import PROGRAMS, Program
from tests.modes import test_random_programs as programs
from tests.ops.scenario import Scenario
from tests.ops.scenarios import SCENARIOS, active, arguments, by_op, differentiable, graph_of
from tests.ops.test_planted import planted

from .sparse_oracle import missing

N = 6
X = np.linspace(0.3, 1.7, N)


def found(f: Any, *args: Any) -> Any:
    """The pattern of a function by its first argument."""
    graph = dk.trace(f)(*[type_of(x) for x in args])
    return pattern(graph, [k == 0 for k in range(len(args))]).toarray()


def band(*offsets: int, rows: int = N, columns: int = N) -> Any:
    return sum((np.eye(rows, columns, k) for k in offsets), np.zeros((rows, columns))) > 0


# --- nothing is missed ---------------------------------------------------------------------------

DIFFERENTIABLE = [s for s in SCENARIOS if differentiable(s)]


@pytest.mark.parametrize("scenario", by_op(DIFFERENTIABLE))
def test_every_op_keeps_its_dependences(scenario: Scenario) -> None:
    graph, on = graph_of(scenario), active(scenario)
    assert len(missing(graph, on, arguments(scenario))) == 0


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_control_flow_keeps_its_dependences(program: Program) -> None:
    graph = dk.trace(program.f)(*[type_of(x) for x in program.args])
    assert len(missing(graph, [True] * len(program.args), program.args)) == 0


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(programs.PROGRAMS, programs.SEEDS)
def test_random_programs_keep_their_dependences(program: Any, seed: int) -> None:
    args = programs.point(seed)
    graph = dk.trace(programs.function_of(program))(*[type_of(x) for x in args])
    assert len(missing(graph, [True] * 3, args)) == 0


@settings(max_examples=80, derandomize=True, deadline=None, database=None)
@given(loops.PROGRAMS, loops.SEEDS)
def test_random_loops_keep_their_dependences(program: Any, seed: int) -> None:
    args = [np.asarray(x)[()] for x in loops.point(seed)]
    graph = dk.trace(loops.function_of(program))(*[type_of(x) for x in args])
    assert len(missing(graph, [True] * 2, args)) == 0


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_fixed_points_keep_their_dependences(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every scan by its fixed point, and every fixed point given up after one round."""
    monkeypatch.setattr(regions, "MOST_NODES", 0)
    graph = dk.trace(program.f)(*[type_of(x) for x in program.args])
    assert len(missing(graph, [True] * len(program.args), program.args)) == 0
    monkeypatch.setattr(regions, "MOST_ROUNDS", 1)
    assert len(missing(graph, [True] * len(program.args), program.args)) == 0


def test_the_check_sees_a_missed_operand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A union that forgets an operand, and a read of other rows: both are caught."""
    product = dk.trace(lambda x: x[1:] * x[:-1])(dk.f64[N])
    read = dk.trace(lambda x: x[np.array([0, 2, 3])])(dk.f64[N])
    assert len(missing(product, [True], [X])) == len(missing(read, [True], [X])) == 0
    with monkeypatch.context() as patch:
        patch.setattr(index_sets, "union_of_two", lambda a, b: a if b is None else b)
        assert len(missing(product, [True], [X])) == N - 1
    with monkeypatch.context() as patch:
        patch.setattr(index_sets, "take", lambda a, rows: a[: len(rows)])
        assert len(missing(read, [True], [X])) == 2


def test_facts_drive_the_pattern() -> None:
    """No table by op name: an op declared constant has no pattern any more."""
    graph = dk.trace(lambda x: x[1:])(dk.f64[N])
    assert pattern(graph, [True]).nnz == N - 1
    with planted(slice_, Elementwise((None,))):
        operands.cache_clear()
        assert pattern(graph, [True]).nnz == 0
    operands.cache_clear()


# --- and little is added -------------------------------------------------------------------------

SHIFTS = np.diag(np.ones(N)) - np.diag(np.ones(N - 1), 1)

EXACT: list[tuple[str, Any, Any]] = [
    ("product of neighbours", lambda x: x[1:] * x[:-1], band(0, 1, rows=N - 1)),
    ("difference", np.diff, band(0, 1, rows=N - 1)),
    ("padding", lambda x: np.pad(x, (1, 0)), band(-1, rows=N + 1)),
    ("reversal", lambda x: x[::-1] ** 2, band(0)[::-1]),
    ("running sum", np.cumsum, np.tri(N, dtype=bool)),
    ("sum", np.sum, np.ones((1, N), bool)),
    ("row sums", lambda x: np.sum(np.reshape(x, (2, 3)), 1), np.kron(np.eye(2), np.ones(3)) > 0),
    ("greatest of columns", lambda x: np.max(np.reshape(x, (2, 3)), 0), band(0, 3, rows=3)),
    ("outer product", lambda x: np.outer(x[:2], x[2:4])[0], band(2, rows=2) | (np.arange(N) == 0)),
    ("known matrix", lambda x: np.tanh(SHIFTS @ x), band(0, 1)),
    ("known mask", lambda x: np.where(np.arange(N) < 2, x, x[::-1]), None),
    ("stopped", lambda x: x + dnp.stop_gradient(x[::-1]), band(0)),
    ("rounded", lambda x: np.floor(x) + np.sign(x), np.zeros((N, N), bool)),
    ("cancelled", lambda x: x - x, band(0)),
    ("times zero", lambda x: 0.0 * x, band(0)),
    ("nothing", lambda x: x[:0], np.zeros((0, N), bool)),
    ("constant", lambda x: np.ones(3), np.zeros((3, N), bool)),
    ("integers", np.argmax, np.zeros((1, N), bool)),
    ("to float32", lambda x: x.astype(np.float32)[1:], band(1, rows=N - 1)),
]  # fmt: skip


@pytest.mark.parametrize(("f", "want"), [row[1:] for row in EXACT], ids=[row[0] for row in EXACT])
def test_patterns_known_in_closed_form(f: Any, want: Any) -> None:
    if want is None:
        want = np.where((np.arange(N) < 2)[:, None], band(0), band(0)[::-1])
    np.testing.assert_array_equal(found(f, X), want)


def test_a_loop_reads_by_its_counter() -> None:
    def f(x: Any) -> Any:
        return dk.fori_loop(1, N, lambda k, y: dnp.set_at(y, k, x[k] * x[k - 1]), np.zeros(N))

    want = band(0, -1)
    want[0] = False
    np.testing.assert_array_equal(found(f, X), want)


def test_a_scan_over_rows_is_diagonal() -> None:
    def f(x: Any) -> Any:
        return dk.scan(lambda c, row: (c + 1.0, c * np.sin(row)), 0.0, x)[1]

    np.testing.assert_array_equal(found(f, X), band(0))


@pytest.mark.parametrize("trips", [0, 1, 3, 1000])
def test_a_stencil_spreads_by_one_each_step(trips: int) -> None:
    def stencil(k: Any, u: Any) -> Any:
        wide = np.pad(u, 1)
        return u * wide[2:] + wide[:-2]

    def f(x: Any) -> Any:
        return dk.fori_loop(0, trips, stencil, x)

    width = min(trips, N)
    np.testing.assert_array_equal(found(f, X), band(*range(-width, width + 1)))


def test_loops_in_loops_of_many_steps() -> None:
    """Too many to be walked step by step: by fixed points."""

    def f(x: Any) -> Any:
        def outer(k: Any, y: Any) -> Any:
            return dk.fori_loop(0, 1000, lambda i, z: np.sin(z) + x, y)

        return dk.fori_loop(0, 1000, outer, 2.0 * x)

    np.testing.assert_array_equal(found(f, X), band(0))


def test_a_branch_may_be_any() -> None:
    def f(x: Any) -> Any:
        return dk.cond(np.sum(x) > 0, lambda x: x * 2.0, lambda x: x[::-1] * x[::-1], x)

    np.testing.assert_array_equal(found(f, X), band(0) | band(0)[::-1])


def test_a_while_reaches_its_fixed_point() -> None:
    def f(x: Any) -> Any:
        half = x[:3], x[3:]
        out = dk.while_loop(lambda c: c[0][0] < 9, lambda c: (c[0] * 2, c[1] + c[0]), half)
        return np.concatenate(out)

    want = band(0)
    want[3:, :3] |= np.eye(3, dtype=bool)
    np.testing.assert_array_equal(found(f, np.abs(X)), want)


def test_an_index_that_depends_on_the_input_may_be_any() -> None:
    table = np.reshape(X, (3, 2))

    def read(x: Any) -> Any:
        return x[np.argmin(x[:, 0])]  # a whole row: the column is known

    np.testing.assert_array_equal(found(read, table), np.tile(np.eye(2, dtype=bool), 3))

    def written(x: Any) -> Any:
        return dnp.set_at(x[:, 0], np.argmin(x[:, 1]), x[0, 1])

    want = np.zeros((3, 6), bool)
    want[[0, 1, 2], [0, 2, 4]] = True
    want[:, 1] = True
    np.testing.assert_array_equal(found(written, table), want)


def test_an_index_out_of_bounds_in_a_branch_not_taken() -> None:
    def f(x: Any) -> Any:
        def step(k: Any, y: Any) -> Any:
            def far(y: Any) -> Any:
                return y + x[k + 1]

            return dk.cond(k < N - 1, far, lambda y: y, y)

        return dk.fori_loop(0, N, step, 0.0)

    assert found(f, X)[0, 1:].all()


def test_custom_rules_are_walked() -> None:
    @dk.custom_jvp
    def double(x: Any) -> Any:
        return 2.0 * x

    double.defjvp(lambda primals, tangents: (2.0 * primals[0], 2.0 * tangents[0]))
    np.testing.assert_array_equal(found(lambda x: double(x)[1:], X), band(1, rows=N - 1))

    @dk.custom_vjp
    def back(x: Any) -> Any:
        return x[::-1]

    back.defvjp(lambda x: (x[::-1], ()), lambda residuals, ct: (ct[::-1],))
    np.testing.assert_array_equal(found(back, X), band(0)[::-1])


def test_a_stack_of_systems_is_block_diagonal() -> None:
    systems = np.reshape(np.arange(24.0), (2, 3, 4))

    def f(x: Any) -> Any:
        return dk.vmap(lambda r: np.linalg.solve(r[:, :3] + 9.0 * np.eye(3), r[:, 3]))(x)

    want = np.kron(np.eye(2), np.ones((3, 12))) > 0
    np.testing.assert_array_equal(found(f, systems), want)
    one = found(lambda x: f(x)[0], systems)
    np.testing.assert_array_equal(one, want[:3])


def test_a_callback_without_a_rule_is_refused() -> None:
    f = dk.callback(lambda x: x * 2.0, dk.f64[N])
    with pytest.raises(UnsupportedError, match="callback"):
        found(f, X)


def test_too_dense_is_said() -> None:
    with pytest.raises(TooDense, match="1e"):
        pattern(dk.trace(np.cumsum)(dk.f64[100_000]), [True])


def test_numbers_that_float32_does_not_tell_apart() -> None:
    n = 2**24 + 4
    graph = dk.trace(lambda x: x[-3:][::-1])(dk.f32[n])
    np.testing.assert_array_equal(pattern(graph, [True]).indices, [n - 1, n - 2, n - 3])
