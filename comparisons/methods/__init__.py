"""The methods of a comparison.

To add some: a file with a tuple `METHODS`, its name in the import, and a line in the tuple below.
Methods outside this package are found by `comparisons.plugins` (see docs/adding.md).
"""

from comparisons.method import Method
from comparisons.methods import (
    autograd,
    casadi,
    diffkit_compiled,
    diffkit_eager,
    diffkit_numerical,
    findiff,
    jacobi,
    jax,
    numdifftools,
    scipy,
    sympy,
    torch,
    torch_compile,
)

__all__ = ["METHODS"]

METHODS: tuple[Method, ...] = (
    *diffkit_compiled.METHODS,
    *diffkit_eager.METHODS,
    *diffkit_numerical.METHODS,
    *autograd.METHODS,
    *jax.METHODS,
    *torch.METHODS,
    *torch_compile.METHODS,
    *casadi.METHODS,
    *sympy.METHODS,
    *numdifftools.METHODS,
    *jacobi.METHODS,
    *scipy.METHODS,
    *findiff.METHODS,
)
