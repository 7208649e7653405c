"""The ops, a file a family; each op states once how it differentiates."""

from . import (
    arithmetic,
    bits,
    complex,
    contract,
    custom,
    cylinder,
    degenerate,
    determinant,
    elementwise,
    fft,
    hypergeometric,
    index,
    linalg,
    matrix_equations,
    matrix_functions,
    order,
    orthogonal,
    reduce,
    region,
    scan,
    shape,
    solvers,
    special,
    spectral,
    svd,
    triangular,
)
from .arithmetic import Expr as Expr

FAMILIES = (
    arithmetic, elementwise, complex, shape, reduce, index, contract, linalg, region, custom,
    solvers, bits, order, scan, fft,
    special, cylinder, hypergeometric,
    degenerate, triangular, orthogonal, spectral, svd, determinant, matrix_equations,
    matrix_functions,
)  # fmt: skip
