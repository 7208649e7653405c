"""Numba's compiler without the passes that generated code has no use for.

Generated functions are plain: assignments, `range` loops, subscripts, calls. They hold no closure,
`with`, exception or array expression, no branch on a constant, and call nothing that is inlined
before it is typed. The passes that look for these walk every statement all the same, and take an
eighth of the time from text to machine code. All others stay, in Numba's order, whichever they are
in the Numba at hand; helpers and parallel loops are compiled by all.
"""

# numba has no types; a value that passes through it is unknown to pyright.
# pyright: basic

from __future__ import annotations

from functools import cache
from typing import Any

IDLE = {
    "WithLifting", "InlineClosureLikes", "RewriteSemanticConstants", "DeadBranchPrune",
    "RewriteDynamicRaises", "MakeFunctionToJitFunction", "InlineInlinables", "FindLiterallyCalls",
    "LiteralUnroll", "LiteralPropagationSubPipelinePass", "InlineOverloads", "NopythonRewrites",
}  # fmt: skip
"""The names of the passes left out."""


@cache
def pipeline() -> Any:
    """A `pipeline_class` for `numba.njit`."""
    from numba.core.compiler import CompilerBase, DefaultPassBuilder
    from numba.core.compiler_machinery import PassManager

    class Short(CompilerBase):
        """The passes that are needed."""

        def define_pipelines(self) -> list[Any]:
            everything = DefaultPassBuilder.define_nopython_pipeline(self.state)
            if self.state.flags.auto_parallel.enabled:
                return [everything]
            chosen = PassManager("nopython")
            chosen.passes.extend(p for p in everything.passes if p[0].__name__ not in IDLE)
            chosen.finalize()
            return [chosen]

    return Short
