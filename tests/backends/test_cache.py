"""The cache of compiled programs: right numbers whatever happens to the disk, and no lost work.

Numba counts what it compiles: a dispatcher that came from disk has no cache miss. Processes are
real where a process matters; elsewhere `forget` empties the memory of this one.
"""

import errno
import linecache
import os
import pickle
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import numpy as np
import pytest

import diffkit as dk
from diffkit.backends import cache
from diffkit.backends.cache import machine, programs, store
from diffkit.errors import CacheWarning

ROOT = Path(__file__).resolve().parent.parent.parent
OPTIONS = {"nogil": True, "error_model": "numpy"}
TRIPLE = ("def triple_5e1f(x):\n    return 3.0 * x\n", "triple_5e1f", "float64(float64)", OPTIONS)
VECTOR = (
    '''"""Compiled from f at model.py:7. Written by diffkit; do not edit."""
import numpy as np
from diffkit.backends.vmath import exp, tanh


def f_3fa9c1e2(x, w):
    y = np.empty(3)
    np.dot(w, x, y)
    out = np.empty((2, 3))
    for i in range(2):
        for j in range(3):
            out[i, j] = tanh(y[j]) * exp(x[i])
    return out, y[0]
''',
    "f_3fa9c1e2",
    "(float64[::1], float64[:, ::1])",
    OPTIONS,
)


