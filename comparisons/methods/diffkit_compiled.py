"""diffkit under `jit`: recorded once, compiled by Numba, then called with new numbers.

Recording and compiling are building time. Compiled code is kept on disk between processes (see
`dk.cache`), so the building time of a second run is what a second start of a program costs. The
function is recorded for all values: one that branches on them is refused.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from comparisons.method import Method, Prepared, Unsupported
from comparisons.methods.diffkit_eager import operator
from comparisons.methods.operations import require_few_operations
from comparisons.methods.refusal import refused
from comparisons.problem import Case

__all__ = ["METHODS"]

# Inputs times operations beyond which the formulas take more than a few seconds.
MOST = 5_000
MOST_TANGENTS = 1_000  # a program that pushes more of them takes longer to build than a cell may


def prepare(method: str, case: Case) -> Prepared:
    """Bind the compiled derivative by one of diffkit's methods."""
    import diffkit as dk
    from diffkit.graph import flops

    def f(x: Any) -> Any:
        return case.f(x)

    derivative, primal = dk.jit(operator(case)(f, method=method)), dk.jit(f)
    start = time.perf_counter()
    with refused("dk.jit", dk.DiffkitError):
        derivative(case.x)
    built = time.perf_counter() - start
    stages = derivative.lower(case.x)
    return Prepared(
        primal=lambda: primal(case.x),
        derivative=lambda: derivative(case.x),
        build_seconds=built,
        nodes=len(stages.optimised.nodes),
        flops=flops(stages.optimised),
        primal_flops=flops(primal.optimised(case.x)),
        details=lambda: {"graph": str(stages.optimised), "source": stages.source},
    )


def prepare_forward(case: Case) -> Prepared:
    """Bind the compiled program that pushes a tangent for each input."""
    if len(case.x) > MOST_TANGENTS:
        raise Unsupported(
            f"{len(case.x):,} inputs take as many tangents; at most {MOST_TANGENTS:,} are tried"
        )
    return prepare("forward", case)


def prepare_sparse(case: Case) -> Prepared:
    """Bind the compiled Jacobian by colours of its sparsity pattern."""
    if case.operator == "gradient":
        raise Unsupported("a gradient has no sparsity to make use of")
    return prepare("sparse", case)


def prepare_symbolic(case: Case) -> Prepared:
    """Bind the compiled formulas of the derivative, common subexpressions shared."""
    require_few_operations(case, MOST)
    return prepare("symbolic", case)


def _method(name: str, title: str, prepare: Callable[[Case], Prepared]) -> Method:
    return Method(f"dk-{name}", f"diffkit compiled, {title}", "diffkit", (), prepare)


METHODS = (
    _method("compiled-reverse", "reverse mode", partial(prepare, "reverse")),
    _method("compiled-forward", "forward mode", prepare_forward),
    _method("compiled-sparse", "sparse Jacobian", prepare_sparse),
    _method("symbolic", "formulas", prepare_symbolic),
)
