"""`dk.jit` as its users meet it: signatures, bad input, threads, the disk, options."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.backends import cache
from diffkit.backends.cache import machine, store
from diffkit.errors import CacheWarning, DiffkitError, EvaluationError, UnsupportedError

from .agreement import close

X = np.array([0.3, -0.7, 1.1, 2.0])


def smooth(x: Any) -> Any:
    return np.sum(np.sin(x) * x)


# --- signatures ---


def test_another_type_records_anew_and_the_same_does_not() -> None:
    f = dk.jit(smooth)
    for x in (X, 2 * X, X.copy()):
        assert f(x) == pytest.approx(smooth(x), rel=1e-14)
    assert f.traces == 1
    for k, x in enumerate((X[:3], X.reshape(2, 2), X.astype(np.float32), 2.0, 3)):
        want = smooth(np.asarray(x))
        got = f(x)
        assert got == pytest.approx(want, rel=1e-6 if want.dtype == np.float32 else 1e-14)
        assert np.asarray(got).dtype == want.dtype
        assert f.traces == k + 2
    f(X), f(X[:3])
    assert f.traces == 6


def test_shapes_that_do_not_fit_one_another_are_the_error_of_numpy() -> None:
    f = dk.jit(lambda x, y: x + y)
    f(X, X)
    with pytest.raises(ValueError, match=r"\(4,\) and \(3,\)"):
        f(X, X[:3])
    np.testing.assert_array_equal(f(X, X), 2 * X)


@pytest.mark.parametrize("layout", ["C", "F", "strided", "reversed", "read-only", "unaligned",
                                    "broadcast"])  # fmt: skip
def test_memory_layouts(layout: str) -> None:
    plain = np.arange(12.0).reshape(3, 4)
    given: Any = {
        "C": lambda: plain.copy(), "F": lambda: np.asfortranarray(plain),
        "strided": lambda: np.repeat(np.repeat(plain, 2, 0), 3, 1)[::2, ::3],
        "reversed": lambda: plain[::-1, ::-1].copy()[::-1, ::-1],
        "read-only": lambda: read_only(plain), "unaligned": lambda: unaligned(plain),
        "broadcast": lambda: np.broadcast_to(plain[0], (3, 4)), 
    }[layout]()  # fmt: skip
    f = dk.jit(dk.value_and_grad(lambda x: np.sum(x[1:] * x[:-1]) + x[0, 3]))
    want = np.asarray(given).copy()
    value, slope = f(given)
    assert value == np.sum(want[1:] * want[:-1]) + want[0, 3]
    back = np.zeros_like(want)
    back[1:] += want[:-1]
    back[:-1] += want[1:]
    back[0, 3] += 1
    np.testing.assert_array_equal(slope, back)
    np.testing.assert_array_equal(given, want)


def read_only(x: Any) -> Any:
    x = x.copy()
    x.flags.writeable = False
    return x


def unaligned(x: Any) -> Any:
    room = np.zeros(x.nbytes + 1, np.uint8)
    view = room[1:].view(x.dtype).reshape(x.shape)
    view[...] = x
    assert not view.flags.aligned
    return view


def test_results_belong_to_the_caller() -> None:
    f = dk.jit(lambda x: (x, x[::-1], x.reshape(2, 2), x + 1))
    x = X.copy()
    outs = f(x)
    for k, y in enumerate(outs):
        assert not np.shares_memory(y, x)
        assert not any(np.shares_memory(y, z) for z in outs[:k])
        y[...] = 7
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(f(x)[1], X[::-1])


def test_empty_arrays_and_no_results() -> None:
    assert dk.jit(np.sum)(np.zeros((0, 3))) == 0
    assert dk.jit(lambda x: x * 2)(np.zeros((0, 3))).shape == (0, 3)
    assert dk.jit(lambda x: {"none": None, "empty": []})(X) == {"none": None, "empty": []}


def test_static_arguments_choose_the_program() -> None:
    f = dk.jit(lambda x, n, kind="sum": getattr(np, kind)(x**n), static_argnums=(1, 2))
    assert f(X, 2) == pytest.approx(np.sum(X**2), rel=1e-14)
    assert f(X, 3, "prod") == pytest.approx(np.prod(X**3), rel=1e-14)
    f(2 * X, 2)
    assert f.traces == 2
    with pytest.raises(DiffkitError, match="hashable"):
        f(X, [2])


def test_many_recordings_are_worth_one_line(caplog: pytest.LogCaptureFixture) -> None:
    f = dk.jit(smooth)
    with caplog.at_level(logging.WARNING, "diffkit"):
        for n in range(1, 9):
            f.graph(np.ones(n))
        assert not caplog.records
        for n in range(9, 13):
            f.graph(np.ones(n))
    (record,) = caplog.records
    assert "smooth has been recorded 9 times" in record.getMessage()
    assert f.traces == 12


# --- bad input ---


def outside(x: Any, k: Any) -> Any:
    y = np.cos(x)
    return np.sum(y[k] ** 2)


READS = inspect.getsourcelines(outside)[1] + 2


@pytest.mark.parametrize("f", [outside, dk.grad(outside)], ids=["value", "gradient"])
@pytest.mark.parametrize("k", [4, -5, np.array([0, 9])], ids=str)
def test_an_index_out_of_range_names_the_line(f: Any, k: Any) -> None:
    run = dk.jit(f)
    run(X, np.zeros_like(k))
    with pytest.raises(IndexError, match=rf"test_jit\.py:{READS}"):
        run(X, k)
    np.testing.assert_allclose(run(X, np.zeros_like(k)), f(X, np.zeros_like(k)), rtol=1e-14)


def test_writing_out_of_range_and_loops_that_do_not_end() -> None:
    write = dk.jit(lambda x, k: dk.numpy.set_at(x, k, 1.0))
    with pytest.raises(IndexError, match=r"test_jit\.py"):
        write(X, 4)
    spin = dk.jit(lambda x: dk.while_loop(lambda c: c < 1, lambda c: c * 0.5, x, 20))
    assert spin(2.0) == 2.0
    with pytest.raises(EvaluationError, match=r"test_jit\.py"):
        spin(0.5)


def test_a_singular_matrix_is_the_error_of_numpy() -> None:
    f = dk.jit(np.linalg.solve)
    np.testing.assert_allclose(f(np.eye(2) * 2, np.ones(2)), [0.5, 0.5])
    with pytest.raises((np.linalg.LinAlgError, EvaluationError)):
        f(np.ones((2, 2)), np.ones(2))


def test_a_fallback_that_is_not_known() -> None:
    with pytest.raises(UnsupportedError, match='None or "interpreter"'):
        dk.jit(smooth, fallback="numpy")


def test_a_branch_on_a_value_names_what_to_write() -> None:
    with pytest.raises(DiffkitError, match=r"np\.where|dk\.cond"):
        dk.jit(lambda x: x if x > 0 else -x)(1.0)


def unrolled(x: Any) -> Any:
    for k in range(60):
        x = np.sin(x) * x + np.cos(k * x) if k % 7 in (0, 2, 3) else x / (k + 1.5)
    return x


def test_too_many_operations_name_the_line_and_the_remedy() -> None:
    line = inspect.getsourcelines(unrolled)[1] + 2
    with pytest.raises(UnsupportedError, match=rf"test_jit\.py:{line}.*max_nodes.*dk\.scan"):
        dk.jit(unrolled, max_nodes=20)(0.5)
    assert dk.jit(unrolled)(0.5) == pytest.approx(unrolled(0.5), rel=1e-13)


# --- the disk ---


@pytest.fixture
def folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A folder of this test's own, and nothing in memory."""
    monkeypatch.setenv("DIFFKIT_CACHE_DIR", str(tmp_path / "programs"))
    monkeypatch.setattr(cache.programs, "_programs", {})
    monkeypatch.setattr(store, "_warned", set())
    yield tmp_path / "programs"


