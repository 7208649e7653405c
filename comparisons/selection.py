"""Which of a folder's records stand in one table, and how many were left out and why.

A folder may hold records of several runs. One table shows those that were measured as the latest
run's header says, in the newest version of everything they depend on; the others stay in the
journal and are counted, so that a report can say what it does not show. Without a header the newest
record decides.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comparisons.provenance import differences, newest
from comparisons.records import Record, contents

__all__ = ["HEADER", "JOURNAL", "Selection", "read_header", "select_records"]

JOURNAL, HEADER = "cells.jsonl", "run.json"


@dataclass(frozen=True, slots=True)
class Selection:
    """The records of one table, and what was left out of it.

    Attributes:
        records: the newest record of each cell.
        header: what the latest run says of itself; {} if there is none.
        others: records measured with other settings, or by another Python, NumPy or processor.
        outdated: records of versions that newer records have replaced.
        changed: the names of what has changed since those.
        unreadable: lines of the journal that are no records, or of a format of another time.
    """

    records: tuple[Record, ...] = ()
    header: dict[str, Any] = field(default_factory=dict)
    others: int = 0
    outdated: int = 0
    changed: tuple[str, ...] = ()
    unreadable: int = 0

    def left_out(self) -> list[str]:
        """A clause for each kind of record that is left out.

        Example:
            >>> Selection(unreadable=1, outdated=2, changed=("torch",)).left_out()
            ['2 records of another version of torch', '1 line that cannot be read as a record']
        """
        clauses: list[str] = []
        if self.others:
            clauses.append(
                f"{_count(self.others, 'record')} of other settings, Python, NumPy or processor"
            )
        if self.outdated:
            what = ", ".join(self.changed)
            clauses.append(f"{_count(self.outdated, 'record')} of another version of {what}")
        if self.unreadable:
            end = "a record" if self.unreadable == 1 else "records"
            clauses.append(f"{_count(self.unreadable, 'line')} that cannot be read as {end}")
        return clauses


def select_records(out: Path) -> Selection:
    """The selection in a folder; an empty one if there is no folder yet."""
    found = contents(out / JOURNAL)
    header = read_header(out)
    mark = header.get("fingerprint")
    if mark is None and found.records:
        mark = max(found.records, key=lambda record: record.finished).settings
    alike = [record for record in found.records if record.settings == mark]
    versions = newest(alike)
    stale = {record.key: differences(record, versions) for record in alike}
    chosen = tuple(record for record in alike if not stale[record.key])
    changed = sorted({name for names in stale.values() for name in names})
    others, outdated = len(found.records) - len(alike), len(alike) - len(chosen)
    return Selection(chosen, header, others, outdated, tuple(changed), found.unreadable)


def read_header(out: Path) -> dict[str, Any]:
    """What the latest run in a folder says of itself; {} if nothing."""
    try:
        header = json.loads((out / HEADER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return header if isinstance(header, dict) else {}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
