"""Scenarios with complex arguments."""

from __future__ import annotations

import numpy as np

from .scenario import X, Y, T, case

Z = X + 1j * Y
W = Y - 0.7j * X

# fmt: off
SCENARIOS = [
    case("real", np.real, Z, torch=lambda z: z.real),
    case("imag", np.imag, Z, torch=lambda z: z.imag),
    case("conjugate", np.conjugate, Z, torch=lambda z: T.conj(z)),
    case("angle", np.angle, Z, torch=lambda z: T.angle(z)),
    case("absolute-complex", np.abs, Z, torch=lambda z: T.abs(z)),
    case("sign-complex", np.sign, Z, torch=lambda z: T.sgn(z)),
    case("exp-complex", np.exp, Z, torch=lambda z: T.exp(z)),
    case("multiply-complex", lambda z, w: z * w, Z, W, torch=lambda z, w: z * w),
    case("multiply-complex-real", lambda z, x: z * x, Z, X, torch=lambda z, x: z * x),
    case("divide-complex", lambda z, w: z / w, Z, W, torch=lambda z, w: z / w),
    case("iscomplex", lambda z: z * np.iscomplex(z), Z),
    case("isreal", lambda z: z * np.isreal(z), Z),
    case("iscomplexobj", lambda z: z * np.iscomplexobj(z), Z),
    case("isrealobj", lambda z: z * np.isrealobj(z), Z),
]
# fmt: on
