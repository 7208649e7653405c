"""Time loops as NumPy users write them, each with the most nodes that may be left of it."""

# Loops over plain and traced arrays alike: the types of NumPy's stubs do not apply.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffkit.types import Type, f64

TABLE = np.linspace(-1.0, 1.0, 300).reshape(100, 3)  # more than a small literal


def heat(u: Any, c: Any) -> Any:
    u = u.copy()
    for _ in range(300):
        u[1:-1] = u[1:-1] + c * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u


def heat_fresh(u: Any, c: Any) -> Any:
    """A new array each step, with its ends held."""
    for _ in range(60):
        middle = u[1:-1] + c * (u[2:] - 2 * u[1:-1] + u[:-2])
        u = np.concatenate([u[:1], middle, u[-1:]])
    return u


def heat_by_elements(u: Any) -> Any:
    for _ in range(10):
        new = u.copy()
        for i in range(1, 19):
            new[i] = u[i] + 0.1 * (u[i + 1] - 2 * u[i] + u[i - 1])
        u = new
    return u


def gauss_seidel(u: Any) -> Any:
    u = u.copy()
    for _ in range(12):
        for i in range(1, 29):
            u[i] = 0.5 * (u[i - 1] + u[i + 1])
    return u


def wave(u: Any, c: Any) -> Any:
    """Two dimensions, two steps of memory, in place."""
    old, now = u.copy(), u.copy()
    for _ in range(40):
        new = 2 * now - old
        new[1:-1, 1:-1] += c * (
            now[2:, 1:-1] + now[:-2, 1:-1] + now[1:-1, 2:] + now[1:-1, :-2] - 4 * now[1:-1, 1:-1]
        )
        old, now = now, new
    return now


def leapfrog(x: Any, dt: Any) -> Any:
    old, now = x, x + dt * np.sin(x)
    states = [old, now]
    for _ in range(40):
        old, now = now, 2 * now - old - dt**2 * np.sin(now)
        states.append(now)
    return np.stack(states), now


def three_back(x: Any) -> Any:
    a, b, c = x, np.sin(x), np.cos(x)
    for _ in range(40):
        a, b, c = b, c, np.sin(c) - 0.3 * a
    return a, c


def forced_euler(x: Any, dt: Any) -> Any:
    """The time is added up."""
    t = 0.0
    for _ in range(40):
        x = x + dt * (np.sin(t) - x)
        t = t + dt
    return x


def tabulated_euler(x: Any) -> Any:
    """The time is known: a literal that differs from step to step."""
    for k in range(40):
        x = x + 0.1 * (np.sin(0.1 * k) - x)
    return x


def runge_kutta(x: Any, w: Any) -> Any:
    def f(x: Any) -> Any:
        return np.tanh(w @ x)

    h = 0.1
    states = []
    for _ in range(30):
        k1 = f(x)
        k2 = f(x + h / 2 * k1)
        k3 = f(x + h / 2 * k2)
        k4 = f(x + h * k3)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        states.append(x)
    return np.array(states)


def double_pendulum(s: Any, steps: int = 100) -> Any:
    for _ in range(steps):
        a, b, p, q = s
        d = a - b
        den = 2 - np.cos(d) ** 2
        dp = (-p * p * np.sin(d) - 2 * np.sin(a) + np.sin(b) * np.cos(d)) / den
        dq = (2 * q * q * np.sin(d) + np.cos(a) * np.sin(b)) / den
        s = s + 0.01 * np.stack([p, q, dp, dq])
    return s


def data_rows(x: Any, data: Any) -> Any:
    loss = 0.0
    for k in range(40):
        x = np.tanh(x + data[k])
        loss += np.sum(x * data[k, 0])
    return loss


def data_columns_backwards(x: Any, data: Any) -> Any:
    for k in range(39, -1, -1):
        x = np.tanh(x + data[k, ::2][:2]) * data[k, 1]
    return x


def constant_rows(x: Any) -> Any:
    """The data are a plain array of the surroundings."""
    for k in range(40):
        x = np.tanh(x + TABLE[2 * k])
    return x


def shuffled(x: Any) -> Any:
    """Elements in no order, and around the end."""
    total = 0.0
    for k in range(40):
        total = total + x[7 * k % 40] ** 2 * np.sin(x[(k + 1) % 40])
    return total


def sliding(x: Any, w: Any) -> Any:
    out = []
    for k in range(38):
        out.append(np.sum(x[k : k + 3] * w))
    return np.array(out)


def trajectory(x: Any) -> Any:
    """The states are kept in an array made beforehand."""
    out = np.zeros((41, 2)) + 0 * x
    out[0] = x
    for k in range(40):
        out[k + 1] = out[k] + 0.1 * np.sin(out[k])
    return out


