"""Symbolic mode: graph → formula (sympy) → derivative → graph."""

from .linearize import Report as Report
from .linearize import jacobian_graph as jacobian_graph
from .linearize import linearize as linearize
from .linearize import report as report
