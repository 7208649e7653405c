"""The command `all`: the matrix, GradBench's evals and the demonstrations, one page at the end.

It goes on where it was stopped: cell by cell in the matrix, and in the other stages an eval run or
a demonstration at a time, each of which is repeated only if something that it depends on has
changed. A stage that fails is named, costs the others nothing, and is tried again next time. The
demonstrations run in a worker, under limits of time and memory, as the cells do.
"""

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import comparisons
from comparisons import demonstrations, machine, runner, stages
from comparisons.client import Worker, answered
from comparisons.commands.common import FAILED, OUT, Out, show_report
from comparisons.commands.matrix import Pin, Quick, Workers, measure
from comparisons.cores import cores_for
from comparisons.demonstration import Demonstration, Shown
from comparisons.demonstrations import Kept, Room
from comparisons.gradbench import run as evals
from comparisons.gradbench.records import write as keep_evals
from comparisons.lookup import known_methods, known_problems, select
from comparisons.output import OutputError, writing
from comparisons.provenance import OWN, folder_digest, mark, of_packages
from comparisons.settings import DEFAULT, QUICK, Settings

__all__ = ["everything"]

HERE = Path(comparisons.__file__).parent
ROOMS: tuple[Room, ...] = ("accuracy", "cost")
# Most of an eval's time goes into compiling, once for each size and library; so this command takes
# the smallest size only, two evals at a time, and leaves the protocol and the first calls to
# `gradbench`.
EVAL_SECONDS = 0.05
DEMONSTRATION_TIMEOUT = 120.0
PEERS = ("numpy", "torch", "autograd", "jax")


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the run after the matrix.

    Attributes:
        depends: everything that its outcome depends on, for its mark.
        result: the file it leaves, relative to the output folder.
        run: does it; why it failed, or "".
    """

    name: str
    depends: tuple[object, ...]
    result: str
    run: Callable[[], str]


def everything(
    out: Out = OUT,
    quick: Quick = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure everything again.")] = False,
    workers: Workers = 1,
    pin: Pin = False,
) -> None:
    """Measure the matrix, GradBench's smallest sizes and the demonstrations, then report."""
    settings = replace(QUICK if quick else DEFAULT, workers=workers, pin=pin)
    chosen = select((), known_problems()), select((), known_methods())
    plan = runner.plan_run(*chosen, settings, out)
    console = Console()
    start = time.monotonic()
    console.rule("matrix", align="left")
    measure(plan, fresh)
    spent = {"matrix": time.monotonic() - start}
    failed: list[str] = []
    (core,) = cores_for(1, pin)
    with Worker(settings.memory, out / runner.LOG, core) as worker:
        for stage in _stages(worker, out, console):
            stage_mark = _mark(stage, settings)
            if not fresh and stages.is_done(out, stage.name, stage_mark, stage.result):
                continue
            start = time.monotonic()
            reason = stage.run()
            spent[stage.name] = time.monotonic() - start
            if reason:
                failed.append(f"{stage.name} ({reason})")
            else:
                stages.finish(out, stage.name, stage_mark, spent[stage.name])
    show_report(out)
    parts = ", ".join(f"{name} {seconds:.0f}" for name, seconds in spent.items())
    typer.echo(f"this took {sum(spent.values()):.0f} s: {parts}")
    if failed:
        typer.echo(f"failed: {'; '.join(failed)}; the same command tries again", err=True)
        raise typer.Exit(FAILED)


def _stages(worker: Worker, out: Path, console: Console) -> Iterator[Stage]:
    """What comes after the matrix, in order."""
    depends = EVAL_SECONDS, folder_digest(HERE / "gradbench"), of_packages((*OWN, *PEERS))
    yield Stage("gradbench", depends, "gradbench.json", lambda: _gradbench(out, console))
    for room in ROOMS:
        sources = folder_digest(HERE / room)
        for d in demonstrations.named(room, []):
            yield Stage(
                f"{room} {d.name}",
                (sources, of_packages((*OWN, *d.needs))),
                f"{demonstrations.FOLDER}/{room}/{d.name}.json",
                lambda room=room, d=d: _demonstrate(room, d, worker, out, console),
            )


def _mark(stage: Stage, settings: Settings) -> str:
    """All that the outcome of a stage depends on."""
    about = platform.python_version(), machine.describe()["processor"], settings.pin
    return mark(stage.name, *about, *stage.depends)


def _gradbench(out: Path, console: Console) -> str:
    """Measure the smallest size of all evals, each contender against the code by hand; what is
    wrong, or ""."""
    console.rule("gradbench", align="left")
    with console.status("starting", refresh_per_second=2) as status:
        chosen = evals.evals_named(["all"])
        result = evals.run(
            chosen, "smallest", EVAL_SECONDS, None, status.update, first_calls=False, at_once=2
        )
    with writing(out):
        keep_evals(result, out)
    bad = [c for c in result.cells if c.method == "diffkit" and c.status in ("wrong", "failed")]
    return "; ".join(f"{cell.eval} {cell.workload}: {cell.reason}" for cell in bad[:3])


def _demonstrate(
    room: Room, demonstration: Demonstration, worker: Worker, out: Path, console: Console
) -> str:
    """Measure a demonstration, quickly, and show what it found; what fails, or ""."""
    request = {
        "job": "demonstration",
        "room": room,
        "name": demonstration.name,
        "quick": True,
        "out": str(out),
    }
    start = time.monotonic()
    with console.status(f"{room} {demonstration.name}", refresh_per_second=2):
        answer = answered(worker.ask(request, DEMONSTRATION_TIMEOUT))
    if answer["status"] == "unwritable":
        raise OutputError(answer["reason"])
    if answer["status"] not in ("ok", "error", "missing"):  # lost with its worker: nothing is kept
        demonstrations.write(_lost(room, demonstration, answer["reason"], start), out)
    found = [k for k in demonstrations.read(out) if (k.room, k.name) == (room, demonstration.name)]
    for kept in found:
        demonstrations.show(kept, console)
    if answer["status"] == "missing":  # no failure; tried again when the package is there
        return ""
    fails = [f.name for kept in found for f in kept.shown.figures if f.verdict == "fails"]
    return answer["reason"] or "; ".join(f"{name} fails" for name in fails)


def _lost(room: Room, d: Demonstration, reason: str, start: float) -> Kept:
    """What to keep of a demonstration whose worker was stopped or died."""
    about = room, d.name, d.title, d.text, d.source, True
    finished, seconds = time.strftime("%Y-%m-%dT%H:%M:%S%z"), time.monotonic() - start
    facts = machine.describe(), machine.versions()
    return Kept(*about, finished, seconds, *facts, Shown(), f"failed: {reason}")
