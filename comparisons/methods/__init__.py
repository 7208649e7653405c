"""The methods of a comparison.

To add some: a file with a tuple `METHODS`, its name in the import, and a line in the tuple below.
"""

from comparisons.method import Method
from comparisons.methods import autograd, diffkit, torch

__all__ = ["METHODS"]

METHODS: tuple[Method, ...] = (
    *diffkit.METHODS,
    *autograd.METHODS,
    *torch.METHODS,
)
