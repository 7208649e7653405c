"""The optimised graph computes the same, so do its derivatives; twice is once; linear in nodes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import diffkit as dk
from diffkit.graph import Graph, all_nodes, evaluate, verify
from diffkit.modes.forward import jvp
from diffkit.modes.reverse import vjp
from diffkit.transforms.optimise import PASSES, optimise
from diffkit.transforms.optimise.powers import powers
from diffkit.transforms.optimise.rewrite import again
from diffkit.types import f64
from tests.control.agreement import floats, graph_of
from tests.control.programs import PROGRAMS, Program
from tests.control.test_random_loops import PROGRAMS as RANDOM
from tests.control.test_random_loops import SEEDS, function_of, point, profile
from tests.ops.numerics import directions, size
from tests.replay import prepare


def close(got: Sequence[Any], want: Sequence[Any], tolerance: float = 1e-13) -> None:
    for x, y in zip(got, want, strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance * max(1, size(want)))


def agree(graph: Graph, args: Sequence[Any]) -> None:
    """Of a graph, its tangent and its adjoint: optimised before and after, all the same."""
    on = [True] * len(args)
    small = verify(optimise(graph))
    assert optimise(small) is small
    want = evaluate(graph, args)
    close(evaluate(small, args), want)
    close(prepare(small)(args), want)
    rng = np.random.default_rng(5)
    for mode, seeds in ((vjp, directions(rng, floats(want))), (jvp, directions(rng, args))):
        full = [*args, *seeds]
        plain = mode(graph, on)
        slopes = evaluate(plain, full)
        later = verify(optimise(plain))
        assert optimise(later) is later
        close(evaluate(later, full), slopes)
        close(evaluate(verify(mode(small, on)), full), slopes, 1e-12)
        close(evaluate(verify(optimise(mode(small, on))), full), slopes, 1e-12)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_programs_with_loops(program: Program) -> None:
    agree(graph_of(program.f, program.args), program.args)


@pytest.mark.parametrize("change", PASSES, ids=lambda p: p.__name__)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_each_pass_alone(program: Program, change: Any) -> None:
    """Bit for bit, but for the passes that add in another order."""
    graph = vjp(graph_of(program.f, program.args), [True] * len(program.args))
    seeds = [np.ones(p.type.shape) for p in graph.params[len(program.args) :]]
    got = evaluate(verify(change(graph)), [*program.args, *seeds])
    want = evaluate(graph, [*program.args, *seeds])
    if change.__name__ in ("products", "accumulate", "powers"):
        close(got, want)
    else:
        for x, y in zip(got, want, strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_it_counts_no_more(program: Program) -> None:
    """Of a sum as a product, n additions are counted and one more to what it starts from; and a
    power is counted as one operation, whatever it takes."""
    for graph in (g := graph_of(program.f, program.args), vjp(g, [True] * len(program.args))):
        assert optimise(graph).cost(5).flops <= 1.03 * powers(graph).cost(5).flops


@profile(150)
@given(RANDOM, SEEDS)
def test_random_programs(program: Any, seed: int) -> None:
    args = [np.float64(x) if np.ndim(x) == 0 else x for x in point(seed)]
    agree(graph_of(function_of(program), args), args)


def test_one_visit_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """10,000 nodes cost twice what 5,000 do, in nodes that the passes emit again."""

    def steps(n: int) -> int:
        graph = dk.trace(lambda x: long_program(x, n))(f64[6])
        assert len(list(all_nodes(graph))) >= n
        count = 0
        original = again

        def counted(*args: Any) -> Any:
            nonlocal count
            count += 1
            return original(*args)

        with monkeypatch.context() as patch:
            for name in ("rewrite", "merge"):
                module = sys.modules[f"diffkit.transforms.optimise.{name}"]
                patch.setattr(module, "again", counted)
            optimise(graph)
        return count

    few, many = steps(5_000), steps(10_000)
    assert few > 0
    assert many <= 2.1 * few


def long_program(x: Any, n: int) -> Any:
    """A chain, with a loop or a pair of loops at every fortieth link."""
    for k in range(n // 44):
        for _ in range(40):
            x = np.sin(x)
        a = dk.scan(lambda c, r: (c * r, c + r), 1.0, x)[1]
        b = dk.scan(lambda c, r: (c + r**3, c), x[k % 6], a)[1]
        x = a + b
    return x
