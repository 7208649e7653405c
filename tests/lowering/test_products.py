"""Products on lanes: however the lanes stand, one call of BLAS; and loops behind a failing one.

Each program is also run in Python after every pass, against the interpreter of graphs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.lowering.interpret import Failed, interpret
from diffkit.lowering.program import Program
from diffkit.lowering.syntax import Loop
from diffkit.lowering.walk import walk

from .agreement import graph_of, variants_agree_in_python

RNG = np.random.default_rng(0)
LANES, M, K, N = 6, 20, 9, 5


def loops_of(f: Any, *args: Any) -> Program:
    """The program after all passes, which computes what the function does."""
    variants_agree_in_python(graph_of(f, args), args)
    return dk.jit(f).loops(*args)


def matrices(spec: str) -> tuple[Any, Any]:
    """Two arrays for a spec of the letters l (lanes), b (batch), m, k and n."""
    sizes = {"l": LANES, "b": 3, "m": M, "k": K, "n": N}
    left, right = spec.split("->")[0].split(",")
    return tuple(RNG.normal(size=[sizes[c] for c in term]) for term in (left, right))  # type: ignore[return-value]


@pytest.mark.parametrize(
    "spec",
    [
        *("lmk,kn->lmn", "mk,lkn->lmn", "mk,lkn->mln", "mk,lkn->mnl", "lmk,kn->nlm"),
        *("lmk,kn->lnm", "lmk,kn->mln", "mk,lnk->lnm", "mkl,kn->lmn", "mk,kln->nml"),
    ],
)
def test_lanes_of_one_operand_are_its_rows_or_columns(spec: str) -> None:
    """Wherever the lanes stand, in the operand and in the result."""
    x, y = matrices(spec)
    program = loops_of(lambda x, y: np.einsum(spec, x, y), x, y)
    assert program.calls == ["dot"]
    found = np.asarray(dk.jit(lambda x, y: np.einsum(spec, x, y))(x, y))
    np.testing.assert_allclose(found, np.einsum(spec, x, y), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("spec", ["bmk,lbkn->lbmn", "lbmk,bkn->blmn", "bmk,bkn->mbn"])
def test_lanes_and_a_batch(spec: str) -> None:
    """Products too small for a call each stay loops where their order would change."""
    x, y = matrices(spec)
    loops_of(lambda x, y: np.einsum(spec, x, y), x, y)


def test_lanes_of_a_large_batch() -> None:
    """A call for each matrix of the batch, which takes all lanes."""
    wide = RNG.normal(size=(3, 20, 30)), RNG.normal(size=(LANES, 3, 30, 20))
    program = dk.jit(lambda x, y: np.einsum("bmk,lbkn->lbmn", x, y)).loops(*wide)
    (loop,) = [s for s in walk(program.body) if isinstance(s, Loop) and s.extent == 3 and calls(s)]
    assert calls(loop) == 1
    assert program.calls == ["dot"]


def calls(loop: Loop) -> int:
    """Calls in the body itself."""
    return sum(not isinstance(stmt, Loop) and hasattr(stmt, "out") for stmt in loop.body)


def test_a_forward_jacobian_of_a_product_is_one_product() -> None:
    """Tangents of a right factor, as they come from vmap of jvp."""

    def tangents(w: Any, x: Any, along: Any) -> Any:
        return dk.vmap(lambda v: dk.jvp(lambda w: x @ w, (w,), (v,))[1])(along)

    given = RNG.normal(size=(K, N)), RNG.normal(size=(M, K)), RNG.normal(size=(LANES, K, N))
    assert loops_of(tangents, *given).calls == ["dot"]


def test_what_follows_a_loop_that_may_fail_joins_it() -> None:
    """Rows that a scan reads at indices from data are not stored on their way to a result that has
    its axes in another order."""

    def rows(x: Any, at: Any, scales: Any) -> Any:
        def along(s: Any) -> Any:
            return dk.scan(lambda c, k: (c + x[k, 0], s * c * x[k]), 0.0, at)[1]

        return dk.vmap(along, out_axes=2)(scales)

    x, scales = RNG.normal(size=(7, 9)), RNG.normal(size=10)
    at = RNG.integers(0, 7, 50)
    program = loops_of(rows, x, at, scales)
    assert program.fails
    assert program.block < 8 * 50 * 9
    found = np.asarray(dk.jit(rows)(x, at, scales))
    np.testing.assert_array_equal(found, np.asarray(rows(x, at, scales)))
    at[-1] = 7
    with pytest.raises(Failed):
        interpret(program, [x, at, scales])
    with pytest.raises(IndexError):
        dk.jit(rows)(x, at, scales)


def test_a_test_stays_before_what_it_is_for() -> None:
    """A loop that reads at tested indices in another order does not join the one that tests."""

    def both(x: Any, at: Any) -> Any:
        first = dk.scan(lambda c, k: (c + x[k], c), 0.0, at)[1]
        return first, x[at[::-1]] * first

    x, at = RNG.normal(size=7), RNG.integers(0, 7, 50)
    program = loops_of(both, x, at)
    at[0] = 1000  # read in the first step of the second, in the last of a test that came too late
    with pytest.raises(Failed):
        interpret(program, [x, at])
    with pytest.raises(IndexError):
        dk.jit(both)(x, at)
