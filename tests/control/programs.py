"""Programs with control flow, each smooth at its point, for every test that wants many of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import diffkit as dk
import diffkit.numpy as dnp


@dataclass(frozen=True)
class Program:
    """A function, its point, and which of the methods can answer it."""

    name: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    analytic: bool = True
    """Whether the complex step can go through it."""
    smooth: bool = True
    """Whether differences of its slopes are slopes again."""
    static: bool = False
    """Whether it has a formula: all loops are of known length."""


X = np.array([0.3, 0.7, 1.1, -0.4])
P = np.array([1.2, 0.8, 1.5])
M = np.array([[0.4, -0.3, 0.2], [0.1, 0.5, -0.6], [-0.2, 0.3, 0.7]])
ROWS = np.array([[0.3, -0.2], [0.9, 0.4], [-0.5, 0.8], [0.1, 0.6]])


def rnn(w, h, rows):
    def cell(h, x):
        h = np.tanh(w @ h + np.concatenate([x, x[:1]]))
        return h, np.sum(h * h)

    h, ys = dk.scan(cell, h, rows)
    return h, ys


def power_iteration(m):
    a = m @ m.T + np.eye(3)

    def step(i, v):
        v = a @ v
        return v / np.sqrt(np.sum(v * v))

    v = dk.fori_loop(0, 6, step, np.array([1.0, 0.5, 0.25]))
    return v @ a @ v


def newton(p):
    def root(a):
        return dk.while_loop(lambda x: abs(x * x - a) > 1e-13, lambda x: (x + a / x) / 2, a)

    return root(p[0]) + root(p[1]) * root(p[2])


def bisection(p):
    """The midpoint does not move with p; the last Newton step does."""

    def halve(ends):
        low, high = ends
        middle = (low + high) / 2
        above = middle**3 - p[0] > 0
        return dk.cond(above, lambda: (low, middle), lambda: (middle, high))

    low, high = dk.while_loop(lambda e: e[1] - e[0] > 1e-9, halve, (0.0, 3.0))
    x = (low + high) / 2
    return x - (x**3 - p[0]) / (3 * x**2)


def prefix_products(x):
    return dk.scan(lambda c, r: (c * r, c), 1.5, x)


def suffix_products(x):
    return dk.scan(lambda c, r: (c * r, np.sin(c)), 1.5, x, reverse=True)


def gather_in_loop(x):
    order = np.array([2, 0, 3, 2, 1])
    return dk.fori_loop(0, 5, lambda i, c: np.sin(c) + x[dnp.take(order, i)] * c, 0.4)


def scatter_in_loop(x):
    places = np.array([1, 0, 1, 2])

    def step(c, r):
        k, v = r
        return dnp.add_at(c, k, v * v), c[k] * v

    return dk.scan(step, np.zeros(3), (places, x))


def overwrite_in_loop(x):
    def step(i, c):
        return dnp.set_at(c, i, c[i - 1] * np.sin(c[i]))

    return dk.fori_loop(1, 4, step, x)


def while_with_scan(x):
    def body(s):
        k, c = s
        return k + 1, dk.scan(lambda c, r: (np.sin(c) + r * c, None), c, x)[0]

    return dk.while_loop(lambda s: s[0] < 4, body, (0, x[0]))[1]


def scan_with_while(x):
    """Each row takes another number of inner steps."""

    def step(c, r):
        v = dk.while_loop(
            lambda s: s[0] < 1.5, lambda s: (s[0] + 0.4 + 0.1 * s[1] ** 2, s[1] * r), (r, c)
        )
        return v[1] + np.sin(c), v[0]

    return dk.scan(step, 0.5, x)


def cond_in_scan_in_while(x):
    def step(c, r):
        c = dk.cond(np.sin(5 * r) > 0, lambda c: c * r, lambda c: np.cos(c) + r, c)
        return c, c * c

    def body(s):
        k, c, total = s
        c, ys = dk.scan(step, c, x)
        return k + 1, c, total + np.sum(ys)

    return dk.while_loop(lambda s: s[0] < 3, body, (0, 0.5, 0.0))[1:]


def switched(x):
    def step(i, c):
        return dk.switch(
            i % 3,
            [lambda c: np.sin(c) * x[i], lambda c: c + x[i] ** 2, lambda c: c * np.exp(x[i])],
            c,
        )

    return dk.fori_loop(0, 4, step, 0.6)


def computed_rows(x):
    """A row of a table that the loop itself chooses."""

    def body(s):
        k, c = s
        return (k * 2 + 1) % 4, c * x[k] + np.sin(x[(k + 1) % 4])

    return dk.scan(lambda s, _: (body(s), s[1]), (0, 0.7), length=5)


def invariants(m, x):
    """Products of constants inside the loop, one of them with a value from further out."""
    scale = np.sum(m)

    def step(c, r):
        return np.tanh(m @ m @ c * scale + r), None

    return dk.scan(step, x[:3], x)[0]


def unused_carry(x):
    """The second part of the carry is passed on and read by nobody; the third is not even moved."""
    a, _, c = dk.fori_loop(0, 3, lambda i, s: (s[0] * x[i], s[1] + s[0], s[2]), (x[0], x[1], x[2]))
    return a + c


def slow_fixpoint(x):
    """x reaches the last part of the carry only after three steps."""
    start = (1.0, 2.0, 3.0, x[0])
    return dk.fori_loop(0, 5, lambda i, s: (s[1] * s[0], np.sin(s[2]), s[3] + s[2], s[3]), start)[0]


def fresh_carry(x):
    """A carry that starts as a constant and another that ends as one."""
    end = dk.fori_loop(0, 4, lambda i, s: (s[0] + s[1] * x[i], s[1] * 0.5), (0.0, 1.0))
    return end[0] * end[1]


def kinks(x):
    def step(c, r):
        c = np.where(c > 0.5, c * r, c + abs(r)) + np.maximum(r, 0.2 * c)
        return c, np.minimum(c, 1.0)

    return dk.scan(step, 0.3, x)


def guarded(x):
    """The branch not taken is nan or infinite at this point, and so are its derivatives."""

    def step(c, r):
        safe = np.where(r > 0, np.sqrt(r), 0.0)
        chosen = dk.cond(r > 0, np.log, lambda r: r * 0.5, r)
        return c * 0.9 + safe, chosen + c

    return dk.scan(step, 1.0, x)


def ties(x):
    return dk.fori_loop(0, 3, lambda i, c: np.maximum(c, x[i]) * 1.1 + np.max(x) / 9, 0.9)


def two_outputs_one_loop(x):
    """The last carry, all carries and the rows in reverse, all read afterwards."""
    c, ys = dk.scan(lambda c, r: (np.sin(c * r) + c, (c, r * c)), 0.9, x)
    return np.sum(ys[0][::-1] * ys[1]) * c


def matrix_carry(m):
    return dk.scan(lambda c, r: (c.T @ m + np.outer(r, r), np.trace(c)), m, m)


def checkpointed(x):
    c, ys = dk.scan(lambda c, r: (np.sin(c * r) + c, c * c), 0.9, x, checkpoint=3)
    return c, ys


def checkpointed_while(x):
    rows = np.concatenate([x, x * x])

    def step(c, r):
        stay = lambda s: s[0] < 1.0  # noqa: E731
        return dk.while_loop(stay, lambda s: (s[0] + 0.3, s[1] * r), (r, c))[1] + 1, c

    return dk.scan(step, 0.7, rows, checkpoint="sqrt", reverse=True)


def called(x):
    block = dk.checkpoint(lambda c, r: np.exp(-c * c) * r + np.sin(c))
    return dk.scan(lambda c, r: (block(c, r), block(r, c)), 0.4, x)


def grad_in_loop(x):
    """Newton's method on a function whose slopes are taken inside."""

    def energy(y, r):
        return np.cosh(y - r) + 0.1 * y**4

    def step(y, r):
        slope = dk.grad(energy)(y, r)
        bend = dk.grad(dk.grad(energy))(y, r)
        return y - slope / bend, slope

    return dk.scan(step, 0.2, x)


