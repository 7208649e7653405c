"""Colourings: as few colours as are known to be enough, and every entry can be read off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import block_diag, coo_array, csr_array, eye_array, kron

from diffkit.errors import GraphError
from diffkit.transforms.sparsity import plan as plans
from diffkit.transforms.sparsity.colouring import (
    NONE,
    colour_columns,
    colour_rows,
    colour_star,
    count,
)
from diffkit.transforms.sparsity.plan import Pass, Plan, planned, symmetric

EQUAL = Pass(1, 1)


def band(n: int, width: int) -> Any:
    return csr_array(sum(eye_array(n, k=k) for k in range(-width, width + 1))).astype(bool)


def arrowhead(n: int) -> Any:
    ends = np.zeros((n, n), bool)
    ends[0] = ends[:, 0] = True
    return csr_array(ends | np.eye(n, dtype=bool))


def recovered(plan: Plan, matrix: Any) -> Any:
    """The entries as the compressed products of a matrix show them."""
    seeds = plan.columns == np.arange(plan.pushes)[:, None]
    pulls = plan.rows == np.arange(plan.pulls)[:, None]
    flat = np.concatenate([np.ravel(seeds @ matrix.T), np.ravel(pulls @ matrix)])
    return flat[plan.places]


def filled(pattern: Any, seed: int = 0) -> Any:
    numbers = np.random.default_rng(seed).normal(size=pattern.shape)
    return np.where(pattern.toarray(), numbers, 0.0)


def shown(plan: Plan, matrix: Any) -> None:
    """A dense matrix of the plan's pattern comes back as it was."""
    m, n = plan.pattern.shape
    parts = (recovered(plan, matrix), plan.pattern.indices, plan.pattern.indptr)
    np.testing.assert_allclose(csr_array(parts, shape=(m, n)).toarray(), matrix, atol=1e-12)


@pytest.mark.parametrize("n", [5, 6, 7, 100, 1001])
@pytest.mark.parametrize("width", [1, 2])
def test_a_band_takes_its_width(n: int, width: int) -> None:
    pattern = band(n, width)
    for colours in (colour_columns(pattern), colour_rows(pattern)):
        assert count(colours) == min(n, 2 * width + 1)
    stars = count(colour_star(pattern))
    assert stars == 3 if width == 1 else stars <= 5
    shown(planned(pattern, EQUAL), filled(pattern))


@pytest.mark.parametrize("n", [4, 50, 3000])
def test_an_arrowhead_takes_three(n: int) -> None:
    plan = planned(arrowhead(n), EQUAL)
    assert (plan.mode, plan.pushes, plan.pulls) == ("bidirectional", 2, 1)
    assert "bidirectional" in str(plan)
    assert "2 forward and 1 reverse" in plan.why
    star = symmetric(arrowhead(n), 1)
    assert star.passes == 2  # the hub, and the leaves


def test_blocks_take_the_longest() -> None:
    pattern = csr_array(block_diag([np.ones((3, 2)), np.ones((2, 4)), np.ones((1, 1))])).astype(
        bool
    )
    assert count(colour_columns(pattern)) == 4
    assert count(colour_rows(pattern)) == 3


def test_one_dense_row_or_column_alone() -> None:
    pattern = np.eye(30, dtype=bool)
    pattern[4] = True
    for matrix in (csr_array(pattern), csr_array(pattern.T)):
        plan = planned(matrix, EQUAL)
        assert plan.passes == 2
        shown(plan, filled(matrix))
    both = planned(csr_array(pattern), EQUAL, "bidirectional")
    assert (both.pushes, both.pulls) == (1, 1)


def test_the_direction_that_costs_less() -> None:
    pattern = csr_array(np.tri(4, dtype=bool))
    assert planned(pattern, Pass(1, 100)).mode == "forward"
    assert planned(pattern, Pass(100, 1)).mode == "reverse"
    for method in ("forward", "reverse", "bidirectional"):
        plan = planned(pattern, EQUAL, method)
        assert plan.mode == method
        shown(plan, filled(pattern))


