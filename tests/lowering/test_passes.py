"""What each pass over loop programs is for, on the smallest program that shows it.

That results stay the same is the business of test_agreement.py.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.lowering.program import Program
from diffkit.lowering.syntax import Affine, Assign, Buffer, Loop, Store
from diffkit.lowering.walk import walk
from diffkit.types import i64

LARGE = np.linspace(-1.0, 1.0, 5000)


def loops_of(f: Any, *args: Any) -> Program:
    return dk.jit(f).loops(*args)


def work(program: Program) -> list[Buffer]:
    return [b for b in program.buffers if b.role == "work" and b.base is None]


def stores(program: Program) -> list[Store]:
    return [stmt for stmt in walk(program.body) if isinstance(stmt, Store)]


def valley(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def test_recompute_and_peel_leave_one_loop_over_large_neighbours() -> None:
    small = loops_of(dk.value_and_grad(valley), LARGE[:500])
    large = loops_of(dk.value_and_grad(valley), LARGE)
    assert [len(p.loops) for p in (small, large)] == [2, 1]
    assert [len(work(p)) for p in (small, large)] == [2, 0]
    assert large.loops[0].extent == 4998


def test_reuse_computes_the_gradient_of_logsumexp_in_its_own_array() -> None:
    def soft(x: Any) -> Any:
        top = np.max(x)
        return top + np.log(np.sum(np.exp(x - top)))

    assert len(work(loops_of(dk.grad(soft), LARGE[:500]))) > 0
    assert work(loops_of(dk.grad(soft), LARGE)) == []


def test_gather_makes_one_sweep_of_the_transposed_stencil() -> None:
    def heated(u: Any) -> Any:
        def step(u: Any, _: Any) -> Any:
            flow = u[:-2] + u[2:] - 2.0 * u[1:-1]
            return u + 0.1 * np.pad(flow, 1), None

        return np.sum(dk.scan(step, u, length=20)[0] ** 2)

    program = loops_of(dk.grad(heated), LARGE[:200])
    (backward,) = (loop for loop in program.loops if loop.ordered and loop.reverse)
    sweeps = [stmt for stmt in backward.body if isinstance(stmt, Loop)]
    assert len(sweeps) == 2
    rim = [s for s in stores(program) if s.buffer.shape == (202,)]
    assert len(rim) == 2  # zeros once, before the loop; the inside in every step


def test_trim_computes_what_is_read() -> None:
    def head(x: Any) -> Any:
        y = np.sin(x)
        return y[10:20] * np.cumsum(y[10:20] ** 2)[-1]

    program = loops_of(head, LARGE[:500])
    assert {loop.extent for loop in program.loops} == {10}


def test_layout_turns_the_coordinates_of_points() -> None:
    def spread(points: Any) -> Any:
        d = points[None] - points[:, None]
        near = 1.0 / np.sqrt(np.sum(d * d, axis=2) + 0.1)
        return np.sum(near)

    def moved(points: Any) -> Any:
        return dk.scan(lambda p, _: (p - 0.1 * dk.grad(spread)(p), None), points, length=5)[0]

    program = loops_of(moved, np.ones((16, 3)))
    assert any(b.shape[-2:] == (3, 16) for b in work(program))


def test_distribute_takes_the_scatter_out_of_the_arithmetic() -> None:
    def forces(x: Any, start: Any, end: Any) -> Any:
        d = x[end] - x[start]
        pull = d / np.sqrt(1.0 + d * d)
        return dnp.add_at(dnp.add_at(np.zeros_like(x), start, pull), end, -pull)

    ends = np.arange(40)
    program = loops_of(forces, LARGE[:41], ends, ends + 1)
    scatters = [s for s in stores(program) if not all(isinstance(p, Affine) for p in s.index)]
    moving = [loop for loop in program.loops if any(stmt in scatters for stmt in loop.body)]
    assert moving
    rest = [stmt for loop in moving for stmt in loop.body if stmt not in scatters]
    assert all(isinstance(stmt, Assign) and stmt.local.dtype is i64 for stmt in rest)  # indices


def test_restrict_is_said_where_several_arrays_are_written() -> None:
    alone = dk.jit(np.sin).source(LARGE)
    assert "restrict" not in alone
    both = dk.jit(lambda x: (np.sin(x), np.cos(x))).source(LARGE)
    assert both.count("restrict(np.empty(5000))") == 2


def test_small_arrays_share_no_memory_and_large_ones_do() -> None:
    def chain(x: Any, n: int) -> Any:
        for _ in range(n):
            x = dnp.set_at(x, 0, np.sum(np.cumsum(x)))
        return x

    few = loops_of(lambda x: chain(np.sin(x), 3), LARGE[:100])
    places = sorted((few.places[b], b.size * 8) for b in few.places)
    assert all(a + size <= b for (a, size), (b, _) in pairwise(places))
