"""Long arrays ask for large pages; short ones, and what they hold, are as ever."""

import numpy as np
import pytest

import diffkit as dk
from diffkit.backends.numba.emit import LARGE

ENOUGH = LARGE // 8  # float64


@pytest.mark.parametrize("size, large", [(ENOUGH - 1, False), (ENOUGH, True)])
def test_a_long_result_is_in_large_pages(size, large):
    x = np.linspace(0.0, 1.0, size)
    f = dk.jit(lambda x: x + 1.0)
    assert ("large(np.empty(" in f.source(x)) == large
    np.testing.assert_array_equal(f(x), x + 1.0)


def test_so_is_long_work():
    a = np.linspace(0.0, 1.0, 1024 * 8).reshape(1024, 8)
    f = dk.jit(lambda a: np.sum((a @ a.T) ** 2))
    assert f(a) == pytest.approx(np.sum((a @ a.T) ** 2), rel=1e-12)
    source = f.source(a)
    assert source.count("large(") == source.count("np.empty(") == 1
