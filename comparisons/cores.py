"""The processor cores that workers are held on.

A worker that moves between cores loses its caches, and two that share one measure each other. Held
on a core of its own, each worker still shares memory and the caches behind it with its neighbours,
so a run with several workers is never quite as quiet as a run with one.
"""

import os

__all__ = ["PinError", "cores_for"]


class PinError(ValueError):
    """Workers cannot be held on cores of their own."""


def cores_for(workers: int, pin: bool) -> tuple[int | None, ...]:
    """A core for each worker, the last ones first, since systems serve interrupts on the first;
    None for each where `pin` is False.

    Raises:
        PinError: the system can't hold a process on a core, or has too few.
    """
    if not pin:
        return (None,) * workers
    if not hasattr(os, "sched_setaffinity"):
        raise PinError(
            "workers were to be held on a core each; got a system that cannot hold a process on a "
            "core; expected one that can, such as Linux; leave out --pin"
        )
    cores = sorted(os.sched_getaffinity(0), reverse=True)
    if workers > len(cores):
        raise PinError(
            f"{workers} workers were to be held on a core each; got {len(cores)} cores that this "
            f"process may use; expected at least as many cores as workers; choose "
            f"--workers {len(cores)} or fewer, or leave out --pin"
        )
    return tuple(cores[:workers])
