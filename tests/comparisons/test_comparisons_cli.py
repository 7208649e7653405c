"""The command line, and what the main process may import."""

import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from comparisons.cli import app
from comparisons.methods import METHODS
from comparisons.problems import PROBLEMS

ROOT = Path(__file__).parents[2]


def test_list_names_everything():
    result = CliRunner().invoke(app, ["list"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for item in (*PROBLEMS, *METHODS):
        assert item.name in result.output


def test_unknown_names_list_the_known_ones(tmp_path):
    for option, known in (("--problems", PROBLEMS), ("--methods", METHODS)):
        arguments = ["run", option, "nonsense", "--out", str(tmp_path / "out")]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 2
        assert "'nonsense'" in result.output
        assert all(item.name in result.output for item in known)
    assert not (tmp_path / "out").exists()


def test_report_of_nothing_says_what_to_do(tmp_path):
    out = tmp_path / "none"
    result = CliRunner().invoke(app, ["report", "--out", str(out)])
    assert result.exit_code == 0
    assert "nothing to report" in result.output and "comparisons run" in result.output
    assert (out / "report.html").exists()


def test_a_run_reports(tmp_path):
    fakes = ["--problems", "comparison_fakes:QUADRATIC", "--methods", "comparison_fakes:RIGHT"]
    options = ["--quick", "--seconds", "0.01", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, ["run", *fakes, *options])
    assert result.exit_code == 0, result.output
    assert "quadratic at size 4: right is fastest" in " ".join(result.output.split())
    assert "Sum of squares" not in result.output
    assert "quadratic" in (tmp_path / "report.html").read_text()


def test_heavy_packages_stay_out_of_the_main_process():
    code = (
        "import sys, comparisons.cli, comparisons.report, comparisons.runner, comparisons.worker\n"
        "print([m for m in ('torch', 'autograd', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
