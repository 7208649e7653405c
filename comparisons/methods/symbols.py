"""Arrays of symbols: a case's plain f, run once on the scalar symbols of a symbolic tool.

NumPy's arrays may hold any objects, and its arithmetic, products of matrices, slices and sums then
use the objects' own `+` and `*`. What is missing are elementwise functions, which each tool has
under its own names, and comparisons, which must give a symbolic condition instead of True or False.
`Namespace` supplies the first, `Symbols`, an array class, the second. So a problem needs no twin
for CasADi or sympy; loops in it are unrolled.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy

__all__ = ["Namespace", "Symbols", "elements", "vector"]


class Symbols(numpy.ndarray):
    """An array of symbols, whose comparisons are arrays of conditions.

    An element is an array, too, of no dimension: a bare symbol could take over what an array does
    with it, as CasADi's do.
    """

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return found if isinstance(found, Symbols) else _boxed(found)

    def __lt__(self, other: Any) -> Any:
        return numpy.less(self, other, dtype=object)

    def __le__(self, other: Any) -> Any:
        return numpy.less_equal(self, other, dtype=object)

    def __gt__(self, other: Any) -> Any:
        return numpy.greater(self, other, dtype=object)

    def __ge__(self, other: Any) -> Any:
        return numpy.greater_equal(self, other, dtype=object)


def vector(symbols: Iterable[Any]) -> Symbols:
    """The symbols as an array, shape (n,)."""
    return _symbols(numpy.stack([_boxed(symbol) for symbol in symbols]))


def elements(value: Any) -> list[Any]:
    """The symbols of an array in order, or the one that is none."""
    return list(value.flat) if isinstance(value, numpy.ndarray) else [value]


def _symbols(found: Any) -> Any:
    """Arrays of objects as `Symbols`: some of NumPy's functions forget the class."""
    objects = isinstance(found, numpy.ndarray) and found.dtype == object
    return found.view(Symbols) if objects else found


def _boxed(symbol: Any) -> Symbols:
    found = numpy.empty((), dtype=object)
    found[()] = symbol
    return found.view(Symbols)


class Namespace:
    """What takes the place of `numpy` in `f(x, np=...)`.

    Args:
        functions: a function of one symbol for each of NumPy's elementwise functions.
        choose: `choose(condition, a, b)`, a where the condition holds and b elsewhere.
        larger: the larger of two.
        both: whether two conditions hold.

    Everything else, which only moves elements about or adds and multiplies them, is NumPy's own.

    Example:
        >>> import math
        >>> np = Namespace({"exp": math.exp}, choose=lambda c, a, b: a if c else b, larger=max,
        ...                both=lambda a, b: a and b)
        >>> x = vector([0.0, 1.0])
        >>> float(np.sum(np.exp(x) * numpy.array([1.0, 2.0])))
        6.43656365691809
        >>> np.where(x > 0.5, x, -1.0).tolist()
        [-1.0, 1.0]
    """

    def __init__(
        self,
        functions: Mapping[str, Callable[[Any], Any]],
        *,
        choose: Callable[[Any, Any, Any], Any],
        larger: Callable[[Any, Any], Any],
        both: Callable[[Any, Any], Any],
    ) -> None:
        self._elementwise = {name: numpy.frompyfunc(f, 1, 1) for name, f in functions.items()}
        self.where = numpy.frompyfunc(choose, 3, 1)
        self.maximum = numpy.frompyfunc(larger, 2, 1)
        self.logical_and = numpy.frompyfunc(both, 2, 1)

    def __getattr__(self, name: str) -> Any:
        if name in self._elementwise:
            return self._elementwise[name]
        own = getattr(numpy, name)
        return (lambda *args, **kwargs: _symbols(own(*args, **kwargs))) if callable(own) else own

    def max(self, x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        """The largest along an axis, or of all."""
        axes = axis if axis is not None else tuple(range(numpy.ndim(x)))
        if axis is None:
            x, axes = numpy.reshape(x, -1), 0
        return self.maximum.reduce(x, axis=axes, keepdims=keepdims)
