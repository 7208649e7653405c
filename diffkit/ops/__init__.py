"""The ops, a file a family; each op states once how it differentiates."""

from . import arithmetic, contract, elementwise, index, reduce, shape
from .arithmetic import Expr as Expr

FAMILIES = (arithmetic, elementwise, shape, reduce, index, contract)
