"""The README's tour is run, and its claims about commands and files hold."""

import doctest
import re
from pathlib import Path

import numpy as np

import diffkit as dk

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tour_prints_what_the_readme_says():
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted >= 12
    assert results.failed == 0


def test_the_tour_is_short():
    code = re.findall(r"^(?:>>>|\.\.\.) .*$", README, re.MULTILINE)
    assert len(code) <= 30


def test_the_compiled_gradient_reads_as_the_readme_says():
    def f(x, w):
        return np.sum(np.tanh(x @ w) ** 2)

    text = dk.jit(dk.grad(f)).source(np.ones((50, 9)), np.ones(9))
    text = re.sub(r"  # .*$", "", text[text.index("def ") :], flags=re.MULTILINE)
    assert f"```python\n{re.sub('grad_f_[0-9a-f]{8}', 'grad_f', text)}```" in README


def test_the_commands_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+) ", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_fact_of_tanh_is_where_the_readme_says():
    table = (ROOT / "diffkit" / "ops" / "elementwise.py").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("tanh ")]
    assert len(rows) == 1
    assert "1 - square(ans)" in rows[0]


def test_links_lead_to_files():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
