"""Lotka and Volterra's predators and prey by Runge and Kutta's method: a long loop over scalars.

    x' = α x - β x y,   y' = δ x y - γ y,      u ← u + h/6 (k₁ + 2 k₂ + 2 k₃ + k₄)

The loss is (x - 1)² + (y - 1)² at the end, in (α, β, γ, δ). A step is some fifty flops on numbers
that fit into registers: a library that dispatches op by op pays for each flop a thousand times.
The sweep back by hand keeps x and y of each step, computes the stages again, and for each stage
k = F(s) with cotangent κ does s̄ = F'(s)ᵀ κ and adds κ·∂F/∂p to the parameters.

Source: Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, Springer 1993.
"""

import numpy

import diffkit as dk
from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]

X0, Y0, H = 1.2, 0.8, 1e-3


def inputs(steps: int) -> tuple[numpy.ndarray, int]:
    """Rates of growth, catch, death and gain; the number of steps of length 10⁻³."""
    return numpy.array([1.1, 0.8, 1.2, 0.9]), steps


def f(p, steps, scan=dk.scan):
    """The loss after a number of steps."""
    alpha, beta, gamma, delta = p[0], p[1], p[2], p[3]

    def rate(x, y):
        return alpha * x - beta * x * y, delta * x * y - gamma * y

    def step(state, _):
        x, y = state
        ax, ay = rate(x, y)
        bx, by = rate(x + H / 2 * ax, y + H / 2 * ay)
        cx, cy = rate(x + H / 2 * bx, y + H / 2 * by)
        dx, dy = rate(x + H * cx, y + H * cy)
        x = x + H / 6 * (ax + 2 * bx + 2 * cx + dx)
        y = y + H / 6 * (ay + 2 * by + 2 * cy + dy)
        return (x, y), None

    (x, y), _ = scan(step, (X0, Y0), length=steps)
    return (x - 1.0) ** 2 + (y - 1.0) ** 2


def forward(alpha, beta, gamma, delta, xs, ys):
    """Fill xs and ys, of one more entry than there are steps, with the trajectory."""
    x, y = X0, Y0
    xs[0], ys[0] = x, y
    for n in range(len(xs) - 1):
        ax, ay = (alpha - beta * y) * x, (delta * x - gamma) * y
        sx, sy = x + H / 2 * ax, y + H / 2 * ay
        bx, by = (alpha - beta * sy) * sx, (delta * sx - gamma) * sy
        sx, sy = x + H / 2 * bx, y + H / 2 * by
        cx, cy = (alpha - beta * sy) * sx, (delta * sx - gamma) * sy
        sx, sy = x + H * cx, y + H * cy
        dx, dy = (alpha - beta * sy) * sx, (delta * sx - gamma) * sy
        x += H / 6 * (ax + 2 * (bx + cx) + dx)
        y += H / 6 * (ay + 2 * (by + cy) + dy)
        xs[n + 1], ys[n + 1] = x, y


def backward(alpha, beta, gamma, delta, xs, ys):
    """The cotangents of the four rates, from the trajectory."""
    count = len(xs) - 1
    u, v = 2.0 * (xs[count] - 1.0), 2.0 * (ys[count] - 1.0)
    ga = gb = gg = gd = 0.0
    for n in range(count - 1, -1, -1):
        x, y = xs[n], ys[n]
        ax, ay = (alpha - beta * y) * x, (delta * x - gamma) * y
        x1, y1 = x + H / 2 * ax, y + H / 2 * ay
        bx, by = (alpha - beta * y1) * x1, (delta * x1 - gamma) * y1
        x2, y2 = x + H / 2 * bx, y + H / 2 * by
        cx, cy = (alpha - beta * y2) * x2, (delta * x2 - gamma) * y2
        x3, y3 = x + H * cx, y + H * cy
        # the fourth stage
        p, q = H / 6 * u, H / 6 * v
        px, qy = p * x3, q * y3
        ga, gb, gg, gd = ga + px, gb - px * y3, gg - qy, gd + qy * x3
        s = p * (alpha - beta * y3) + qy * delta
        t = q * (delta * x3 - gamma) - px * beta
        su, tv = s, t
        # the third
        p, q = H / 3 * u + H * s, H / 3 * v + H * t
        px, qy = p * x2, q * y2
        ga, gb, gg, gd = ga + px, gb - px * y2, gg - qy, gd + qy * x2
        s = p * (alpha - beta * y2) + qy * delta
        t = q * (delta * x2 - gamma) - px * beta
        su, tv = su + s, tv + t
        # the second
        p, q = H / 3 * u + H / 2 * s, H / 3 * v + H / 2 * t
        px, qy = p * x1, q * y1
        ga, gb, gg, gd = ga + px, gb - px * y1, gg - qy, gd + qy * x1
        s = p * (alpha - beta * y1) + qy * delta
        t = q * (delta * x1 - gamma) - px * beta
        su, tv = su + s, tv + t
        # the first
        p, q = H / 6 * u + H / 2 * s, H / 6 * v + H / 2 * t
        px, qy = p * x, q * y
        ga, gb, gg, gd = ga + px, gb - px * y, gg - qy, gd + qy * x
        u += su + p * (alpha - beta * y) + qy * delta
        v += tv + q * (delta * x - gamma) - px * beta
    return ga, gb, gg, gd


