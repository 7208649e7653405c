"""Numerical differentiation: from values of the function alone."""

from .bounds import Limits as Limits
from .bounds import limits as limits
from .complex_step import complex_step as complex_step
from .differences import finite as finite
from .estimate import Estimate as Estimate
from .lines import along_lines as along_lines
