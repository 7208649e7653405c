"""Arguments of the evals as PyTorch's tensors."""

from typing import Any

import numpy

__all__ = ["tensors"]


def tensors(value: Any) -> Any:
    """An array as a tensor, in a dict or a tuple too; a number as it is."""
    import torch

    if isinstance(value, dict):
        return {name: tensors(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map(tensors, value))
    return torch.from_numpy(value) if isinstance(value, numpy.ndarray) else value
