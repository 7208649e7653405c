"""Integers bit by bit, their divisors, the sign bit of a number, and its neighbour. But for the
neighbour, which moves as the number does, nothing here has a derivative.

A shift by as many places as an integer has bits, or by more, leaves nothing but copies of the sign,
as in NumPy.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np

from ..graph import Constant, Op, pointwise
from ..types import Type, u8
from . import continuation as analytic
from .arithmetic import elementwise, predicate

# fmt: off
bit_and     = elementwise("bit_and", np.bitwise_and)
bit_or      = elementwise("bit_or", np.bitwise_or)
bit_xor     = elementwise("bit_xor", np.bitwise_xor)
bit_not     = elementwise("bit_not", np.invert)
shift_left  = elementwise("shift_left", np.left_shift)
shift_right = elementwise("shift_right", np.right_shift)
gcd         = elementwise("gcd", np.gcd)
lcm         = elementwise("lcm", np.lcm)
signbit     = predicate("signbit", np.signbit)
nextafter   = elementwise("nextafter", np.nextafter, 1, None, complex=analytic.nextafter)
# fmt: on


def infer_count(x: Type) -> Type:
    return x.with_dtype(u8)


bit_count = Op("bit_count", infer_count, np.bitwise_count, Constant(), lead=pointwise)  # of |x|
