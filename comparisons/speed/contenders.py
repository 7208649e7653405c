"""How each library is asked for the same value and gradient.

`prepare(benchmark, args)` turns a benchmark into calls without arguments: whatever the library can
do once (conversion of the inputs to its own arrays, building of the derivative) is done before the
clock starts, and what it returns is ready when the call returns. Compilation happens at a first
call, which is not timed here either (see `first_call`).
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

from comparisons.speed.problem import Benchmark

__all__ = [
    "BACKEND",
    "CONTENDERS",
    "NEEDS",
    "OP_BY_OP",
    "NotMeasured",
    "Ready",
    "jax_module",
    "work_blocks",
]

BACKEND = "numba"
"""The backend of diffkit that is measured."""


class NotMeasured(Exception):
    """A contender that does not take part, and why. Not a failure."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What is timed: the value with the gradient, and, where it is of interest, the value alone."""

    gradient: Callable[[], Any]
    primal: Callable[[], Any] | None = None
    blocks: int | None = None
    """Work blocks that one call allocates beside its outputs."""


def bound(benchmark: Benchmark, args: tuple[Any, ...], **tools: Any) -> tuple[Any, tuple[Any, ...]]:
    """`f` with a library's tools and the numbers of steps filled in, and the arguments that are
    left: ints come last."""
    wanted = inspect.signature(benchmark.f).parameters
    chosen = {name: tool for name, tool in tools.items() if name in wanted}
    data = tuple(a for a in args if not isinstance(a, int))
    static = args[len(data) :]

    @functools.wraps(benchmark.f)
    def function(*data: Any) -> Any:
        return benchmark.f(*data, *static, **chosen)

    return function, data


def diffkit(benchmark: Benchmark, args: tuple[Any, ...]) -> Ready:
    """The function as it stands, compiled by `dk.jit`."""
    primal, gradient, data = diffkit_functions(benchmark, args)
    return Ready(lambda: gradient(*data), lambda: primal(*data), work_blocks(gradient, *data))


def diffkit_flat(benchmark: Benchmark, args: tuple[Any, ...]) -> Ready:
    """The compiled gradient itself, called as hand-written code is: without trees and checks."""
    if BACKEND != "numba":
        raise NotMeasured(f"the backend {BACKEND} has no .flat")
    _, gradient, data = diffkit_functions(benchmark, args)
    call = gradient.lower(*data).compile().flat
    flat = [a.item() if a.shape == () else a for a in data]
    return Ready(lambda: call(*flat))


def diffkit_functions(
    benchmark: Benchmark, args: tuple[Any, ...], backend: str = BACKEND
) -> tuple[Any, Any, Any]:
    """The jitted function, its jitted gradient, and what to call them with."""
    import diffkit as dk

    f, data = bound(benchmark, args)
    if benchmark.jacobian:
        derivative = dk.vmap(dk.jacobian(f))
        f = dk.vmap(f)
    else:
        derivative = dk.value_and_grad(f, argnums=tuple(range(benchmark.wrt)))
    return dk.jit(f, backend=backend), dk.jit(derivative, backend=backend), data


def work_blocks(jitted: Any, *args: Any) -> int | None:
    """How many arrays one call allocates beside its outputs; None where there is no loop program
    that would say."""
    return jitted.loops(*args).allocations if BACKEND == "numba" else None


def njit(benchmark: Benchmark, args: tuple[Any, ...]) -> Ready:
    """The hand-written Numba code."""
    kernels = kernels_of(benchmark.compiled)
    return Ready(lambda: kernels.gradient(*args), lambda: kernels.primal(*args))


@functools.cache
def kernels_of(compiled: Callable[[], Any]) -> Any:
    """Compiled once, for all sizes."""
    return compiled()


def by_hand(benchmark: Benchmark, args: tuple[Any, ...]) -> Ready:
    """The hand-written NumPy code."""
    return Ready(lambda: benchmark.numpy(*args))


def jax(benchmark: Benchmark, args: tuple[Any, ...]) -> Ready:
    """`jax.jit`, in float64, waiting for the result."""
    import jax

    gradient, data = jax_function(benchmark, args)
    return Ready(lambda: jax.block_until_ready(gradient(*data)))


