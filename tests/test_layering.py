"""The house keeps its order: a room imports only from below, no cycles, no file too long."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 500

# From the ground up; rooms on one line may see each other.
FLOORS = (
    ("diffkit.errors", "diffkit.types"),
    ("diffkit.graph",),
    ("diffkit.ops",),
    ("diffkit.tracing", "diffkit.numpy"),
    ("diffkit.modes", "diffkit.transforms"),
    ("diffkit.lowering",),
    ("diffkit.backends",),
    (
        "diffkit.calls",
        "diffkit.kept",
        "diffkit.linearized",
        "diffkit.kinks",
        "diffkit.jacobians",
        "diffkit.hessians",
        "diffkit.signatures",
        "diffkit.compressed",
        "diffkit.choice",
        "diffkit.batching",
        "diffkit.control",
    ),
    (
        "diffkit.formula",
        "diffkit.export",
        "diffkit.api",
        "diffkit.jit",
        "diffkit.check",
        "diffkit.taylor",
        "diffkit.sparse",
        "diffkit.numerical",
    ),
    ("diffkit.certify", "diffkit.certificate"),
    (
        "diffkit.nn",
        "diffkit.random",
        "diffkit.solve",
        "diffkit.interop",
        "diffkit.teach",
        "diffkit.compat",
    ),
    ("diffkit",),
    ("physics",),
    ("comparisons",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def files() -> list[Path]:
    return sorted(
        p for top in ("diffkit", "physics", "comparisons") for p in (ROOT / top).rglob("*.py")
    )


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The longest entry of the table that the module lies in."""
    parts = module.split(".")
    for length in (2, 1):
        name = ".".join(parts[:length])
        if name in FLOOR:
            return name
    raise AssertionError(f"{module} lies in no room of FLOORS")


@cache
def imports(path: Path) -> frozenset[str]:
    """The project's modules that a file imports (not those for type checking alone)."""
    module = module_of(path)
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            full = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{full}.{alias.name}"
                found.add(inner if is_module(inner) else full)
    tops = ("diffkit", "physics", "comparisons")
    return frozenset(name for name in found if name.split(".")[0] in tops)


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def test_a_room_imports_only_from_below():
    wrong: list[str] = []
    for path in files():
        module = module_of(path)
        floor = FLOOR[room_of(module)]
        above = [name for name in imports(path) if FLOOR[room_of(name)] > floor]
        wrong += [f"{module} imports {name} from above" for name in sorted(above)]
    assert wrong == []


def test_a_file_is_short_enough_to_hold_one_idea():
    lengths = {module_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in files()}
    assert {module: length for module, length in lengths.items() if length > LONGEST} == {}


def test_imports_make_no_circle():
    graph = {module_of(p): imports(p) - {module_of(p)} for p in files()}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"a circle: {' -> '.join((*path, module))}"
        if module in done or module not in graph:
            return
        for name in sorted(graph[module]):
            visit(name, (*path, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def test_the_top_level_is_fixed():
    allowed = {
        "README.md", "pyproject.toml", "diffkit", "comparisons", "physics", "tests",
        "Makefile", "constraints.txt", ".ci", "docs", ".gitignore", ".git",
    }  # fmt: skip
    ignored = {".venv", "results", "dist", "build"}
    here = {p.name for p in ROOT.iterdir()} - ignored
    extra = {name for name in here - allowed if not name.startswith((".", "__"))}
    assert extra == set()
