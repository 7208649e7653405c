"""PyTorch in eager mode, float64 on the CPU, by `torch.func`.

PyTorch does not trace NumPy, so these methods run the case's hand-written twin. Reverse mode is
`grad` or `jacrev`. Forward mode pushes the n unit vectors through `jvp`, in blocks, so that memory
stays bounded when n is large.

Source: Paszke et al., PyTorch: an imperative style, high-performance deep learning library, NeurIPS
2019.
"""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.method import Method, Prepared, Unsupported
from comparisons.problem import Case

__all__ = ["METHODS"]

# Tangents pushed through together: the memory is this many times that of one.
BLOCK = 64


def _twin(case: Case) -> Callable[[Any], Any]:
    if case.torch is None:
        raise Unsupported("this problem has no PyTorch twin")
    return case.torch


def prepare_reverse(case: Case) -> Prepared:
    """Bind `torch.func.grad` or `jacrev`."""
    import torch

    f, x = _twin(case), torch.from_numpy(case.x)
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

    f, x = _twin(case), torch.from_numpy(case.x)
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

    return Prepared(primal=lambda: f(x).numpy(), derivative=derivative, calls=n)


METHODS = (
    Method(
        name="torch-reverse",
        title="PyTorch eager, reverse mode",
        family="peer",
        needs=("torch",),
        prepare=prepare_reverse,
    ),
    Method(
        name="torch-forward",
        title="PyTorch eager, forward mode",
        family="peer",
        needs=("torch",),
        prepare=prepare_forward,
    ),
)
