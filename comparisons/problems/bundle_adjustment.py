"""Bundle adjustment: a Jacobian of which every row touches a few columns only.

p observations of m points X by n cameras (r, C, f, u0, v0, k1, k2), observation i by camera i mod n
of point i mod m:

    Xc = R(r) (X - C)              rotation by the axis-angle vector r (Rodrigues)
    u  = Xc[:2] / Xc[2],   rho = |u|^2
    e  = w (f u (1 + k1 rho + k2 rho^2) + (u0, v0) - feature),       and 1 - w^2 for the weight

The input is the flat vector (cameras 11 n, points 3 m, weights p); the output is 2p reprojection
errors, then p weight errors. Each observation's rows depend on 15 inputs, so the dense Jacobian
asked for here is mostly zeros: compression or many cheap sweeps pay off as p grows. The generated
cameras never have r = 0, where Rodrigues' formula divides by zero.

Source: Srajer, Kukelova & Fitzgibbon, Optimization Methods and Software 33 (2018); the residuals
are those of GradBench's `ba`.
"""

import numpy

from comparisons.problem import Case, Problem
from comparisons.truth import complex_step_jacobian

__all__ = ["PROBLEM", "build", "make"]


def make(observations: int) -> Case:
    """`observations` residual pairs of 2 + p // 16 cameras and 3 + p // 4 points."""
    n, m = 2 + observations // 16, 3 + observations // 4
    x, features = _scene(n, m, observations)
    return build(x, features, n, m)


def build(x: numpy.ndarray, features: numpy.ndarray, n: int, m: int) -> Case:
    """The residuals of n cameras and m points against features of shape (p, 2), at x."""
    p = len(features)
    camera_of, point_of = numpy.arange(p) % n, numpy.arange(p) % m

    def f(x, np=numpy):
        cameras = np.reshape(x[: 11 * n], (n, 11))[camera_of]
        points = np.reshape(x[11 * n : 11 * n + 3 * m], (m, 3))[point_of]
        weights = x[11 * n + 3 * m :]
        r = cameras[:, 0:3]
        d = points - cameras[:, 3:6]
        theta = np.sqrt(np.sum(r * r, axis=1))
        v = r / theta[:, None]
        v_cross_d = np.stack(
            [
                v[:, 1] * d[:, 2] - v[:, 2] * d[:, 1],
                v[:, 2] * d[:, 0] - v[:, 0] * d[:, 2],
                v[:, 0] * d[:, 1] - v[:, 1] * d[:, 0],
            ],
            axis=1,
        )
        along = np.sum(v * d, axis=1) * (1.0 - np.cos(theta))
        turned = (
            d * np.cos(theta)[:, None] + v_cross_d * np.sin(theta)[:, None] + v * along[:, None]
        )
        u = turned[:, 0:2] / turned[:, 2:3]
        rho = np.sum(u * u, axis=1)
        distortion = 1.0 + cameras[:, 9] * rho + cameras[:, 10] * rho * rho
        projected = u * (cameras[:, 6] * distortion)[:, None] + cameras[:, 7:9]
        errors = weights[:, None] * (projected - features)
        return np.concatenate([np.reshape(errors, (-1,)), 1.0 - weights * weights])

    def twin(x):
        import torch

        cameras = x[: 11 * n].reshape(n, 11)[torch.from_numpy(camera_of)]
        points = x[11 * n : 11 * n + 3 * m].reshape(m, 3)[torch.from_numpy(point_of)]
        weights = x[11 * n + 3 * m :]
        r, centre, focal, offset = (
            cameras[:, 0:3],
            cameras[:, 3:6],
            cameras[:, 6:7],
            cameras[:, 7:9],
        )
        d = points - centre
        theta = (r * r).sum(dim=1, keepdim=True).sqrt()
        v = r / theta
        along = (v * d).sum(dim=1, keepdim=True) * (1.0 - torch.cos(theta))
        turned = d * torch.cos(theta) + torch.linalg.cross(v, d) * torch.sin(theta) + v * along
        u = turned[:, 0:2] / turned[:, 2:3]
        rho = (u * u).sum(dim=1, keepdim=True)
        distortion = 1.0 + cameras[:, 9:10] * rho + cameras[:, 10:11] * rho * rho
        errors = weights[:, None] * (u * focal * distortion + offset - torch.from_numpy(features))
        return torch.cat([errors.reshape(-1), 1.0 - weights * weights])

    return Case(
        f=f, x=x, operator="jacobian", torch=twin, reference=lambda: complex_step_jacobian(f, x)
    )


def _scene(n: int, m: int, p: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The flat input (metres, radians, pixels) and the features, shape (p, 2), in pixels."""
    rng = numpy.random.default_rng(2018)
    angles = rng.uniform(0.05, 0.3, (n, 3)) * rng.choice([-1.0, 1.0], (n, 3))
    centres = rng.normal(0.0, 0.2, (n, 3))
    lens = numpy.stack(
        [
            rng.uniform(450.0, 550.0, n),
            rng.uniform(300.0, 340.0, n),
            rng.uniform(220.0, 260.0, n),
            rng.normal(0.0, 0.05, n),
            rng.normal(0.0, 0.01, n),
        ],
        axis=1,
    )
    points = numpy.concatenate(
        [rng.normal(0.0, 0.8, (m, 2)), rng.uniform(4.0, 6.0, (m, 1))], axis=1
    )
    weights = rng.uniform(0.5, 1.5, p)
    cameras = numpy.concatenate([angles, centres, lens], axis=1)
    x = numpy.concatenate([cameras.ravel(), points.ravel(), weights])
    return x, rng.uniform((220.0, 140.0), (420.0, 340.0), (p, 2))


PROBLEM = Problem(
    name="bundle_adjustment",
    title="Bundle adjustment, Jacobian (size: observations)",
    source="Srajer, Kukelova & Fitzgibbon 2018; GradBench ba",
    sizes=(4, 16),
    quick=(4,),
    make=make,
)
