"""The tool answers whatever comes down the pipe, and its answers mean what they say."""

import io
import json
import subprocess
import sys
import time

import pytest

from comparisons.gradbench import tool
from comparisons.gradbench.client import COMMAND, Client, ToolError
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.protocol import MessageError, parse, written
from comparisons.speed.processes import environment


@pytest.fixture(scope="module")
def client():
    with Client() as started:
        yield started


# --- lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"garbage\n", b"[1, 2]\n", b"3\n", b"\xff\xfe\n", b'{"id": 1', b"[" * 100_000],
)
def test_what_is_no_message_is_an_error_that_quotes_it(line):
    with pytest.raises(MessageError, match=r"expected .*; \w+"):
        parse(line)


@pytest.mark.parametrize("line", [b'{"id":1,"kind":"x","input":NaN}', b'{"id":1,"x":Infinity}'])
def test_nan_and_infinity_are_not_json(line):
    with pytest.raises(MessageError, match="is not JSON"):
        parse(line)


@pytest.mark.parametrize("line", [b'{"kind": "start"}', b'{"id": 7}', b'{"id": 7, "kind": 3}'])
def test_a_message_has_an_id_and_a_kind(line):
    with pytest.raises(MessageError, match="an id and a kind") as error:
        parse(line)
    assert error.value.id == json.loads(line).get("id")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1.0, float("-inf")]])
def test_an_output_that_is_no_number_is_a_failure(value):
    line = written({"id": 4, "success": True, "output": value})
    answer = json.loads(line)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert answer["id"] == 4 and answer["success"] is False and "infinity" in answer["error"]


# --- a session -----------------------------------------------------------------------------------


def test_a_session_as_gradbench_holds_it(client):
    assert client.ask("start", eval="hello")["tool"] == "diffkit"
    defined = client.ask("define", module="hello")
    assert defined["success"] is True and "error" not in defined
    x, seen = 1.0, []
    for _ in range(4):
        y = client.ask("evaluate", module="hello", function="square", input=x)["output"]
        x = client.ask("evaluate", module="hello", function="double", input=y)["output"]
        seen += [y, x]
    assert seen == [1.0, 2.0, 4.0, 8.0, 64.0, 128.0, 16384.0, 32768.0]
    assert client.ask("analysis", of=2, valid=True).keys() == {"id"}


def test_runs_are_as_many_and_as_long_as_asked(client):
    given = {"x": [0.5, 0.25], "n": 9}
    few = client.ask("evaluate", module="llsq", function="gradient", input=given)
    many = client.ask(
        "evaluate", module="llsq", function="gradient", input=given | {"min_runs": 17}
    )
    long = client.ask(
        "evaluate", module="llsq", function="gradient", input=given | {"min_seconds": 0.05}
    )
    names = [timing["name"] for timing in few["timings"]]
    assert names == ["prepare", "evaluate"]
    assert [t["name"] for t in many["timings"]].count("evaluate") == 17
    spent = [t["nanoseconds"] for t in long["timings"] if t["name"] == "evaluate"]
    assert sum(spent) >= 5e7 > sum(spent[:-1])
    assert all(isinstance(t, int) and t >= 0 for t in spent)
    assert few["output"] == many["output"] == long["output"]


