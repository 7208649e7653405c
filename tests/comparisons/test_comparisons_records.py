"""The journal: strict JSON, torn lines, replacement and the lock."""

import json
import math
from dataclasses import replace

import pytest

from comparisons.records import (
    Journal,
    JournalBusyError,
    Measurement,
    Record,
    Timing,
    decode,
    encode,
    read,
)

TIMING = Timing(median=2.0, best=1.0, spread=0.5, runs=7)
MEASUREMENT = Measurement(
    value=1.5,
    relative_error=math.nan,
    ulps=math.inf,
    truth="nan",  # text stays text
    numpy=TIMING,
    primal=TIMING,
    derivative=replace(TIMING, spread=-math.inf),
    ratio=1.0,
    ratio_numpy=1.0,
    prepare_seconds=0.0,
    build_seconds=0.0,
    first_seconds=0.1,
    peak_bytes=None,
    nodes=3,
    flops=None,
    flops_ratio=None,
    calls=1,
)
RECORD = Record(
    "mark", "p", 2, "m", "peer", "ok", "", 0.1, "2026-01-01T00:00:00+00:00", MEASUREMENT
)


def fill(path, *records):
    with Journal(path) as journal:
        for record in records:
            journal.append(record)


def test_non_finite_floats_survive_strict_json(tmp_path):
    path = tmp_path / "cells.jsonl"
    fill(path, RECORD)

    def refuse(name):
        raise AssertionError(f"{name} is not strict JSON")

    json.loads(path.read_text(), parse_constant=refuse)
    (record,) = read(path)
    assert math.isnan(record.measurement.relative_error)
    assert record.measurement.ulps == math.inf
    assert record.measurement.derivative.spread == -math.inf
    assert record.measurement.truth == "nan"
    assert record.measurement.nodes == 3 and record.measurement.peak_bytes is None


def test_encode_reaches_every_level():
    assert encode({"a": [math.nan, (math.inf, 1.0)]}) == {"a": ["nan", ["inf", 1.0]]}


@pytest.mark.parametrize("cut", [1, 2, 30, 200])
def test_a_torn_last_line_costs_only_itself(tmp_path, cut):
    path = tmp_path / "cells.jsonl"
    fill(path, RECORD, replace(RECORD, size=4))
    path.write_bytes(path.read_bytes()[:-cut])
    whole = [2, 4] if cut == 1 else [2]  # without its newline alone, the line is still complete
    assert [record.size for record in read(path)] == whole
    fill(path, replace(RECORD, size=6))
    assert [record.size for record in read(path)] == [*whole, 6]
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_rubbish_in_the_middle_is_passed_over(tmp_path):
    path = tmp_path / "cells.jsonl"
    fill(path, RECORD)
    with path.open("ab") as file:
        file.write(b'{"half": \n\xff\xfe\n[]\n{"settings": "x"}\n')
    fill(path, replace(RECORD, size=4))
    assert [record.size for record in read(path)] == [2, 4]


def test_the_newest_record_of_a_cell_counts(tmp_path):
    path = tmp_path / "cells.jsonl"
    missing = replace(RECORD, status="missing", measurement=None)
    fill(path, missing, RECORD, replace(RECORD, settings="other"))
    assert [(r.settings, r.status) for r in read(path)] == [("mark", "ok"), ("other", "ok")]


def test_no_file_is_no_records(tmp_path):
    assert read(tmp_path / "nothing.jsonl") == []


def test_a_record_without_its_fields_is_refused():
    with pytest.raises((KeyError, TypeError)):
        decode({"measurement": None, "problem": "p"})


def test_only_one_writer(tmp_path):
    pytest.importorskip("fcntl")
    path = tmp_path / "cells.jsonl"
    with Journal(path), pytest.raises(JournalBusyError, match="another run is writing"):
        Journal(path)
    with Journal(path) as journal:  # released
        journal.append(RECORD)
    assert len(read(path)) == 1
