"""The CUDA backend: which loops become kernels, their text, what they compute in Numba's simulator
(in a process of its own, see cuda_in_simulator.py), and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaln

import diffkit as dk
from diffkit.backends.cuda import LaneSchedule, MapSchedule, backend
from diffkit.backends.cuda.schedule import Step, plan
from diffkit.errors import ShapeError, UnsupportedError
from diffkit.lowering.program import Program
from diffkit.lowering.syntax import (
    Apply,
    Assign,
    Buffer,
    Const,
    Expr,
    If,
    Load,
    Local,
    Loop,
    Stmt,
    Store,
    constant,
    index_of,
)
from diffkit.ops.arithmetic import add, maximum
from diffkit.types import b1, f64, i64

from . import cuda_in_simulator as simulated
from . import cuda_programs as programs

ROOT = Path(__file__).resolve().parents[2]


def test_in_the_simulator() -> None:
    """One test, since the checks share the time that a process takes to start."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.backends.cuda_in_simulator"],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report.keys() == simulated.CHECKS.keys()
    assert "".join(report.values()) == ""


# --- which loops become kernels: programs made by hand --------------------------------------------

ROW, COLUMN = Local("i", i64, 9), Local("j", i64, 7)
i, j = index_of(ROW), index_of(COLUMN)
X, K = Buffer("x", f64, (9, 7), "param"), Buffer("k", i64, (9,), "param")
Y, B, C = Buffer("y", f64, (10,), "output"), Buffer("b", f64, (7,)), Buffer("c", f64, (7,))
FLAT = Buffer("flat", f64, (63,), "output")
VIEW = Buffer("view", f64, (7, 9), base=FLAT)
S, T = Local("s", f64), Local("t", f64)
ZERO = Const(0.0, f64)
x_ij, k_i = Load(X, (i, j)), Load(K, (i,))


def rows(*body: Stmt) -> Loop:
    return Loop(ROW, 9, body)


def columns(*body: Stmt) -> Loop:
    return Loop(COLUMN, 7, body)


def plus(a: Expr, b: Expr, loose: bool = True) -> Apply:
    return Apply(add, (a, b), f64, loose=loose)


def total(value: Expr) -> Assign:
    return Assign(S, plus(S, value))


# One kernel is (threads, totals, arrays of a thread's own, arrays added to by many at once).
ONE, MANY = "one thread", (9, "", 0, 0)
PLANS: dict[str, tuple[list[Stmt], list[Any]]] = {
    "a row each": ([rows(Store(Y, (i,), Load(X, (i, constant(0)))))], [MANY]),
    "an element each": (
        [rows(columns(Store(FLAT, (i * 7 + j,), x_ij)))], [["host", (7, "", 0, 0)]],
    ),
    "an element of a matrix each": (
        [rows(columns(Store(Buffer("z", f64, (9, 7), "output"), (i, j), x_ij)))], [(63, "", 0, 0)],
    ),
    "a step needs the one before": ([rows(Store(Y, (i + 1,), Load(Y, (i,))))], [ONE]),
    "the same place": ([rows(Store(Y, (constant(0),), Load(X, (i, constant(0)))))], [ONE]),
    "its own place only": ([rows(Store(Y, (i,), plus(Load(Y, (i,)), ZERO)))], [MANY]),
    "columns, without atomics": ([rows(columns(Store(C, (j,), x_ij, "sum")))], [(7, "", 0, 0)]),
    "additions somewhere": ([rows(Store(C, (k_i,), ZERO, "add"))], [(9, "", 0, 1)]),
    "the last one wins": ([rows(Store(C, (k_i,), ZERO))], [ONE]),
    "the greatest wins": ([rows(Store(C, (k_i,), ZERO, "max"))], [ONE]),
    "added to and read": (
        [rows(Store(C, (k_i,), Load(C, (constant(0),)), "add"))], [ONE],
    ),
    "a total": ([Assign(S, ZERO), rows(columns(total(x_ij)))], [(63, "sum", 0, 0), ONE]),
    "a greatest": (
        [rows(Assign(S, Apply(maximum, (S, Load(Y, (i,))), f64)))], [(9, "max", 0, 0), ONE],
    ),
    "a running total": ([rows(total(ZERO), Store(Y, (i,), S))], [ONE]),
    "a sum in order": ([rows(Assign(S, plus(S, ZERO, loose=False)))], [ONE]),
    "two ways to gather": (
        [rows(total(ZERO), Assign(S, Apply(maximum, (S, ZERO), f64)))], [ONE],
    ),
    "a variable of the step": ([rows(Assign(T, ZERO), Store(Y, (i,), T))], [MANY]),
    "a variable read later": (
        [rows(Assign(T, ZERO)), Store(Y, (constant(0),), T)], [ONE],
    ),
    "a variable from the step before": ([rows(Store(Y, (i,), T), Assign(T, ZERO))], [ONE]),
    "scratch": (
        [rows(columns(Store(B, (j,), x_ij)), columns(Store(Y, (i,), Load(B, (j,)), "sum")))],
        [(9, "", 1, 0)],
    ),
    "scratch read later": (
        [
            rows(columns(Store(B, (j,), x_ij)), Store(Y, (i,), Load(B, (constant(0),)))),
            Store(Y, (constant(0),), Load(B, (constant(1),))),
        ],
        [["host", (7, "", 0, 0), ONE], ONE],
    ),
    "two shapes of one memory": (
        [rows(Store(FLAT, (i,), Load(VIEW, (constant(1), i))))], [ONE],
    ),
}  # fmt: skip


