"""The benchmark of compiled gradients: every gradient by hand is right, a wrong one is never timed,
and the verdicts are what the numbers say."""

import importlib.util
import io
import json
import math
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy
import pytest
from rich.console import Console
from typer.testing import CliRunner

from comparisons.cli import app
from comparisons.report import Results, load
from comparisons.report.page import render
from comparisons.speed import run as runner
from comparisons.speed.contenders import (
    CONTENDERS,
    NotMeasured,
    Ready,
    bound,
    diffkit_functions,
)
from comparisons.speed.measure import measure
from comparisons.speed.problem import Kernels, disagreement, leaves
from comparisons.speed.problems import BENCHMARKS
from comparisons.speed.processes import environment
from comparisons.speed.records import Call, Cell, FirstCall, Run, Timing, read, write
from comparisons.speed.rounds import interleave
from comparisons.speed.settings import QUICK
from comparisons.speed.tables import notes, show
from comparisons.speed.verdicts import geometric_mean, verdicts

ROOT = Path(__file__).parents[2]
WORKER = "comparisons.speed.worker"
NAMES = [benchmark.name for benchmark in BENCHMARKS]
each_benchmark = pytest.mark.parametrize("benchmark", BENCHMARKS, ids=NAMES)


def installed(package: str) -> pytest.MarkDecorator:
    found = importlib.util.find_spec(package) is not None
    return pytest.mark.skipif(not found, reason=f"{package} is not installed")


# --- every gradient is right ---------------------------------------------------------------------


@each_benchmark
def test_the_numpy_gradient_is_what_differences_of_the_function_say(benchmark):
    args = benchmark.inputs(benchmark.tiny)
    f, data = bound(benchmark, args)
    value, *slopes = leaves(benchmark.numpy(*args)) if not benchmark.jacobian else (None,)
    rng = numpy.random.default_rng(0)
    step = 1e-6
    for _ in range(3):
        ways = [rng.normal(size=numpy.shape(x)) for x in data[: benchmark.wrt]]

        def at(h, ways=ways):
            moved = [x + h * way for x, way in zip(data, ways, strict=False)]
            return f(*moved, *data[benchmark.wrt :])

        found = (at(step) - at(-step)) / (2 * step)
        if benchmark.jacobian:
            expected = numpy.einsum("rok,rk->ro", benchmark.numpy(*args), ways[0])
        else:
            expected = sum(numpy.sum(s * w) for s, w in zip(slopes, ways, strict=True))
        scale = numpy.max(numpy.abs(expected)) + (0.0 if value is None else abs(value))
        assert numpy.max(numpy.abs(found - expected)) <= 1e-7 * scale


@each_benchmark
def test_diffkit_agrees_with_the_gradient_by_hand(benchmark):
    args = benchmark.inputs(benchmark.tiny)
    primal, gradient, data = diffkit_functions(benchmark, args, backend="interpreter")
    reference = benchmark.numpy(*args)
    assert disagreement(gradient(*data), reference) <= 1e-10
    if not benchmark.jacobian:
        assert disagreement(primal(*data), reference[0]) <= 1e-10


@each_benchmark
def test_the_compiled_gradient_by_hand_agrees(benchmark):
    ready = CONTENDERS["njit"](benchmark, benchmark.inputs(benchmark.tiny))
    args = benchmark.inputs(benchmark.tiny)
    reference = benchmark.numpy(*args)
    assert disagreement(ready.gradient(), reference) <= 1e-10
    if benchmark.jacobian:
        f, data = bound(benchmark, args)
        assert disagreement(ready.primal(), f(*data)) <= 1e-10
    else:
        assert disagreement(ready.primal(), reference[0]) <= 1e-10
    for before, after in zip(benchmark.inputs(benchmark.tiny), args, strict=True):
        numpy.testing.assert_array_equal(before, after)  # nobody writes into the inputs