def trajectory_of_two(x: Any, v: Any) -> Any:
    """Backwards, into columns, and two steps of memory."""
    out = np.zeros((2, 42)) + 0 * x
    out[0, 41], out[1, 41] = x, v
    out[0, 40], out[1, 40] = v, x
    for k in range(39, -1, -1):
        out[0, k] = out[0, k + 1] + 0.1 * out[1, k + 1]
        out[1, k] = out[1, k + 1] - 0.1 * np.sin(out[0, k + 2])
    return out


def energy(x: Any, v: Any) -> Any:
    energies = []
    for _ in range(40):
        v = v - 0.1 * x
        x = x + 0.1 * v
        energies.append(0.5 * (x * x + v * v))
    return np.array(energies), sum(energies)


def every_tenth(x: Any) -> Any:
    out = []
    for k in range(200):
        x = np.sin(x) * x + np.cos(x)
        if k % 10 == 0:
            out.append(x)
    return np.stack(out, axis=-1)


def joined(x: Any) -> Any:
    states = []
    for _ in range(40):
        x = np.sin(x) * 0.9 + 0.1 * x**2
        states.append(x)
    return np.vstack(states), np.concatenate([state[:, None] for state in states], axis=1)


def adam(x: Any) -> Any:
    """Numbers of the step in more than one place."""
    m = v = 0 * x
    for t in range(1, 60):
        g = np.sin(x) * np.cos(x)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        x = x - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return x


def lorenz(s: Any) -> Any:
    """Each row is written in three parts and read back as a whole."""
    out = np.zeros((51, 3)) + 0 * s
    out[0] = s
    for k in range(50):
        x, y, z = out[k]
        out[k + 1, 0] = x + 0.01 * 10 * (y - x)
        out[k + 1, 1] = y + 0.01 * (x * (28 - z) - y)
        out[k + 1, 2] = z + 0.01 * (x * y - 8 / 3 * z)
    return out


def listed(x: Any) -> Any:
    out = []
    for _ in range(50):
        x = np.sin(x) * np.exp(-x) + 0.3 * np.cos(x)
        out.append(x)
    return out


def powers(w: Any, x: Any) -> Any:
    for _ in range(100):
        x = w @ x
    return x


def nested(x: Any, d: Any) -> Any:
    for _ in range(100):
        for i in range(5):
            x = np.sin(x + d[i])
        x = x * 0.5
    return x


def nested_flat(x: Any, d: Any) -> Any:
    """Nothing between the inner loops: one loop of 500 steps, with data that come again."""
    for _ in range(100):
        for i in range(5):
            x = np.sin(x + d[i])
    return x


def alternating(x: Any) -> Any:
    for k in range(80):
        x = np.sin(x) if k % 2 else np.cos(x)
    return x


def alternating_wires(x: Any, y: Any) -> Any:
    """The ops have period 1, the wires have period 2."""
    for k in range(100):
        x = np.subtract(x, y) if k % 2 else np.subtract(y, x)
    return x


def two_loops(x: Any, y: Any) -> Any:
    for _ in range(60):
        x = np.sin(x) + y
    for _ in range(40):
        y = np.cos(y) * x - 0.1
    return x, y


@dataclass(frozen=True)
class Program:
    """A loop, the types of its arguments, and the most nodes that may be left."""

    f: Callable[..., Any]
    types: tuple[Type, ...]
    most: int


n = f64[()]
PROGRAMS = [
    Program(heat, (f64[8], n), 10),
    Program(heat_fresh, (f64[8], n), 12),
    Program(heat_by_elements, (f64[20],), 11),
    Program(gauss_seidel, (f64[30],), 7),
    Program(wave, (f64[5, 6], n), 17),
    Program(leapfrog, (f64[3], n), 17),
    Program(three_back, (f64[3],), 8),
    Program(forced_euler, (n, n), 10),
    Program(tabulated_euler, (n,), 4),
    Program(runge_kutta, (f64[3], f64[3, 3]), 25),
    Program(double_pendulum, (f64[4],), 30),
    Program(data_rows, (f64[3], f64[40, 3]), 8),
    Program(data_columns_backwards, (f64[2], f64[40, 4]), 12),
    Program(constant_rows, (f64[3],), 3),
    Program(shuffled, (f64[40],), 7),
    Program(sliding, (f64[40], f64[3]), 4),
    Program(trajectory, (f64[2],), 10),
    Program(trajectory_of_two, (n, n), 23),
    Program(energy, (n, n), 11),
    Program(every_tenth, (f64[3],), 8),
    Program(joined, (f64[3],), 7),
    Program(adam, (f64[3],), 19),
    Program(lorenz, (f64[3],), 31),
    Program(listed, (n,), 110),
    Program(powers, (f64[3, 3], f64[3]), 2),
    Program(nested, (n, f64[5]), 30),
    Program(nested_flat, (n, f64[5]), 4),
    Program(alternating, (n,), 5),
    Program(alternating_wires, (n, n), 5),
    Program(two_loops, (n, n), 8),
]