@pytest.mark.parametrize(
    "fields, reason",
    [
        ({"module": "nothing", "function": "f", "input": 1.0}, "expected one of hello"),
        ({"module": 3, "function": "f", "input": 1.0}, "expected one of hello"),
        ({"module": "hello", "function": "cube", "input": 1.0}, "expected one of square, double"),
        ({"module": "hello", "input": 1.0}, "expected one of square, double"),
        ({"module": "hello", "function": "square", "input": "x"}, "could not convert"),
        ({"module": "hello", "function": "square"}, "TypeError"),
        ({"module": "lse", "function": "primal", "input": {}}, "KeyError"),
        ({"module": "lse", "function": "primal", "input": {"x": []}}, "at least one element"),
        ({"module": "lse", "function": "primal", "input": {"x": ["a", "b"]}}, "numbers"),
        ({"module": "lse", "function": "primal", "input": {"x": [[1], [2, 3]]}}, "inhomogeneous"),
        ({"module": "hello", "function": "square", "input": 1e200}, "infinity"),
        (
            {"module": "lse", "function": "primal", "input": {"x": [1.0], "min_runs": -1}},
            "at least 0",
        ),
        (
            {"module": "lse", "function": "primal", "input": {"x": [1.0], "min_seconds": "1"}},
            "at least 0",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_answered_with_the_reason(client, fields, reason):
    answer = client.ask("evaluate", **fields)
    assert answer["success"] is False
    assert reason in answer["error"]
    assert "output" not in answer
    assert client.ask("evaluate", module="hello", function="square", input=3.0)["output"] == 9.0


def test_an_unknown_module_cannot_be_defined(client):
    answer = client.ask("define", module="mnist")
    assert answer["success"] is False and "expected one of" in answer["error"]


@pytest.mark.parametrize("line", [b"garbage\n", b"\n", b'{"id": 5}\n', b'{"kind": "define"}\n'])
def test_garbage_is_answered_and_ends_nothing(client, line):
    answer = json.loads(client.exchange(line))
    assert answer["success"] is False and answer["error"]
    assert answer["id"] == (5 if b"5" in line else None)
    assert client.ask("start")["tool"] == "diffkit"


def test_other_kinds_are_answered_by_their_number_alone(client):
    assert client.ask("gossip", about="peers").keys() == {"id"}


# --- ends ----------------------------------------------------------------------------------------


def started() -> subprocess.Popen:
    return subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(),
    )  # fmt: skip


def test_early_end_of_input_is_a_quiet_end():
    out, err = started().communicate(b'{"id":0,"kind":"start"}\n{"id":1,"ki', timeout=60)
    first, second = map(json.loads, out.splitlines())
    assert first == {"id": 0, "tool": "diffkit"}
    assert second["id"] is None and second["success"] is False
    assert err == b""


def test_no_input_at_all_is_a_quiet_end():
    process = started()
    assert process.communicate(b"", timeout=60) == (b"", b"")
    assert process.returncode == 0


def test_a_reader_that_has_gone_is_a_quiet_end():
    process = started()
    process.stdout.close()
    process.stdin.write(b'{"id":0,"kind":"start"}\n' * 3)
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_nothing_else_reaches_the_output(monkeypatch):
    """Whatever prints, prints elsewhere."""
    code = (
        "import os, comparisons.gradbench.tool as tool;"
        "tool.answer = lambda m: (print('noise'), os.write(1, b'more'), {'id': m['id']})[2];"
        "tool.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b'{"id":0,"kind":"start"}\n', capture_output=True,
        timeout=60, env=environment(),
    )  # fmt: skip
    assert done.stdout == b'{"id":0}\n'
    assert b"noise" in done.stderr and b"more" in done.stderr


def test_a_tool_that_is_killed_is_reported():
    with Client() as client:
        assert client.ask("start")["tool"] == "diffkit"
        client.process.kill()
        with pytest.raises(ToolError, match="exit status -9"):
            client.ask("define", module="hello")


def test_a_tool_that_hangs_is_stopped():
    with Client([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.2) as client:
        before = time.monotonic()
        with pytest.raises(ToolError, match="no answer within"):
            client.ask("start")
    assert time.monotonic() - before < 30
    assert client.process.returncode == -9


@pytest.mark.parametrize("reply", ["nonsense", "[]", '{"id": 9}', '{"id": 0, "output": NaN}'])
def test_an_answer_that_is_none_is_reported(reply):
    code = f"input(); print({reply!r}, flush=True)"
    with Client([sys.executable, "-c", code]) as client, pytest.raises(ToolError):
        client.ask("start")


def test_no_memory_is_a_reason(monkeypatch):
    def greedy(*_):
        raise MemoryError

    monkeypatch.setattr(tool, "evaluate", greedy)
    out = io.BytesIO()
    tool.serve(io.BytesIO(b'{"id":3,"kind":"evaluate"}\n'), out)
    answer = json.loads(out.getvalue())
    assert answer["success"] is False and "no memory" in answer["error"]


def test_every_eval_is_known_by_its_own_name():
    assert all(EVALS[name].name == name for name in EVALS)
    for eval in EVALS.values():
        names = [w.name for w in (*eval.workloads, *eval.beyond)]
        assert len(set(names)) == len(names)
        assert eval.derivative in eval.functions
        assert not eval.primal or eval.primal in eval.functions
