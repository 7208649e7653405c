"""A run that is killed or interrupted goes on where it stopped, and loses nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RUN = [
    *(sys.executable, "-m", "comparisons", "run", "--quick", "--seconds", "0.01"),
    *("--problems", "comparison_fakes:QUADRATIC"),
    *("--methods", "comparison_fakes:SLOW,comparison_fakes:SLOWER,comparison_fakes:RIGHT"),
]
ALL = [(size, method) for size in (2, 4) for method in ("slow", "slower", "right")]


def start(out):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)])}
    return subprocess.Popen(
        [*RUN, "--out", str(out)],
        env=environment,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts if os.name == "posix" else None,
    )


def hear_interrupts():
    """A shell starts background jobs deaf to interrupts, and so are their children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def keys(journal):
    records = map(json.loads, journal.read_text().splitlines())
    return [(record["size"], record["method"]) for record in records]


def wait_for_cells(process, journal, number):
    deadline = time.monotonic() + 30.0
    while not journal.exists() or journal.read_bytes().count(b"\n") < number:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.01)


def all_gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=10.0)
    return not alive


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_and_started_again(tmp_path):
    journal = tmp_path / "cells.jsonl"
    process = start(tmp_path)
    wait_for_cells(process, journal, 2)
    workers = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    assert workers
    assert sys.platform != "linux" or all_gone(workers)
    before = journal.read_bytes()
    assert 2 <= before.count(b"\n") < len(ALL)
    journal.write_bytes(before + b'{"settings": "torn in the mid')

    second = start(tmp_path)
    output, errors = second.communicate(timeout=60)
    assert second.returncode == 0, errors
    assert journal.read_bytes().startswith(before)
    assert keys(journal) == ALL
    assert (tmp_path / "report.html").exists()
    assert "quadratic" in output

    third = start(tmp_path)  # nothing is left to do
    third.communicate(timeout=60)
    assert third.returncode == 0 and keys(journal) == ALL


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_at_ten_random_moments(tmp_path):
    # The script checks after each kill, and at the end that each cell has exactly one record.
    script = HERE / "kill_and_resume.py"
    done = subprocess.run(
        [sys.executable, str(script), "--out", str(tmp_path), "--kills", "10", "--seed", "7"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)])},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "killed 10 times" in done.stdout and "80 cells, once each" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_says_how_to_go_on(tmp_path, number, code):
    journal = tmp_path / "cells.jsonl"
    process = start(tmp_path)
    wait_for_cells(process, journal, 1)
    workers = psutil.Process(process.pid).children()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    done = len(keys(journal))
    assert f"{done} of {len(ALL)} cells are done" in errors
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert workers and all_gone(workers)