def test_a_full_disk_does_not_break_a_call(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "_publish", full)
    f = dk.jit(lambda x: np.sum(x) * 3)
    with pytest.warns(CacheWarning, match="No space left"):
        assert f(X) == pytest.approx(np.sum(X) * 3, rel=1e-15)
    assert f(X) == pytest.approx(np.sum(X) * 3, rel=1e-15)


def test_the_second_process_compiles_nothing(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a new process: nothing in memory, all on disk."""
    first = dk.jit(smooth)(X)
    assert len(list(folder.glob("*.code"))) == 1
    monkeypatch.setattr(cache.programs, "_programs", {})
    monkeypatch.setattr(machine, "compile_function", None)  # calling it would raise
    assert dk.jit(smooth)(X) == first


# --- threads ---


def test_eight_threads_share_one_function(folder: Any) -> None:
    """The first calls come at once: one recording, one program, right numbers for everybody."""
    f = dk.jit(dk.value_and_grad(lambda x: np.sum(np.tanh(np.outer(x, x)))))
    start = threading.Barrier(8)
    wrong: list[Any] = []

    def work(k: int) -> None:
        x = np.linspace(-1, 1, 30) * (k + 1)
        start.wait()
        for _ in range(20):
            value, slope = f(x)
            found.setdefault(k, (value, slope))
            if value != found[k][0] or not np.array_equal(slope, found[k][1]):
                wrong.append(k)

    found: dict[int, Any] = {}
    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert f.traces == 1
    assert len(list(folder.glob("*.code"))) == 1
    for k in range(8):
        x = np.linspace(-1, 1, 30) * (k + 1)
        want = dk.value_and_grad(lambda x: np.sum(np.tanh(np.outer(x, x))))(x)
        np.testing.assert_allclose(found[k][0], want[0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found[k][1], want[1], rtol=1e-12, atol=1e-12)


def test_other_threads_run_while_compiled_code_does() -> None:
    """A loop that ends only when its time is up would hold the lock that this thread needs."""
    options = dk.jit(smooth).lower(X).compile().function.targetoptions
    assert options["nogil"] is True
    assert options.get("fastmath", False) is False
    assert options["error_model"] == "numpy"


# --- the bare function ---


def test_flat_is_the_compiled_function() -> None:
    def f(p: Any, x: Any) -> Any:
        return {"loss": np.sum(p["w"] * x) + p["b"], "slope": p["w"] * 2}

    args = {"w": X, "b": 2.0}, 3 * X
    flat = dk.jit(f).lower(*args).compile().flat
    want = f(*args)
    results = flat(2.0, X, 3 * X)  # leaves in the order of their names
    np.testing.assert_allclose(results[0], want["loss"], rtol=1e-14)
    np.testing.assert_array_equal(results[1], want["slope"])
    with pytest.raises(TypeError):
        flat(2.0, X.astype(np.float32), 3 * X)
    lone = dk.jit(smooth).lower(X).compile().flat
    assert lone(X) == pytest.approx(smooth(X), rel=1e-14)


def test_flat_raises_what_the_call_raises() -> None:
    flat = dk.jit(outside).lower(X, 1).compile().flat
    assert flat(X, 1) == pytest.approx(outside(X, 1), rel=1e-14)
    with pytest.raises(IndexError, match=r"test_jit\.py"):
        flat(X, 9)


# --- options ---


def test_donated_memory_becomes_the_result() -> None:
    step = dk.jit(lambda x, g: x - 0.1 * g, donate=(0,))
    x, g = X.copy(), np.ones(4)
    y = step(x, g)
    assert np.shares_memory(x, y)
    np.testing.assert_array_equal(y, X - 0.1 * g)
    np.testing.assert_array_equal(g, np.ones(4))
    fixed = read_only(X)
    np.testing.assert_array_equal(step(fixed, g), X - 0.1 * g)  # a copy, since it may not change
    np.testing.assert_array_equal(fixed, X)


def test_a_donated_array_may_be_another_argument_too() -> None:
    def step(x, y):
        return x * 2.0, np.cumsum(x + y)[::-1] + y[::-1]

    x = np.arange(300.0)
    want = step(x, x)
    for got, expected in zip(dk.jit(step, donate=(0,))(x, x), want, strict=True):
        np.testing.assert_allclose(got, expected)


def test_a_donated_array_that_the_function_holds_too_was_recorded_as_it_was() -> None:
    held = np.arange(300.0)
    jitted = dk.jit(lambda x: x + held[::-1], donate=(0,))
    np.testing.assert_array_equal(jitted(held), np.full(300, 299.0))
    np.testing.assert_array_equal(jitted(np.zeros(300)), np.arange(300.0)[::-1])


def test_a_program_that_gives_up_has_kept_its_arguments() -> None:
    def step(x, k):
        return x * 2.0 + x[k]

    x = np.arange(300.0)
    jitted = dk.jit(step, donate=(0,))
    with pytest.raises(IndexError):
        jitted(x, 300)
    np.testing.assert_array_equal(x, np.arange(300.0))


def test_a_result_that_is_written_before_the_argument_is_read_does_not_take_it() -> None:
    def f(x, w):
        return np.stack([np.sum(x[k] * w) for k in range(3)])

    x, w = np.arange(3.0) + 1.0, np.arange(5.0)
    np.testing.assert_allclose(dk.jit(f, donate=(0,))(x.copy(), w), f(x, w))


def test_donated_memory_that_is_read_later_is_not_taken() -> None:
    for f in (
        lambda x: np.cumsum(x)[::-1] * x, lambda x: x[::-1] + x, lambda x: np.roll(x, 1),
        lambda x: np.sum(x) + x[::-1], lambda x: x[1] * x,
    ):  # fmt: skip
        got = dk.jit(f, donate=(0,))(X.copy())
        np.testing.assert_allclose(got, f(X), rtol=1e-14)


def test_parallel_gives_the_same_numbers() -> None:
    def f(x: Any) -> Any:
        near = np.exp(-((x[:, None] - x[None, :]) ** 2))
        return np.sum(near, axis=1), np.sum(near * x**2)

    x = np.linspace(-3, 3, 300)
    many, one = dk.jit(f, parallel=True), dk.jit(f)
    assert "prange" in many.source(x) and "prange" not in one.source(x)
    for y, z in zip(many(x), one(x), strict=True):
        np.testing.assert_allclose(y, z, rtol=1e-13)
    slope = dk.grad(lambda x: np.sum(f(x)[0] ** 2) + f(x)[1])
    close([dk.jit(slope, parallel=True)(x)], [slope(x)], "gradient")


def test_fastmath_keeps_the_elementary_functions_right() -> None:
    """Sums may be regrouped; the exact steps inside of exp and sin may not."""
    f = dk.jit(lambda x: np.sum(np.sin(x) * np.exp(x) + np.log(x + 1)), fastmath=True)
    want = np.sum(np.sin(X) * np.exp(X) + np.log(X + 1))
    assert f(X) == pytest.approx(want, rel=1e-13)


# --- nesting ---


def test_compiled_functions_nest_in_every_operator() -> None:
    f = dk.jit(lambda x: np.sum(np.sin(x) * x**2))
    plain = lambda x: np.sum(np.sin(x) * x**2)  # noqa: E731
    for operator in (dk.grad, lambda f: dk.grad(dk.jit(f)), lambda f: dk.jit(dk.grad(dk.jit(f)))):
        np.testing.assert_allclose(operator(f)(X), dk.grad(plain)(X), rtol=1e-13)
    np.testing.assert_allclose(dk.hessian(f)(X), dk.hessian(plain)(X), rtol=1e-12, atol=1e-14)
    rows = np.stack([X, X + 1])
    np.testing.assert_allclose(dk.vmap(f)(rows), [plain(r) for r in rows], rtol=1e-13)
    np.testing.assert_allclose(dk.jit(dk.vmap(dk.grad(f)))(rows), dk.vmap(dk.grad(plain))(rows),
                               rtol=1e-13)  # fmt: skip
    value = dk.scan(lambda c, r: (f(r) + c, None), 0.0, rows)[0]
    assert value == pytest.approx(sum(plain(r) for r in rows), rel=1e-13)
