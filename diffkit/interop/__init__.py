"""diffkit functions inside other frameworks. Each submodule loads its framework on first use.

dk.interop.torch.function(f)            f as a differentiable PyTorch function
dk.interop.sympy.to_sympy(f, *args)     f as formulas, also `dk.to_sympy`
dk.interop.sympy.from_sympy(formula, symbols)   a formula as a function, also `dk.from_sympy`
"""

from . import sympy as sympy
from . import torch as torch
