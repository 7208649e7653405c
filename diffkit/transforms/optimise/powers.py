"""Strength reduction of powers with a small known exponent.

    x⁰ = 1    x³ = x·x²    x⁴ = (x²)²    x⁻² = (1/x)²        (x¹, x², x⁻¹: the builder, always)

Each has at most three roundings where `np.power` has about one, and was found within 2 ulp of it
over the whole range (x³ in double precision within 1); x⁵ and beyond are not, and stay. Signs,
zeros, infinities and nan come out as from `np.power`: x⁻² is (1/x)² and not 1/x², which would be 0
where the result is subnormal. Products of integers wrap around as their powers do.

x^½ is not replaced by √x: they differ at -0 and -inf (np.power gives 0 and inf, √ gives -0 and nan)
and the library's pow need not be rounded correctly, as √ is.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...graph import Atom, Builder, Graph, Node
from ...ops import Expr
from ...ops.arithmetic import is_splat, keeps, mul, power, reciprocal, square
from .rewrite import rewrite


def powers(graph: Graph) -> Graph:
    """The graph with small powers as products."""
    return rewrite(graph, product)


def product(b: Builder, node: Node, atoms: Sequence[Atom]) -> list[Atom] | None:
    """A power as a product, if it is a small one."""
    if node.op is not power:
        return None
    x, n = Expr(b, atoms[0]), Expr(b, atoms[1])
    if not keeps(x, n) or not (x.type.differentiable or x.dtype_.kind == "i"):
        return None
    if is_splat(n, 3):
        return [mul(x, square(x)).atom]
    if is_splat(n, 4):
        return [square(square(x)).atom]
    if is_splat(n, -2) and x.type.differentiable:
        return [square(reciprocal(x)).atom]
    return [x.full(1).atom] if is_splat(n, 0.0) and x.shape == () else None