PARALLEL = (
    """from numba import prange
import numpy as np

def wide_b0b1(x):
    out = np.empty(500)
    for i in prange(500):
        out[i] = np.sqrt(x[i % 3]) + i
    return out
""",
    "wide_b0b1",
    "float64[::1](float64[::1])",
    OPTIONS | {"parallel": True},
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty cache of its own for each test, on disk, in memory and in what was warned of."""
    monkeypatch.setenv("DIFFKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("DIFFKIT_CACHE_SIZE", raising=False)
    monkeypatch.setattr(programs, "_programs", {})
    monkeypatch.setattr(store, "_warned", set())
    return tmp_path / "cache"


def forget():
    programs._programs.clear()


def compiled(function) -> int:
    """How often Numba compiled this function: 1, or 0 if it came from disk."""
    return sum(function.stats.cache_misses.values())


def kept(key: str) -> Path:
    """The file of machine code."""
    path = store.path()
    assert path is not None
    return path / f"{key}.code"


def check_triple(times_compiled: int):
    triple = cache.load(*TRIPLE)
    assert triple(5.0) == 15.0
    assert compiled(triple) == times_compiled


def run(code: str, **environment: str) -> subprocess.Popen[str]:
    """A process that has `load` and the programs of this file."""
    head = "import os, sys\nimport numpy as np\nfrom diffkit.backends.cache import load\n"
    head += f"TRIPLE = {TRIPLE!r}\nVECTOR = {VECTOR!r}\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + code],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()


# ---- what is found again ----


def test_another_process_compiles_nothing_and_computes_the_same():
    x, w = np.array([0.1, -0.7, 2.0]), np.arange(9.0).reshape(3, 3) / 7
    out, first = cache.load(*VECTOR)(x, w)
    np.testing.assert_allclose(out, np.tanh(w @ x) * np.exp(x[:2, None]), rtol=1e-15)
    code = """
f = load(*VECTOR)
out, first = f(np.array([0.1, -0.7, 2.0]), np.arange(9.0).reshape(3, 3) / 7)
print(out.tobytes().hex(), first.hex(), sum(f.stats.cache_misses.values()))
print("numba.cpython.printimpl" in sys.modules)  # one of the implementations that compiling needs
try:
    f(1, 2)
except TypeError as error:
    print("No matching definition" in str(error))
"""
    expected = f"{out.tobytes().hex()} {first.hex()} 0\nFalse\nTrue"
    assert output(run(code)) == expected
    # Numba's own cache folder is not ours: nothing is read or written there.
    there = Path(os.environ["DIFFKIT_CACHE_DIR"]) / "numba"
    assert output(run(code, NUMBA_CACHE_DIR=str(there))) == expected
    assert not there.exists()


def test_code_that_needs_more_of_numba_gets_it():
    """Loading prepares what programs call; here it does not, and the missing symbols are seen."""
    cache.load(*VECTOR)
    code = """
from numba.core.runtime.nrt import rtsys
real, calls = type(rtsys).initialize, []
def second_time(self, context):
    calls.append(context)
    if len(calls) > 1:
        real(self, context)
type(rtsys).initialize = second_time
f = load(*VECTOR)
print(f(np.zeros(3), np.ones((3, 3)))[1], sum(f.stats.cache_misses.values()), len(calls) > 1)
"""
    assert output(run(code)) == "0.0 0 True"


def test_a_parallel_program_is_found_again():
    cache.load(*PARALLEL)
    code = f"""
f = load(*{PARALLEL!r})
print(f(np.array([1.0, 4.0, 9.0]))[[0, 4, 499]], sum(f.stats.cache_misses.values()))
"""
    assert output(run(code)) == "[  1.   6. 501.] 0"


def test_the_same_source_is_the_same_function():
    assert cache.load(*TRIPLE) is cache.load(*TRIPLE)
    check_triple(1)
    forget()
    check_triple(0)


def test_four_threads_compile_once():
    found = []
    threads = [threading.Thread(target=lambda: found.append(cache.load(*TRIPLE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(map(id, found))) == 1
    check_triple(1)


def test_whatever_changes_the_code_changes_the_key(monkeypatch):
    source, name, signature, options = TRIPLE
    keys = [
        programs.key_of(*TRIPLE),
        programs.key_of(source.replace("3.0", "4.0"), name, signature, options),
        programs.key_of(source, name, "float32(float32)", options),
        programs.key_of(source, name, signature, options | {"parallel": True}),
        programs.key_of(source, name, signature, {}),
    ]
    monkeypatch.setattr(programs, "_surroundings", lambda: ("another processor",))
    keys.append(programs.key_of(*TRIPLE))
    assert len(set(keys)) == len(keys)


def test_the_surroundings_are_versions_processor_and_helper_sources(monkeypatch):
    import llvmlite
    import numba

    told = programs._surroundings.__wrapped__()
    for part in (np.__version__, numba.__version__, llvmlite.__version__, sys.version):
        assert part in told
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"another vmath")
    changed = programs._surroundings.__wrapped__()
    assert changed[0] != told[0] and changed[1:] == told[1:]


def test_the_order_of_a_set_does_not_change_the_key():
    code = (
        "from diffkit.backends.cache.programs import key_of\n"
        "print(key_of(*TRIPLE[:3], {'fastmath': {'reassoc', 'nsz', 'arcp', 'contract'}}))"
    )
    first, second = (run(code, PYTHONHASHSEED=seed) for seed in "12")
    assert output(first) == output(second)


# ---- entries that are not as they were written ----


def other_key(data: bytes) -> bytes:
    content = data[len(store.MAGIC) + 32 :]
    return store.MAGIC + store._seal("0" * 64, content) + content


DAMAGE = {
    "truncated": lambda data: data[: len(data) // 2],
    "header only": lambda data: data[:40],
    "empty": lambda data: b"",
    "garbage": lambda data: bytes(range(256)) * 40,
    "one bit": lambda data: data[:-900] + bytes([data[-900] ^ 4]) + data[-899:],
    "longer": lambda data: data + b"\0",
    "another program's": other_key,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_entry_is_compiled_again_and_healed(damage):
    check_triple(1)
    file = kept(programs.key_of(*TRIPLE))
    good = file.read_bytes()
    file.write_bytes(damage(good))
    forget()
    check_triple(1)
    forget()
    check_triple(0)


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


def test_code_that_diffkit_did_not_write_is_not_executed(tmp_path):
    check_triple(1)
    key = programs.key_of(*TRIPLE)
    trap = pickle.dumps(Trap(tmp_path / "sprung"))
    kept(key).write_bytes(store.MAGIC + bytes(32) + trap)
    line = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    kept(key).with_suffix(".py").write_text(line + TRIPLE[0])
    forget()
    check_triple(1)
    assert not (tmp_path / "sprung").exists()
    pickle.loads(trap)  # the trap is a trap
    assert (tmp_path / "sprung").exists()


def test_a_sealed_entry_that_numba_cannot_read_is_compiled_again():
    check_triple(1)
    store.write(programs.key_of(*TRIPLE), TRIPLE[0], pickle.dumps(([], ("not", "a result"))))
    forget()
    check_triple(1)


def test_the_source_file_is_for_people_and_may_be_lost():
    check_triple(1)
    file = kept(programs.key_of(*TRIPLE)).with_suffix(".py")
    assert file.read_text() == TRIPLE[0]
    file.unlink()
    forget()
    check_triple(0)


def test_a_folder_in_the_place_of_a_file_warns():
    kept(programs.key_of(*TRIPLE)).mkdir(parents=True)
    with pytest.warns(CacheWarning, match="directory"):
        check_triple(1)


def test_a_link_is_not_followed(tmp_path):
    check_triple(1)
    file = kept(programs.key_of(*TRIPLE))
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    forget()
    check_triple(1)
    assert not file.is_symlink()


def test_a_file_that_others_may_write_is_compiled_again():
    check_triple(1)
    file = kept(programs.key_of(*TRIPLE))
    file.chmod(0o666)
    forget()
    check_triple(1)
    assert file.stat().st_mode & 0o777 == 0o600


# ---- folders that cannot be used ----


def check_uncached(match: str):
    """Two programs, one warning, right numbers, nothing found again."""
    with pytest.warns(CacheWarning, match=match) as caught:
        check_triple(1)
        assert cache.load(*VECTOR)(np.zeros(3), np.zeros((3, 3)))[1] == 0.0
    assert len(caught) == 1
    forget()
    check_triple(1)


def test_a_folder_that_others_may_write_is_refused(folder):
    folder.mkdir()
    folder.chmod(0o777)
    check_uncached("writable by others.*chmod 700")
    assert list(folder.iterdir()) == []


def test_a_folder_of_somebody_else_is_refused(folder, monkeypatch):
    check_triple(1)
    forget()
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    check_uncached("belongs to somebody else")


def test_a_file_in_the_place_of_the_folder_warns(folder):
    folder.write_text("a file")
    check_uncached("exists|directory")


def test_a_read_only_file_system_still_gives_what_it_holds(monkeypatch):
    check_triple(1)
    forget()
    real = os.open

    def read_only(path, flags, *mode, **where):
        if flags & os.O_CREAT:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return real(path, flags, *mode, **where)

    monkeypatch.setattr(os, "open", read_only)
    check_triple(0)
    with pytest.warns(CacheWarning, match="Read-only file system"):
        cache.load(*VECTOR)


def test_a_full_disk_does_not_break_a_call(folder):
    """The system refuses to let a file grow, halfway through the machine code."""
    code = """
import resource, warnings
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(load(*TRIPLE)(5.0), [w.category.__name__ for w in caught])
"""
    pytest.importorskip("resource")
    assert output(run(code)) == "15.0 ['CacheWarning']"
    assert [file.suffix for file in folder.iterdir()] == [".py"]  # no half of a file is left
    check_triple(1)


def test_no_home_directory(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("DIFFKIT_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    check_uncached("no folder was found.*home")
    assert dk.cache.path() is None and dk.cache.size() == 0


def test_a_numba_that_packs_nothing_warns(monkeypatch):
    def pack(compiled):
        raise AttributeError("no attribute '_reduce'")

    monkeypatch.setattr(machine, "to_bytes", pack)
    check_uncached("AttributeError: no attribute '_reduce'")


@pytest.mark.parametrize("chosen", ["", "off"])
def test_without_a_disk_the_source_still_shows_in_tracebacks(chosen, monkeypatch, tmp_path):
    monkeypatch.setenv("DIFFKIT_CACHE_DIR", chosen)
    monkeypatch.chdir(tmp_path)
    check_triple(1)
    forget()
    check_triple(1)
    assert dk.cache.path() is None and list(tmp_path.iterdir()) == []
    function = cache.load(*TRIPLE).py_func
    linecache.checkcache()
    with pytest.raises(TypeError) as caught:
        function(None)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "return 3.0 * x"


# ---- many processes ----


def test_eight_processes_at_once(folder):
    code = """
x = np.arange(3.0)
print(load(*TRIPLE)(5.0), load(*VECTOR)(x, np.ones((3, 3)))[1])
"""
    processes = [run(code) for _ in range(8)]
    assert {output(process) for process in processes} == {"15.0 3.0"}
    assert sorted(file.suffix for file in folder.iterdir()) == [".code", ".code", ".py", ".py"]
    check_triple(0)
    assert compiled(cache.load(*VECTOR)) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forks_share_what_was_loaded_and_load_more():
    code = """
triple = load(*TRIPLE)
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        y = load(*VECTOR)(np.arange(3.0), np.ones((3, 3)))[1]
        os._exit(0 if (load(*TRIPLE) is triple, triple(5.0), y) == (True, 15.0, 3.0) else 1)
    children.append(child)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""
    assert output(run(code)) == "[0, 0, 0]"
    check_triple(0)
    assert compiled(cache.load(*VECTOR)) == 0


HELPED = """
import math
from numba import njit

@njit
def helper(x, n):
    for i in range(n):
        for j in range(n):
            x = x SIGN math.sqrt(abs(x) + i) SIGN math.floor(0.1 * x * j)
            if x > 100.0:
                x = math.sin(x)
    return x

def NAME(x):
    return helper(x, 3) + helper(x + 1, 4) + helper(x - 1, 4) + helper(x, 5) + helper(x + 3, 4)
"""


def test_functions_of_one_name_from_two_processes_stay_apart():
    """Numba gives both helpers one symbol, and its own cache lets the second call the first."""
    pair = [
        (HELPED.replace("SIGN", sign).replace("NAME", name), name, "float64(float64)", OPTIONS)
        for sign, name in (("+", "plus_77ab"), ("-", "minus_10c4"))
    ]
    for program in pair:
        output(run(f"load(*{program!r})"))
    for program in pair:
        function = cache.load(*program)
        assert compiled(function) == 0
        for x in (1.5, -20.0, 0.3):
            np.testing.assert_allclose(function(x), function.py_func(x), rtol=1e-12)


def test_code_with_functions_compiled_by_others_stays_in_its_process(folder):
    """Their symbols may be given to something else in the next process."""
    import numba

    x = np.array([3.0, 1.0, 2.0])
    numba.njit("float64[::1](float64[::1])")(lambda x: np.sort(x))
    source = "import numpy as np\ndef sorted_c0de(x):\n    return np.sort(x)\n"
    program = (source, "sorted_c0de", "float64[::1](float64[::1])", OPTIONS)
    for _ in range(2):
        function = cache.load(*program)
        assert compiled(function) == 1 and function(x).tolist() == [1.0, 2.0, 3.0]
        forget()
    assert dk.cache.size() == 0


@pytest.mark.parametrize("chosen", ["off", "~/nowhere"])
def test_a_failed_compilation_shows_the_line_and_changes_nothing(chosen, monkeypatch):
    from numba.core.bytecode import FunctionIdentity
    from numba.core.errors import TypingError

    monkeypatch.setenv("DIFFKIT_CACHE_DIR", chosen)
    before = FunctionIdentity._unique_ids
    with pytest.raises(TypingError, match=r"x\.nothing"):
        cache.load("def bad_0(x):\n    return x.nothing\n", "bad_0", "float64(float64)", OPTIONS)
    assert FunctionIdentity._unique_ids is before and programs._programs == {}


def test_the_number_in_a_symbol_tells_who_compiled_it():
    assert machine._is_from_outside("_ZN1f1gB2v7B42cEd")
    assert not machine._is_from_outside(f"_ZN1f1gB20v{2**60}B42cEd")


# ---- size, and what users call ----

HALF_MIB = bytes(1 << 19)


def test_the_least_recently_used_entries_go_first(monkeypatch):
    monkeypatch.setenv("DIFFKIT_CACHE_SIZE", "2")
    for age, key in enumerate(("a" * 64, "b" * 64, "c" * 64)):
        store.write(key, "source", HALF_MIB)
        for suffix in (".code", ".py"):
            os.utime(kept(key).with_suffix(suffix), (1e9 + age, 1e9 + age))
    assert store.read("a" * 64) == HALF_MIB  # used now, so b is the oldest
    store.write("d" * 64, "source", HALF_MIB)
    names = {file.name[0] for file in dk.cache.path().iterdir()}
    assert names == {"a", "c", "d"}
    assert dk.cache.size() <= 2 << 20


def test_a_bound_that_is_no_number_warns_and_is_not_used(monkeypatch):
    monkeypatch.setenv("DIFFKIT_CACHE_SIZE", "-3 GB")
    with pytest.warns(CacheWarning, match="whole number of MiB"):
        check_triple(1)
    forget()
    check_triple(0)


def test_clear_forgets_programs_and_leaves_other_files(folder):
    check_triple(1)
    (folder / "notes.py").write_text("mine")
    assert dk.cache.path() == folder and dk.cache.size() > 1000
    keep = cache.load(*TRIPLE)
    dk.cache.clear()
    assert cache.load(*TRIPLE) is not keep
    dk.cache.clear()
    assert [file.name for file in folder.iterdir()] == ["notes.py"] and dk.cache.size() == 0
    assert keep(5.0) == 15.0
    check_triple(1)


def test_the_folder_is_among_the_users_caches(monkeypatch, tmp_path):
    monkeypatch.delenv("DIFFKIT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert dk.cache.path() == tmp_path / "diffkit"
    monkeypatch.setenv("DIFFKIT_CACHE_DIR", "~/programs")
    assert dk.cache.path() == Path("~/programs").expanduser()
