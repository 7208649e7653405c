"""The evals in PyTorch, eager, as its users write them: one thread, float64, its own tape.

det, particle and saddle are not here: PyTorch would need minutes for them.
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any

from comparisons.gradbench.evals import ba, ht
from comparisons.gradbench.evaluation import Arguments
from comparisons.gradbench.peers import torch_gmm, torch_ht, torch_rows
from comparisons.gradbench.peers.tensors import tensors

__all__ = ["BATCHED", "DERIVATIVES"]

Builder = Callable[[Arguments], Callable[[], Any]]


def gradient_of(function: Callable[..., Any]) -> Builder:
    """The gradient of a scalar function by its first argument, an array or a dict of them."""

    def build(arguments: Arguments) -> Callable[[], Any]:
        import torch

        torch.set_num_threads(1)
        x, *rest = map(tensors, arguments.data)
        named = x if isinstance(x, dict) else {"": x}
        leaves = [leaf.requires_grad_() for leaf in named.values()]

        def gradient() -> Any:
            found = torch.autograd.grad(function(x, *rest, **arguments.static), leaves)
            return dict(zip(named, found, strict=True)) if isinstance(x, dict) else found[0]

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


def kmeans_direction(arguments: Arguments) -> Callable[[], Any]:
    """The gradient with its tape, and the gradient of its sum."""
    import torch

    torch.set_num_threads(1)
    centroids, points = map(tensors, arguments.data)
    centroids.requires_grad_()

    def direction() -> Any:
        products = points @ centroids.T
        squares = (points**2).sum(1)[:, None] + (centroids**2).sum(1) - 2.0 * products
        cost = squares.min(dim=1).values.sum()
        (gradient,) = torch.autograd.grad(cost, centroids, create_graph=True)
        (diagonal,) = torch.autograd.grad(gradient.sum(), centroids)
        return (gradient / diagonal).detach()

    return direction


def lstm_jacobian(arguments: Arguments) -> Callable[[], Any]:
    """Python's loop over characters and layers; both parts of the gradient, one after the other."""
    import torch

    torch.set_num_threads(1)
    main, extra, state, sequence = map(tensors, arguments.data)
    leaves = [main.requires_grad_(), extra.requires_grad_()]

    def loss() -> Any:
        (w_in, w_out, v_out), states = extra, list(state)
        total = 0.0
        for character, following in itertools.pairwise(sequence):
            x = character * w_in
            for k in range(0, len(main), 2):
                h, cell = states[k : k + 2]
                (w_f, w_i, w_o, w_g), (v_f, v_i, v_o, v_g) = main[k].chunk(4), main[k + 1].chunk(4)
                forget, take = torch.sigmoid(x * w_f + v_f), torch.sigmoid(h * w_i + v_i)
                show, change = torch.sigmoid(x * w_o + v_o), torch.tanh(h * w_g + v_g)
                cell = cell * forget + take * change
                x = show * torch.tanh(cell)
                states[k : k + 2] = x, cell
            y = x * w_out + v_out
            total = total + (following * (y - torch.log(2.0 + torch.exp(y).sum()))).sum()
        return -total / sequence[1:].numel()

    return lambda: torch.cat([part.ravel() for part in torch.autograd.grad(loss(), leaves)])


def ode(x, *, s):
    """y_{n-1} by Python's loop over the steps."""
    import torch

    h, one, y = 2.0 / s, torch.ones(1, dtype=x.dtype), torch.zeros_like(x)

    def slope(y: Any) -> Any:
        return x * torch.cat([one, y[:-1]])

    for _ in range(s):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[-1]


def ba_jacobian(arguments: Arguments) -> Callable[[], Any]:
    """The blocks of all observations at once, by PyTorch's own vmap."""
    import torch

    torch.set_num_threads(1)
    data = [torch.from_numpy(part) for part in arguments.data[:-2]]
    errors = functools.partial(ba.residual, np=torch)
    slopes = torch.func.vmap(torch.func.jacrev(errors, argnums=(0, 1, 2)))
    by_weight = torch.func.vmap(torch.func.grad(ba.weight_error))
    counts = map(int, arguments.data[-2:])
    call = functools.partial(ba.in_batches, slopes, by_weight, *data, *counts, np=torch)
    return call


def ht_columns(arguments: Arguments) -> Callable[[], Any]:
    """All columns at once, by PyTorch's own vmap of its forward mode."""
    import torch

    torch.set_num_threads(1)
    theta, us, *rest = map(tensors, arguments.data)
    columns = [torch.from_numpy(part) for part in ht.directions(len(us) > 0)]

    def column(along_theta: Any, along_u: Any) -> Any:
        def errors(theta: Any, us: Any) -> Any:
            return torch_ht.errors(theta, us, *rest, **arguments.static)

        return torch.func.jvp(errors, (theta, us), (along_theta, along_u.expand(us.shape)))[1]

    def jacobian() -> Any:
        found = torch.func.vmap(column, out_dims=2)(*columns)
        return found.reshape(-1, found.shape[-1])

    return jacobian


DERIVATIVES: dict[str, Builder] = {
    "lse": gradient_of(lse),
    "llsq": gradient_of(llsq),
    "gmm": gradient_of(torch_gmm.objective),
    "ba": torch_rows.ba_jacobian,
    "ht": torch_rows.ht_jacobian,
    "kmeans": kmeans_direction,
    "lstm": lstm_jacobian,
    "ode": gradient_of(ode),
}
BATCHED: dict[str, Builder] = {"ba": ba_jacobian, "ht": ht_columns}
"""By `torch.func`, where it has a quicker way."""
