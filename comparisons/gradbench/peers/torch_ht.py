"""ht in PyTorch: a list of frames, one for each bone, then whole arrays."""

from typing import Any

from comparisons.gradbench.evals.ht import ANGLE_OF, NONE

__all__ = ["errors"]


def errors(theta, us, bones, skin, correspondences, points, *, parents, mirrored):
    """The errors of the N points, a tensor [N, 3]; arguments as of `evals.ht.errors`."""
    import torch

    relatives, inverses = bones
    rest, weights, triangles = skin
    frames: list[Any] = []
    for bone, (parent, places) in enumerate(zip(parents, ANGLE_OF.tolist(), strict=True)):
        local = relatives[bone] @ turn([theta[k] if k != NONE else 0 * theta[0] for k in places])
        frames.append(local if parent < 0 else frames[parent] @ local)
    follow = torch.stack(frames) @ inverses
    hand = torch.einsum("mb,bij,mj->mi", weights, follow[:, :3], rest)
    if mirrored:
        hand = hand * torch.tensor([-1.0, 1.0, 1.0], dtype=hand.dtype)
    hand = hand @ rotation(theta[:3]).T + theta[3:6]
    if len(us) == 0:
        return points - hand[correspondences]
    corners = hand[triangles[correspondences]]
    u, v = us[:, :1], us[:, 1:]
    return points - (u * corners[:, 0] + v * corners[:, 1] + (1.0 - u - v) * corners[:, 2])


def turn(angles):
    """R_z R_x in homogeneous coordinates."""
    import torch

    found = torch.eye(4, dtype=angles[0].dtype)
    for axis, angle in zip((0, 2), angles, strict=True):
        c, s, one, zero = torch.cos(angle), torch.sin(angle), angle * 0 + 1, angle * 0
        rows = {
            0: [one, zero, zero, zero, c, -s, zero, s, c],
            2: [c, -s, zero, s, c, zero, zero, zero, one],
        }[axis]
        around = torch.stack(rows).reshape(3, 3)
        found = torch.block_diag(around, torch.ones(1, dtype=angle.dtype)) @ found
    return found


def rotation(omega):
    """By |ω| about ω: the exponential of its cross product, none for an angle below 1e-4."""
    import torch

    x, y, z = omega
    zero = 0 * x
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero]).reshape(3, 3)
    found = torch.linalg.matrix_exp(cross)
    return torch.where(torch.linalg.norm(omega) < 1e-4, torch.eye(3, dtype=omega.dtype), found)
