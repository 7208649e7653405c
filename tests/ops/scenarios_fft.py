"""Scenarios of discrete Fourier transforms."""

from __future__ import annotations

import numpy as np

import diffkit.numpy as dnp

from .scenario import CUBE, LINE, T, X, Y, case, numbers

F = np.fft
Z = X + 1j * Y
SIX = numbers(60, 6)
CURVE = LINE - 0.6j * LINE[::-1]
EVEN = SIX + 1j * SIX[::-1]
ONE = numbers(61, 1)
BLOCK = CUBE + 0.8j * CUBE[::-1, ::-1]
EXACT = {"analytic": False}  # complex numbers on the way, where the complex step has no room


def whole(z):
    """z itself, which has to have a last element: of none, NumPy's irfft reads memory that nobody
    wrote (NumPy 2.4)."""
    return z + 0 * z[..., [-1]]


# fmt: off
LINES = [
    case("fft", F.fft, Z, torch=lambda z: T.fft.fft(z)),
    case("fft-real", F.fft, X, torch=lambda x: T.fft.fft(x), **EXACT),
    case("fft-axis-0", lambda z: F.fft(z, axis=0), Z, torch=lambda z: T.fft.fft(z, dim=0)),
    case("fft-cut", lambda z: F.fft(z, 4), EVEN, torch=lambda z: T.fft.fft(z, 4)),
    case("fft-filled", lambda z: F.fft(z, n=8), CURVE, torch=lambda z: T.fft.fft(z, 8)),
    case("fft-ortho", lambda z: F.fft(z, norm="ortho"), Z,
         torch=lambda z: T.fft.fft(z, norm="ortho")),
    case("fft-forward", lambda z: F.fft(z, 5, 0, "forward"), Z,
         torch=lambda z: T.fft.fft(z, 5, 0, "forward")),
    case("fft-one", F.fft, ONE + 0.5j, torch=lambda z: T.fft.fft(z)),
    case("fft-integers", lambda z, k: z * F.fft(k), Z, np.array([3, -1, 2]),
         single=False),
    case("ifft", F.ifft, Z, torch=lambda z: T.fft.ifft(z)),
    case("ifft-filled", lambda z: F.ifft(z, 7, norm="ortho"), Z,
         torch=lambda z: T.fft.ifft(z, 7, norm="ortho")),
    case("ifft-of-fft", lambda z: F.ifft(F.fft(z)), EVEN, torch=lambda z: z * 1),
    case("rfft", F.rfft, SIX, torch=lambda x: T.fft.rfft(x), **EXACT),
    case("rfft-odd", F.rfft, LINE, torch=lambda x: T.fft.rfft(x), **EXACT),
    case("rfft-axis-0", lambda x: F.rfft(x, axis=0), X, torch=lambda x: T.fft.rfft(x, dim=0),
         **EXACT),
    case("rfft-cut", lambda x: F.rfft(x, 3), SIX, torch=lambda x: T.fft.rfft(x, 3), **EXACT),
    case("rfft-filled", lambda x: F.rfft(x, 9, norm="forward"), SIX,
         torch=lambda x: T.fft.rfft(x, 9, norm="forward"), **EXACT),
    case("rfft-one", F.rfft, ONE, torch=lambda x: T.fft.rfft(x), **EXACT),
    case("rfft-spectrum", lambda x: np.abs(F.rfft(x)) ** 2, SIX,
         torch=lambda x: T.fft.rfft(x).abs() ** 2, **EXACT),
    case("irfft", F.irfft, Z, torch=lambda z: T.fft.irfft(z)),
    case("irfft-odd", lambda z: F.irfft(whole(z), 5), Z, torch=lambda z: T.fft.irfft(z, 5)),
    case("irfft-cut", lambda z: F.irfft(z, 2, axis=0), BLOCK,
         torch=lambda z: T.fft.irfft(z, 2, 0)),
    case("irfft-filled", lambda z: F.irfft(whole(z), 9, norm="ortho"), Z,
         torch=lambda z: T.fft.irfft(z, 9, norm="ortho")),
    case("irfft-real", lambda x: F.irfft(x, norm="forward"), X,
         torch=lambda x: T.fft.irfft(x + 0j, norm="forward"), **EXACT),
    case("hfft", F.hfft, Z, torch=lambda z: T.fft.hfft(z)),
    case("hfft-odd", lambda z: F.hfft(whole(z), 5, norm="ortho"), Z,
         torch=lambda z: T.fft.hfft(z, 5, norm="ortho")),
    case("ihfft", F.ihfft, SIX, torch=lambda x: T.fft.ihfft(x), **EXACT),
    case("ihfft-filled", lambda x: F.ihfft(x, 8, 0, "forward"), X,
         torch=lambda x: T.fft.ihfft(x, 8, 0, "forward"), **EXACT),
]
SEVERAL = [
    case("fft2", F.fft2, BLOCK, torch=lambda z: T.fft.fft2(z)),
    case("fft2-cut", lambda z: F.fft2(z, s=(2, 5), norm="ortho"), BLOCK,
         torch=lambda z: T.fft.fft2(z, (2, 5), norm="ortho")),
    case("ifft2", lambda z: F.ifft2(z, axes=(0, 2)), BLOCK,
         torch=lambda z: T.fft.ifft2(z, dim=(0, 2))),
    case("fftn", F.fftn, BLOCK, torch=lambda z: T.fft.fftn(z)),
    case("fftn-s", lambda z: F.fftn(z, (4, -1), (0, -1), "forward"), BLOCK,
         torch=lambda z: T.fft.fftn(z, (4, -1), (0, -1), "forward")),
    case("fftn-axis-twice", lambda z: F.fftn(z, axes=(1, 1)), BLOCK,
         torch=lambda z: T.fft.fft(T.fft.fft(z, dim=1), dim=1)),
    case("ifftn", lambda z: F.ifftn(z, axes=(2, 0)), BLOCK,
         torch=lambda z: T.fft.ifftn(z, dim=(2, 0))),
    case("rfft2", F.rfft2, CUBE, torch=lambda x: T.fft.rfft2(x), **EXACT),
    case("rfft2-axes", lambda x: F.rfft2(x, (3, 5), (2, 0)), CUBE,
         torch=lambda x: T.fft.rfft2(x, (3, 5), (2, 0)), **EXACT),
    case("rfftn", F.rfftn, CUBE, torch=lambda x: T.fft.rfftn(x), **EXACT),
    case("rfftn-axis", lambda x: F.rfftn(x, axes=(1,), norm="ortho"), CUBE,
         torch=lambda x: T.fft.rfftn(x, dim=(1,), norm="ortho"), **EXACT),
    case("irfft2", F.irfft2, BLOCK, torch=lambda z: T.fft.irfft2(z)),
    case("irfft2-odd", lambda z: F.irfft2(whole(z), (3, 5)), BLOCK,
         torch=lambda z: T.fft.irfft2(z, (3, 5))),
    case("irfftn", F.irfftn, BLOCK, torch=lambda z: T.fft.irfftn(z)),
    case("irfftn-s", lambda z: F.irfftn(z, (2, 5), (2, 1), "ortho"), BLOCK,
         torch=lambda z: T.fft.irfftn(z, (2, 5), (2, 1), "ortho")),
]
ORDER = [
    case("fftshift", F.fftshift, BLOCK, torch=lambda z: T.fft.fftshift(z)),
    case("fftshift-real-axis", lambda x: F.fftshift(x, axes=1), X,
         torch=lambda x: T.fft.fftshift(x, 1)),
    case("ifftshift", F.ifftshift, BLOCK, torch=lambda z: T.fft.ifftshift(z)),
    case("ifftshift-axes", lambda x: F.ifftshift(x, axes=(0, -1)), CUBE,
         torch=lambda x: T.fft.ifftshift(x, (0, -1))),
    case("fftfreq", lambda d: F.fftfreq(5, d), 0.3),
    case("rfftfreq", lambda d: F.rfftfreq(6, d), 0.3),
]
# fmt: on


def scipys(name):
    """SciPy's transform under its own name."""
    return lambda x: getattr(dnp.scipy.fft, name)(x)


def torchs(name):
    """PyTorch's transform of the same name."""
    return lambda x: getattr(T.fft, name)(x)


OF_REALS = ("rfft", "ihfft", "rfft2", "rfftn")
SCIPY = [
    case(f"scipy.fft.{name}", scipys(name), CUBE, torch=torchs(name), ulps=64, **EXACT)
    for name in OF_REALS
] + [
    case(f"scipy.fft.{name}", scipys(name), BLOCK, torch=torchs(name), ulps=64)
    for name in (
        "fft", "ifft", "irfft", "hfft", "fft2", "ifft2", "irfft2", "fftn", "ifftn", "irfftn",
        "fftshift", "ifftshift",
    )
]  # fmt: skip

SCENARIOS = [*LINES, *SEVERAL, *ORDER, *SCIPY]
