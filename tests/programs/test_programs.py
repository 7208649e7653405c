"""Plain NumPy programs, unchanged, in forward and reverse mode and recorded once and replayed.

The truth is the program itself: run by NumPy for the value, on complex numbers for the derivative
(the complex step, with buffers made complex), or where it looks at signs, by differences at four
steps, extrapolated (Richardson), with an error bar from how far the last two estimates differ.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.tracing import trees
from diffkit.tracing.rebind import Namespace, rebind
from tests.replay import replayed

from . import algebra, physics, signals, stencils
from .program import Program, numbers

PROGRAMS = [*stencils.PROGRAMS, *algebra.PROGRAMS, *signals.PROGRAMS, *physics.PROGRAMS]
EACH = pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
NEEDS_VALUES = {"elimination_with_pivots", "histogram_of_weights"}
"""These branch or select on values, so they are recorded anew for each point."""


def leaves(tree: Any) -> list[Any]:
    return [np.asarray(leaf) for leaf in trees.flatten(tree)[0]]


def plain(program: Program, *args: Any) -> list[Any]:
    """What NumPy gives, on arrays of its own."""
    return leaves(program.f(*[np.array(x)[()] for x in args]))


class ComplexNumpy:
    """NumPy, whose makers of arrays make complex ones."""

    def __getattr__(self, name: str) -> Any:
        made = getattr(np, name)
        if name not in ("zeros", "empty", "ndarray", "eye", "ones"):
            return made

        def make(shape: Any, *args: Any, dtype: Any = float) -> Any:
            return made(shape, *args, dtype=complex if np.dtype(dtype) == float else dtype)

        return make


def complex_step(program: Program, dxs: list[Any]) -> list[Any]:
    """Im f(x + ihv)/h of the program itself."""
    space = Namespace(np, ComplexNumpy(), {}, lambda x: x, lambda _: None)  # type: ignore[arg-type]
    f = rebind(program.f, space)
    out = f(*[np.array(x + 1e-100j * dx)[()] for x, dx in zip(program.args, dxs, strict=True)])
    return [np.imag(y) / 1e-100 for y in leaves(out)]


def richardson(program: Program, dxs: list[Any]) -> tuple[list[Any], float]:
    """Central differences at halved steps, extrapolated, and an error bar."""

    def central(h: float) -> Any:
        up, down = (
            plain(program, *[x + s * h * dx for x, dx in zip(program.args, dxs, strict=True)])
            for s in (1, -1)
        )
        return [(p - q) / (2 * h) for p, q in zip(up, down, strict=True)]

    rows = [central(2e-3 / 2**k) for k in range(4)]
    last = rows
    for order in range(1, 4):
        last = rows
        rows = [
            [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in zip(a, b, strict=True)]
            for a, b in pairwise(rows)
        ]
    bar = max(
        float(np.max(np.abs(p - q), initial=0)) for p, q in zip(rows[0], last[-1], strict=True)
    )
    return rows[0], 10 * bar + 1e-10


@EACH
def test_program(program: Program) -> None:
    rng = program.rng
    want = plain(program, *program.args)
    dxs = [rng.normal(size=np.shape(x)) for x in program.args]
    kept = [np.array(x) for x in program.args]

    primal, tangent = dk.jvp(program.f, program.args, dxs)
    value, pull = dk.vjp(program.f, *program.args)
    for got in (primal, value):
        for y, z in zip(leaves(got), want, strict=True):
            assert y.shape == z.shape and y.dtype == z.dtype
            atol = program.close * max(1.0, float(np.max(np.abs(z))))
            np.testing.assert_allclose(y, z, rtol=program.close, atol=atol)

    if program.analytic:
        slopes, bar = complex_step(program, dxs), 0.0
    else:
        slopes, bar = richardson(program, dxs)
    for t, s in zip(leaves(tangent), slopes, strict=True):
        scale = max(1.0, float(np.max(np.abs(s))))
        np.testing.assert_allclose(t, s, rtol=0, atol=bar + 1e-11 * scale)
        assert np.isfinite(t).all()

    tree = trees.flatten(value)[1]
    us = [rng.normal(size=z.shape) for z in want]
    pulled = leaves(pull(trees.unflatten(tree, us)))
    assert all(np.isfinite(g).all() for g in pulled)
    pushed = sum(float(np.sum(u * t)) for u, t in zip(us, leaves(tangent), strict=True))
    back = sum(float(np.sum(g * dx)) for g, dx in zip(pulled, dxs, strict=True))
    size = sum(float(np.sum(np.abs(g * dx))) for g, dx in zip(pulled, dxs, strict=True))
    assert abs(pushed - back) <= 1e-12 * max(1.0, size)
    for x, y in zip(program.args, kept, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    "program",
    [p for p in PROGRAMS if p.name not in NEEDS_VALUES],
    ids=lambda p: p.name,
)
def test_recorded_once(program: Program) -> None:
    """jit, at another point than the one where it was recorded, and its gradient."""
    moved = [np.asarray(x * 1.01)[()] for x in program.args]
    fast = replayed(program.f)
    fast(*program.args)
    for y, z in zip(leaves(fast(*moved)), plain(program, *moved), strict=True):
        atol = program.close * max(1.0, float(np.max(np.abs(z))))
        np.testing.assert_allclose(y, z, rtol=program.close, atol=atol)
    assert fast.traces == 1

    f = program.f  # a function in an attribute is not rebuilt

    def total(*args: Any) -> Any:
        return sum(np.sum(y * y) for y in trees.flatten(f(*args))[0])

    every = tuple(range(len(program.args)))
    quick = leaves(replayed(dk.grad(total, argnums=every))(*moved))
    for g, h in zip(quick, leaves(dk.grad(total, argnums=every)(*moved)), strict=True):
        np.testing.assert_allclose(g, h, rtol=1e-9, atol=1e-11 * max(1.0, np.max(np.abs(h))))


def test_there_are_enough_of_them() -> None:
    assert len(PROGRAMS) >= 15


def complex_stages(x):
    y = np.zeros(x.shape, dtype=np.complex128)
    y[:] = x
    for k in range(len(x)):
        y[k] *= np.exp(-2j * np.pi * k / len(x))
    return np.abs(y)


def test_complex_stages() -> None:
    """Turning a number leaves its modulus."""
    x = numbers(90, 4)
    np.testing.assert_allclose(dk.jacobian(complex_stages)(x), np.diag(np.sign(x)), atol=1e-15)
