"""How much a run of the benchmark measures."""

from dataclasses import dataclass

__all__ = ["DEFAULT", "QUICK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The extent of a run.

    Attributes:
        quick: whether each benchmark's `quick` sizes are used instead of `sizes`.
        seconds: time for the samples of one call of one contender.
        compile: whether `torch.compile` takes part, at the largest size of each benchmark.
        first_calls: for how many benchmarks first calls are measured.
    """

    quick: bool = False
    seconds: float = 0.25
    compile: bool = True
    first_calls: int = 100


DEFAULT = Settings()
QUICK = Settings(quick=True, seconds=0.04, compile=False, first_calls=2)
