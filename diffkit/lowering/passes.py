"""The passes over a loop program, in order.

    coalesce     an array is computed where it is wanted: no copies
    trim         elements that nobody reads are not computed
    gather       slices added to slices become one sum
    fuse         loops over one range become one
    contract     arrays lose the axes that one step uses one element of; small ones become variables
    unroll       loops over small arrays are written out, and contracted again
    registers    elements that are read again and again become variables
    recompute    large arrays of cheap values are computed again where they are read
    peel         large loops of nearly equal length become one
    forward      a value that is used once is written where it is used
    reuse        a large array is computed in the place of the one it replaces
    windows      a large array is computed in the part of another that it is copied to
    distribute   scatters get loops of their own
    layout       the axis that inner loops run along lies along memory
    storage      every array gets its place in the work block

Each takes a program and gives one that computes the same.
"""

from __future__ import annotations

from collections.abc import Callable

from ..graph import paused_collector
from .coalesce import coalesce
from .contract import contract
from .distribute import distribute
from .forward import forward
from .fuse import fuse
from .gather import gather
from .layout import layout
from .peel import peel
from .program import Program
from .recompute import recompute
from .registers import registers
from .reuse import reuse
from .storage import storage
from .trim import trim
from .unroll import unroll
from .windows import windows

PASSES: tuple[Callable[[Program], Program], ...] = (
    coalesce, trim, gather, fuse, contract, unroll, contract, registers, recompute, peel,
    forward, reuse, windows, distribute, layout, storage,
)  # fmt: skip


@paused_collector()
def run(program: Program) -> Program:
    """The program after all passes."""
    for change in PASSES:
        program = change(program)
    return program
