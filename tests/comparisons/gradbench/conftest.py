"""What the tests of the evals share."""

import pytest

from comparisons.gradbench.compiled import compiled
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.validate import kernels_of


def by_both(name, **sizes):
    """Each function of an eval: its name, its result by diffkit, compiled, and by hand."""
    eval = EVALS[name]
    arguments = eval.arguments(eval.generate(**sizes))
    for function, by_hand in kernels_of(name).items():
        program = compiled(eval.functions[function], arguments)
        found = program.tree(program.run())
        yield function, found, by_hand(*arguments.data, *arguments.static.values())


@pytest.fixture
def both():
    """`both(eval, **sizes)`: for each function its name, diffkit's result and the one by hand."""
    return by_both
