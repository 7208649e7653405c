"""What the records say, at the terminal and as one HTML file that needs nothing else."""

from comparisons.report.page import write
from comparisons.report.results import Results, load
from comparisons.report.terminal import show

__all__ = ["Results", "load", "show", "write"]
