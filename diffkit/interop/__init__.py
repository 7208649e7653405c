"""diffkit functions inside other frameworks. Each submodule loads its framework on first use.

dk.interop.torch.function(f)    f as a differentiable PyTorch function
"""

from . import torch as torch
