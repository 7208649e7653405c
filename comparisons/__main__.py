"""`python -m comparisons`."""

import importlib.util
import sys

__all__ = ["main"]

NEEDED = ("typer", "rich", "psutil")


def main() -> None:
    """Start the command line, or say which package it lacks."""
    missing = [package for package in NEEDED if importlib.util.find_spec(package) is None]
    if missing:
        sys.exit(
            f"the comparison tool was asked for; got no {', '.join(missing)}; expected "
            f"the packages {', '.join(NEEDED)}; install them with: pip install 'diffkit[compare]'"
        )
    from comparisons.cli import app

    app(prog_name="python -m comparisons")


if __name__ == "__main__":
    main()
