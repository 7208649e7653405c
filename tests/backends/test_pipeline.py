"""The passes that programs are compiled without: none that Numba does not have, and no other."""

import numpy as np
from numba.core.compiler import DefaultPassBuilder, Flags
from numba.core.compiler_machinery import PassManager

import diffkit as dk
from diffkit.backends.cache.pipeline import IDLE, pipeline


class State:
    """What a pipeline is chosen by."""

    func_ir = None

    def __init__(self, parallel: bool) -> None:
        from numba.core.cpu import ParallelOptions

        self.flags = Flags()
        self.flags.auto_parallel = ParallelOptions(parallel)
        self.flags.enable_ssa = True


def names(passes: PassManager) -> list[str]:
    return [given[0].__name__ for given in passes.passes]


def chosen(state: State) -> list[str]:
    compiler = object.__new__(pipeline())
    compiler.state = state
    (passes,) = compiler.define_pipelines()
    return names(passes)


def test_numba_has_what_is_left_out() -> None:
    """A pass that has been renamed would be in again, unnoticed."""
    everything = names(DefaultPassBuilder.define_nopython_pipeline(State(False)))
    assert set(everything) >= IDLE
    assert chosen(State(False)) == [name for name in everything if name not in IDLE]
    assert {"NopythonTypeInference", "ReconstructSSA", "NativeLowering"} <= set(
        chosen(State(False))
    )


def test_parallel_loops_need_all() -> None:
    state = State(True)
    assert chosen(state) == names(DefaultPassBuilder.define_nopython_pipeline(state))
    x = np.linspace(0.0, 1.0, 300_000)
    wanted = np.exp(np.sin(x))
    found = dk.jit(lambda x: np.exp(np.sin(x)), parallel=True)(x)
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-14)
