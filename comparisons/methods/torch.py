"""PyTorch in eager mode, float64 on the CPU: by its tape and by `torch.func`.

PyTorch does not trace NumPy, so these methods run the case's hand-written twin. Reverse mode is
`torch.autograd.grad`, as most programs call it, or `torch.func`'s `grad` and `jacrev`. Forward mode
pushes the n unit vectors through `jvp`, in blocks, so that memory stays bounded when n is large.

Source: Paszke et al., PyTorch: an imperative style, high-performance deep learning library, NeurIPS
2019.
"""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.method import Method, Prepared, Unsupported
from comparisons.methods.refusal import refused
from comparisons.problem import Case

__all__ = ["METHODS", "tape", "twin"]

# Tangents pushed through together: the memory is this many times that of one.
BLOCK = 64


def twin(case: Case) -> Callable[[Any], Any]:
    """The case's function for PyTorch."""
    if case.torch is None:
        raise Unsupported("this problem has no PyTorch twin")
    return case.torch


def tape(case: Case, f: Callable[[Any], Any]) -> Prepared:
    """Bind `torch.autograd` to a function: `grad`, or `functional.jacobian`."""
    import torch

    x = torch.from_numpy(case.x)
    recorded = x.clone().requires_grad_()

    def gradient() -> numpy.ndarray:
        return torch.autograd.grad(f(recorded), recorded)[0].numpy()

    def jacobian() -> numpy.ndarray:
        found: Any = torch.autograd.functional.jacobian(f, x)
        return found.numpy()

    scalar = case.operator == "gradient"
    return Prepared(
        primal=lambda: f(x).numpy(),
        derivative=gradient if scalar else jacobian,
        calls=1 if scalar else len(f(x)),
    )


def prepare_tape(case: Case) -> Prepared:
    """Bind `torch.autograd` to the twin."""
    return tape(case, twin(case))


def prepare_reverse(case: Case) -> Prepared:
    """Bind `torch.func.grad` or `jacrev`."""
    import torch

    f, x = twin(case), torch.from_numpy(case.x)
    transform = torch.func.grad if case.operator == "gradient" else torch.func.jacrev
    derivative = transform(f)
    return Prepared(
        primal=lambda: f(x).numpy(),
        derivative=lambda: derivative(x).numpy(),
        calls=1 if case.operator == "gradient" else len(f(x)),
    )


def prepare_forward(case: Case) -> Prepared:
    """Bind blocks of `torch.func.jvp` under `vmap`."""
    import torch

    f, x = twin(case), torch.from_numpy(case.x)
    n = len(case.x)

    def push(tangent):
        return torch.func.jvp(f, (x,), (tangent,))[1]

    push_block = torch.func.vmap(push)

    def derivative() -> numpy.ndarray:
        columns = []
        for start in range(0, n, BLOCK):
            width = min(BLOCK, n - start)
            basis = torch.zeros((width, n), dtype=torch.float64)
            basis[torch.arange(width), start + torch.arange(width)] = 1.0
            columns.append(push_block(basis))
        return torch.cat(columns).movedim(0, -1).numpy()

    with refused("torch.func.vmap", RuntimeError):
        push_block(torch.eye(n, dtype=torch.float64)[:1])
    return Prepared(primal=lambda: f(x).numpy(), derivative=derivative, calls=n)


# The second is what the first call of a transform imports, for seconds that are no cell's.
FUNC = ("torch", "torch._dynamo")

METHODS = (
    Method("torch-tape", "PyTorch eager, torch.autograd", "peer", ("torch",), prepare_tape),
    Method("torch-reverse", "PyTorch eager, torch.func reverse", "peer", FUNC, prepare_reverse),
    Method("torch-forward", "PyTorch eager, torch.func forward", "peer", FUNC, prepare_forward),
)
