"""Unrolling: without control flow, the same values; and a refusal that names what stays."""

from __future__ import annotations

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import UnsupportedError
from diffkit.graph import evaluate, verify
from diffkit.modes.reverse import vjp
from diffkit.transforms.unroll import unroll
from tests.control.agreement import floats, graph_of, same
from tests.control.programs import PROGRAMS, Program
from tests.ops.numerics import directions, size
from tests.replay import prepare

STATIC = [p for p in PROGRAMS if p.static or p.name in ("scatter", "overwrite", "kinks", "guarded")]
DYNAMIC = [p for p in PROGRAMS if p not in STATIC and p.name != "ties"]


@pytest.mark.parametrize("program", STATIC, ids=lambda p: p.name)
def test_written_out_it_computes_the_same(program: Program) -> None:
    graph = graph_of(program.f, program.args)
    flat = verify(unroll(graph))
    assert not any(node.regions for node in flat.nodes)
    want = evaluate(graph, program.args)
    close(evaluate(flat, program.args), want)
    close(prepare(flat)(program.args), want)


def close(got, want):
    for x, y in zip(got, want, strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-13 * size(want))


@pytest.mark.parametrize("program", STATIC, ids=lambda p: p.name)
def test_it_commutes_with_the_derivative(program: Program) -> None:
    graph = graph_of(program.f, program.args)
    on = [True] * len(program.args)
    us = directions(np.random.default_rng(8), floats(evaluate(graph, program.args)))
    args = [*program.args, *us]
    looped = vjp(graph, on)
    want = evaluate(looped, args)
    close(evaluate(unroll(looped), args), want)
    close(evaluate(vjp(unroll(graph), on), args), want)


@pytest.mark.parametrize("program", DYNAMIC, ids=lambda p: p.name)
def test_a_while_is_refused_by_name(program: Program) -> None:
    with pytest.raises(UnsupportedError, match=r"while.*programs\.py"):
        unroll(graph_of(program.f, program.args))


def test_a_graph_without_control_flow_is_left_as_it_is() -> None:
    graph = dk.trace(lambda x: np.sin(x) * x)(dk.f64[3])
    assert unroll(graph) is graph


def test_a_loop_that_is_too_long_is_refused_before_it_is_written() -> None:
    graph = dk.trace(lambda x: dk.fori_loop(0, 10**7, lambda i, c: np.sin(c), x))(dk.f64[()])
    with pytest.raises(UnsupportedError, match="10000000 steps"):
        unroll(graph)
    short = dk.trace(lambda x: dk.fori_loop(0, 10, lambda i, c: np.sin(c), x))(dk.f64[()])
    with pytest.raises(UnsupportedError, match="at most 9"):
        unroll(short, limit=9)
    assert len(unroll(short, limit=10).nodes) == 10


def test_rows_keep_their_place_in_both_directions() -> None:
    for reverse in (False, True):
        graph = dk.trace(
            lambda x, reverse=reverse: dk.scan(
                lambda c, r: (c + r, (c, r * 2)), 0.0, x, reverse=reverse
            )
        )(dk.f64[4])
        x = np.array([1.0, 2.0, 4.0, 8.0])
        same(evaluate(unroll(graph), [x]), evaluate(graph, [x]))


def test_no_steps() -> None:
    graph = dk.trace(lambda x: dk.scan(lambda c, r: (c + r, c * r), 1.0, x))(dk.f64[0])
    same(evaluate(unroll(graph), [np.zeros(0)]), evaluate(graph, [np.zeros(0)]))


@pytest.mark.parametrize("k", [0, 1, 2])
def test_a_switch_selects(k: int) -> None:
    branches = [np.sin, np.cos, np.exp]
    graph = dk.trace(lambda k, x: dk.switch(k, branches, x))(dk.i64[()], dk.f64[3])
    x = np.array([0.1, 0.2, 0.3])
    same(evaluate(unroll(graph), [np.int64(k), x]), [branches[k](x)])
