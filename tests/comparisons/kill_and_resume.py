"""Kill a run at random moments, start it again each time, and see what the journal holds.

    python tests/comparisons/kill_and_resume.py --out DIR                   # fakes, a few seconds
    python tests/comparisons/kill_and_resume.py --out DIR -- run --quick    # the real thing

The main process is killed with SIGKILL: before the first cell, within a cell, between two, or while
a record is being written. After each kill its workers must be gone, and every record that was there
before must still be. The last run is left to finish; then each cell must have exactly one record.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil

from comparisons import runner
from comparisons.records import contents
from comparisons.selection import HEADER, JOURNAL
from comparisons.settings import Settings

METHODS = tuple(f"comparison_fakes:{name}" for name in ("BRIEF", "RIGHT", "WRONG", "NAN"))
SETTINGS = Settings(quick=True, seconds=0.002)
LONGEST = 0.15  # seconds after a new record, or after the start, at which a kill may come


@dataclass(frozen=True)
class Kill:
    """What a kill left: bytes and whole lines in the journal, and whether its last line is torn."""

    size: int
    lines: int
    torn: bool


def start(command: list[str], out: Path) -> int:
    """A run in a process of its own: of the fakes, or the command line's; its number."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    if command:
        line = [sys.executable, "-m", "comparisons", *command, "--out", str(out)]
        os.execv(sys.executable, line)
    try:
        plan = runner.plan_run(("comparison_fakes:MANY",), METHODS, SETTINGS, out)
        for _ in runner.run(plan):
            pass
    finally:
        os._exit(0 if sys.exc_info() == (None, None, None) else 1)


def lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def kill_at_random(pid: int, journal: Path, chance: random.Random) -> bool:
    """Kill a run; False if it ended by itself before."""
    wanted = lines(journal) + chance.randrange(3)
    while lines(journal) < wanted:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return False
        time.sleep(0.002)
    time.sleep(chance.uniform(0.0, LONGEST))
    workers = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        return False
    if sys.platform == "linux":
        _, alive = psutil.wait_procs(workers, timeout=10.0)
        assert not alive, f"workers outlived the run: {alive}"
    return True


def kill_and_resume(command: list[str], out: Path, kills: int, chance: random.Random) -> list[Kill]:
    """Kill `kills` times, then let it finish; what each kill left."""
    journal, left, before = out / JOURNAL, [], b""
    for _ in range(kills):
        if not kill_at_random(start(command, out), journal, chance):
            break
        content = journal.read_bytes() if journal.exists() else b""
        assert content.startswith(before), "a record was lost"
        before = content[: content.rfind(b"\n") + 1]
        left.append(Kill(len(content), content.count(b"\n"), content != before))
    _, status = os.waitpid(start(command, out), 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the last run failed"
    assert journal.read_bytes().startswith(before), "a record was lost"
    return left


def main() -> None:
    arguments = sys.argv[1:]
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(description="Kill a run, resume it, check its journal.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments[:cut])
    chance = random.Random(options.seed)
    left = kill_and_resume(arguments[cut + 1 :], options.out, options.kills, chance)
    found = contents(options.out / JOURNAL)
    written = [json.loads(line) for line in (options.out / JOURNAL).read_text().splitlines()]
    times = Counter((entry["problem"], entry["size"], entry["method"]) for entry in written)
    planned = json.loads((options.out / HEADER).read_text())["cells"]
    assert max(times.values()) == 1, f"measured twice: {times.most_common(3)}"
    assert len(times) == planned, f"{len(times)} of {planned} cells have a record"
    assert found.unreadable == 0, f"{found.unreadable} lines are no records"
    torn = sum(kill.torn for kill in left)
    counts = [kill.lines for kill in left]
    print(
        f"killed {len(left)} times, with {counts} records, {torn} torn; {planned} cells, once each"
    )


if __name__ == "__main__":
    main()
