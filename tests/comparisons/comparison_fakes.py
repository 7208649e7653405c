"""Problems and methods that behave well or badly on purpose, looked up as
"comparison_fakes:NAME"."""

import os
import signal
import time
from dataclasses import replace

import numpy

from comparisons.method import Method, Prepared, Unsupported
from comparisons.problem import Case, Problem


def make(n: int) -> Case:
    """f = sum x^2, gradient 2x."""
    x = numpy.arange(1.0, n + 1.0)
    return Case(f=lambda x, np=numpy: np.sum(x * x), x=x, reference=lambda: 2.0 * x)


QUADRATIC = Problem("quadratic", "Sum of squares <size & all>", "test", (2, 4, 6), (2, 4), make)
MANY = replace(QUADRATIC, name="many", quick=tuple(range(1, 21)))
NO_TRUTH = replace(
    QUADRATIC,
    name="no_truth",
    make=lambda n: Case(f=make(n).f, x=make(n).x),
)


def _right(case: Case) -> Prepared:
    return Prepared(
        primal=lambda: case.f(case.x),
        derivative=lambda: 2.0 * case.x,
        nodes=3,
        flops=2 * len(case.x),
        primal_flops=2 * len(case.x),
        calls=1,
    )


def _wrong(case: Case) -> Prepared:
    return replace(_right(case), derivative=lambda: 2.0 * case.x + 1e-3)


def _nan(case: Case) -> Prepared:
    return replace(_right(case), derivative=lambda: numpy.full(len(case.x), numpy.nan))


def _wrong_shape(case: Case) -> Prepared:
    return replace(_right(case), derivative=lambda: numpy.zeros((1, 1)))


def _chatty(case: Case) -> Prepared:
    print('{"status": "ok"}')  # must not be taken for an answer
    os.write(1, b"raw\n")
    return _right(case)


def _slow(case: Case) -> Prepared:
    time.sleep(0.25)
    return _right(case)


def _brief(case: Case) -> Prepared:
    time.sleep(0.02)
    return _right(case)


def _cores(case: Case) -> Prepared:
    return replace(_right(case), details=lambda: {"cores": str(sorted(os.sched_getaffinity(0)))})


def _crash(case: Case) -> Prepared:
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError("unreachable")


def _exit(case: Case) -> Prepared:
    os._exit(3)


def _hang(case: Case) -> Prepared:
    while True:
        time.sleep(0.01)


def _hog(case: Case) -> Prepared:
    kept = []
    while True:
        kept.append(numpy.ones(4 << 20))  # 32 MiB a time, touched
        time.sleep(0.005)


def _too_large(case: Case) -> Prepared:
    numpy.empty(1 << 50)
    raise AssertionError("unreachable")


def _unsupported(case: Case) -> Prepared:
    raise Unsupported("this fake does <nothing> & says so")


def _error(case: Case) -> Prepared:
    raise ValueError("a plain\nmistake")


def _fake(name: str, prepare, needs: tuple[str, ...] = ()) -> Method:
    return Method(name, f"fake {name}", "peer", needs, prepare)


RIGHT = _fake("right", _right)
WRONG = _fake("wrong", _wrong)
NAN = _fake("nan", _nan)
WRONG_SHAPE = _fake("wrong-shape", _wrong_shape)
CHATTY = _fake("chatty", _chatty)
SLOW = _fake("slow", _slow)
SLOWER = _fake("slower", _slow)
BRIEF = _fake("brief", _brief)
CORES = _fake("cores", _cores)
CRASH = _fake("crash", _crash)
EXIT = _fake("exit", _exit)
HANG = _fake("hang", _hang)
HOG = _fake("hog", _hog)
TOO_LARGE = _fake("too-large", _too_large)
UNSUPPORTED = _fake("unsupported", _unsupported)
ERROR = _fake("error", _error)
MISSING = _fake("missing", _right, needs=("a_package_that_is_not_there",))
