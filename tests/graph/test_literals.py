"""Constants of one number are known as such, whatever their size."""

import numpy as np
import pytest

from diffkit.graph import literal


@pytest.mark.parametrize("size", [1, 64, 65, 100_000])
@pytest.mark.parametrize("value", [0.0, -0.0, 2.5, np.nan, np.inf, 3, True])
def test_an_array_of_one_number_says_so(size, value):
    lit = literal(np.full(size, value))
    assert np.array_equal(lit.splat, value, equal_nan=isinstance(value, float))
    assert np.signbit(float(lit.splat)) == np.signbit(float(value))
    assert lit.key == literal(np.full(size, value)).key


@pytest.mark.parametrize("size", [64, 65, 100_000])
@pytest.mark.parametrize("place", [0, 1, 31, -2, -1])
@pytest.mark.parametrize("value, other", [(0.0, -0.0), (1.0, np.nan), (1.0, 1.0 + 2**-52)])
def test_one_other_element_makes_it_none(size, place, value, other):
    array = np.full(size, value)
    array[place] = other
    assert literal(array).splat is None


def test_equal_numbers_of_another_type_or_shape_are_other_constants():
    keys = [
        literal(x).key
        for x in (
            np.zeros(100),
            np.zeros(100, np.float32),
            np.zeros(101),
            np.zeros((10, 10)),
            -np.zeros(100),
        )
    ]
    assert len(set(keys)) == len(keys)


def test_no_elements_are_no_number():
    assert literal(np.zeros(0)).splat is None
