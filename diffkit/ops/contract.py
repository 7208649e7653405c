"""Products of two arrays, in one op: `einsum(x, y) {spec="ij,jk->ik"}`.

Each letter stands in at least two of x, y and the result, and once in each. Then the transpose is
the same op with the letters permuted: with respect to x, of "ij,jk->ik", it is "ik,jk->ij". The
front end brings dot, matmul, tensordot, inner, outer and any einsum to this form. Evaluation
permutes the axes to (batch, rows, columns) and calls matmul, so that BLAS does the work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..graph import Bilinear, Op
from ..types import Shape, Type
from .arithmetic import Expr, common


def split(spec: str) -> tuple[str, str, str]:
    """ "ij,jk->ik" as its three terms."""
    terms, out = spec.split("->")
    x, y = terms.split(",")
    return x, y, out


def letter_sizes(spec: str, x: Shape, y: Shape) -> dict[str, int]:
    """The length of each letter's axis, or an error where two disagree."""
    left, right, _ = split(spec)
    sizes: dict[str, int] = {}
    pairs = [*zip(left, x, strict=True), *zip(right, y, strict=True)]
    for letter, n in pairs:
        if sizes.setdefault(letter, n) != n:
            got = f"axis {letter} of lengths {sizes[letter]} and {n} in {x} and {y}"
            remedy = "Transpose an operand, or check which axes to sum over"
            raise ShapeError(explain(f"product {spec}", got, "equal lengths", remedy))
    return sizes


def infer_einsum(x: Type, y: Type, spec: str) -> Type:
    common("einsum", x.with_shape(()), y.with_shape(()))
    left, right, out = split(spec)
    for letter in set(left + right + out):
        count = (letter in left) + (letter in right) + (letter in out)
        assert count >= 2, f"einsum {spec}: {letter} stands alone"
    sizes = letter_sizes(spec, x.shape, y.shape)
    return x.with_shape(tuple(sizes[letter] for letter in out))


@dataclass(frozen=True, slots=True)
class Plan:
    """How to evaluate a product: permute, fold to matrices, multiply, unfold, permute."""

    x_axes: tuple[int, ...]
    x_shape: Shape
    y_axes: tuple[int, ...]
    y_shape: Shape
    out_shape: Shape
    out_axes: tuple[int, ...]


@lru_cache(maxsize=4096)
def plan(spec: str, x: Shape, y: Shape) -> Plan:
    """The plan for given shapes: letters sort into batch, rows (x only), summed, columns (y)."""
    left, right, out = split(spec)
    n = letter_sizes(spec, x, y)
    batch = [c for c in out if c in left and c in right]
    rows = [c for c in out if c not in right]
    columns = [c for c in out if c not in left]
    summed = [c for c in left if c not in out]

    def size(letters: list[str]) -> int:
        return math.prod(n[c] for c in letters)

    lead = (size(batch),) if batch else ()
    natural = batch + rows + columns
    return Plan(
        tuple(left.index(c) for c in batch + rows + summed),
        (*lead, size(rows), size(summed)),
        tuple(right.index(c) for c in batch + summed + columns),
        (*lead, size(summed), size(columns)),
        tuple(n[c] for c in natural),
        tuple(natural.index(c) for c in out),
    )


def numpy_einsum(x: Any, y: Any, spec: str) -> Any:
    p = plan(spec, np.shape(x), np.shape(y))
    left = np.transpose(x, p.x_axes).reshape(p.x_shape)
    right = np.transpose(y, p.y_axes).reshape(p.y_shape)
    product = np.matmul(left, right).reshape(p.out_shape)
    return np.transpose(product, p.out_axes)[()]


def einsum_transpose(i: int, ct: Expr, x: Expr, y: Expr, spec: str) -> Expr:
    left, right, out = split(spec)
    if i == 0:
        return einsum(ct, y, spec=f"{out},{right}->{left}")
    return einsum(x, ct, spec=f"{left},{out}->{right}")


def einsum_flops(out: Type, x: Type, y: Type, spec: str) -> int:
    """2 for each product that is summed, 1 where nothing is summed."""
    sizes = letter_sizes(spec, x.shape, y.shape)
    return math.prod(sizes.values()) * (1 if set(sizes) == set(split(spec)[2]) else 2)


einsum = Op("einsum", infer_einsum, numpy_einsum, Bilinear(einsum_transpose), flops=einsum_flops)