def shape(steps: tuple[Step, ...]) -> list[Any]:
    found: list[Any] = []
    for step in steps:
        if not hasattr(step, "shared"):
            found.append(["host", *shape(step.steps)])
        elif not step.loops:
            found.append(ONE)
        else:
            modes = "".join(t.mode for t in step.totals)
            found.append((step.threads, modes, len(step.shared.private), len(step.shared.atomic)))
    return found


@pytest.mark.parametrize("name", PLANS)
def test_plan(name: str) -> None:
    body, want = PLANS[name]
    made = plan(Program("f", (X, K), (), tuple(body), (Y,)), 4)
    assert shape(made.steps) == want


def test_a_variable_that_may_stay_as_it_was() -> None:
    """A kernel of one thread reads it first, since it writes it back whatever happens."""
    ask, corner = Local("ask", b1), Load(X, (constant(0), constant(0)))
    array = rows(Store(Y, (i,), corner))
    body = (Assign(T, corner), array, If(ask, (Assign(T, ZERO),), ()), array)
    kernels = plan(Program("f", (X, ask), (), body, (Y, T)), 4).kernels
    assert [k.needs for k in kernels] == [set(), set(), {ask, T}, set(), {T}]


# --- text ----------------------------------------------------------------------------------------

SUM = """\
import numpy as np
from numba import cuda
from diffkit.backends.cuda.routines import plus, tanh


@cuda.jit
def f_0(x, parts):
    b = 0.0
    for i in range(cuda.grid(1), 1000, cuda.gridsize(1)):
        b = plus(b, tanh(x[i]))
    thread = cuda.threadIdx.x
    shared = cuda.shared.array(128, np.float64)
    shared[thread] = b
    half = 64
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            shared[thread] = plus(shared[thread], shared[thread + half])
        half //= 2
    if thread == 0:
        parts[cuda.blockIdx.x] = shared[0]


@cuda.jit
def f_1(parts, result_at):
    b = 0.0
    for k in range(8):
        b = plus(b, parts[k])
    result = b
    result_at[0] = result
"""

LANE = """\
import numpy as np
from numba import cuda
from diffkit.backends.cuda.routines import exp


@cuda.jit
def f_lane(x_rows, k, b_rows, status, lanes):
    lane = cuda.grid(1)
    if lane >= lanes:
        return
    x = x_rows[lane]
    b = b_rows[lane]
    for i in range(50):
        b[i] = k * exp(x[i])
"""


