"""The process in which everything but first calls is measured: all libraries in one, on one core.

    python -m comparisons.speed.worker JSON

where JSON holds the names of the benchmarks and the settings. It answers in lines of JSON, each a
kind and a record: "begin" before a problem, a "cell" for each contender, a "call", "end" after a
problem. What the libraries print goes to the standard error output.
"""

import json
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from comparisons.speed.calls import calls
from comparisons.speed.measure import measure
from comparisons.speed.problem import Benchmark
from comparisons.speed.problems import BENCHMARKS
from comparisons.speed.processes import one_core, speaker
from comparisons.speed.settings import Settings

__all__ = ["main"]


def main() -> None:
    """Measure what the argument asks for."""
    one_core()
    warnings.filterwarnings("ignore")  # of the peers, about themselves
    say = speaker()
    request = json.loads(sys.argv[1])
    settings = Settings(**request["settings"])
    if request["calls"]:
        for call in calls(settings.seconds):
            say("call", asdict(call))
    by_name = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    for name in request["problems"]:
        say("begin", name)
        run(by_name[name], settings, say)
        say("end", name)


def run(benchmark: Benchmark, settings: Settings, say: Callable[[str, Any], None]) -> None:
    """Measure a problem at all its sizes."""
    sizes = benchmark.quick if settings.quick else benchmark.sizes
    for size in sizes:
        without = {}
        if not settings.compile:
            without["torch-compile"] = "left out to be quick"
        elif size != sizes[-1]:
            without["torch-compile"] = "measured at the largest size only: it compiles for long"
        for cell in measure(benchmark, size, settings.seconds, without=without):
            say("cell", asdict(cell))


if __name__ == "__main__":
    main()