def by_hand(p, steps):
    """Value and gradient on Python's floats: NumPy has nothing to offer a scalar loop."""
    xs, ys = [0.0] * (steps + 1), [0.0] * (steps + 1)
    rates = p.tolist()
    forward(*rates, xs, ys)
    loss = (xs[-1] - 1.0) ** 2 + (ys[-1] - 1.0) ** 2
    return loss, numpy.array(backward(*rates, xs, ys))


def compiled() -> Kernels:
    """The same two sweeps, compiled; the trajectory is the only memory."""
    njit = numba_tools().njit
    sweep, back = njit(forward), njit(backward)

    @njit
    def primal(p, steps):
        alpha, beta, gamma, delta = p[0], p[1], p[2], p[3]
        x, y = X0, Y0
        for _ in range(steps):
            ax, ay = (alpha - beta * y) * x, (delta * x - gamma) * y
            sx, sy = x + H / 2 * ax, y + H / 2 * ay
            bx, by = (alpha - beta * sy) * sx, (delta * sx - gamma) * sy
            sx, sy = x + H / 2 * bx, y + H / 2 * by
            cx, cy = (alpha - beta * sy) * sx, (delta * sx - gamma) * sy
            sx, sy = x + H * cx, y + H * cy
            dx, dy = (alpha - beta * sy) * sx, (delta * sx - gamma) * sy
            x += H / 6 * (ax + 2 * (bx + cx) + dx)
            y += H / 6 * (ay + 2 * (by + cy) + dy)
        return (x - 1.0) ** 2 + (y - 1.0) ** 2

    @njit
    def gradient(p, steps):
        work = numpy.empty((2, steps + 1))
        xs, ys = work[0], work[1]
        sweep(p[0], p[1], p[2], p[3], xs, ys)
        g = numpy.empty(4)
        g[0], g[1], g[2], g[3] = back(p[0], p[1], p[2], p[3], xs, ys)
        return (xs[steps] - 1.0) ** 2 + (ys[steps] - 1.0) ** 2, g

    return Kernels(primal, gradient)


def in_torch(p, steps):
    """A Python loop over PyTorch scalars."""
    alpha, beta, gamma, delta = p.unbind()

    def rate(x, y):
        xy = x * y
        return alpha * x - beta * xy, delta * xy - gamma * y

    x, y = p.new_tensor(X0), p.new_tensor(Y0)
    for _ in range(steps):
        ax, ay = rate(x, y)
        bx, by = rate(x + H / 2 * ax, y + H / 2 * ay)
        cx, cy = rate(x + H / 2 * bx, y + H / 2 * by)
        dx, dy = rate(x + H * cx, y + H * cy)
        x = x + H / 6 * (ax + 2 * (bx + cx) + dx)
        y = y + H / 6 * (ay + 2 * (by + cy) + dy)
    return (x - 1.0) ** 2 + (y - 1.0) ** 2


BENCHMARK = Benchmark(
    name="lotka-volterra",
    title="RK4 of Lotka–Volterra, scalars (size: steps)",
    source="Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, 1993",
    sizes=(1_000, 100_000),
    quick=(200,),
    tiny=5,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
    scalar=True,
    eager_limit=1_000,
    without={"torch-compile": "it would unroll the loop of at least 200 steps"},
)
