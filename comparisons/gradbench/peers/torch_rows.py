"""ba and ht in PyTorch, a pass backwards for each residual: what GradBench's own PyTorch tool does,
and what `torch.autograd` offers somebody who asks for a Jacobian row by row."""

from collections.abc import Callable
from typing import Any

from comparisons.gradbench.evals import ba
from comparisons.gradbench.evaluation import Arguments
from comparisons.gradbench.peers import torch_ht
from comparisons.gradbench.peers.tensors import tensors

__all__ = ["ba_jacobian", "ht_jacobian"]


def ba_jacobian(arguments: Arguments) -> Callable[[], Any]:
    """Observation by observation, two passes each, and one for all the weights."""
    import torch

    torch.set_num_threads(1)
    data = [torch.from_numpy(part) for part in arguments.data[:-2]]
    cameras, points, weights, features, camera_of, point_of = data
    first, total = map(int, arguments.data[-2:])

    def jacobian() -> Any:
        blocks = []
        for i, (camera, point) in enumerate(zip(camera_of, point_of, strict=True)):
            leaves = [
                part.clone().requires_grad_()
                for part in (cameras[camera], points[point], weights[i])
            ]
            errors = ba.residual(*leaves, features[i], np=torch)
            rows = (torch.autograd.grad(error, leaves, retain_graph=True) for error in errors)
            blocks.append(torch.stack([torch.cat([part.ravel() for part in row]) for row in rows]))
        leaf = weights.clone().requires_grad_()
        (slopes,) = torch.autograd.grad(ba.weight_error(leaf).sum(), leaf)
        columns = ba.CAMERA * len(cameras), ba.CAMERA * len(cameras) + ba.POINT * len(points)
        own = camera_of, point_of, columns, first, total
        return ba.assembled(torch.stack(blocks), slopes, *own, np=torch)

    return jacobian


def ht_jacobian(arguments: Arguments) -> Callable[[], Any]:
    """Error by error, each pass through the whole hand."""
    import torch

    torch.set_num_threads(1)
    theta, us, *rest = map(tensors, arguments.data)
    theta.requires_grad_()
    us.requires_grad_()

    def jacobian() -> Any:
        found = torch_ht.errors(theta, us, *rest, **arguments.static).ravel()
        rows = []
        for k, error in enumerate(found):
            leaves = (theta, us) if len(us) else (theta,)
            by_theta, *by_us = torch.autograd.grad(error, leaves, retain_graph=True)
            rows.append(torch.cat([*(part[k // 3] for part in by_us), by_theta]))
        return torch.stack(rows)

    return jacobian