def test_the_stretches_of_the_heat_kernel_are_exact():
    """Where the grids of all steps do not fit the cache, some are computed again."""
    heat = BENCHMARKS[NAMES.index("heat")]
    args = (*heat.inputs(64)[:3], 137)  # not a whole number of stretches
    ready = CONTENDERS["njit"](heat, args)
    assert disagreement(ready.gradient(), heat.numpy(*args)) <= 1e-10


@installed("torch")
@each_benchmark
def test_the_twin_in_pytorch_agrees(benchmark):
    args = benchmark.inputs(benchmark.tiny)
    ready = CONTENDERS["torch"](benchmark, args)
    assert disagreement(ready.gradient(), benchmark.numpy(*args)) <= 1e-10


@installed("autograd")
@each_benchmark
def test_autograd_agrees(benchmark):
    if "autograd" in benchmark.without:
        pytest.skip(benchmark.without["autograd"])
    args = benchmark.inputs(benchmark.tiny)
    ready = CONTENDERS["autograd"](benchmark, args)
    assert disagreement(ready.gradient(), benchmark.numpy(*args)) <= 1e-10


@installed("jax")
def test_jax_agrees():
    """In a process of its own: JAX's settings hold for a whole process."""
    code = (
        "import json\n"
        "from comparisons.speed.contenders import CONTENDERS\n"
        "from comparisons.speed.problem import disagreement\n"
        "from comparisons.speed.problems import BENCHMARKS\n"
        "found = {}\n"
        "for b in BENCHMARKS:\n"
        "    args = b.inputs(b.tiny)\n"
        "    found[b.name] = disagreement(CONTENDERS['jax'](b, args).gradient(), b.numpy(*args))\n"
        "print(json.dumps(found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    errors = json.loads(done.stdout)
    assert list(errors) == NAMES
    assert max(errors.values()) <= 1e-10


# --- what is wrong is not timed ------------------------------------------------------------------

SQUARES = replace(
    BENCHMARKS[0],
    name="squares",
    inputs=lambda n: (numpy.arange(1.0, n + 1.0),),
    f=lambda x, np=numpy: np.sum(x * x),
    numpy=lambda x: (numpy.sum(x * x), 2.0 * x),
    compiled=lambda: Kernels(lambda x: numpy.sum(x * x), lambda x: (numpy.sum(x * x), 2.0 * x)),
    eager_limit=3,
    without={"autograd": "it is not asked"},
)


def answering(gradient, primal=None, count=None):
    """A contender with a fixed answer, which counts how often it is asked."""

    def prepare(benchmark, args):
        def call():
            if count is not None:
                count.append(1)
            return gradient(*args)

        return Ready(call, None if primal is None else lambda: primal(*args))

    return prepare


def right(x):
    return numpy.sum(x * x), 2.0 * x


def one(cells):
    (cell,) = cells
    return cell


def test_a_right_gradient_is_timed():
    cell = one(measure(SQUARES, 3, 0.0, {"mine": answering(right, lambda x: numpy.sum(x * x))}))
    assert cell.status == "ok" and cell.error == 0.0
    assert cell.gradient.samples >= 1 and cell.primal.samples >= 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x: (numpy.sum(x * x), 2.0 * x + 1e-8),
        lambda x: (numpy.sum(x * x) * (1 + 1e-8), 2.0 * x),
        lambda x: (numpy.sum(x * x), numpy.where(x > 1, 2.0 * x, numpy.nan)),
    ],
    ids=["gradient", "value", "nan"],
)
def test_a_planted_wrong_gradient_is_wrong_and_not_timed(wrong):
    count = []
    cell = one(measure(SQUARES, 3, 0.0, {"mine": answering(wrong, count=count)}))
    assert cell.status == "wrong" and "differs by" in cell.reason
    assert cell.gradient is None and cell.primal is None
    assert len(count) == 1  # for the comparison, and never again


