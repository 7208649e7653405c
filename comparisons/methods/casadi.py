"""CasADi: the function as a graph of scalar operations (SX), differentiated and run by its machine.

The case's function runs once on an array of CasADi's symbols, with its loops unrolled. CasADi then
takes the gradient or the Jacobian of that graph, choosing the mode and, for a Jacobian, colouring
its sparsity pattern. All of this is building time.

Source: Andersson, Gillis, Horn, Rawlings & Diehl, CasADi: a software framework for nonlinear
optimization and optimal control, Mathematical Programming Computation 11 (2019) 1-36.
"""

import time

from comparisons.method import Method, Prepared
from comparisons.methods.refusal import refused
from comparisons.methods.symbols import Namespace, elements, vector
from comparisons.problem import Case

__all__ = ["METHODS"]

ELEMENTWISE = ("sqrt", "exp", "log", "log1p", "expm1", "sin", "cos", "tan", "tanh", "sinh", "cosh")


def prepare(case: Case) -> Prepared:
    """Bind CasADi's functions for f and its derivative."""
    import casadi

    start = time.perf_counter()
    x = casadi.SX.sym("x", len(case.x))
    np = Namespace(
        {"abs": casadi.fabs} | {name: getattr(casadi, name) for name in ELEMENTWISE},
        choose=casadi.if_else,
        larger=casadi.fmax,
        both=casadi.logic_and,
    )
    with refused("CasADi", NotImplementedError, RuntimeError, TypeError):
        rows = elements(case.f(vector(x[i] for i in range(len(case.x))), np=np))
    scalar = case.operator == "gradient"
    y = casadi.vertcat(*rows)
    dy = casadi.gradient(y, x) if scalar else casadi.jacobian(y, x)
    f, derivative = casadi.Function("f", [x], [y]), casadi.Function("df", [x], [dy])
    built = time.perf_counter() - start
    outputs = () if scalar else (len(rows),)
    return Prepared(
        primal=lambda: f(case.x).full().reshape(outputs),
        derivative=lambda: derivative(case.x).full().reshape(*outputs, -1),
        build_seconds=built,
        nodes=derivative.n_instructions(),
        details=lambda: {"program": derivative.str(True)},
    )


METHODS = (Method("casadi", "CasADi SX, mode by itself", "peer", ("casadi",), prepare),)
