"""Measuring demonstrations, keeping what they found, and showing it at the terminal.

Each demonstration that has been measured is a file `shown/ROOM/NAME.json` of the output folder,
written whole or not at all, so a run that is stopped keeps what it has and a later one may add to
it. The report reads the same files.
"""

import importlib.util
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable
from threadpoolctl import threadpool_limits

from comparisons import machine
from comparisons.demonstration import Curve, Demonstration, Figure, Plot, Shown, Table
from comparisons.lookup import UnknownNameError, select
from comparisons.records import encode

__all__ = ["Kept", "Room", "measure", "named", "read", "rooms", "show"]

Room = Literal["accuracy", "cost"]
FOLDER = "shown"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a demonstration found, when and on what; `reason` says why it found nothing."""

    room: Room
    name: str
    title: str
    text: str
    source: str
    quick: bool
    finished: str
    seconds: float
    machine: dict[str, str]
    versions: dict[str, str]
    shown: Shown
    reason: str = ""


def rooms() -> dict[Room, tuple[Demonstration, ...]]:
    """All demonstrations, on accuracy and on cost."""
    from comparisons import accuracy, cost

    return {"accuracy": accuracy.DEMONSTRATIONS, "cost": cost.DEMONSTRATIONS}


def named(room: Room, names: Sequence[str]) -> list[Demonstration]:
    """The demonstrations of these names, all of the room for none.

    Raises:
        UnknownNameError: there is none of a name.
    """
    known = {d.name: d for d in rooms()[room]}
    wanted = select(names, [*known.values()])
    for name in wanted:
        if name not in known:
            raise UnknownNameError(
                f"a demonstration was asked for by name; got {name!r}; expected one of "
                f"{', '.join(known)}; choose one of these"
            )
    return [known[name] for name in wanted]


def measure(
    room: Room, demonstrations: Sequence[Demonstration], quick: bool, out: Path
) -> Iterator[Kept]:
    """Measure one after another; each is on the disk before it is given back. One that fails says
    why and costs the others nothing."""
    facts, versions = machine.describe(), machine.versions()
    for d in demonstrations:
        start = time.monotonic()
        missing = [name for name in d.needs if importlib.util.find_spec(name) is None]
        shown, reason = Shown(), f"not measured: {', '.join(missing)} is not installed"
        if not missing:
            try:
                with threadpool_limits(1):  # or two threads share a small product, and lose
                    shown, reason = d.measure(quick), ""
            except Exception as error:
                reason = f"failed: {type(error).__name__}: {error}"
        finished, seconds = time.strftime("%Y-%m-%dT%H:%M:%S%z"), time.monotonic() - start
        about = (room, d.name, d.title, d.text, d.source, quick, finished, seconds)
        kept = Kept(*about, facts, versions, shown, reason)
        write(kept, out)
        yield kept


def write(kept: Kept, out: Path) -> None:
    """Keep it, whole or not at all."""
    path = out / FOLDER / kept.room / f"{kept.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    data = encode(asdict(kept))
    partial.write_text(json.dumps(data, indent=1, allow_nan=False, default=plain), "utf-8")
    partial.replace(path)


def plain(scalar: Any) -> Any:
    """A NumPy scalar that is no Python number as one."""
    return scalar.item()


def read(out: Path) -> list[Kept]:
    """What is kept in a folder, in the order of the rooms; a file that is none of ours is left
    out."""
    order = {(room, d.name): k for room, ds in rooms().items() for k, d in enumerate(ds)}
    found: list[Kept] = []
    for path in sorted((out / FOLDER).glob("*/*.json")):
        try:
            found.append(decode(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda k: (k.room, order.get((k.room, k.name), len(order))))


def decode(data: dict[str, Any]) -> Kept:
    """What was kept, from its JSON object."""
    shown = data["shown"]
    return Kept(
        **{
            **data,
            "shown": Shown(
                tuple(Figure(**figure) for figure in shown["figures"]),
                tuple(
                    Table(t["title"], tuple(t["head"]), tuple(map(tuple, t["rows"])))
                    for t in shown["tables"]
                ),
                tuple(
                    Plot(**{**p, "curves": tuple(map(curve, p["curves"]))}) for p in shown["plots"]
                ),
            ),
        }
    )


def curve(data: dict[str, Any]) -> Curve:
    """A curve from its JSON object, names of non-finite floats turned back into floats."""
    x, y = (tuple(map(float, data[axis])) for axis in ("x", "y"))
    return Curve(data["name"], x, y, data["theory"])


def show(kept: Kept, console: Console) -> None:
    """Print what was found."""
    console.rule(escape(kept.title), align="left")
    console.print(escape(kept.text), f"[dim]{escape(kept.source)}[/dim]", highlight=False)
    if kept.reason:
        console.print(f"[bold]{escape(kept.reason)}[/bold]")
    if kept.shown.figures:
        table = RichTable("figure", "ours", "expected", "", "source")
        for f in kept.shown.figures:
            mark = "" if f.verdict == "beside" else f.verdict
            table.add_row(*map(escape, (f.name, word(f.ours), word(f.expected), mark, f.source)))
        console.print(table)
    for t in kept.shown.tables:
        table = RichTable(*map(escape, t.head), title=escape(t.title), title_justify="left")
        for row in t.rows:
            table.add_row(*(escape(word(cell)) for cell in row))
        console.print(table)


def word(value: float | str | None) -> str:
    """A number in up to six digits, a text as it is."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
