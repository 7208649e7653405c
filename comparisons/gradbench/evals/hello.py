"""hello: x² and its derivative, to see that a tool answers."""

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Eval, Workload

__all__ = ["EVAL", "double", "square"]


def square(x):
    """x²."""
    return x * x


double = dk.grad(square)


def arguments(number):
    """The input is a bare number."""
    return Arguments((float(number),))


EVAL = Eval(
    name="hello",
    title="x² and its derivative",
    functions={"square": square, "double": double},
    primal="square",
    derivative="double",
    workloads=tuple(Workload(str(x), {"x": x}) for x in (1.0, 2.0, 8.0, 128.0)),
    small=(Workload("1.0", {"x": 1.0}), Workload("-3.5", {"x": -3.5})),
    generate=lambda x: x,
    arguments=arguments,
)
