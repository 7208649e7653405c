"""The ops, a file a family; each op states once how it differentiates."""

from . import (
    arithmetic,
    bits,
    complex,
    contract,
    custom,
    elementwise,
    index,
    linalg,
    order,
    reduce,
    region,
    scan,
    shape,
    solvers,
)
from .arithmetic import Expr as Expr

FAMILIES = (
    arithmetic, elementwise, complex, shape, reduce, index, contract, linalg, region, custom, solvers,
    bits, order, scan,
)  # fmt: skip
