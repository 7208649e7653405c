"""GradBench's twelve evaluations, run by diffkit from plain NumPy code.

`evaluation` says what an eval is, `evals` holds the twelve. `protocol` is the language that
GradBench speaks with a tool, `tool` what answers it: `python -m comparisons.gradbench`. `kernels`
holds the same derivatives written by hand for Numba, `peers` those of the other libraries.

Source: GradBench, https://github.com/gradbench/gradbench (2026).
"""