def test_a_wrong_function_is_wrong_too():
    cell = one(measure(SQUARES, 3, 0.0, {"mine": answering(right, lambda x: 0.0)}))
    assert cell.status == "wrong"


def failing(benchmark, args):
    raise ValueError("a plain\nmistake")


def absent(benchmark, args):
    raise NotMeasured("it stayed at home")


def test_failures_and_absences_are_told_apart():
    contenders = {
        "mine": failing,
        "yours": absent,
        "short": answering(lambda x: (0.0,)),
        "torch-compile": failing,
        "autograd": failing,
        "numpy": answering(right),
    }
    found = {c.method: c for c in measure(SQUARES, 4, 0.0, contenders, {"torch": "left out"})}
    assert (found["mine"].status, found["mine"].reason) == ("failed", "ValueError: a plain mistake")
    assert (found["yours"].status, found["yours"].reason) == ("not measured", "it stayed at home")
    assert found["short"].status == "failed" and "shapes" in found["short"].reason
    assert found["autograd"].reason == "it is not asked"
    assert found["numpy"].status == "not measured" and "see size 3" in found["numpy"].reason
    assert found["torch-compile"].status == "not measured"


def test_a_package_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr("comparisons.speed.measure.NEEDS", {"mine": "a_package_that_is_not_there"})
    cell = one(measure(SQUARES, 3, 0.0, {"mine": failing}))
    assert cell.status == "not measured"
    assert cell.reason == "a_package_that_is_not_there is not installed"


# --- rounds --------------------------------------------------------------------------------------


def test_calls_are_sampled_in_turn():
    now, order = [0.0], []

    def taking(name, seconds):
        def call():
            order.append(name)
            now[0] += seconds

        return call

    calls = {"slow": taking("slow", 2.0), "fast": taking("fast", 0.5)}
    timings = interleave(calls, 1.5, clock=lambda: now[0])
    assert order[:2] == ["slow", "fast"]  # one each to find out how long they take
    assert order[2:] == ["fast", "slow", "slow", "fast", "fast", "slow"]
    assert timings["slow"] == Timing(2.0, 2.0, 2.0, 3)
    assert timings["fast"] == Timing(0.5, 0.5, 0.5, 3)


def test_short_calls_are_repeated_within_a_sample():
    now, count = [0.0], []

    def call():
        count.append(1)
        now[0] += 1e-5

    timing = interleave({"short": call}, 0.0, clock=lambda: now[0])["short"]
    assert timing.median == pytest.approx(1e-5)
    assert len(count) / timing.samples >= 100


# --- verdicts ------------------------------------------------------------------------------------


def took(seconds):
    return Timing(seconds, 0.9 * seconds, 1.1 * seconds, 9)


def row(problem, size, own=1.0, njit=1.0, jax=2.0, torch=2.0, primal=1.0):
    here = {
        "diffkit": Cell(problem, size, "diffkit", "ok", "", took(own), took(primal), 0.0, 1),
        "diffkit-flat": Cell(problem, size, "diffkit-flat", "ok", "", took(own)),
    }
    for method, seconds in (("njit", njit), ("jax", jax), ("torch", torch)):
        status = "not measured" if seconds is None else "ok"
        timing = None if seconds is None else took(seconds)
        here[method] = Cell(problem, size, method, status, "", timing)
    return tuple(here.values())


def verdict(run, figure):
    return {(v.figure, v.target.split()[-1]): v for v in verdicts(run)}[figure]


NJIT = "gradient, .flat / hand-written njit"


def test_the_worst_case_and_the_mean_decide():
    run = Run(cells=row("a", 10, own=1.0) + row("b", 1000, own=1.44))
    worst = verdict(run, (NJIT, "each"))
    assert (worst.outcome, worst.measured) == ("missed", "1.44×")
    assert worst.worst == "b 1,000 (1 of 2 above)"
    mean = verdict(run, (NJIT, "mean"))
    assert (mean.outcome, mean.measured) == ("missed", "1.20×")
    run = Run(cells=row("a", 10, own=1.0) + row("b", 1000, own=1.21))
    assert verdict(run, (NJIT, "each")).outcome == "met"
    assert verdict(run, (NJIT, "mean")).outcome == "met"  # exactly 1.1 on both sides
    assert verdict(run, ("gradient / JAX jit", "each")).measured == "0.60×"


