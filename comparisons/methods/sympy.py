"""sympy: the function as one formula, differentiated, and turned into Python by `lambdify`.

The case's function runs once on an array of sympy's symbols; `diff` then differentiates the formula
for each input, and `lambdify(cse=True)` writes scalar Python with common subexpressions named. All
of this is building time, which grows fast with the formula, so only small cases are tried.

Source: Meurer et al., SymPy: symbolic computing in Python, PeerJ Computer Science 3 (2017) e103.
"""

import inspect
import time

import numpy

from comparisons.method import Method, Prepared
from comparisons.methods.operations import require_few_operations
from comparisons.methods.refusal import refused
from comparisons.methods.symbols import Namespace, elements, vector
from comparisons.problem import Case

__all__ = ["METHODS"]

MOST = 5_000  # inputs times operations
ELEMENTWISE = ("sqrt", "exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh")


def prepare(case: Case) -> Prepared:
    """Bind the lambdified formulas of f and its derivative."""
    import sympy

    require_few_operations(case, MOST)
    np = Namespace(
        {name: getattr(sympy, name) for name in ELEMENTWISE}
        | {"abs": sympy.Abs, "log1p": lambda x: sympy.log(1 + x)},
        choose=lambda condition, a, b: sympy.Piecewise((a, condition), (b, True)),
        larger=sympy.Max,
        both=sympy.And,
    )
    start = time.perf_counter()
    symbols = sympy.symbols(f"x:{len(case.x)}", real=True)
    with refused("sympy", TypeError, NotImplementedError):
        rows = elements(case.f(vector(symbols), np=np))
    partials = [[sympy.diff(row, symbol) for symbol in symbols] for row in rows]
    f = sympy.lambdify(symbols, rows, modules="math", cse=True)
    derivative = sympy.lambdify(symbols, partials, modules="math", cse=True)
    built = time.perf_counter() - start
    outputs = () if case.operator == "gradient" else (len(rows),)
    return Prepared(
        primal=lambda: numpy.array(f(*case.x.tolist())).reshape(outputs),
        derivative=lambda: numpy.array(derivative(*case.x.tolist())).reshape(*outputs, -1),
        build_seconds=built,
        details=lambda: {"source": inspect.getsource(derivative)},
    )


METHODS = (Method("sympy", "sympy, diff and lambdify", "peer", ("sympy",), prepare),)
