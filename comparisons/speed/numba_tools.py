"""What the hand-written Numba code stands on: strict floats, and sums that may be reordered.

A loop that adds up in the written order cannot be vectorised, so an expert gives the compiler
leave to reorder that one addition, and nothing else: `add` and `larger` carry their leave on the
instruction, and all other arithmetic stays as written. `exp`, `tanh` and their kin come from
`diffkit.backends.vmath`, since Numba's own call the scalar C library, four to ten times slower.
"""

import functools
from types import SimpleNamespace

__all__ = ["numba_tools"]


@functools.cache
def numba_tools() -> SimpleNamespace:
    """`njit` with the options of all kernels, `add`, `larger`, and the functions of `vmath`."""
    import numba

    from diffkit.backends import vmath

    @numba.njit(fastmath={"reassoc"})
    def add(a, b):
        return a + b

    @numba.njit(fastmath={"nnan", "nsz"})
    def larger(a, b):
        return a if a > b else b

    functions = {name: getattr(vmath, name) for name in vmath.__all__}
    njit = numba.njit(error_model="numpy", fastmath=False, nogil=True)
    return SimpleNamespace(njit=njit, add=add, larger=larger, **functions)
