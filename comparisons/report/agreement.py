"""How closely each method agrees with PyTorch, entry by entry: max |d - p| / max |p|.

Two tools that share no code and agree to rounding are evidence of another kind than the error
against the truth. Only short derivatives are kept in the records, so larger cases have no figure.
"""

import numpy

from comparisons.records import Record
from comparisons.report.results import Results

__all__ = ["PEER", "distances"]

PEER = "torch-reverse"


def distances(results: Results) -> dict[tuple[str, int, str], float]:
    """The distance from PyTorch, by (problem, size, method), where both derivatives are kept."""
    found: dict[tuple[str, int, str], float] = {}
    for (problem, size), records in results.cases().items():
        kept = {record.method: _values(record) for record in records if _kept(record)}
        if PEER in kept:
            peer = kept.pop(PEER)
            for method, values in kept.items():
                found[problem, size, method] = _distance(values, peer)
    return found


def _kept(record: Record) -> bool:
    return record.measurement is not None and bool(record.measurement.derivative_values)


def _values(record: Record) -> numpy.ndarray:
    return numpy.asarray(record.measured.derivative_values, dtype=numpy.float64)


def _distance(values: numpy.ndarray, peer: numpy.ndarray) -> float:
    scale = float(numpy.max(numpy.abs(peer), initial=0.0))
    apart = float(numpy.max(numpy.abs(values - peer), initial=0.0))
    return apart / scale if scale > 0.0 else apart
