"""The evals in PyTorch, eager, as its users write them: one thread, float64, its own tape.

det, particle and saddle are not here: PyTorch would need minutes for them.
"""

from collections.abc import Callable
from typing import Any

from comparisons.gradbench.evaluation import Arguments

__all__ = ["DERIVATIVES"]

Builder = Callable[[Arguments], Callable[[], Any]]


def gradient_of(function: Callable[..., Any]) -> Builder:
    """The gradient of a scalar function by its first argument, an array."""

    def build(arguments: Arguments) -> Callable[[], Any]:
        import torch

        torch.set_num_threads(1)
        x, *rest = map(torch.from_numpy, arguments.data)
        x.requires_grad_()

        def gradient() -> Any:
            return torch.autograd.grad(function(x, *rest, **arguments.static), x)[0]

        return gradient

    return build


def lse(x):
    """Its own function, with its own derivative."""
    import torch

    return torch.logsumexp(x, dim=0)


def llsq(x, *, n):
    """The powers as a matrix, made in the call."""
    import torch

    t = -1.0 + torch.arange(n, dtype=x.dtype) * (2.0 / (n - 1.0))
    powers = torch.vander(t, len(x), increasing=True)
    return 0.5 * ((torch.sign(t) - powers @ x) ** 2).sum()


DERIVATIVES: dict[str, Builder] = {
    "lse": gradient_of(lse),
    "llsq": gradient_of(llsq),
}
