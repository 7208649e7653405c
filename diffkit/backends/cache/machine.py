"""Compiled functions as bytes: the one file that knows how Numba keeps machine code.

Numba's own `cache=True` puts files where it likes (`NUMBA_CACHE_DIR`, or its user-wide folder if
ours is read-only), executes what it finds there unchecked, and before it loads one function it
imports all of its implementations, a quarter of a second. Here a compile result becomes bytes, and
the bytes a compile result: what they are checked against and where they lie is `store`'s affair.
An entry is only read by the very Numba that wrote it (`programs` puts the version into the key).
"""

# numba has no types; a value that passes through it is unknown to pyright.
# pyright: basic, reportAttributeAccessIssue=false

from __future__ import annotations

import itertools
import pickle
import re
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ...graph import paused_collector
from .pipeline import pipeline

Compiled = Callable[..., Any]
"""A Numba dispatcher with one signature."""

Options = Mapping[str, Any]
"""Arguments of `numba.njit` without `cache`: truth values, words and sets of words."""

FIRST = 1 << 60
"""Functions compiled here are numbered from somewhere above, all others from 1."""


def target() -> tuple[str, ...]:
    """What the machine code depends on beside the source: versions, processor, Numba's settings."""
    import llvmlite
    import numba
    import numpy as np
    from numba.core import config
    from numba.core.registry import cpu_target

    versions = (sys.version, np.__version__, numba.__version__, llvmlite.__version__)
    processor = cpu_target.target_context.codegen().magic_tuple()
    settings = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT")
    chosen = tuple(repr(getattr(config, name, None)) for name in settings)
    return *versions, *map(str, processor), *chosen


def compile_function(function: Callable[..., Any], signature: str, options: Options) -> Compiled:
    """Compile for one signature; other arguments are a TypeError."""
    from numba import njit
    from numba.core.compiler_lock import global_compiler_lock

    with global_compiler_lock, _own_symbols(), paused_collector():
        return njit(signature, pipeline_class=pipeline(), **options)(function)


def to_bytes(compiled: Any) -> bytes | None:
    """The machine code and what Numba needs to call it; None if it is good for this process only.

    That is so if the code holds addresses or functions that were compiled before by somebody else.
    """
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.serialize import dumps

    if not hasattr(compiled, "overloads"):  # NUMBA_DISABLE_JIT: it is still Python
        return None
    with global_compiler_lock:
        (result,) = compiled.overloads.values()
        if result.library.has_dynamic_globals:
            return None
        module = result.library._final_module
        if any(_is_from_outside(f.name) for f in module.functions if not f.is_declaration):
            return None
        symbols = itertools.chain(module.functions, module.global_variables)
        names = [symbol.name for symbol in symbols if symbol.is_declaration]
        needed = [name for name in names if not name.startswith("llvm.")]
        return dumps((needed, result._reduce()))


def from_bytes(function: Callable[..., Any], options: Options, content: bytes) -> Compiled:
    """The inverse of `to_bytes`; `function` names the parameters."""
    from llvmlite.binding import address_of_symbol
    from numba import njit
    from numba.core.compiler import CompileResult
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.runtime.nrt import rtsys

    with global_compiler_lock:
        compiled = njit(**options)(function)
        context = compiled.targetctx
        rtsys.initialize(context)
        needed, parts = pickle.loads(content)
        # Numba's implementations are not needed to run code, unless it calls into one of them.
        if any(address_of_symbol(name) is None for name in needed):
            context.refresh()
        result = CompileResult._rebuild(context, *parts)
        context.insert_user_function(result.entry_point, result.fndesc, [result.library])
        compiled.add_overload(result)
        compiled.disable_compile()
        return compiled


@contextmanager
def _own_symbols() -> Iterator[None]:
    """Number the functions that are compiled inside from a random start.

    The symbol of a compiled function is its qualified name, its types and a number that counts
    from 1 in each process. Two processes thus give one symbol to two functions (closures in Numba
    share a name), and a third that loads both calls the first for either: a crash or a wrong number
    (github.com/numba/numba/issues/10486). 2^60 starts leave nothing to meet by chance.
    """
    from numba.core.bytecode import FunctionIdentity

    counter = getattr(FunctionIdentity, "_unique_ids", None)  # None: Numba has changed its ways
    FunctionIdentity._unique_ids = itertools.count(FIRST + secrets.randbits(60))
    try:
        yield
    finally:
        FunctionIdentity._unique_ids = counter


def _is_from_outside(symbol: str) -> bool:
    """Whether the number in the symbol of a compiled function was not given by `_own_symbols`."""
    return any(int(number) < FIRST for number in re.findall(r"B\d+v(\d+)B", symbol))
