"""Numerical differentiation: from values of the function alone."""

from .complex_step import complex_step as complex_step
from .differences import finite as finite
