"""Plain arrays read by a traced integer: arguments, globals, closures, what a function makes."""

import numpy as np
import pytest

import diffkit as dk
from diffkit.tracing.table import Table, as_table
from tests.replay import replayed

DATA = np.array([1.0, 2.0, 3.0, 4.0])
PLACES = np.array([3, 1, 0])
FROZEN = np.array([1.0, 2.0, 4.0])
FROZEN.flags.writeable = False


def argument(w, data):
    return dk.fori_loop(0, 4, lambda i, total: total + w * data[i], 0.0)


def in_a_tree(w, data):
    tree = {"rows": (data, 2)}
    return dk.fori_loop(0, 4, lambda i, total: total + w * tree["rows"][0][i], 0.0)


def around(w, data):
    return dk.fori_loop(0, 3, lambda i, total: total + w * DATA[PLACES[i]], 0.0)


def closure(w, data):
    own = 2 * data

    def step(i, total):
        return total + w * own[1:][i] * FROZEN[i]

    return dk.fori_loop(0, 3, step, 0.0)


def made(w, data):
    times, order = np.linspace(0.0, 1.0, 4), np.array([2, 0, 1])
    back = np.arange(3)[::-1]
    return dk.fori_loop(0, 3, lambda i, total: total + w * times[order[back[i]]], 0.0)


def by_array_and_slice(w, data):
    square = data.reshape(2, 2)
    return dk.fori_loop(0, 2, lambda i, total: total + w * np.sum(square[i, :] * square[:, i]), 0.0)


CASES = [argument, in_a_tree, around, closure, made, by_array_and_slice]


@pytest.mark.parametrize("f", CASES, ids=lambda f: f.__name__)
def test_a_loop_reads_a_plain_array(f):
    """f is linear in w, so that its derivative is its value at 1."""
    want = f(1.0, DATA)
    for mode in ("forward", "reverse", "complex-step"):
        np.testing.assert_allclose(dk.grad(f, method=mode)(2.0, DATA), want, rtol=1e-14)
    np.testing.assert_allclose(replayed(dk.grad(f))(2.0, DATA), want, rtol=1e-14)


def test_an_index_out_of_bounds_is_found_when_it_runs():
    with pytest.raises(IndexError, match="out of bounds"):
        dk.grad(lambda w: dk.fori_loop(0, 5, lambda i, t: t + w * DATA[i], 0.0))(1.0)


def test_a_table_is_a_plain_array_otherwise():
    table = as_table(DATA)
    assert isinstance(table, np.ndarray) and np.shares_memory(table, DATA)
    assert type(table * 2) is Table and type(table[1:]) is Table
    for number in (table[0], table.sum(), np.mean(table), table @ table, np.max(table)):
        assert type(number) is np.float64
    assert as_table(3.0) == 3.0 and as_table("a") == "a"


def test_writes_reach_the_array_that_is_seen():
    def f(w):
        DATA[0] += 0.0
        return w * DATA[0]

    before = DATA.copy()
    assert dk.grad(f)(1.0) == 1.0
    np.testing.assert_array_equal(DATA, before)


def test_an_array_that_stands_around_is_one_constant():
    big = np.arange(100.0)

    def f(x):
        for _ in range(3):
            x = x * big
        return np.sum(x)

    graph = dk.trace(f)(dk.f64[100])
    constants = {arg for node in graph.nodes for arg in node.args if hasattr(arg, "value")}
    assert len(constants) == 1


def test_what_is_returned_aside_is_plain():
    def f(w):
        return w * DATA[0], {"twice": 2 * DATA, "name": "data"}

    _, aux = dk.grad(f, has_aux=True)(1.0)
    assert type(aux["twice"]) is np.ndarray and aux["name"] == "data"
    np.testing.assert_array_equal(aux["twice"], 2 * DATA)
