"""What the commands share: where results lie, exit codes, how they end early, and the report."""

import contextlib
import errno
import functools
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from comparisons.cores import PinError
from comparisons.lookup import UnknownNameError
from comparisons.output import OutputError, unwritable, writing
from comparisons.records import JournalBusyError

__all__ = [
    "FAILED", "INTERRUPTED", "OUT", "TERMINATED", "USAGE", "Out", "Terminated", "guarded",
    "show_report", "stopped",
]  # fmt: skip

Out = Annotated[Path, typer.Option(help="Folder of the records and the report.")]
OUT = Path("comparison-results")
FAILED, USAGE, INTERRUPTED, TERMINATED = 1, 2, 130, 143  # the last two: 128 + the signal's number
WIDE = 180
# What the system says of a place that can't be written to, wherever the writing is done.
UNWRITABLE = tuple(
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "ENOTDIR", "EISDIR")
    if hasattr(errno, name)
)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Terminated(KeyboardInterrupt):
    """The system asked this process to end (SIGTERM): the same as Ctrl-C, but for the exit code."""


def guarded(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """A command whose foreseeable ends are a sentence and an exit code, never a traceback."""

    @functools.wraps(command)
    def guard(*args: Parameters.args, **options: Parameters.kwargs) -> Result:
        try:
            with _terminable():
                return command(*args, **options)
        except (UnknownNameError, JournalBusyError, PinError) as error:
            raise _ended(f"error: {error}", USAGE) from None
        except OutputError as error:
            raise _ended(f"error: {error}", FAILED) from None
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            place = Path(error.filename or _out(options))
            raise _ended(f"error: {unwritable(place, error)}", FAILED) from None
        except KeyboardInterrupt as interrupt:
            text = "stopped: what was finished is kept; run the same command again to go on"
            raise stopped(text, interrupt) from None

    return guard


def stopped(text: str, interrupt: KeyboardInterrupt) -> typer.Exit:
    """Say how to go on after Ctrl-C or SIGTERM; what to raise then."""
    return _ended(text, TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED)


def show_report(out: Path) -> None:
    """Write the page of a folder, and print its tables; they are printed even if it can't be
    written.

    Raises:
        OutputError: it can't be written.
    """
    from comparisons.gradbench.tables import show as show_gradbench
    from comparisons.report import load, show, write
    from comparisons.speed.tables import show as show_speed

    results = load(out)
    path: Path | OutputError
    try:
        with writing(out):
            # First: a closed pipe behind the tables must not cost the page.
            path = write(results, out)
    except OutputError as error:
        path = error
    # Into a file or a pipe there is no width to keep to, and a table cut short is no use there.
    console = Console()
    console = console if console.is_terminal else Console(width=WIDE)
    if results.records:
        show(results, console)
    if results.speed is not None:
        show_speed(results.speed, console)
    if results.gradbench is not None:
        show_gradbench(results.gradbench, console)
    if results.empty:
        typer.echo(
            f"nothing to report: {out} holds no records; "
            f"make some with: python -m comparisons run --out {out}"
        )
    for clause in results.left_out:
        typer.echo(f"left out: {clause}")
    if isinstance(path, OutputError):
        raise path
    typer.echo(f"report: {path}")


def _ended(text: str, code: int) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(code)


def _out(options: dict[str, Any]) -> Path:
    """The output folder among a command's options."""
    return options.get("out", OUT)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM an exception, as Ctrl-C is one, so that workers are stopped and files closed."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return

    def terminate(*_: object) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
