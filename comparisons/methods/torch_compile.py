"""PyTorch compiled: `torch.compile` of the case's twin, and the tape through what it made.

TorchDynamo captures the twin with its loops unrolled, AOTAutograd derives the backward graph, and
Inductor writes C++ for both, which a C++ compiler builds. That takes from seconds to minutes a
function, more than a cell of the matrix may, so this method takes part when it is named: with
`--methods torch-compile --timeout 300`.

Source: Ansel et al., PyTorch 2: faster machine learning through dynamic Python bytecode
transformation and graph compilation, ASPLOS 2024.
"""

import shutil
import time

from comparisons.method import Method, Prepared, Unsupported
from comparisons.methods.refusal import refused
from comparisons.methods.torch import tape, twin
from comparisons.problem import Case

__all__ = ["METHODS"]

COMPILERS = ("g++", "clang++", "c++")


def prepare(case: Case) -> Prepared:
    """Bind `torch.autograd.grad` of the compiled twin."""
    import torch
    from torch._dynamo.exc import Unsupported as NotCaptured

    if not any(map(shutil.which, COMPILERS)):
        raise Unsupported(f"needs a C++ compiler; none of {', '.join(COMPILERS)} is there")
    if case.operator == "jacobian":
        raise Unsupported("torch.autograd.functional.jacobian cannot be captured")
    torch._dynamo.reset()
    prepared = tape(case, torch.compile(twin(case), dynamic=False, fullgraph=True))
    start = time.perf_counter()
    with refused("torch.compile", NotCaptured):
        prepared.derivative()
        prepared.primal()
    return Prepared(
        primal=prepared.primal,
        derivative=prepared.derivative,
        build_seconds=time.perf_counter() - start,
        calls=1,
    )


METHODS = (
    Method("torch-compile", "PyTorch compiled, tape", "peer", ("torch",), prepare, by_name=True),
)