def test_the_grid_of_five_points() -> None:
    """The five-point star of a grid: five colours are known to be enough, seven are allowed."""
    n = 12
    side = band(n, 1)
    grid = csr_array(kron(side, eye_array(n)) + kron(eye_array(n), side)).astype(bool)
    assert 5 <= count(colour_columns(grid)) <= 8
    assert 3 <= count(colour_star(grid)) <= 7
    shown(symmetric(grid, 1), filled(grid) + filled(grid).T)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (3, 4)])
def test_an_empty_pattern_takes_no_pass(shape: tuple[int, int]) -> None:
    plan = planned(csr_array(shape, dtype=bool), EQUAL)
    assert plan.passes == 0
    assert plan.places.shape == (0,)
    assert "0 entries" in str(plan)


SIZES, SEEDS = st.integers(0, 9), st.integers(0, 10**6)
PATTERNS = st.tuples(SIZES, SIZES, st.sampled_from([0.1, 0.3, 0.6, 1.0]), SEEDS)


def drawn(case: tuple[int, int, float, int]) -> Any:
    m, n, density, seed = case
    return csr_array(np.random.default_rng(seed).random((m, n)) < density)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(PATTERNS, st.integers(1, 9), st.integers(1, 9))
def test_every_plan_shows_every_entry(case: Any, forward: int, reverse: int) -> None:
    pattern = drawn(case)
    for method in ("auto", "forward", "reverse", "bidirectional"):
        plan = planned(pattern, Pass(forward, reverse), method)
        shown(plan, filled(pattern))
    best = planned(pattern, Pass(forward, reverse))
    assert best.costs[best.mode] == min(best.costs.values())


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(PATTERNS)
def test_every_star_shows_every_entry(case: Any) -> None:
    square = drawn((case[0], case[0], *case[2:])).toarray()
    pattern = csr_array(square | square.T)
    matrix = filled(pattern) + filled(pattern).T
    plan = symmetric(pattern, 1)
    shown(plan, matrix)
    assert no_path_of_four_in_two_colours(pattern, plan.columns)


def no_path_of_four_in_two_colours(pattern: Any, colours: Any) -> bool:
    """The definition of a star colouring, by trying all paths."""
    near = [set(np.flatnonzero(row)) - {k} for k, row in enumerate(pattern.toarray())]
    paths = (
        (a, b, c, d)
        for b in range(len(near)) for c in near[b] for a in near[b] - {c} for d in near[c] - {a, b}
    )  # fmt: skip
    proper = all(colours[a] != colours[b] for a in range(len(near)) for b in near[a])
    return proper and all(len({colours[v] for v in path}) > 2 for path in paths)


# --- planted faults ------------------------------------------------------------------------------


def test_columns_merged_in_spite_of_a_common_row_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def merged(pattern: Any) -> Any:
        colours = colour_columns(pattern)
        return np.where(colours == 2, 1, colours)

    monkeypatch.setattr(plans, "colour_columns", merged)
    with pytest.raises(GraphError, match=r"entry \(0, 1\)|share all their sums"):
        planned(band(9, 1), EQUAL, "forward")


def test_a_star_with_two_colours_along_a_path_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "colour_star", lambda pattern: np.arange(pattern.shape[0]) % 2)
    with pytest.raises(GraphError, match="share all their sums"):
        symmetric(band(9, 1), 1)


def test_a_column_left_out_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(pattern: Any) -> Any:
        colours = colour_columns(pattern)
        colours[3] = NONE
        return colours

    monkeypatch.setattr(plans, "colour_columns", short)
    with pytest.raises(GraphError, match=r"entry \(2, 3\)"):
        planned(band(9, 1), EQUAL, "forward")


def test_sums_are_counted_by_sorting_where_a_table_would_be_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pattern = arrowhead(20)
    by_table = planned(pattern, EQUAL, "forward").places
    monkeypatch.setattr(plans, "MOST_SUMS", 0)
    np.testing.assert_array_equal(planned(pattern, EQUAL, "forward").places, by_table)


def test_many_rows_take_no_dense_matrix() -> None:
    n = 200_000
    k = np.arange(n)
    ends = coo_array((np.ones(n, bool), (np.zeros(n, int), k)), shape=(n, n))
    pattern = csr_array(band(n, 1) + csr_array(ends).astype(bool))
    assert planned(pattern, EQUAL).passes == 4
