"""Published times of the tools that run GradBench, on another machine.

Seconds of one derivative, at the smallest and the largest default workload: the nightly run of
2026-03-14 on a GitHub-hosted runner (https://github.com/gradbench/gradbench, branch
ci/refs/heads/nightly). They say how the tools stand to one another there, and nothing about the
machine that other tables were measured on.
"""

__all__ = ["PUBLISHED", "TOOLS"]

TOOLS = ("manual", "enzyme", "futhark", "tapenade", "codipack", "ad-hpp", "jax", "pytorch")

PUBLISHED: dict[str, dict[str, tuple[float, float]]] = {
    "ba": {
        "manual": (0.0083, 0.360),
        "enzyme": (0.0078, 0.331),
        "futhark": (0.0168, 0.535),
        "codipack": (0.024, 0.97),
    },
    "det": {
        "manual": (5.6e-6, 4.2),
        "enzyme": (1.2e-5, 10.8),
        "futhark": (6.7e-6, 8.8),
        "codipack": (3.8e-6, 1.48),
        "ad-hpp": (3.2e-6, 1.31),
    },
    "gmm": {
        "manual": (1.8e-4, 0.248),
        "enzyme": (5.3e-4, 0.609),
        "futhark": (3.7e-4, 0.721),
        "tapenade": (3.5e-4, 0.299),
        "jax": (3.2e-4, 0.0288),
        "pytorch": (1.1e-3, 0.119),
    },
    "ht": {
        "manual": (0.012, 0.103),
        "enzyme": (0.156, 0.167),
        "futhark": (0.132, 0.241),
        "codipack": (0.123, 0.141),
    },
    "kmeans": {
        "manual": (5.2e-5, 0.060),
        "enzyme": (1.3e-4, 0.173),
        "futhark": (8.4e-5, 0.079),
        "codipack": (8.4e-4, 4.4),
        "jax": (1.0e-4, 0.0245),
        "pytorch": (1.54, 0.124),
    },
    "llsq": {
        "manual": (4.0e-6, 4.0e-3),
        "enzyme": (3.0e-6, 3.0e-3),
        "futhark": (3.9e-6, 3.1e-3),
        "ad-hpp": (1.5e-5, 0.0163),
        "jax": (2.8e-5, 0.0117),
    },
    "lse": {
        "manual": (1.6e-5, 8.0e-3),
        "enzyme": (2.8e-5, 0.0150),
        "futhark": (3.9e-5, 0.0194),
        "codipack": (5.1e-5, 0.0269),
        "jax": (4.3e-5, 8.0e-3),
        "pytorch": (1.9e-4, 6.5e-3),
    },
    "lstm": {
        "manual": (0.012, 0.69),
        "enzyme": (6.6e-3, 0.149),
        "futhark": (6.8e-3, 0.168),
        "codipack": (4.9e-3, 0.113),
        "pytorch": (0.897, 15.9),
    },
    "ode": {
        "manual": (1.8e-6, 1.8e-4),
        "enzyme": (8.9e-6, 0.073),
        "futhark": (2.0e-5, 0.204),
        "codipack": (3.4e-5, 0.209),
        "jax": (2.5e-5, 0.031),
    },
    "particle": {
        "enzyme": (0.98e-3, 0.98e-3),
        "futhark": (3.9e-3, 3.9e-3),
        "ad-hpp": (7.3e-3,) * 2,
    },
    "saddle": {"enzyme": (1.6e-3, 1.6e-3), "futhark": (7.1e-3, 7.1e-3), "ad-hpp": (1.6e-3,) * 2},
}
"""particle and saddle have one workload; theirs is the best of the four nestings. JAX's times were
not waited for, and its `ode` is in float32; `pytorch` was not held to one thread."""
