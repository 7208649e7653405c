"""What derivatives cost: demonstrations of counts and times, each beside its theorem.

To add one: a file with a `DEMONSTRATION`, its name in the import, and a line in the tuple below.
"""

from comparisons.cost import (
    bounds,
    checkpointing,
    compression,
    crossover,
    helmholtz,
    speelpenning,
    swell,
    taylor,
)
from comparisons.demonstration import Demonstration

__all__ = ["DEMONSTRATIONS"]

DEMONSTRATIONS: tuple[Demonstration, ...] = (
    swell.DEMONSTRATION,
    helmholtz.DEMONSTRATION,
    bounds.DEMONSTRATION,
    speelpenning.DEMONSTRATION,
    crossover.DEMONSTRATION,
    compression.DEMONSTRATION,
    checkpointing.DEMONSTRATION,
    taylor.DEMONSTRATION,
)
