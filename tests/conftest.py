"""Set before diffkit is imported: every graph that any test builds is verified, and compiled
programs are kept in a folder of the tests' own, which all workers share."""

import os
import tempfile
from pathlib import Path

import pytest

os.environ["DIFFKIT_CHECK"] = "1"
USER = os.getuid() if hasattr(os, "getuid") else ""
os.environ["DIFFKIT_CACHE_DIR"] = str(Path(tempfile.gettempdir(), f"diffkit-tests-{USER}"))

collect_ignore = ["golden"]
"""Generated code, compared as text."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--compiled", action="store_true", help="compile every graph that a test runs")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--compiled"):
        from tests import replay

        replay.BACKEND = "numba"
