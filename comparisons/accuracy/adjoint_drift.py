"""Differentiate the program, or the equation? Two adjoints of an initial value problem.

The discrete adjoint differentiates the steps that were taken: whatever their length, the result is
the derivative of the computed numbers, to rounding. The continuous adjoint, "backsolve", integrates
the adjoint equation backward in time, and the solution with it, which saves the memory of the
steps. It is an approximation of the same order as the steps, and the two gradients differ by the
error of discretisation; a method for minimisation is then told a slope that its function does not
have. Backward in time a dissipative or chaotic system is unstable, so that what is integrated back
need not meet the states it came from.

In Lorenz's system a perturbation grows like exp(0.9 t), and with it every derivative by the initial
state: right, and of no use, since after (1/0.9) ln(1/tol) the state is unknown, too.

Source: Giles & Pierce, An introduction to the adjoint approach to design, Flow, Turbulence and
Combustion 65 (2000); Gholami, Keutzer & Biros, ANODE, IJCAI 2019; for the exponent 0.906 (recalled,
not checked again) Viswanath, Lyapunov exponents from random Fibonacci sequences to the Lorenz
equations, 1998.
"""

import math

import numpy as np

import diffkit as dk
from comparisons.cost.counting import exponent
from comparisons.demonstration import (
    Curve,
    Demonstration,
    Plot,
    Shown,
    Table,
    at_most,
    beside,
    within,
)

__all__ = ["DEMONSTRATION", "euler", "growth", "last_angle", "lorenz", "pendulum"]

START = np.array([1.0, 0.0])
END = 4.0
STATE = np.array([1.0, 1.0, 20.0])
LYAPUNOV = 0.906


def pendulum(y, t, k):
    """Angle and its speed."""
    return np.array([y[1], -k * np.sin(y[0])])


def lorenz(y, t):
    """Lorenz's system at its usual parameters."""
    return np.array([10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]])


def last_angle(k, steps: int, adjoint: str):
    """The pendulum's angle at the end by the classical Runge-Kutta method."""
    ts = np.array([0.0, END])
    return dk.solve.odeint(
        pendulum, START, ts, k, method="rk4", steps_per_interval=steps, adjoint=adjoint
    )[-1][0]


def euler(k, steps: int):
    """The same by Euler's method."""
    h = END / steps
    return dk.fori_loop(0, steps, lambda i, y: y + h * pendulum(y, i * h, k), START)[0]


def euler_backsolve(k: float, steps: int) -> float:
    """The continuous adjoint of the same, by Euler's method backward from its end: state y, adjoint
    a with a' = -a f_y, gradient g with g' = -a f_k."""
    h = END / steps
    y = dk.fori_loop(0, steps, lambda i, y: y + h * pendulum(y, i * h, k), START)
    a, g = np.array([1.0, 0.0]), 0.0
    for _ in range(steps):
        _, pull = dk.vjp(lambda y, k: pendulum(y, 0.0, k), y, k)
        by_y, by_k = pull(a)
        y, a, g = y - h * pendulum(y, 0.0, k), a + h * by_y, g + h * by_k
    return float(g)


def complex_step(f, k: float) -> float:
    """The derivative of the computed number without any rule: Im f(k + ih) / h."""
    return float(np.imag(f(k + 1e-100j)) / 1e-100)


def rk4(k, steps: int):
    """The Runge-Kutta method once more, in plain NumPy, for complex k too."""
    y, h = START + 0j * k, END / steps
    for _ in range(steps):
        p = pendulum(y, 0.0, k)
        q = pendulum(y + h / 2 * p, 0.0, k)
        r = pendulum(y + h / 2 * q, 0.0, k)
        s = pendulum(y + h * r, 0.0, k)
        y = y + h / 6 * (p + 2 * q + 2 * r + s)
    return y[0]


def growth(end: int, starts: int) -> tuple[np.ndarray, np.ndarray]:
    """`(times, sizes)` of the tangent of Lorenz's state by its first initial coordinate, averaged
    (in logarithms) over so many starts along the trajectory."""
    ts = np.arange(end + 1.0)
    run = dk.jit(
        lambda y, dy: dk.jvp(
            lambda y: dk.solve.odeint(lorenz, y, ts, method="rk4", steps_per_interval=100),
            (y,), (dy,),
        ),
        backend="interpreter",
    )  # fmt: skip
    start, logs = STATE, []
    for _ in range(starts):
        states, tangents = run(start, np.array([1.0, 0.0, 0.0]))
        logs.append(np.log(np.linalg.norm(tangents, axis=1)))
        start = states[-1]
    return ts, np.exp(np.mean(logs, axis=0))