def without_places(text: str) -> str:
    return "".join(line.split("  # ")[0].rstrip() + "\n" for line in text.splitlines())


def test_source() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x))

    assert without_places(MapSchedule(dk.trace(f)(dk.f64[1000])).source) == SUM


def test_source_of_additions() -> None:
    """The simulator would hardly notice if they were plain: its threads seldom meet."""
    graph = dk.trace(dk.grad(lambda x, k: np.sum(np.sin(x[k]))))(dk.f64[9], dk.i64[7])
    assert "cuda.atomic.add(c, at, cos(x[at]))" in MapSchedule(graph).source


def test_source_of_lanes() -> None:
    def f(x: Any, k: Any) -> Any:
        return k * np.exp(x)

    graph = dk.trace(f)(dk.f64[50], dk.f64[()])
    assert without_places(LaneSchedule(graph, [True, False]).source) == LANE


# --- refusals ------------------------------------------------------------------------------------

LARGE = np.ones(100_000)
REFUSED: dict[str, tuple[Callable[..., Any], Any]] = {
    "solving a linear system": (lambda a: np.linalg.solve(a, a[0]), np.eye(20)),
    "a loop that saves an unknown number of steps": (dk.grad(programs.square_root), 2.0),
    "polygamma": (dk.grad(gammaln), 2.0),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_by_name(what: str) -> None:
    f, arg = REFUSED[what]
    graph = dk.trace(f)(arg)
    for schedule in (MapSchedule, lambda graph: LaneSchedule(graph, [True])):
        with pytest.raises(UnsupportedError, match=what) as error:
            _ = schedule(graph).source
        assert 'backend="numba"' in str(error.value)


def test_refused_while_over_arrays() -> None:
    def f(x: Any) -> Any:
        return dk.while_loop(lambda y: np.max(y) < 1, lambda y: 2 * y, x)

    with pytest.raises(UnsupportedError, match=r"a while over arrays, at .*test_cuda\.py"):
        _ = MapSchedule(dk.trace(f)(LARGE)).source


def test_refused_large_lanes() -> None:
    f = dk.grad(lambda x: np.sum(np.roll(np.cumsum(np.sin(x)), 1) ** 2))
    with pytest.raises(UnsupportedError, match=r"a lane with \d+ bytes of arrays"):
        _ = LaneSchedule(dk.trace(f)(LARGE), [True]).source


def test_refused_arguments() -> None:
    graph = dk.trace(lambda x, y: x * y)(dk.f64[3], dk.f64[()])
    with pytest.raises(ShapeError, match="block=100"):
        MapSchedule(graph, block=100)
    for batched in ([True], [False, False]):
        with pytest.raises(ShapeError, match="batched="):
            LaneSchedule(graph, batched)
    run = LaneSchedule(graph, [True, True])
    for args in ([np.ones(3), np.ones(2)], [np.ones((2, 3)), np.ones(4)], [np.ones((2, 3)), 1.0]):
        with pytest.raises(ShapeError, match="Stack the inputs"):
            run.lanes(args)


def no_module() -> Any:
    raise ModuleNotFoundError("numba.cuda")


@pytest.mark.parametrize("device", [lambda: SimpleNamespace(is_available=bool), no_module])
def test_no_gpu(monkeypatch: pytest.MonkeyPatch, device: Callable[[], Any]) -> None:
    monkeypatch.setattr(backend, "device", device)
    f, x = dk.jit(lambda x: 2 * x, backend="cuda"), np.ones(3)
    with pytest.raises(UnsupportedError) as error:
        f(x)
    assert str(error.value) == (
        "the CUDA backend: no GPU was found. Expected an NVIDIA GPU and its driver. "
        'Install the extra "cuda", use backend="numba", or try it out in Numba\'s simulator, '
        "with NUMBA_ENABLE_CUDASIM=1."
    )
    assert "@cuda.jit" in f.source(x)
    again = dk.jit(lambda x: 2 * x, backend="cuda", fallback="interpreter")
    np.testing.assert_array_equal(again(x), 2 * x)
