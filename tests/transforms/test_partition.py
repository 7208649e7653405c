"""Partition: the two parts make the whole, and what crosses is chosen as it should be."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.backends.interpreter import prepare
from diffkit.graph import Graph, evaluate, verify
from diffkit.modes.reverse import vjp
from diffkit.transforms.partition import partition
from diffkit.types import type_of
from tests.control.agreement import floats, leaves_of, near, same
from tests.control.programs import PROGRAMS, Program
from tests.ops.numerics import bulk, directions, dot, size
from tests.replay import replayed


def check(graph: Graph, given: list[bool], args: list[Any]) -> list[Any]:
    """Run the parts, one after the other; the outputs of the whole, which they must give."""
    parts = partition(graph, given)
    verify(parts.first)
    verify(parts.second)
    first = prepare(parts.first)([x for x, on in zip(args, given, strict=True) if on])
    known, residuals = first[: sum(parts.early)], first[sum(parts.early) :]
    rest = [x for x, on in zip(args, given, strict=True) if not on]
    kept = [np.array(x) for x in residuals]
    late = prepare(parts.second)([*residuals, *rest])
    same(prepare(parts.second)([*residuals, *rest]), late)  # it may be applied many times
    same([np.asarray(x) for x in residuals], kept)
    sides = (iter(late), iter(known))
    found = [next(sides[on]) for on in parts.early]
    same(found, evaluate(graph, args))
    return residuals


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_the_parts_of_a_joint_graph_make_the_whole(program: Program) -> None:
    graph = dk.trace(program.f)(*[type_of(x) for x in program.args])
    joint = vjp(graph, [True] * len(program.args))
    us = directions(np.random.default_rng(5), floats(evaluate(graph, program.args)))
    n = len(program.args)
    check(joint, [k < n for k in range(n + len(us))], [*program.args, *us])


def three(x, y, z):
    a = np.sin(x) * y
    return a + z, np.exp(x), dk.fori_loop(0, 3, lambda i, c: c * np.cos(y) + z, x), y[::-1], 1.0


@pytest.mark.parametrize("given", list(itertools.product([False, True], repeat=3)))
def test_any_parameters_may_be_given(given: tuple[bool, ...]) -> None:
    graph = dk.trace(three)(dk.f64[3], dk.f64[3], dk.f64[3])
    rng = np.random.default_rng(6)
    check(graph, list(given), directions(rng, [np.zeros(3)] * 3))


def residuals_of(f: Any, *types: Any) -> tuple[list[str], Graph]:
    """The ops that made what crosses, params by name; and the second part."""
    joint = vjp(dk.trace(f)(*types), [True] * len(types))
    parts = partition(joint, [k < len(types) for k in range(len(joint.params))])
    makers = {out: node.op.name for node in parts.first.nodes for out in node.outs}
    crossing = parts.first.outputs[sum(parts.early) :]
    return [makers.get(a) or a.hint for a in crossing], parts.second  # type: ignore[arg-type,union-attr]


def test_a_dear_value_is_kept_not_computed_again() -> None:
    names, second = residuals_of(lambda x: np.sum(np.exp(np.exp(x))), dk.f64[5])
    assert names == ["exp", "exp"]
    assert "exp" not in {node.op.name for node in second.nodes}


def test_views_and_broadcasts_are_made_again() -> None:
    def f(x, y):
        return np.sum(np.sin(x)[::-1].reshape(3, 1) * np.broadcast_to(y, (4, 3)).T)

    names, second = residuals_of(f, dk.f64[3], dk.f64[3])
    assert names == ["y", "sin", "cos"]
    sizes = [p.type.size for p in second.params]
    assert max(sizes) == 3
    assert {"reverse", "broadcast"} <= {node.op.name for node in second.nodes}


def test_one_operation_on_what_crosses_anyway_is_done_again() -> None:
    """exp(x)·x and exp(x) both cross if kept; the product is one multiplication of the others."""

    def f(x):
        e = np.exp(x)
        return np.sum(np.sin(e) * e * x)

    names, _ = residuals_of(f, dk.f64[5])
    assert sorted(names) == ["cos", "exp", "sin", "x"]


def test_nothing_crosses_for_a_linear_function() -> None:
    table = np.arange(3.0)
    names, second = residuals_of(lambda x: np.sum(x * table), dk.f64[3])
    assert names == []
    assert len(second.params) == 1


def test_a_loop_leaves_its_saved_carries() -> None:
    def f(x):
        return dk.scan(lambda c, r: (np.sin(c) * r, None), 0.5, x)[0]

    names, second = residuals_of(f, dk.f64[8])
    assert names == ["x", "scan"]
    assert [n.op.name for n in second.nodes].count("scan") == 1


# --- closures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_closures_give_the_numbers_of_jvp_and_vjp(program: Program) -> None:
    rng = np.random.default_rng(7)
    f, args = program.f, program.args
    with np.errstate(all="ignore"):
        y, pull = dk.vjp(f, *args)
        z, push = dk.linearize(f, *args)
    same(leaves_of(y), leaves_of(z))
    for _ in range(2):
        vs = directions(rng, args)
        dys = leaves_of(push(*vs))
        want = leaves_of(dk.jvp(f, args, vs)[1])
        scale = size(want)
        for g, w in zip(dys, want, strict=True):
            near(g, w, 1e-11, scale)
        us = [np.asarray(u)[()] for u in directions(rng, leaves_of(y))]
        cts = pull(unflattened(y, us))
        scale = max(bulk(us, dys), bulk(cts, vs), 1e-3)
        moving = [np.asarray(d).dtype.kind == "f" for d in leaves_of(y)]
        left = dot([u for u, on in zip(us, moving, strict=True) if on],
                   [d for d, on in zip(dys, moving, strict=True) if on])  # fmt: skip
        assert abs(left - dot(cts, vs)) <= 1e-12 * scale


def unflattened(like: Any, leaves: list[Any]) -> Any:
    import optree

    return optree.tree_unflatten(optree.tree_structure(like), leaves)


@pytest.mark.parametrize("operator", ["vjp", "linearize"])
def test_the_function_runs_once(operator: str) -> None:
    calls = []

    def counted(x):
        calls.append(x)
        return np.sin(x)

    f = dk.callback(counted, dk.f64[()])
    f.defvjp(lambda x: (f(x), np.cos(x)), lambda res, ct: (res * ct,))

    def user(x):
        return dk.fori_loop(0, 3, lambda i, c: f(c), x) * f(x)

    if operator == "vjp":
        _, closure = dk.vjp(user, 0.3)
    else:
        _, closure = dk.linearize(user, 0.3)
    first = len(calls)
    assert first == 4
    assert closure(1.0) == closure(1.0)
    # the adjoint of a loop executes its body again, from the saved carries; nothing else does
    assert len(calls) - first <= 2 * 3


def test_closures_hold_their_own_copy_of_the_point() -> None:
    x = np.array([0.3, 0.7])
    _, pull = dk.vjp(lambda x: np.sum(np.sin(x) * x), x)
    _, push = dk.linearize(lambda x: np.sum(np.sin(x) * x), x)
    before = pull(1.0)[0], push(np.ones(2))
    x[:] = 5.0
    np.testing.assert_array_equal(pull(1.0)[0], before[0])
    assert push(np.ones(2)) == before[1]


def test_closures_nest() -> None:
    def f(x):
        return dk.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, np.sin(s[1]) * x), (0, x))[1]

    def by_closure(x):
        return dk.vjp(f, x)[1](1.0)[0]

    def by_push(x):
        return dk.linearize(f, x)[1](1.0)

    want = dk.grad(dk.grad(f))(0.7)
    for g in (by_closure, by_push):
        for outer in (dk.grad(g), replayed(dk.grad(g)), dk.grad(g, method="forward")):
            np.testing.assert_allclose(outer(0.7), want, rtol=1e-12)
