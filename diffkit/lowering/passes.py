"""The passes over a loop program, in order."""

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

PASSES: tuple[Callable[[Program], Program], ...] = (
    coalesce, trim, gather, fuse, contract, unroll, contract, registers, recompute, peel,
    forward, reuse, distribute, layout, storage,
)  # fmt: skip


@paused_collector()
def run(program: Program) -> Program:
    """The program after all passes."""
    for change in PASSES:
        program = change(program)
    return program
