"""Problems and methods from outside, as docs/adding.md shows them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from comparisons import plugins
from comparisons.lookup import UnknownNameError, find_problem, known_methods, known_problems, select
from comparisons.methods import METHODS
from comparisons.problems import PROBLEMS
from comparisons.records import read

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding.md").read_text()
FILES = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL))
(COMMAND,) = re.findall(r"```console\n\$ python -m comparisons (.*)\n```", PAGE)
(ENTRIES,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def entry_points(toml: str) -> str:
    """The file of a package's metadata that its pyproject.toml becomes."""
    lines = re.sub(r'\[project\.entry-points\."(.*)"\]', r"[\1]", toml)
    return lines.replace('"', "")


def install(folder: Path, entries: str, name: str = "outside") -> None:
    """The files of the page, and the metadata of a package that is installed there."""
    for file, content in FILES.items():
        (folder / file).write_text(content)
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(entries)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A function that installs entry points into a folder on the path; forgotten afterwards."""

    def go(entries: str, name: str = "outside") -> None:
        install(tmp_path, entries, name)
        forget()

    def forget() -> None:
        plugins.problem_plugins.cache_clear()
        plugins.method_plugins.cache_clear()

    monkeypatch.syspath_prepend(tmp_path)
    yield go
    monkeypatch.undo()
    forget()
    for file in FILES:
        sys.modules.pop(file.removesuffix(".py"), None)


def comparisons(arguments: str, folder: Path) -> str:
    """Run the tool in a folder, with what is installed there."""
    done = subprocess.run(
        [sys.executable, "-m", "comparisons", *arguments.split()],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_s_command_measures_the_page_s_files(tmp_path):
    assert sorted(FILES) == ["five_point.py", "rastrigin.py"]
    for file, content in FILES.items():
        (tmp_path / file).write_text(content)
    comparisons(f"{COMMAND} --seconds 0.01 --out {tmp_path / 'out'}", tmp_path)
    records = {record.method: record for record in read(tmp_path / "out" / "cells.jsonl")}
    assert {record.problem for record in records.values()} == {"rastrigin"}
    assert records["dk-reverse"].measured.relative_error < 1e-15
    assert records["five-point"].measured.relative_error < 1e-8
    assert records["five-point"].measured.details["weights"].startswith("1/12")


def test_an_installed_package_is_listed_and_run_in_workers(tmp_path):
    install(tmp_path, entry_points(ENTRIES))
    other = "[diffkit.comparisons.problems]\nbroken = nowhere:PROBLEM\n"
    install(tmp_path, other, name="other")
    listed = comparisons("list", tmp_path)
    assert re.search(r"rastrigin .*Rastrigin's function", listed)
    assert re.search(r"five-point .*outside 1\.2", listed)
    assert re.search(r"broken .*other 1\.2.*left out: ModuleNotFoundError: .*nowhere", listed)
    out = tmp_path / "out"
    run = "run --quick --seconds 0.01 --problems rastrigin --methods five-point"
    assert "left out: plugin broken of other 1.2" in comparisons(f"{run} --out {out}", tmp_path)
    (record,) = read(out / "cells.jsonl")
    assert (record.problem, record.method, record.status) == ("rastrigin", "five-point", "ok")


def test_plugins_take_part_like_the_others(installed):
    installed(entry_points(ENTRIES))
    assert find_problem("rastrigin").sizes == (10, 100)
    assert [problem.name for problem in known_problems()] == [
        *(problem.name for problem in PROBLEMS), "rastrigin",
    ]  # fmt: skip
    assert select((), known_methods())[-1] == "five-point"


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("nowhere:PROBLEM", "ModuleNotFoundError: No module named 'nowhere'"),
        ("rastrigin:NOTHING", "AttributeError: module 'rastrigin' has no attribute 'NOTHING'"),
        ("rastrigin:make", "holds a function, not a comparisons Problem"),
        ("five_point:METHOD", "holds a Method, not a comparisons Problem"),
        ("failing:PROBLEM", "ZeroDivisionError: division by zero"),
        ("again:PROBLEM", "the name 'heat' is taken"),
    ],
)
def test_a_broken_plugin_costs_only_itself(tmp_path, installed, place, error):
    (tmp_path / "failing.py").write_text("PROBLEM = 1 / 0\n")
    (tmp_path / "again.py").write_text("from comparisons.problems.heat import PROBLEM\n")
    installed(f"[{plugins.PROBLEM_GROUP}]\na-broken = {place}\nright = rastrigin:PROBLEM\n")
    broken, right = plugins.problem_plugins()
    assert (broken.name, broken.package, broken.items) == ("a-broken", "outside 1.2", ())
    assert broken.error == error
    assert [item.name for item in right.items] == ["rastrigin"]
    with pytest.raises(UnknownNameError, match="rastrigin"):
        find_problem("a-broken")


def test_a_tuple_may_hold_several(tmp_path, installed):
    (tmp_path / "several.py").write_text(
        "from dataclasses import replace\n"
        "from five_point import METHOD\n"
        "METHODS = (METHOD, replace(METHOD, name='slow', by_name=True))\n"
    )
    installed(f"[{plugins.METHOD_GROUP}]\nseveral = several:METHODS\n")
    assert [method.name for method in known_methods()[len(METHODS) :]] == ["five-point", "slow"]
    assert "slow" not in select((), known_methods())
    assert select(("slow",), known_methods()) == ("slow",)
