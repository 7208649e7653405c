"""Methods that write the derivative as formulas: how large a function they are asked for.

A formula is differentiated once for each input, and each time it is as long as the function has
operations, so their product says how much there is to write. Too large a case would take minutes;
it is turned down beforehand. The operations are scalar ones, counted on diffkit's graph.
"""

from comparisons.method import Unsupported
from comparisons.problem import Case

__all__ = ["require_few_operations"]


def require_few_operations(case: Case, most: int) -> None:
    """Raise `Unsupported` where inputs times operations are more than `most`.

    A function that diffkit can't record for all values is not counted: the method will refuse it
    in its own words.
    """
    import diffkit as dk
    from diffkit.graph import flops

    try:
        operations = flops(dk.trace(lambda x: case.f(x))(case.x))
    except dk.DiffkitError:
        return
    if len(case.x) * operations > most:
        raise Unsupported(
            f"formulas of {operations:,} operations for each of {len(case.x):,} inputs; at most "
            f"{most:,} in all are tried"
        )
