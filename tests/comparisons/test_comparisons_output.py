"""A full disk, a read-only folder or a path that is no folder: a sentence, an exit code, and
nothing lost."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from test_comparisons_records import RECORD
from typer.testing import CliRunner

from comparisons import records
from comparisons.cli import app
from comparisons.output import OutputError, whole
from comparisons.records import Journal, read

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PARTS = ("was to be written; got from the system:", "expected a folder", "make room or choose")
FAKES = [
    *("--problems", "comparison_fakes:QUADRATIC", "--methods", "comparison_fakes:RIGHT"),
    *("--quick", "--seconds", "0.002"),
]


def explained(text):
    joined = " ".join(text.split())
    assert all(part in joined for part in PARTS), text
    assert "Traceback" not in text
    return joined


@pytest.mark.parametrize("room", [0, 1, 200])
def test_a_record_that_does_not_fit_is_taken_back(tmp_path, monkeypatch, room):
    """The disk has room for some bytes of the second record, then for none, then for all."""
    path = tmp_path / "cells.jsonl"
    with Journal(path) as journal:
        journal.append(RECORD)
        before = path.read_bytes()
        file = journal._file

        class Full:
            left = room

            def write(self, content):
                if not self.left:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                taken = file.write(content[: self.left])
                self.left -= taken
                return taken

            def __getattr__(self, name):
                return getattr(file, name)

        journal._file = Full()
        with pytest.raises(OutputError) as caught:
            journal.append(replace(RECORD, size=4))
        assert "No space left" in explained(str(caught.value))
        assert path.read_bytes() == before
        journal._file = file
        journal.append(replace(RECORD, size=6))
    assert [record.size for record in read(path)] == [2, 6]
    assert path.read_bytes().startswith(before)


def test_a_record_that_does_not_reach_the_disk_is_taken_back(tmp_path, monkeypatch):
    path = tmp_path / "cells.jsonl"

    def fail(number):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with Journal(path) as journal:
        with monkeypatch.context() as patch:
            patch.setattr(records.os, "fsync", fail)
            with pytest.raises(OutputError):
                journal.append(RECORD)
        assert path.read_bytes() == b""
        journal.append(RECORD)
    assert len(read(path)) == 1


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "kept.json"
    with whole(path) as file:
        file.write(b"first")
    with pytest.raises(OutputError), whole(path) as file:
        file.write(b"sec")
        raise OSError(errno.ENOSPC, "full")
    with pytest.raises(ZeroDivisionError), whole(path) as file:
        file.write(b"third")
        raise ZeroDivisionError
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.json"]


@pytest.mark.parametrize(
    "command", [["run", *FAKES], ["report"], ["all", "--quick"], ["cost", "speelpenning"]]
)
def test_a_folder_below_a_file(tmp_path, command):
    (tmp_path / "file").write_text("no folder")
    out = tmp_path / "file" / "out"
    result = CliRunner().invoke(app, [*command, "--out", str(out)])
    assert result.exit_code == 1
    assert str(out) in explained(result.stderr)


@pytest.mark.skipif(os.name != "posix", reason="limits of a process")
def test_a_disk_that_fills_up_keeps_what_was_measured(tmp_path):
    """A limit on the size of files stands for the disk: some records fit, one doesn't."""
    import resource

    journal = tmp_path / "cells.jsonl"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)])}
    methods = "comparison_fakes:RIGHT,comparison_fakes:WRONG,comparison_fakes:NAN"
    command = [*(sys.executable, "-m", "comparisons", "run"), *FAKES, "--methods", methods]

    def fill_up():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    def go(**options):
        return subprocess.run(
            [*command, "--out", str(tmp_path)],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            **options,
        )

    full = go(preexec_fn=fill_up)
    assert full.returncode == 1
    assert "File too large" in explained(full.stderr)
    before = journal.read_bytes()
    assert 0 < before.count(b"\n") < 6 and before.endswith(b"\n")

    assert go().returncode == 0  # there is room again
    assert journal.read_bytes().startswith(before)
    found = [(record.size, record.method) for record in read(journal)]
    assert sorted(found) == [(size, name) for size in (2, 4) for name in ("nan", "right", "wrong")]
    assert journal.read_bytes().count(b"\n") == 6
