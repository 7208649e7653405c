"""`jit` without compiling, for tests that look at graphs and not at the compiler."""

from functools import partial

import diffkit as dk

replayed = partial(dk.jit, backend="interpreter")
