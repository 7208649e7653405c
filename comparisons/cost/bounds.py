"""Griewank's bounds: what a derivative may cost at most, in the operations of its function.

The elementary operation that grows most is the multiplication. Where the function multiplies once,

    value and tangent           w = u v,  dw = du v + u dv                          4 operations
    value and gradient          w = u v,  u* += w* v,  v* += w* u                   5
    and a second-order adjoint  the same for dw, du*, dv*                          16

so that no program of additions and multiplications can cost more than 4, 5 and 16 times its
function, whatever the number n of its inputs. The 5 is the theorem of Baur and Strassen, who count
a quotient as two operations. Griewank and Walther count accesses to memory too, which grow less,
and bound the ratios by 2.5, 4 and 10.

An elementary function counts as one operation here. Its derivative takes another function and a
product, or a few operations (tan' = 1 + tan^2): value and tangent stay within 2.5 times the
function if that is worth so many multiplications: 2 suffice for a sine, and are what Griewank and
Walther assume. The table of operations finds that number for each (a square root counts as
arithmetic); it is infinite where the tangent takes three functions, as that of a power does.

Source: Baur & Strassen, The complexity of partial derivatives, Theoretical Computer Science 22
(1983); Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, chapters 3 and 4.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import diffkit as dk
from comparisons.cost.speelpenning import product
from comparisons.demonstration import Demonstration, Shown, Table, at_most, equal
from comparisons.problems import helmholtz

__all__ = ["DEMONSTRATION", "PROGRAMS", "operations", "ratios"]

SOURCE = "Griewank & Walther 2008, chapters 3 and 4"
ADDITIONS = ("add", "sub", "neg")
PRODUCTS = ("mul", "div", "square", "reciprocal", "sqrt")
MEMORY = {"tangent": 2.5, "gradient": 4.0, "second-order adjoint": 10.0}
ARITHMETIC = {"tangent": 4.0, "gradient": 5.0, "second-order adjoint": 16.0}


def rosenbrock(x):
    """A polynomial."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rational(x):
    """A quotient of polynomials, of sums over all elements."""
    return np.sum(x * x) ** 2 / (1.0 + np.sum(x))


def log_sum_exp(x):
    """As written in books."""
    return np.log(np.sum(np.exp(x)))


def oscillator(x):
    """A loop with a function in it."""
    return dk.scan(lambda c, push: (np.sin(c) * push + c, None), x[0], x)[0]


def energy(x):
    """The Helmholtz energy of as many species."""
    return helmholtz.make(len(x)).f(x)


PROGRAMS: Mapping[str, Callable[[Any], Any]] = {
    "product": product,
    "rosenbrock": rosenbrock,
    "rational": rational,
    "log-sum-exp": log_sum_exp,
    "oscillator": oscillator,
    "helmholtz": energy,
}


def operations(f: Callable[..., Any], *args: Any) -> int:
    """The floating-point operations of a function, counted on its graph."""
    return dk.trace(f)(*args).cost().flops


def ratios(f: Callable[[Any], Any], n: int) -> dict[str, float]:
    """Value and tangent, value and gradient, both of these of the gradient: each over the value."""
    x = np.linspace(0.5, 1.5, n) / n
    value = operations(f, x)

    def second(x, v):
        return f(x), dk.jvp(dk.grad(f), (x,), (v,))

    found = {
        "tangent": operations(lambda x, v: dk.jvp(f, (x,), (v,)), x, x),
        "gradient": operations(dk.value_and_grad(f), x),
        "second-order adjoint": operations(second, x, x),
    }
    return {kind: count / value for kind, count in found.items()}


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    **{
        f.__name__: f
        for f in (
            np.square, np.sqrt, np.cbrt, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log1p,
            np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh, np.arcsin, np.arccos, np.arctan,
            np.arcsinh, np.arctanh, np.hypot, np.arctan2, np.power, np.logaddexp,
        )
    },
}  # fmt: skip


def row(name: str) -> tuple[str, int, int, int, float | str]:
    """An operation: its count, value with tangent, value with gradient; and what it must cost in
    multiplications for the tangent to stay within 2.5, if it is an elementary function."""
    f = FUNCTIONS[name]
    arguments = [0.3, 0.7][: 2 if name in BINARY else 1]
    count = operations(f, *arguments)

    def tangent(*both):
        k = len(both) // 2
        return dk.jvp(f, both[:k], both[k:])

    def gradient(*given):
        y, pull = dk.vjp(f, *given[:-1])
        return y, pull(given[-1])

    graph = dk.trace(tangent)(*arguments, *arguments)
    cheap = sum(node.op.name in ADDITIONS + PRODUCTS for node in graph.nodes)
    total = graph.cost().flops
    needed: float | str = ""
    if name not in ("add", "multiply", "divide", "square", "sqrt") and count == 1:
        dear = total - cheap
        needed = cheap / (MEMORY["tangent"] - dear) if dear < MEMORY["tangent"] else float("inf")
    return name, count, total, operations(gradient, *arguments, 1.0), needed


BINARY = ("add", "multiply", "divide", "hypot", "arctan2", "power", "logaddexp")


def measure(_quick: bool) -> Shown:
    """The programs at three sizes, then every operation."""
    rows, most, growth = [], dict.fromkeys(ARITHMETIC, 0.0), 0.0
    for name, f in PROGRAMS.items():
        found = {n: ratios(f, n) for n in (10, 100, 1000)}
        for kind in ARITHMETIC:
            by_size = [found[n][kind] for n in found]
            most[kind] = max(most[kind], *by_size)
            growth = max(growth, by_size[-1] / by_size[-2])
            rows.append((name, kind, *by_size, ARITHMETIC[kind], MEMORY[kind]))
    figures = [
        at_most(f"operations, {kind}, the most of all programs", most[kind], bound)
        for kind, bound in ARITHMETIC.items()
    ]
    figures.append(at_most("the most that a ratio grows from n = 100 to 1000", growth, 1.05))
    head = ("program", "derivative", "n = 10", "n = 100", "n = 1000", "bound", "with memory")
    programs = Table("Operations over those of the function", head, tuple(rows))
    table = [row(name) for name in FUNCTIONS]
    worth = {name: needed for name, _, _, _, needed in table}
    name = "multiplications that a sine must be worth"
    figures.append(equal(name, float(worth["sin"]), 2.0, SOURCE))
    head = ("operation", "value", "with tangent", "with gradient", "must be worth")
    return Shown(tuple(figures), (programs, Table("Each operation", head, tuple(table))))


DEMONSTRATION = Demonstration(
    name="bounds",
    title="A derivative costs a few functions, whatever the number of inputs",
    text=(
        "Floating-point operations of value and tangent, value and gradient, and of a gradient's "
        "tangent, counted on the graphs of several programs, over those of the function; beside "
        "the bounds that follow from the worst elementary operation, and those of Griewank and "
        "Walther, who count memory too. Then each elementary operation."
    ),
    source=f"Baur & Strassen 1983; {SOURCE}",
    measure=measure,
)
