"""Independent answers: differences with an error bar, and PyTorch's derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from diffkit.graph import Graph


def dot(us: Sequence[Any], vs: Sequence[Any]) -> float:
    """The inner product of two lists of arrays, in float64; of complex numbers Re Σ u v."""
    total = 0.0
    for u, v in zip(us, vs, strict=True):
        wide = np.result_type(np.asarray(u).dtype, np.asarray(v).dtype, np.float64)
        total += float(np.real(np.sum(np.multiply(u, v, dtype=wide))))
    return total


def bulk(us: Sequence[Any], vs: Sequence[Any]) -> float:
    """The sum of the sizes of an inner product's terms: what its rounding is relative to."""
    return dot([np.abs(u) for u in us], [np.abs(v) for v in vs])


def size(arrays: Sequence[Any]) -> float:
    """The greatest element of several arrays, in absolute value."""
    return max((float(np.max(np.abs(a), initial=0.0)) for a in arrays), default=0.0)


def coarseness(graph: Graph) -> float:
    """How much coarser than float64 a graph computes somewhere inside."""
    floats = [node.out.type.dtype.numpy for node in graph.nodes if node.out.type.differentiable]
    finest = float(np.finfo(np.float64).eps)
    return max([finest, *(float(np.finfo(d).eps) for d in floats)]) / finest


def directions(rng: np.random.Generator, likes: Sequence[Any]) -> list[Any]:
    """Random arrays of given shapes, with elements (or parts of complex ones) of size 0.2 to 1 and
    of both signs."""
    found: list[Any] = []
    for like in likes:
        shape, dtype = np.shape(like), np.asarray(like).dtype
        parts: Any = rng.choice([-1.0, 1.0], shape) * rng.uniform(0.2, 1.0, shape)
        if dtype.kind == "c":
            turned = rng.choice([-1.0, 1.0], shape) * rng.uniform(0.2, 1.0, shape)
            parts = parts + 1j * turned
        found.append(np.asarray(parts, dtype)[()])
    return found


def ridders(
    phi: Callable[[float], float], start: float = 1e-2, rows: int = 7
) -> tuple[float, float]:
    """φ'(0) and an error bar: central differences at halved steps, extrapolated to step 0.

    Each column of the table removes one more even power of the step; the entry that differs least
    from its neighbours is the answer and that difference its error (Ridders, Advances in
    Engineering Software 4, 1982). Rounding joins the bar, as ε|φ| over the smallest step used.
    """
    noise = np.finfo(float).eps * max(abs(phi(start)), abs(phi(-start)))
    table: list[list[float]] = []
    best, bar = np.nan, np.inf
    for row in range(rows):
        h = start / 2**row
        line = [(phi(h) - phi(-h)) / (2 * h)]
        for column in range(row):
            factor = 4.0 ** (column + 1)
            line.append((factor * line[column] - table[row - 1][column]) / (factor - 1))
            error = max(
                abs(line[column + 1] - line[column]),
                abs(line[column + 1] - table[row - 1][column]),
            )
            if error + noise / h < bar:
                best, bar = line[column + 1], error + noise / h
        table.append(line)
    return best, bar


def moved(args: Sequence[Any], on: Sequence[bool], vs: Sequence[Any], t: float) -> list[Any]:
    """The arguments with the active ones moved by t along the directions."""
    steps = iter(vs)
    return [x + t * next(steps) if moves else x for x, moves in zip(args, on, strict=True)]


def torch_gradient(
    f: Callable[..., Any],
    args: Sequence[Any],
    on: Sequence[bool],
    us: Sequence[Any],
    order: int = 1,
    vs: Sequence[Any] = (),
) -> list[Any]:
    """By PyTorch's autograd: Jᵀu, or for order 2 the derivative of ⟨Jᵀu, v⟩, by all active args.
    Its gradients by complex numbers are the conjugates of ours."""
    import torch

    tensors = [torch.tensor(x, requires_grad=moves) for x, moves in zip(args, on, strict=True)]
    wanted = [x for x, moves in zip(tensors, on, strict=True) if moves]
    out = f(*tensors)
    outs = out if isinstance(out, list | tuple) else [out]
    outs = [y for y in outs if y.is_floating_point() or y.is_complex()]
    cts = [torch.as_tensor(np.array(u)) for u in us]
    total = sum(((y * ct).sum().real for y, ct in zip(outs, cts, strict=True)), torch.zeros(()))
    found = slope(total, wanted, order > 1)
    if order > 1:
        along = [torch.as_tensor(np.array(v)) for v in vs]
        terms = [(g.conj() * v).sum().real for g, v in zip(found, along, strict=True)]
        found = slope(sum(terms, torch.zeros(())), wanted, False)
    return [g.conj().resolve_conj().numpy(force=True) for g in found]


def slope(total: Any, wanted: list[Any], keep: bool) -> list[Any]:
    """The gradient of a scalar tensor, zero where it does not depend on an argument."""
    import torch

    if not total.requires_grad:
        return [torch.zeros_like(x) for x in wanted]
    found = torch.autograd.grad(total, wanted, create_graph=keep, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, wanted, strict=True)]