def test_a_limit_that_is_just_met_is_met():
    run = Run(cells=row("a", 10, own=1.0, torch=1.0))
    assert verdict(run, ("gradient / PyTorch eager", "each")).outcome == "met"


def test_a_missing_peer_says_nothing_and_a_failure_of_diffkit_says_no():
    run = Run(cells=row("a", 10, jax=None))
    assert verdict(run, ("gradient / JAX jit", "each")).outcome == "not measured"
    wrong = replace(row("b", 5)[0], status="wrong", gradient=None, primal=None)
    flat = replace(row("b", 5)[1], status="failed", gradient=None)
    run = Run(cells=(*row("a", 10), wrong, flat, *row("b", 5)[2:]))
    for key in ((NJIT, "each"), (NJIT, "mean"), ("gradient / JAX jit", "each")):
        found = verdict(run, key)
        assert found.outcome == "missed" and "no right result: b 5" in found.worst


def test_scalar_loops_have_their_own_target():
    run = Run(cells=row("lotka-volterra", 10, own=1.0, torch=31.0) + row("heat", 10, torch=1.0))
    found = verdict(run, ("gradient / PyTorch eager, scalar loops", "each"))
    assert (found.outcome, found.measured) == ("met", "1/31")
    run = Run(cells=row("lotka-volterra", 10, own=1.0, torch=29.0))
    assert verdict(run, ("gradient / PyTorch eager, scalar loops", "each")).outcome == "missed"


def test_first_calls_and_calls():
    firsts = (
        FirstCall("a", "diffkit", "cold", "ok", 1.2),
        FirstCall("a", "diffkit", "warm", "ok", 0.1),
        FirstCall("a", "jax", "cold", "ok", 1.0),
        FirstCall("b", "diffkit", "cold", "ok", 1.8),
        FirstCall("b", "diffkit", "warm", "failed", reason="no cache"),
        FirstCall("b", "jax", "cold", "not measured", reason="jax is not installed"),
    )
    calls = (Call("diffkit", "ok", took(5e-6)), Call("diffkit-flat", "ok", took(4e-7)))
    run = Run(cells=row("a", 1), first_calls=firsts, calls=calls)
    assert verdict(run, ("first call, cold / JAX", "each")).measured == "1.20×"
    assert verdict(run, ("first call, cold", "each")).measured == "1.80 s"
    assert verdict(run, ("first call, warm cache", "each")).outcome == "missed"
    trees = verdict(run, ("call of a scalar gradient, through trees", "each"))
    assert (trees.outcome, trees.measured) == ("missed", "5.00 µs")
    assert verdict(run, ("call of a scalar gradient, .flat", "each")).outcome == "met"
    assert verdict(run, ("arrays allocated beside the outputs", "each")).measured == "1"


def test_nothing_measured_gives_no_verdict():
    assert {v.outcome for v in verdicts(Run())} == {"not measured"}
    assert geometric_mean([2.0, 8.0]) == pytest.approx(4.0)


# --- records and reports -------------------------------------------------------------------------

MIXED = Run(
    header={"settings": {"backend": "numba"}, "machine": {"cores": "2"}},
    cells=(
        *row("mlp", 64, own=0.5, torch=None),
        Cell("mlp", 64, "autograd", "wrong", "differs by nan <&>", error=math.nan),
        Cell("mlp", 64, "numpy", "failed", "ValueError: [red]no[/red]"),
    ),
    first_calls=(FirstCall("mlp", "diffkit", "cold", "ok", 1.0),),
    calls=(Call("diffkit", "ok", took(3e-6)), Call("jax", "not measured", reason="jax is away")),
)


