"""The ops, a file a family; each op states once how it differentiates."""

from . import (
    arithmetic,
    contract,
    custom,
    elementwise,
    index,
    linalg,
    reduce,
    region,
    shape,
    solvers,
)
from .arithmetic import Expr as Expr

FAMILIES = (
    arithmetic, elementwise, shape, reduce, index, contract, linalg, region, custom, solvers,
)  # fmt: skip
