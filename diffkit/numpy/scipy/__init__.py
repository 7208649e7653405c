"""`dnp.scipy`: SciPy's namespaces, whose functions record themselves when given traced values.

    import diffkit.numpy as dnp
    dnp.scipy.special.logsumexp, dnp.scipy.stats.norm, dnp.scipy.signal.convolve, …

What is not recorded is SciPy's own. Code that imports SciPy itself needs no change: while a
function is recorded, these namespaces stand in for SciPy's (`lookup`, `tracing.rebind`).
"""

from . import fft as fft
from . import integrate as integrate
from . import linalg as linalg
from . import signal as signal
from . import special as special
from . import stats as stats
from .dispatch import rest_of

__getattr__ = rest_of("scipy")