def loop_in_grad_in_loop(x):
    def inner(y):
        return dk.fori_loop(0, 3, lambda i, c: np.sin(c) * y + dnp.take(x, i), y)

    return dk.fori_loop(0, 3, lambda i, y: y - 0.1 * dk.grad(inner)(y) * x[i], 0.5)


def collatz(p):
    """A number of steps that only running tells, with an integer carry."""

    def step(s):
        k, c = s
        return np.where(k % 2 == 0, k // 2, 3 * k + 1), np.sin(c) + p[0] * c / k

    k, c = dk.while_loop(lambda s: s[0] != 1, step, (7, p[1]))
    return c + k


def trees_everywhere(x):
    def step(c, r):
        new = {"a": c["a"] * r["v"], "b": (c["b"][0] + c["a"], r["k"])}
        return new, [c["b"][0], {"n": None, "y": c["a"] ** 2}]

    start = {"a": 0.8, "b": (x[1], 0)}
    return dk.scan(step, start, {"v": x, "k": np.arange(4)})[1]


def traced_bounds(x):
    """The number of steps is computed, so the loop is a while."""
    n = np.sum(x > 0)
    return dk.fori_loop(0, n, lambda i, c: c * x[i] + np.sin(x[n]), 0.9)


PROGRAMS = [
    Program("rnn", rnn, (M, P, ROWS), static=True),
    Program("power iteration", power_iteration, (M,), static=True),
    Program("newton", newton, (P,), analytic=False),
    Program("bisection", bisection, (P,), analytic=False, smooth=False),
    Program("prefix products", prefix_products, (X,), static=True),
    Program("suffix products", suffix_products, (X,), static=True),
    Program("gather", gather_in_loop, (X,), static=True),
    Program("scatter", scatter_in_loop, (X,)),
    Program("overwrite", overwrite_in_loop, (X,)),
    Program("while with scan", while_with_scan, (X,)),
    Program("scan with while", scan_with_while, (X,)),
    Program("cond in scan in while", cond_in_scan_in_while, (X,)),
    Program("switch", switched, (X,), static=True),
    Program("computed rows", computed_rows, (X,), static=True),
    Program("invariants", invariants, (M, X), static=True),
    Program("unused carry", unused_carry, (X,), static=True),
    Program("slow fixpoint", slow_fixpoint, (X,), static=True),
    Program("fresh carry", fresh_carry, (X,), static=True),
    Program("kinks", kinks, (X,), analytic=False),
    Program("guarded", guarded, (X,), analytic=False),
    Program("ties", ties, (X,), analytic=False),
    Program("outputs", two_outputs_one_loop, (X,), static=True),
    Program("matrix carry", matrix_carry, (M,), static=True),
    Program("checkpointed", checkpointed, (X,), static=True),
    Program("checkpointed while", checkpointed_while, (X,)),
    Program("called", called, (X,), static=True),
    Program("grad in loop", grad_in_loop, (X,), static=True),
    Program("loop in grad in loop", loop_in_grad_in_loop, (X,), static=True),
    Program("collatz", collatz, (P,)),
    Program("trees", trees_everywhere, (X,), static=True),
    Program("traced bounds", traced_bounds, (X,)),
]
BY_NAME = {program.name: program for program in PROGRAMS}