def test_a_run_survives_its_file(tmp_path):
    write(MIXED, tmp_path)
    again = read(tmp_path)
    assert repr(again) == repr(MIXED)  # nan is not equal to itself
    assert read(tmp_path / "nowhere") is None
    (tmp_path / "speed.json").write_text('{"header": {')
    assert read(tmp_path) is None


def test_the_tables_show_what_is_there_and_what_is_not():
    out = io.StringIO()
    show(MIXED, Console(file=out, width=220))
    lines = out.getvalue().splitlines()
    times = next(line for line in lines if line.startswith("│ mlp") and "±" in line)
    cells = [cell.strip() for cell in times.split("│")[1:-1]]
    assert cells[:4] == ["mlp", "64", "500 ±10%", "500 ±10%"]
    assert cells[4:] == ["1e+03 ±10%", "failed", "2e+03 ±10%", "–", "", "wrong"]
    ratios = [line for line in lines if line.startswith("│ mlp")][1]
    cells = [cell.strip() for cell in ratios.split("│")[1:-1]]
    assert cells == ["mlp", "64", "0.50×", "0.50×", "0.50×", "0.25×", "–", "", "failed", "wrong"]
    assert any("numpy failed (mlp 64): ValueError: [red]no[/red]" in line for line in lines)
    assert "jax not measured (a scalar call): jax is away" in notes(MIXED)


def test_the_page_has_a_section(tmp_path):
    write(MIXED, tmp_path)
    page = render(load(tmp_path))
    assert "Compiled gradients" in page and "There are no records yet" not in page
    assert "differs by nan &lt;&amp;&gt;" in page and "<td>met</td>" in page
    assert "Compiled gradients" not in render(Results(()))


# --- the processes -------------------------------------------------------------------------------


def test_a_worker_that_dies_takes_only_its_problem(monkeypatch):
    asked = []

    def answers(module, request):
        assert module == WORKER
        asked.append((request["problems"], request["calls"]))
        if len(asked) == 1:
            yield "begin", "elementwise"
            yield "died", "the worker ended with exit status -9"
        else:
            yield "cell", asdict(Cell("rosenbrock", 1, "njit", "failed", "x"))
            yield "end", "rosenbrock"

    monkeypatch.setattr(runner, "answers", answers)
    chosen = [BENCHMARKS[NAMES.index(name)] for name in ("elementwise", "rosenbrock")]
    cells, _ = runner.work(chosen, QUICK, lambda _: None)
    assert asked == [(["elementwise", "rosenbrock"], True), (["rosenbrock"], False)]
    lost = [c for c in cells if c.problem == "elementwise"]
    assert {c.method for c in lost} == set(CONTENDERS)
    assert {(c.status, c.reason) for c in lost} == {
        ("failed", "the worker ended with exit status -9")
    }
    assert [c.problem for c in cells][-1] == "rosenbrock"


def test_the_worker_speaks_json_alone():
    request = {
        "problems": ["rosenbrock"],
        "settings": {"quick": True, "seconds": 0.0, "compile": False, "first_calls": 0},
        "calls": False,
    }
    kinds, methods = [], {}
    for kind, record in runner.answers(WORKER, request):
        kinds.append(kind)
        if kind == "cell":
            methods[record["method"]] = record["status"]
    assert kinds == ["started", "begin", *["cell"] * len(CONTENDERS), "end"]
    assert list(methods) == list(CONTENDERS)
    assert methods["njit"] == methods["numpy"] == methods["diffkit"] == "ok"
    assert "wrong" not in methods.values()


def test_an_unknown_benchmark_lists_the_known_ones(tmp_path):
    result = CliRunner().invoke(app, ["speed", "--only", "nonsense", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "'nonsense'" in result.output
    assert all(name in result.output for name in NAMES)
