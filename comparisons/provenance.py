"""What a cell depends on, by name and version, so that a change of any of it is seen.

The fingerprint of a run (see `settings`) holds what touches every cell. What touches one method or
one problem only is kept in each record: the versions of the packages that the method needs, and a
digest of the source of its file and of the problem's. diffkit's own methods name diffkit, with a
digest of its source beside the version, since its source changes long before its version does. A
record is outdated when a newer one names another version of anything that it depends on: a table
shows no two versions of one thing, and installing a new PyTorch measures PyTorch's cells again and
no others.
"""

import functools
import hashlib
import importlib.util
import inspect
import json
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from comparisons.method import Method
from comparisons.problem import Problem
from comparisons.records import Record

__all__ = [
    "OWN", "differences", "folder_digest", "mark", "newest", "of_cell", "of_packages",
    "source_digest",
]  # fmt: skip

# What diffkit's methods are made of.
OWN = ("diffkit", "numba", "llvmlite", "scipy", "sympy")


def of_cell(problem: Problem, method: Method) -> dict[str, str]:
    """The version of everything that a cell depends on; packages that are not there are left out.

    Example:
        >>> from comparisons.lookup import find_method, find_problem
        >>> sorted(of_cell(find_problem("gmm"), find_method("autograd")))
        ['autograd', 'method autograd', 'problem gmm']
    """
    found = of_packages((*method.needs, *(OWN if method.family == "diffkit" else ())))
    sources = {f"problem {problem.name}": problem.make, f"method {method.name}": method.prepare}
    digests = {name: source_digest(function) for name, function in sources.items()}
    return found | {name: digest for name, digest in digests.items() if digest}


def of_packages(packages: Iterable[str]) -> dict[str, str]:
    """The versions of importable packages, without those that are not there."""
    names = dict.fromkeys(package.partition(".")[0] for package in packages)
    found = {package: _version(package) for package in names}
    return {package: version for package, version in found.items() if version}


def newest(records: Iterable[Record]) -> dict[str, str]:
    """The latest version of everything that the records, oldest first, depend on."""
    found: dict[str, str] = {}
    for record in records:
        found |= record.versions
    return found


def differences(record: Record, versions: dict[str, str]) -> list[str]:
    """What a record depends on in another version than the one given; [] if it is up to date."""
    kept = record.versions
    return [name for name in kept.keys() & versions.keys() if kept[name] != versions[name]]


def mark(*facts: Any) -> str:
    """Twelve hexadecimal digits that identify facts which JSON can write."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


def source_digest(function: Any) -> str:
    """Eight hexadecimal digits that change with the file a function stands in; "" without one."""
    while isinstance(function, functools.partial):
        function = function.func
    try:
        path = inspect.getsourcefile(inspect.unwrap(function))
    except TypeError:  # no Python function
        return ""
    return _digest((Path(path),)) if path and Path(path).exists() else ""


def folder_digest(folder: Path) -> str:
    """Eight hexadecimal digits that change with any Python file in a folder or below."""
    return _digest(tuple(sorted(folder.rglob("*.py"))))


@functools.cache
def _version(package: str) -> str:
    """The version of an importable package; "" if it isn't installed."""
    if package == "diffkit":
        return _diffkit()
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        known = _distributions().get(package, [])
        return metadata.version(known[0]) if known else ""


@functools.cache
def _diffkit() -> str:
    """Version and digest of the diffkit that would be imported here."""
    spec = importlib.util.find_spec("diffkit")
    assert spec is not None and spec.origin is not None
    try:
        version = metadata.version("diffkit")
    except metadata.PackageNotFoundError:
        version = "source"
    return f"{version}+{folder_digest(Path(spec.origin).parent)}"


@functools.cache
def _distributions() -> dict[str, list[str]]:
    """Which distributions an importable name comes from: flint from python-flint."""
    return dict(metadata.packages_distributions())


@functools.cache
def _digest(paths: tuple[Path, ...]) -> str:
    found = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        found.update(f"{path.name} {len(content)}\n".encode() + content)
    return found.hexdigest()[:8]
