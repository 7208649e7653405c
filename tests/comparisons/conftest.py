"""The repository root and this folder are importable, so that workers can be given the fakes by
name."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE.parents[1], HERE):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
