"""Costs of small graphs by hand, and how the memory of a reversed loop grows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import Cost, Graph
from diffkit.modes.reverse import vjp


def cost(f: Any, *types: Any, trips: int = 1) -> Cost:
    return dk.trace(f)(*types).cost(trips)


def test_elementwise() -> None:
    """sin reads 8n and writes 8n bytes; the argument and the result are live together."""
    assert cost(np.sin, dk.f64[100]) == Cost(flops=100, bytes=1600, peak=1600)
    assert cost(lambda x, y: x * y, dk.f32[10], dk.f32[10]) == Cost(10, 120, 120)


def test_a_value_dies_with_its_last_reader() -> None:
    def chain(x):
        return np.cos(np.sin(np.exp(x)))

    # the argument, one value read, one value written: never more
    assert cost(chain, dk.f64[10]) == Cost(30, 480, 240)

    def wide(x):
        a = np.exp(x)
        return np.cos(np.sin(a)) + a

    assert cost(wide, dk.f64[10]).peak == 320


def test_sums_products_and_moves() -> None:
    assert cost(np.sum, dk.f64[100]).flops == 100
    assert cost(lambda a, b: a @ b, dk.f64[3, 4], dk.f64[4, 5]) == Cost(
        2 * 3 * 4 * 5, 8 * (12 + 20 + 15), 8 * (12 + 20 + 15)
    )
    turned = cost(lambda a: a.T[::-1].reshape(-1), dk.f64[3, 4])
    assert turned.flops == 0
    assert cost(np.transpose, dk.f64[3, 4]) == Cost(0, 0, 96)


def test_a_view_keeps_its_array_alive() -> None:
    def f(x):
        a = np.exp(x)
        v = a[::-1]
        return np.sin(np.cos(v)) + v

    assert cost(f, dk.f64[10]).peak == 320


def test_constants_count_once() -> None:
    table = np.arange(100.0)
    assert cost(lambda x: x * table + table, dk.f64[()]).peak == 8 + 800 + 800 + 800


def test_a_scan_costs_its_steps() -> None:
    def f(x, c):
        return dk.scan(lambda c, r: (np.sin(c) * r, c), c, x)

    n = 50
    got = cost(f, dk.f64[n], dk.f64[()])
    inner = 8 * (2 + 3)  # sin reads and writes one, mul reads two and writes one
    outer = 8 * (n + 1) + 8 * (1 + n)
    assert got.flops == 2 * n
    assert got.bytes == n * inner + outer
    # operands, results, and in a step two values besides the parameters
    assert got.peak == outer + 16


def test_nested_loops_multiply() -> None:
    def f(x):
        return dk.fori_loop(
            0, 7, lambda i, c: dk.fori_loop(0, 5, lambda j, d: np.sin(d) + 1.0, c), x
        )

    assert cost(f, dk.f64[()]).flops == 7 * 5 * 2
    assert cost(f, dk.f64[10]).flops == 7 * 5 * 20


def test_a_while_is_counted_by_trips() -> None:
    def f(x):
        return dk.while_loop(lambda c: c < 9, lambda c: np.exp(c) * 2, x)

    assert cost(f, dk.f64[()]).flops == 2  # a comparison is free
    assert cost(f, dk.f64[()], trips=100).flops == 200


def test_a_branch_costs_the_dearer_one() -> None:
    def f(x):
        return dk.cond(x[0] > 0, np.sin, lambda x: np.sin(np.cos(np.exp(x))), x)

    branch = cost(f, dk.f64[10]).flops - cost(lambda x: x[0] > 0, dk.f64[10]).flops
    assert branch == 30


# --- reverse mode: what a loop remembers ---------------------------------------------------------


def scalar_loop(n: int, checkpoint: Any = None, width: int = 0) -> Graph:
    """The gradient of a loop of n steps by its start. Nothing runs, and no rows are given."""

    def f(c):
        return dk.scan(lambda c, _: (np.sin(c) * c, None), c, None, n, False, checkpoint)[0]

    return vjp(dk.trace(f)(dk.f64[width] if width else dk.f64[()]), [True])


def test_a_step_saves_one_number() -> None:
    """The body has three values that its adjoint reads; only the carry is kept."""
    slope = (scalar_loop(2000).cost().peak - scalar_loop(1000).cost().peak) / 1000
    assert slope == 8
    assert (
        scalar_loop(2000, width=5).cost().peak - scalar_loop(1000, width=5).cost().peak
    ) == 40000


def test_a_step_of_two_numbers_saves_two() -> None:
    def f(n):
        def pendulum(c):
            return dk.fori_loop(
                0, n, lambda i, s: (s[0] + 0.1 * s[1], s[1] - np.sin(s[0]) * np.cos(s[1])), (c, c)
            )[0]

        return vjp(dk.trace(pendulum)(dk.f64[()]), [True]).cost().peak

    assert f(2000) - f(1000) == 16_000


def test_what_the_adjoint_does_not_read_is_not_saved() -> None:
    """A sum needs nothing of its carry, a product with the rows only the rows."""

    def total(x):
        return dk.scan(lambda c, r: (c + r * r, None), 0.0, x)[0]

    def extra(n):
        whole = vjp(dk.trace(total)(dk.f64[n]), [True]).cost().peak
        return whole - 2 * 8 * n  # the rows and their cotangents

    assert extra(2000) == extra(1000)


def test_a_while_saves_its_carry_too() -> None:
    def f(a):
        return dk.while_loop(lambda x: x * x > a, lambda x: np.sin(x) * x + a, a)

    joint = vjp(dk.trace(f)(dk.f64[()]), [True])
    assert joint.cost(2000).peak - joint.cost(1000).peak == 8000
    assert joint.cost(2000).flops > 1.9 * joint.cost(1000).flops


def test_checkpoints_make_memory_grow_as_the_root() -> None:
    peaks = [scalar_loop(10**k, "sqrt").cost().peak for k in (3, 4, 5, 6)]
    for k, peak in zip((3, 4, 5, 6), peaks, strict=True):
        root = 10 ** (k / 2)
        assert 16 * root <= peak <= 16 * root + 600, (k, peak)
    # a million steps: 16 kB in place of 8 MB
    assert peaks[-1] < scalar_loop(10**6).cost().peak / 400


@pytest.mark.parametrize("k", [10, 100, 1000])
def test_a_checkpoint_of_k_steps(k: int) -> None:
    n = 10**5
    peak = scalar_loop(n, k).cost().peak
    assert 8 * (n // k + k) <= peak <= 8 * (n // k + k) + 600


def test_a_checkpoint_costs_one_more_run() -> None:
    once = dk.trace(lambda c: dk.scan(lambda c, _: (np.sin(c) * c, None), c, length=10**4)[0])
    forward = once(dk.f64[()]).cost().flops
    plain, saving = scalar_loop(10**4).cost().flops, scalar_loop(10**4, "sqrt").cost().flops
    assert saving - plain <= forward


def test_nested_checkpoints() -> None:
    """Two loops of n steps each, both checkpointed: still the root of n, not of n²."""

    def peak(n):
        def inner(c):
            return dk.scan(lambda c, _: (np.sin(c) * c, None), c, None, n, False, "sqrt")[0]

        def f(c):
            return dk.scan(lambda c, _: (inner(c), None), c, None, n, False, "sqrt")[0]

        return vjp(dk.trace(f)(dk.f64[()]), [True]).cost().peak

    assert peak(10**4) < 12 * peak(10**2)
    assert peak(10**6) < 12 * peak(10**4)


def test_a_gradient_costs_a_few_evaluations() -> None:
    """Two runs of the body (the second inside the adjoint) and the adjoint itself."""
    for n in (10, 1000):
        f = dk.trace(lambda c, n=n: dk.fori_loop(0, n, lambda i, c: np.sin(c) * np.exp(c), c))
        graph = f(dk.f64[()])
        assert vjp(graph, [True]).cost().flops <= 5 * graph.cost().flops
