"""Kinks: what a derivative is said to be where there is none, or more than one.

At a kink of a convex function every slope between the one-sided ones is a subgradient, and
libraries choose differently. diffkit takes the one of least norm, for each operation and all its
operands together (so those who tie for a maximum share evenly), and has the others' choices as
presets. No choice makes a sum rule: relu(x) - relu(-x) is x, yet at 0 any rule with relu'(0) = 0
gives 0 - 0 = 0. That cannot be repaired function by function (Kakade & Lee), but it can be
reported, and is.

A derivative may also be infinite where the branch that is taken has none: where(x > 0, sqrt(x), 0)
at 0 gives 0 * inf = nan if the product is taken literally. The double where, which replaces the
argument too, is the workaround; diffkit needs none.

Source: Clarke, Optimization and Nonsmooth Analysis, 1983; Kakade & Lee, Provably correct automatic
subdifferentiation for qualified programs, NeurIPS 2018.
"""

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import diffkit as dk
from comparisons.demonstration import Demonstration, Figure, Shown, Table, beside, equal

__all__ = ["CASES", "DEMONSTRATION", "EXPECTED", "identity", "relu"]

SOURCE = "diffkit's convention"


def relu(x, np=np):
    """The positive part, as a choice."""
    return np.where(x > 0, x, 0.0 * x)


def identity(x, np=np):
    """x, written with two kinks."""
    return relu(x, np) - relu(-x, np)


def guarded_root(x, np=np):
    """The root of the positive part: the argument of the branch not taken is replaced, too."""
    return np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0 + 0.0 * x)), 0.0 * x)


# Functions of an array and a namespace, and the points.
CASES: dict[str, tuple[Callable[..., Any], list[float]]] = {
    "abs at 0": (lambda x, np: np.abs(x), [0.0]),
    "maximum(x, 0) at 0": (lambda x, np: np.maximum(x, 0.0 * x), [0.0]),
    "max of (1, 1, 0)": (lambda x, np: np.max(x), [1.0, 1.0, 0.0]),
    "clip(x, -1, 1) at 1": (lambda x, np: np.clip(x, -1.0, 1.0), [1.0]),
    "sqrt at 0": (lambda x, np: np.sqrt(x), [0.0]),
    "norm at 0": (lambda x, np: np.linalg.norm(x), [0.0, 0.0]),
    "relu(x) - relu(-x) at 0": (identity, [0.0]),
    "where(x > 0, sqrt(x), 0) at 0": (
        lambda x, np: np.where(x > 0, np.sqrt(x), 0.0 * x), [0.0],
    ),
    "the same, double where": (guarded_root, [0.0]),
}  # fmt: skip
EXPECTED: dict[str, list[float]] = {
    "abs at 0": [0.0],
    "maximum(x, 0) at 0": [0.5],
    "max of (1, 1, 0)": [0.5, 0.5, 0.0],
    "clip(x, -1, 1) at 1": [0.5],
    "sqrt at 0": [math.inf],
    "norm at 0": [0.0, 0.0],
    "relu(x) - relu(-x) at 0": [0.0],
    "where(x > 0, sqrt(x), 0) at 0": [0.0],
    "the same, double where": [0.0],
}


def by_diffkit(f: Callable[..., Any], x: list[float]) -> list[float]:
    """diffkit's own convention."""
    return dk.grad(lambda x: np.sum(f(x, np)))(np.array(x)).tolist()


def by_autograd(f: Callable[..., Any], x: list[float]) -> list[float]:
    import autograd
    import autograd.numpy as anp

    with np.errstate(all="ignore"):
        return autograd.grad(lambda x: anp.sum(f(x, anp)))(np.array(x)).tolist()


def by_jax(f: Callable[..., Any], x: list[float]) -> list[float]:
    import jax
    import jax.numpy as jnp

    return jax.grad(lambda x: jnp.sum(f(x, jnp)))(jnp.array(x)).tolist()


def by_torch(f: Callable[..., Any], x: list[float]) -> list[float]:
    import torch

    class Namespace:
        """NumPy's names for what PyTorch calls otherwise."""

        linalg = torch.linalg
        abs, maximum, max, clip = torch.abs, torch.maximum, torch.amax, torch.clip
        sqrt, where = torch.sqrt, torch.where

    point = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    torch.sum(f(point, Namespace)).backward()
    return point.grad.tolist()


LIBRARIES: dict[str, Callable[..., list[float]]] = {
    "torch": by_torch,
    "jax": by_jax,
    "autograd": by_autograd,
}


def peer(name: str, f: Callable[..., Any], x: list[float]) -> str:
    """What a library answers, in words where it does not."""
    if importlib.util.find_spec(name) is None:
        return "not installed"
    try:
        return shown(LIBRARIES[name](f, x))
    except Exception as error:  # a peer's failure is a finding of this table
        return type(error).__name__


def shown(found: list[float]) -> str:
    """One number, or several in a row."""
    return " ".join(f"{value:g}" for value in found)


def measure(quick: bool) -> Shown:
    """All cases by all libraries; for a quick look by those alone that load fast."""
    figures: list[Figure] = []
    rows = []
    asked = [name for name in LIBRARIES if not (quick and name in ("torch", "jax"))]
    for name, (f, x) in CASES.items():
        with np.errstate(all="ignore"):
            ours = by_diffkit(f, x)
        figures.append(equal(name, shown(ours), shown(EXPECTED[name]), SOURCE))
        rows.append((name, shown(ours), *(peer(library, f, x) for library in asked)))
    with dk.report_kinks() as report:
        dk.grad(np.abs)(0.0)
        seen = len(report)
        dk.grad(lambda x: np.maximum(x, 0.0) - np.maximum(-x, 0.0))(0.0)
    figures += [
        equal("kinks reported of abs at 0", seen, 1),
        equal("kinks reported of max(x, 0) - max(-x, 0) at 0", len(report) - seen, 1),
        beside("the report", str(report).splitlines()[-1].split(" at ")[0], "a tie of maximum"),
    ]
    table = Table(
        "Derivatives at kinks, as found in this run", ("function", "diffkit", *asked), tuple(rows)
    )
    return Shown(tuple(figures), (table,))


DEMONSTRATION = Demonstration(
    name="kinks",
    title="Kinks: what libraries answer where there is no one derivative",
    text=(
        "The derivatives of functions at points where they have none, by diffkit and by those of "
        "the other libraries that are installed. diffkit's answer is each operation's subgradient "
        "of least norm; relu(x) - relu(-x), which is x, shows that such answers do not add up, and "
        "the report of kinks says where one was met."
    ),
    source="Clarke 1983; Kakade & Lee 2018",
    measure=measure,
)