def jax_module() -> Any:
    """JAX in float64, running where it is called: handing work to another thread, as it does by
    default, costs it more than it gains on one core."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    return jax


def jax_function(benchmark: Benchmark, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The jitted derivative, and its arguments on JAX's device."""
    jax = jax_module()
    import jax.numpy as jnp
    from jax import lax

    f, data = bound(
        benchmark, args, np=jnp, scan=lax.scan, add_at=lambda x, at, by: x.at[at].add(by)
    )
    if benchmark.jacobian:
        derivative = jax.vmap(jax.jacrev(f))
    else:
        derivative = jax.value_and_grad(f, argnums=tuple(range(benchmark.wrt)))
    return jax.jit(derivative), tuple(map(jnp.asarray, data))


def torch(benchmark: Benchmark, args: tuple[Any, ...]) -> Ready:
    """PyTorch in eager mode."""
    return torch_ready(benchmark, args, benchmark.torch)


def torch_compile(benchmark: Benchmark, args: tuple[Any, ...]) -> Ready:
    """PyTorch compiled: the function forward, and what its own partitioner makes of the rest."""
    import torch

    if benchmark.jacobian:
        derivative = torch.func.vmap(torch.func.jacrev(benchmark.torch))
        compiled = torch.compile(derivative, dynamic=False)
        data = [torch.from_numpy(a) for a in args]
        return Ready(lambda: compiled(*data))
    return torch_ready(benchmark, args, torch.compile(benchmark.torch, dynamic=False))


def torch_ready(benchmark: Benchmark, args: tuple[Any, ...], f: Callable[..., Any]) -> Ready:
    """The value by `f`, and the gradient by PyTorch's tape."""
    import torch

    torch.set_num_threads(1)
    data = [a if isinstance(a, int) else torch.as_tensor(a) for a in args]
    if benchmark.jacobian:
        jacobian = torch.func.vmap(torch.func.jacrev(f))
        return Ready(lambda: jacobian(*data))
    variables = [x.requires_grad_() for x in data[: benchmark.wrt]]

    def gradient() -> Any:
        value = f(*data)
        return value, torch.autograd.grad(value, variables)

    return Ready(gradient)


def autograd(benchmark: Benchmark, args: tuple[Any, ...]) -> Ready:
    """autograd, with its own NumPy and Python's loops."""
    import autograd.numpy as anp
    from autograd import elementwise_grad, value_and_grad

    f, data = bound(benchmark, args, np=anp, scan=python_scan)
    if benchmark.jacobian:
        # Rows do not mix, so the gradient of a column's sum holds a row of each Jacobian.
        count = f(*data).shape[-1]
        rows = [elementwise_grad(lambda *a, k=k: f(*a)[..., k]) for k in range(count)]
        return Ready(lambda: numpy.stack([row(*data) for row in rows], axis=1))
    gradient = value_and_grad(f, argnum=tuple(range(benchmark.wrt)))
    return Ready(lambda: gradient(*data))


def python_scan(step: Callable[..., Any], carry: Any, xs: Any = None, length: int = 0) -> Any:
    """A scan of which autograd sees each step; `xs` may be a tuple of arrays, and so may the rows
    of the result."""
    import autograd.numpy as anp

    rows = []
    each = [None] * length if xs is None else zip(*xs, strict=True) if type(xs) is tuple else xs
    for x in each:
        carry, row = step(carry, x)
        rows.append(row)
    if not rows or rows[0] is None:
        return carry, None
    if isinstance(rows[0], tuple):
        return carry, tuple(anp.stack(column) for column in zip(*rows, strict=True))
    return carry, anp.stack(rows)


CONTENDERS: dict[str, Callable[[Benchmark, tuple[Any, ...]], Ready]] = {
    "diffkit": diffkit,
    "diffkit-flat": diffkit_flat,
    "njit": njit,
    "numpy": by_hand,
    "jax": jax,
    "torch": torch,
    "torch-compile": torch_compile,
    "autograd": autograd,
}
NEEDS = {"jax": "jax", "torch": "torch", "torch-compile": "torch", "autograd": "autograd"}
OP_BY_OP = ("numpy", "torch", "torch-compile", "autograd")
