"""Records as a run could leave them: all outcomes, hostile names, sizes; and what was shown."""

import math
from dataclasses import replace

from comparisons.demonstration import Curve, Figure, Plot, Shown, Table
from comparisons.demonstrations import Kept
from comparisons.records import Measurement, Record, Timing
from comparisons.report import Results

TIMING = Timing(median=2e-6, best=1.5e-6, spread=0.1, runs=7)
MEASUREMENT = Measurement(
    value=1.5,
    relative_error=1e-16,
    ulps=1.0,
    truth="closed form",
    numpy=TIMING,
    primal=TIMING,
    derivative=TIMING,
    ratio=1.0,
    ratio_numpy=1.0,
    prepare_seconds=0.25,
    build_seconds=0.125,
    first_seconds=0.5,
    peak_bytes=4096,
    nodes=3,
    flops=12,
    flops_ratio=2.0,
    calls=1,
)
RECORD = Record(
    "mark", "helmholtz", 8, "good", "peer", "ok", "", 0.1, "2026-01-01T00:00:00+00:00", MEASUREMENT
)
# Each of these has broken a page or a table somewhere.
HOSTILE = "</script><script>alert(1)</script><!--\u2028'\"&|`\\"


def record(method, error, seconds, problem="helmholtz", size=8, **changes):
    """A cell that was measured."""
    measured = replace(
        MEASUREMENT,
        relative_error=error,
        derivative=replace(TIMING, median=seconds),
        ratio_numpy=seconds / 2e-6,
        details=changes.pop("details", {}),
    )
    return replace(
        RECORD, problem=problem, size=size, method=method, measurement=measured, **changes
    )


def failed(method, status, reason, problem="helmholtz", size=8):
    """A cell without a result."""
    return replace(
        RECORD,
        problem=problem,
        size=size,
        method=method,
        status=status,
        reason=reason,
        measurement=None,
    )


SOURCE = "def gradient(x):\n    return 2.0 * x  # <b>not bold</b>"
EARLIER = record("dk-reverse", 1e-9, 5e-3, settings="old", finished="2025-05-05T00:00:00+00:00")
ALL_OUTCOMES = (
    *(
        record(
            "dk-reverse", 1e-16, 1e-6 * n, size=n, details={"graph": "graph f", "source": SOURCE}
        )
        for n in (8, 20, 50)
    ),
    *(record("autograd", 3e-16, 1e-5 * n**2, size=n) for n in (8, 20)),
    failed("autograd", "timeout", "stopped after 5 s", size=50),
    *(record("dk-central", 1e-6, 1e-5 * n, size=n) for n in (8, 20, 50)),
    failed("jax-reverse", "missing", "jax is not installed"),
    failed("dk-symbolic", "unsupported", "a formula of 25874 operations"),
    record("torch-reverse", 0.0, 2e-4, size=20),
    record("dk-forward", math.nan, 2e-5, size=20),
    record("dk-reverse", None, 1e-3, "gmm", 5),
    record("autograd", None, 2e-3, "gmm", 5),
    record(HOSTILE, 1e-16, 3e-6, "rosenbrock", 10, details={HOSTILE: HOSTILE}),
    failed("autograd", "error", HOSTILE, "rosenbrock", 10),
)
DEMONSTRATION = Kept(
    room="cost",
    name="products",
    title="Products <counted>",
    text="What is counted.",
    source="Somebody 1980",
    quick=True,
    finished="2026-01-02T00:00:00+00:00",
    seconds=0.5,
    machine={"cores": "2"},
    versions={},
    shown=Shown(
        figures=(
            Figure("products", 26, 26, "holds", "theorem"),
            Figure("other products", 27, "at most 26", "fails", "theorem"),
            Figure("seconds", 0.5, None, "beside"),
        ),
        tables=(Table("Table of products", ("n", "counted"), ((10, 26), (1000, "many"))),),
        plots=(
            Plot(
                "Plot of products",
                "n",
                "products",
                (
                    Curve("ours", (1.0, 10.0, 100.0, 1e3), (1.0, math.nan, 90.0, 0.0)),
                    Curve("bound", (1.0, 1e3), (2.0, 2e3), theory=True),
                ),
            ),
        ),
    ),
)
ABSENT = replace(
    DEMONSTRATION,
    room="accuracy",
    name="absent",
    title="An absent one",
    shown=Shown(),
    reason="not measured: torch is not installed",
)
HEADER = {
    "cells": 20,
    "machine": {"processor": "<processor>"},
    "versions": {"numpy": "<2>"},
    "settings": {"quick": True, "memory": 2**32},
}


def results():
    """All of it."""
    return Results(
        tuple(sorted(ALL_OUTCOMES, key=lambda r: (r.problem, r.size, r.method))),
        HEADER,
        ("3 records of other settings",),
        shown=(ABSENT, DEMONSTRATION),
        earlier={("helmholtz", 8, "dk-reverse"): (EARLIER,)},
    )
