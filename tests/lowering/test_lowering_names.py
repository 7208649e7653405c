"""Names of variables in the text of a program."""

from diffkit.lowering.syntax import Local
from diffkit.lowering.text import Names
from diffkit.types import f64, i64


def test_a_loop_that_comes_again_shares_no_name():
    """A loop written out several times holds inner loops over one variable. Between two of them
    its name is free, and what has taken it keeps it."""
    names, step, value = Names(), Local("i", i64), Local("i", f64)
    assert names.of(step) == "i"
    names.release(step)
    assert names.of(value) == "i"
    assert names.of(step) == "i1"
