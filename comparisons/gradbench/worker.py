"""The process in which one eval is measured: all libraries in it, on one core.

    python -m comparisons.gradbench.worker JSON

where JSON holds the name of the eval, the sizes, the seconds for each call and the folder of
GradBench's C++ programs. It answers in lines of JSON, "begin" before a workload and a "cell" for
each contender.
"""

import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.measure import Patience, cases, measure
from comparisons.gradbench.validate import workloads
from comparisons.speed.processes import one_core, speaker

__all__ = ["main"]


def main() -> None:
    """Measure what the argument asks for."""
    request = json.loads(sys.argv[1])
    one_core(request["core"])
    warnings.filterwarnings("ignore")  # of the peers, about themselves
    say = speaker()
    eval, patience = EVALS[request["eval"]], Patience()
    manual = Path(request["manual"]) if request["manual"] else None
    for workload, function in cases(eval, workloads(eval, request["sizes"])):
        say("begin", workload.name)
        for cell in measure(eval, workload, function, request["seconds"], patience, manual):
            say("cell", asdict(cell))


if __name__ == "__main__":
    main()
