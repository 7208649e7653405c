"""`import diffkit` is light: the heavy packages load on first use."""

import subprocess
import sys

HEAVY = ("torch", "sympy", "numba", "matplotlib", "scipy", "autograd", "sklearn", "jax", "mpmath")


def run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_import_loads_no_heavy_package():
    loaded = run("import sys, diffkit; print(*sorted({m.split('.')[0] for m in sys.modules}))")
    assert "numpy" in loaded.split() and "diffkit" in loaded.split()
    assert set(HEAVY).isdisjoint(loaded.split())


def test_an_erf_loads_scipy_and_nothing_else_heavy():
    code = (
        "import sys, diffkit as dk, diffkit.numpy as dnp; dk.grad(dnp.erf)(0.5);"
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    loaded = run(code).split()
    assert "scipy" in loaded
    assert set(HEAVY).isdisjoint(set(loaded) - {"scipy"})
