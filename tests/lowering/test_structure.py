"""What makes compiled code fast, read off the loop program: nests, storage, calls of BLAS.

Most numbers are upper bounds, which a better pass may undercut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.lowering.lower import lower
from diffkit.lowering.parallel import parallel_loops
from diffkit.lowering.program import Program
from diffkit.lowering.syntax import Call, Loop, Stmt, Store, While
from diffkit.lowering.walk import bodies, walk

N, D, K = 40, 12, 5
RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(N, D)), RNG.normal(size=(D, K)), RNG.normal(size=K)
WIDE, SQUARE = RNG.normal(size=(64, 48)), RNG.normal(size=(48, 32))
ONE_HOT = np.eye(K)[RNG.integers(0, K, N)]
LINE, GRID = RNG.normal(size=1000), RNG.normal(size=(30, 40))
START = np.array([1.0, 2.0, 3.0])


@dataclass(frozen=True)
class Form:
    """Loop nests at top level, how deep they go, the bytes of the work block, each at most; the
    products that are given to BLAS, exactly."""

    nests: int
    depth: int
    work: int
    dots: int = 0


def chain(x):
    return np.sin(x) * np.exp(-x * x) + np.tanh(x) / (1 + x * x)


def norm(x):
    return np.sqrt(np.sum(x * x))


def log_sum_exp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def variance(x):
    return np.mean((x - np.mean(x)) ** 2)


def laplacian(u):
    return u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1]


def dense(w, x):
    return np.sum(np.tanh(x @ w))


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def cross_entropy(logits):
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - np.sum(shifted * ONE_HOT, axis=1))


def recurrence(x):
    return dk.scan(lambda c, r: (0.9 * c + np.tanh(r), None), 0.0, x)[0]


def lorenz(state):
    def step(i, s):
        x, y, z = s
        return s + 0.01 * np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])

    return dk.fori_loop(0, 100, step, state)


def gaussians(x):
    d = x[:, None, :] - x[None, :, :]
    return np.sum(np.exp(-np.sum(d * d, axis=-1)))


def newton(a):
    return dk.while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: (x + a / x) / 2, a)


def nest_depth(stmt: Stmt) -> int:
    inner = max((nest_depth(s) for part in bodies(stmt) for s in part), default=0)
    return inner + isinstance(stmt, Loop | While)


def nests(program: Program) -> list[Stmt]:
    return [s for s in program.body if isinstance(s, Loop | While)]


def total(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: np.sum(f(x) ** 2)


FORMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], Form]] = {
    "chain": (chain, (LINE,), Form(1, 1, 0)),
    "chain, gradient": (dk.grad(lambda x: np.sum(chain(x))), (LINE,), Form(1, 1, 0)),
    "chain, curvature": (dk.hvp(lambda x: np.sum(chain(x))), (LINE, LINE), Form(2, 1, 64_000)),
    "norm": (norm, (LINE,), Form(1, 1, 0)),
    "norm, gradient": (dk.value_and_grad(norm), (LINE,), Form(2, 1, 0)),
    "log-sum-exp": (log_sum_exp, (LINE,), Form(2, 1, 0)),
    "log-sum-exp, gradient": (dk.value_and_grad(log_sum_exp), (LINE,), Form(4, 1, 24_064)),
    "variance": (variance, (LINE,), Form(2, 1, 0)),
    "variance, gradient": (dk.value_and_grad(variance), (LINE,), Form(3, 1, 8064)),
    "laplacian": (laplacian, (GRID,), Form(1, 2, 0)),
    "laplacian, gradient": (dk.grad(total(laplacian)), (GRID,), Form(4, 2, 11_008)),
    "dense": (dense, (SQUARE, WIDE), Form(1, 2, 16_384, dots=1)),
    "dense, gradient": (dk.value_and_grad(dense), (SQUARE, WIDE), Form(1, 2, 32_768, dots=2)),
    "softmax": (softmax, (X,), Form(1, 2, 128)),
    "cross-entropy, gradient": (dk.value_and_grad(cross_entropy), (X @ W,), Form(1, 2, 0)),
    "recurrence": (recurrence, (LINE,), Form(1, 1, 0)),
    "recurrence, gradient": (dk.value_and_grad(recurrence), (LINE,), Form(2, 1, 0)),
    "Lorenz": (lorenz, (START,), Form(1, 1, 0)),
    "Lorenz, gradient": (dk.grad(total(lorenz)), (START,), Form(2, 1, 2432)),
    "Gaussians": (gaussians, (X,), Form(1, 3, 0)),
    "Gaussians, gradient": (dk.value_and_grad(gaussians), (X,), Form(3, 3, 7808)),
    "Newton": (newton, (2.0,), Form(1, 1, 0)),
    "Newton, gradient": (dk.grad(newton), (2.0,), Form(2, 1, 0)),
    "lanes": (dk.vmap(dk.grad(total(np.sin))), (GRID,), Form(1, 2, 0)),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_form(name: str) -> None:
    f, args, most = FORMS[name]
    program = dk.jit(f).loops(*args)
    assert len(nests(program)) <= most.nests, program
    assert max(map(nest_depth, program.body), default=0) <= most.depth, program
    assert program.block <= most.work, program
    assert program.calls.count("dot") == most.dots, program


@pytest.mark.parametrize("name", FORMS)
def test_a_call_allocates_its_results_and_one_block(name: str) -> None:
    """And the rows of a loop whose length only running tells."""
    f, args, _ = FORMS[name]
    jitted = dk.jit(f)
    program, source = jitted.loops(*args), jitted.source(*args)
    roots = {b.root for b in program.buffers}
    for buffer in roots:
        if buffer.role == "work":
            assert buffer in program.places
            assert (
                program.places[buffer] + buffer.size * buffer.dtype.numpy.itemsize <= program.block
            )
    outputs = sum(b.role == "output" for b in roots)
    tapes = sum(b.role == "tape" for b in roots)
    assert outputs <= len(program.results)
    assert program.allocations <= 1
    assert source.count("np.empty(") == outputs + tapes + program.allocations


def test_the_gradient_of_softmax_cross_entropy_has_no_temporary() -> None:
    """One walk over the rows; nothing is stored but the gradient."""
    program = dk.jit(dk.grad(cross_entropy)).loops(X @ W)
    assert len(nests(program)) == 1
    assert {b.role for b in program.buffers} <= {"param", "const", "output"}
    assert [b.role for b in program.buffers].count("output") == 1
    assert program.allocations == 0
    plain = lower(dk.jit(dk.grad(cross_entropy)).optimised(X @ W))
    assert sum(b.role == "work" for b in plain.buffers) > 3  # what the passes took away


def test_blas_takes_products_of_large_matrices_only() -> None:
    def product(n: int) -> Program:
        return dk.jit(lambda a, b: a @ b).loops(np.ones((n, n)), np.ones((n, n)))

    assert product(64).calls == ["dot"]
    assert nests(product(64)) == []
    assert product(2).calls == []


def test_blas_reads_transposes_and_rows_where_they_lie() -> None:
    """Neither a transpose nor a row of a stack is copied."""
    program = dk.jit(lambda a, b: np.sum((a.T @ b[1]) ** 2)).loops(WIDE, np.ones((3, 64, 48)))
    (call,) = [s for s in program.body if isinstance(s, Call)]
    assert [ref.transposed for ref in call.args] == [True, False]
    assert {ref.buffer.root.role for ref in call.args} == {"param"}


def test_a_small_state_lives_in_variables() -> None:
    """Three numbers that a loop carries are no array."""
    program = dk.jit(lorenz).loops(START)
    (loop,) = [s for s in program.loops if s.extent == 100]
    assert nest_depth(loop) == 1
    assert all(b.role != "work" for b in program.buffers)
    assert not any(isinstance(s, Store) for s in walk(loop.body))


def test_a_python_loop_is_rolled_up() -> None:
    """A loop that was written in Python and recorded step by step is one loop again."""

    def f(x: Any) -> Any:
        for _ in range(200):
            x = x + 0.01 * np.sin(x)
        return x

    for g, steps in ((f, [200]), (dk.grad(lambda x: np.sum(f(x))), [200, 200])):
        program = dk.jit(g).loops(LINE)
        assert [loop.extent for loop in program.loops if loop.ordered] == steps
        assert sum(1 for _ in walk(program.body)) < 40


def test_parallel_shares_big_outer_loops_only() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.exp(-((x[:, None] - x[None, :]) ** 2)), axis=1)

    big, small = np.ones(400), np.ones(4)
    assert dk.jit(f, parallel=True).source(big).count("in prange(400)") == 1
    assert "prange" not in dk.jit(f, parallel=True).source(small)
    assert "prange" not in dk.jit(f).source(big)
    assert not parallel_loops(
        dk.jit(recurrence).loops(np.ones(10**6))
    )  # a step needs the one before


def test_sums_are_regrouped_and_nothing_else() -> None:
    source = dk.jit(lambda x: np.sum(x * x) + x[0]).source(LINE)
    assert source.count("plus(") == 1