def astray(end: float) -> float:
    """The relative difference of the two adjoints' gradients in Lorenz's system, by the state at
    the start of an interval of this length."""

    def last(y, adjoint):
        ts = np.array([0.0, end])
        steps = round(200 * end)
        found = dk.solve.odeint(
            lorenz, y, ts, method="rk4", steps_per_interval=steps, adjoint=adjoint
        )
        return found[-1][0]

    right, wrong = (
        dk.grad(lambda y, adjoint=adjoint: last(y, adjoint))(STATE)
        for adjoint in ("discrete", "backsolve")
    )
    return float(np.linalg.norm(wrong - right) / np.linalg.norm(right))


def pendulums(counts: tuple[int, ...]) -> list[tuple[int, float, float, float, float]]:
    """`(steps, discrete error, backsolve difference)` of the Runge-Kutta method, and of Euler's."""
    rows = []
    for n in counts:
        true = complex_step(lambda k, n=n: rk4(k, n), 1.0)
        discrete, back = (
            float(dk.grad(lambda k, n=n, how=how: last_angle(k, n, how))(1.0))
            for how in ("discrete", "backsolve")
        )
        reverse, forward = (
            float(dk.grad(lambda k, n=n: euler(k, n), method=method)(1.0))
            for method in ("reverse", "forward")
        )
        differences = discrete - true, back - true, reverse - forward
        rows.append((n, *map(abs, differences), abs(euler_backsolve(1.0, n) - forward)))
    return rows


def measure(quick: bool) -> Shown:
    """Both adjoints at several step sizes, then Lorenz's system."""
    counts = (50, 100, 200) if quick else (50, 100, 200, 400, 800)
    rows = pendulums(counts)
    columns = [*zip(*rows, strict=True)]
    orders = exponent(counts, columns[2]), exponent(counts[-3:], columns[4][-3:])
    ends = (0.5, 1.0, 2.0) if quick else (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
    with np.errstate(all="ignore"):  # what goes back in time may overflow
        lost = [astray(end) for end in ends]
    times, sizes = growth(*((20, 2) if quick else (30, 8)))
    rate = float(np.polyfit(times[2:], np.log(sizes[2:]), 1)[0])
    figures = (
        at_most("discrete adjoint, the most that it errs by (truth: complex step)",
                max(columns[1]), 1e-13),
        within("order of what backsolve errs by, RK4", -orders[0], 3.5, 5.5, "4, the method's"),
        within("order of what backsolve errs by, Euler", -orders[1], 0.7, 1.6, "1, the method's"),
        at_most("what backsolve errs by at the shortest RK4 steps", columns[2][-1], 1e-4),
        within("Lorenz: rate at which a derivative grows", rate, 0.7, 1.1, "0.906, Viswanath 1998"),
        beside("Lorenz: time after which a state is unknown for tol = 1e-16",
               -math.log(1e-16) / rate, -math.log(1e-16) / LYAPUNOV, "ln(1/tol) / 0.906"),
        beside(f"Lorenz: backsolve's relative error over {ends[-1]:g} time units", lost[-1], "lost",
               "unstable backward in time"),
    )  # fmt: skip
    head = ("steps", "RK4 discrete", "RK4 backsolve", "Euler discrete", "Euler backsolve")
    x = tuple(map(float, counts))
    curves = tuple(
        Curve(name, x, tuple(columns[k + 1])) for k, name in enumerate(head[1:]) if "back" in name
    )
    theory = np.exp(LYAPUNOV * (times - times[2])) * sizes[2]
    grown = (
        Curve("tangent of the state", tuple(times[1:].tolist()), tuple(sizes[1:].tolist())),
        Curve("exp(0.906 t)", tuple(times[1:].tolist()), tuple(theory[1:].tolist()), theory=True),
    )
    return Shown(
        figures,
        (
            Table("Error of the pendulum's gradient by each adjoint", head, tuple(rows)),
            Table("Lorenz: backsolve's relative error over an interval", ("length", "error"),
                  tuple(zip(ends, lost, strict=True))),
        ),
        (
            Plot("What backsolve differs by", "steps", "difference of the gradient", curves),
            Plot("Derivatives in Lorenz's system", "time", "size", grown, log_x=False),
        ),
    )  # fmt: skip


DEMONSTRATION = Demonstration(
    name="adjoint-drift",
    title="Differentiate the program, or the equation? Two adjoints of a differential equation",
    text=(
        "The discrete adjoint is the derivative of the numbers that were computed, to rounding; "
        "the adjoint equation integrated back in time differs from it by the error of the steps, "
        "and where going back is unstable, as in Lorenz's system, by everything. There a "
        "derivative grows like exp(0.9 t) whatever it is computed by."
    ),
    source="Giles & Pierce 2000; Gholami, Keutzer & Biros 2019; Viswanath 1998 (recalled)",
    measure=measure,
)
