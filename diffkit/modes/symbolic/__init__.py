"""Symbolic mode: graph → formula (sympy) → derivative → graph."""

from .linearize import jacobian_graph as jacobian_graph
from .linearize import linearize as linearize
from .report import Report as Report
from .report import report as report
