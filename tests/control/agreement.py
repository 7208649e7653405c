"""Checks that hold for every program: evaluators agree, modes agree, and both with differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optree

import diffkit as dk
from diffkit.graph import Graph, evaluate, verify
from diffkit.modes.forward import jvp
from diffkit.modes.method import ComplexStep
from diffkit.modes.numerical import complex_step
from diffkit.modes.reverse import vjp
from diffkit.types import type_of
from tests.ops.numerics import bulk, directions, dot, moved, ridders, size
from tests.replay import prepare, same


def leaves_of(tree: Any) -> list[Any]:
    """The leaves as arrays or NumPy scalars."""
    return [np.asarray(x)[()] for x in optree.tree_leaves(tree)]


def graph_of(f: Callable[..., Any], args: Sequence[Any]) -> Graph:
    return verify(dk.trace(f)(*[type_of(np.asarray(x)) for x in args]))


def near(got: Any, want: Any, tolerance: float, scale: float) -> None:
    """Equal to a tolerance relative to what was added up, and equally nan or infinite."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * max(scale, 1e-3))


def floats(values: Sequence[Any]) -> list[Any]:
    return [y for y in values if np.asarray(y).dtype.kind == "f"]


def first_order(f: Callable[..., Any], args: Sequence[Any], analytic: bool = True) -> None:
    """Values in every evaluator; J by forward, reverse, complex step and differences."""
    rng = np.random.default_rng(3)
    on = [True] * len(args)
    graph = graph_of(f, args)
    forward, reverse = verify(jvp(graph, on)), verify(vjp(graph, on))
    n = len(graph.outputs)
    values = evaluate(graph, args)
    same(prepare(graph)(args), values)
    with np.errstate(all="ignore"):  # which graphs do not report either
        plain = leaves_of(f(*args))
    for y, want in zip(values, plain, strict=True):
        assert np.asarray(y).dtype == want.dtype
        near(y, want, 1e-13, size([want]))
    vs, us = directions(rng, args), directions(rng, floats(values))
    out, back = evaluate(forward, [*args, *vs]), evaluate(reverse, [*args, *us])
    same(out[:n], values)
    same(back[:n], values)
    same(prepare(forward)([*args, *vs]), out)
    same(prepare(reverse)([*args, *us]), back)
    dys, cts = out[n:], back[n:]
    scale = max(bulk(us, dys), bulk(cts, vs), 1e-3)
    assert abs(dot(us, dys) - dot(cts, vs)) <= 1e-12 * scale
    if analytic:
        push = complex_step(graph, args, ComplexStep()).push
        assert push is not None
        for y, want in zip(push(vs)[1], dys, strict=True):
            near(y, want, 1e-11, size(dys))

    def along(t: float) -> float:
        with np.errstate(all="ignore"):
            return dot(us, floats(leaves_of(f(*moved(args, on, vs, t)))))

    numeric, bar = ridders(along, rows=6)
    assert abs(dot(us, dys) - numeric) <= 20 * bar + 1e-9 * scale


def second_order(f: Callable[..., Any], args: Sequence[Any], smooth: bool = True) -> None:
    """u · D²f[v, w] by forward and reverse over forward and reverse, and by differences."""
    rng = np.random.default_rng(4)
    on = [True] * len(args)
    graph = graph_of(f, args)
    forward, reverse = jvp(graph, on), vjp(graph, on)
    n = len(graph.outputs)
    us = directions(rng, floats(evaluate(graph, args)))
    vs, ws = directions(rng, args), directions(rng, args)
    m = len(us)
    gradient = Graph(reverse.name, reverse.params, reverse.nodes, reverse.outputs[n:])
    tangent = Graph(forward.name, forward.params, forward.nodes, forward.outputs[n:])
    by_x = [*on, *[False] * m]
    by_x_too = [*on, *[False] * len(args)]
    k = len(args)
    fr = prepare(verify(jvp(gradient, by_x)))([*args, *us, *ws])[k:]
    rr = prepare(verify(vjp(gradient, by_x)))([*args, *us, *vs])[k:]
    ff = prepare(verify(jvp(tangent, by_x_too)))([*args, *vs, *ws])[m:]
    rf = prepare(verify(vjp(tangent, by_x_too)))([*args, *vs, *us])[m:]
    routes = [dot(fr, vs), dot(rr, ws), dot(us, ff), dot(rf, ws)]
    scale = max(bulk(fr, vs), bulk(rr, ws), bulk(us, ff), bulk(rf, ws), 1e-2)
    for route in routes:
        assert abs(route - routes[0]) <= 1e-11 * scale, routes
    if not smooth:
        return
    slope = prepare(tangent)

    def along(t: float) -> float:
        return dot(us, slope([*moved(args, on, ws, t), *vs]))

    numeric, bar = ridders(along, rows=6)
    assert abs(routes[0] - numeric) <= 20 * bar + 1e-9 * scale
