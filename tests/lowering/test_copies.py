"""What the compiler does not do: copy what may stay where it is, and test an index twice.

Each program is also run in Python after every pass, against the interpreter of graphs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.lowering.interpret import Failed, interpret
from diffkit.lowering.parallel import parallel_loops
from diffkit.lowering.program import Program
from diffkit.lowering.syntax import Buffer, Fail, Load, Loop, Stmt, Store
from diffkit.lowering.walk import walk

from .agreement import agree_in_python, graph_of, variants_agree_in_python

RNG = np.random.default_rng(0)
ROWS, LINE = RNG.normal(size=(5, 4)), RNG.normal(size=6)


def loops_of(f: Callable[..., Any], *args: Any) -> Program:
    """The program after all passes, which computes what the function does."""
    variants_agree_in_python(graph_of(f, args), args)
    return dk.jit(f).loops(*args)


def fails(program: Program) -> list[Stmt]:
    return [stmt for stmt in walk(program.body) if isinstance(stmt, Fail)]


def copies(program: Program) -> list[Store]:
    """Stores of what stands in another array."""
    stores = [stmt for stmt in walk(program.body) if isinstance(stmt, Store)]
    return [s for s in stores if isinstance(s.value, Load) and s.value.buffer.role == "work"]


def arrays(program: Program, role: str) -> list[Buffer]:
    return [b for b in program.buffers if b.role == role and b.base is None]


# --- tests of indices ----------------------------------------------------------------------------

TABLE = np.array([[0, 70, 2, -1], [2, 90, -2, 1], [1, 80, 0, 0], [0, 60, 1, 2]] * 3)
VIEWS: dict[str, Callable[[Any], Any]] = {
    "column": lambda ix: ix[:, 0],
    "columns": lambda ix: ix[1:, 2:],
    "every other": lambda ix: ix[:, ::2],
    "backwards": lambda ix: ix[::-1, 3],
    "turned": lambda ix: ix.T[2],
    "one": lambda ix: ix[3, 2],
    "merged": lambda ix: np.reshape(ix[:, 2:], -1),
    "split": lambda ix: np.reshape(ix, (3, 4, 2, 2))[:, :, 1],
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("scanned", [False, True])
def test_what_is_read_of_an_index_array_is_tested_and_nothing_else(
    name: str, scanned: bool
) -> None:
    def f(t: Any, ix: Any) -> Any:
        index = VIEWS[name](ix)
        if scanned and index.ndim:
            return dk.scan(lambda s, k: (s + np.sum(t[k]), None), 0.0, index)[0]
        return t[index]

    t = np.arange(3.0)
    program = loops_of(f, t, TABLE)
    numbers = np.arange(TABLE.size).reshape(TABLE.shape)
    inside = np.isin(numbers, VIEWS[name](numbers))
    for place in np.ndindex(TABLE.shape):
        bad = TABLE.copy()
        bad[place] = 3
        if inside[place]:
            with pytest.raises(Failed):
                interpret(program, [t, bad])
        else:
            interpret(program, [t, bad])


def test_one_array_of_indices_is_tested_once() -> None:
    def computed(x: Any, k: Any) -> Any:
        at = np.floor(np.abs(k)).astype(int)
        return dnp.add_at(np.sin(x[at]), at, x[at])

    assert len(fails(loops_of(computed, LINE, RNG.uniform(-2.0, 2.0, 20)))) == 1
    assert len(fails(loops_of(lambda x, k: np.sin(x)[k] * x[k], LINE, np.arange(20) % 6))) == 1


def test_a_test_in_one_branch_or_step_is_none_for_others() -> None:
    """What is tested in a place that may not be reached is tested again in the next."""

    def f(x: Any, k: Any, b: Any) -> Any:
        at = k * k
        first = dk.cond(b, lambda: x[at], lambda: 0.0)
        return first + dk.cond(b, lambda: 0.0, lambda: x[at])

    args = LINE, np.array(2), np.array(True)
    program = loops_of(f, *args)
    assert len(fails(program)) == 2
    for b in (True, False):
        with pytest.raises(Failed):
            interpret(program, [LINE, 9, b])


def test_a_carry_that_is_an_index_is_tested_in_each_step() -> None:
    def walk_along(x: Any, k: Any) -> Any:
        return dk.fori_loop(0, 20, lambda i, k: 2 * k * (x[k] > -9.0) + 1, k)

    program = loops_of(walk_along, np.zeros(2**21), np.array(0))
    with pytest.raises(Failed):
        interpret(program, [np.zeros(2**21), 4])


def test_places_of_extrema_and_neighbours_need_no_test() -> None:
    assert not fails(loops_of(lambda x: x[np.argmin(ROWS * x, axis=1)], ROWS[0]))
    assert not fails(loops_of(lambda x, y: y[np.argmax(x, axis=0)], ROWS, LINE))
    assert fails(dk.jit(lambda x, y: y[np.argmax(x, axis=0)]).loops(ROWS, LINE[:4]))

    def smoothed(x: Any) -> Any:
        return dk.fori_loop(0, 4, lambda k, x: dnp.set_at(x, k + 1, x[k] + x[k + 2]), x)

    def parents(x: Any) -> Any:
        of = np.array([-1, 0, 1, 0, 3])
        return dk.scan(lambda x, p: (dnp.add_at(x, p + 1, np.sin(x[p + 1])), None), x, of)[0]

    assert not fails(loops_of(smoothed, LINE))
    assert not fails(loops_of(parents, LINE))


def test_neighbours_of_a_loops_index_are_compared() -> None:
    """x[k + 1] is no computed index, so that the array becomes variables."""

    def f(x: Any) -> Any:
        y = np.sin(x)
        return dk.fori_loop(0, 4, lambda k, s: s + y[k + 1] * y[k], 0.0)

    stores = [s for s in walk(loops_of(f, np.sin(np.arange(40.0))).body) if isinstance(s, Store)]
    assert all(s.buffer.role == "work" for s in stores)
    assert not any("select" in str(part) for s in stores for part in s.index)


# --- carries -------------------------------------------------------------------------------------


def rows_in_place(x: Any, w: Any) -> Any:
    def step(k: Any, rows: Any) -> Any:
        return dnp.set_at(rows, k, np.outer(x[k], x[k]))

    rows = dk.fori_loop(0, 5, step, np.zeros((5, 4, 4)))
    return np.concatenate([np.reshape(rows, -1), w])


def frames(x: Any, w: Any) -> Any:
    """Under vmap the carry of a batch is turned around for each write into it."""

    def one(row: Any) -> Any:
        def step(rows: Any, k: Any) -> Any:
            return dnp.set_at(rows, k, np.sin(rows[k - 1]) * row), None

        return dk.scan(step, np.zeros((6, 4)), np.array([1, 3, 5, 2, 4, 5, 0, 2, 1]))[0]

    return dk.vmap(one)(x), w


@pytest.mark.parametrize("f", [rows_in_place, frames])
def test_a_carry_that_is_updated_in_place_is_never_copied(f: Callable[..., Any]) -> None:
    program = loops_of(f, ROWS, LINE)
    ordered = [loop for loop in program.loops if loop.ordered]
    assert len(ordered) == 1
    inside = {id(stmt) for stmt in walk(ordered[0].body)}
    assert not [s for s in copies(program) if id(s) in inside and s.mode == "set"]


def test_a_carry_that_is_read_after_its_update_is_copied() -> None:
    """The value from before is still needed."""

    def swap(x: Any) -> Any:
        def step(x: Any, k: Any) -> Any:
            y = dnp.set_at(x, k, x[k - 1] * 2.0)
            return dnp.set_at(y, k - 1, x[k] + y[k - 1]), np.sum(x * y)

        return dk.scan(step, x, np.array([3, 1, 5, 2, 2, 4, 1, 3, 5]))

    loops_of(swap, LINE)
    loops_of(swap, np.linspace(0.0, 1.0, 30))


@pytest.mark.parametrize("size", [3, 6, 20])
def test_small_accumulators_stay_in_memory_where_indices_are_computed(size: int) -> None:
    def histogram(x: Any, ks: Any) -> Any:
        def row(c: Any, k: Any) -> Any:
            return dk.scan(lambda c, k: (dnp.add_at(c, k, x[k] + c[0]), None), c, k)[0], None

        return dk.scan(row, np.zeros(size), ks)[0]

    ks = RNG.integers(-3, 3, size=(9, 11))
    program = loops_of(histogram, RNG.normal(size=size), ks)
    (total,) = arrays(program, "output")
    changed = [s for s in walk(program.body) if isinstance(s, Store) and s.buffer is total]
    assert [s.mode for s in changed] == ["set", "add"]
    assert not arrays(program, "work")


# --- windows -------------------------------------------------------------------------------------


def outer_rows(x: Any) -> Any:
    return dk.scan(lambda s, v: (s + np.sum(v), np.outer(v, v) * s), 1.0, x)[1]


def joined(x: Any, y: Any) -> Any:
    return np.concatenate([np.reshape(outer_rows(x), -1), y])


def twice(x: Any, y: Any) -> Any:
    rows = np.reshape(outer_rows(x), -1)
    return np.concatenate([rows, y, rows])


def stacked(x: Any, y: Any) -> Any:
    rows = outer_rows(x)
    return np.concatenate([rows, np.ones((2, 4, 4)), rows * y[0]], axis=0)


def in_a_window(x: Any, y: Any) -> Any:
    part = joined(x, y)
    return np.concatenate([y, part, np.cumsum(part)])


def overwritten(x: Any, y: Any) -> Any:
    rows = outer_rows(x)
    all_ = dnp.set_at(np.concatenate([np.reshape(rows, -1), y]), 0, 3.0)
    return all_, np.sum(rows)


def turned(x: Any, y: Any) -> Any:
    rows = outer_rows(x)
    return np.concatenate([np.reshape(np.transpose(rows, (2, 0, 1)), -1), y])


@pytest.mark.parametrize("f", [joined, twice, stacked, in_a_window])
def test_what_is_joined_in_the_end_is_computed_there(f: Callable[..., Any]) -> None:
    program = loops_of(f, ROWS, LINE)
    assert program.block == 0
    assert len(arrays(program, "output")) == 1


@pytest.mark.parametrize("f", [overwritten, turned])
def test_what_is_used_otherwise_has_memory_of_its_own(f: Callable[..., Any]) -> None:
    assert loops_of(f, ROWS, LINE).block > 0


def test_loops_that_write_to_windows_run_in_parallel() -> None:
    x = RNG.normal(size=(600, 20))

    def f(x: Any, y: Any) -> Any:
        def row(v: Any) -> Any:
            return v * np.sum(v), np.cos(v)

        first, second = dk.vmap(row)(x)
        return np.concatenate([np.reshape(first, -1), y, np.reshape(second, -1)])

    program = dk.jit(f).loops(x, LINE)
    rows = [s for s in program.body if isinstance(s, Loop) and s.extent == 600]
    assert rows
    assert set(rows) <= parallel_loops(program)


def test_windows_are_donated_with_the_array() -> None:
    given = RNG.normal(size=86)

    def f(x: Any, y: Any) -> Any:
        return np.concatenate([np.reshape(outer_rows(x), -1), np.max(y) * np.arange(6.0)])

    want, jitted = f(ROWS, given), dk.jit(f, donate=(1,))
    (result,) = jitted.loops(ROWS, given).results
    assert isinstance(result, Buffer) and result.role == "param"
    np.testing.assert_allclose(jitted(ROWS, given), want, rtol=1e-13)
    np.testing.assert_allclose(given, want, rtol=1e-13)


# --- extrema -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [float, np.float32, int, bool])
@pytest.mark.parametrize("case", ["ties", "nan", "inf"])
def test_places_of_extrema(dtype: Any, case: str) -> None:
    x = RNG.integers(-3, 4, size=(12, 30)).astype(dtype)
    if dtype in (float, np.float32):
        x[x == 2] = {"ties": 2, "nan": np.nan, "inf": np.inf}[case]
        x[:3] = {"ties": 0, "nan": np.nan, "inf": -np.inf}[case]
    elif dtype is bool:
        x[:3] = False
    for f in (np.argmin, np.argmax):
        for axis in (0, 1):
            for y in (x, ~x if dtype is bool else -x):
                graph = graph_of(lambda y, f=f, axis=axis: f(y, axis=axis), [y])
                agree_in_python(graph, [y])
                assert graph.types[0].shape == f(y, axis=axis).shape


# --- order ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(12,), (12, 3)])
def test_what_runs_forwards_does_not_join_a_loop_that_runs_backwards(shape: Any) -> None:
    def f(x: Any) -> Any:
        sums, first = np.cumsum(x, axis=0), np.argmax(np.floor(x), axis=0)
        _, back = dk.scan(lambda s, r: (np.sin(s) + r, s), 0.0 * x[0], x, reverse=True)
        return sums, first, back

    loops_of(f, RNG.normal(size=shape))
