"""Loop programs on NVIDIA GPUs, through Numba's CUDA target (extra `cuda`).

Two schedules of the same loop program that the CPU backend compiles. The map schedule gives every
element of an array its thread, and sums in the pattern of a tree. The lane schedule runs a whole
program on each thread, for many inputs at once: an ensemble of ODEs, say. Neither knows more of a
function than its loops. Where there is no GPU, Numba's simulator runs both; it is slow, and is
turned on by `NUMBA_ENABLE_CUDASIM=1` before Numba is imported.
"""

from .backend import LaneSchedule as LaneSchedule
from .backend import MapSchedule as MapSchedule
