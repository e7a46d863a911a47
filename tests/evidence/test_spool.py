"""Spools: every whole line counts, a torn one is seen, an edited one is refused by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.errors import IntegrityError
from clinigate.evidence.spool import (
    RunStatus,
    Spool,
    SpoolRecord,
    merge,
    overall,
    read_spool,
    spool_line,
)


@given(st.data())
def test_a_spool_cut_anywhere_keeps_every_whole_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any cut gives the records before it, and INCOMPLETE unless nothing is missing."""
    path = tmp_path_factory.mktemp("spool") / "p-1.ndjson"
    ts = "2026-08-21T10:00:00.000000Z"
    lines = [spool_line(ts, "start", {}), spool_line(ts, "note", {"n": "é"})]
    lines.append(spool_line(ts, "finish", {"status": "COMPLETE"}))
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    spool = read_spool(path)
    kept = sum(1 for end in (len(b"".join(lines[: i + 1])) for i in range(3)) if end <= cut)
    assert len(spool.records) == kept
    assert b"".join(lines[:kept]) + spool.torn == whole[:cut]
    complete = spool.status is RunStatus.COMPLETE
    assert complete is (cut == len(whole))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["[]"], "line 1: not a record"),
        (["{}"], "line 1: not a record"),
        (['{"body":[],"ts":"2026-08-21T10:00:00.000000Z","type":"start"}'], "line 1"),
        (['{"body":{},"ts":"yesterday","type":"start"}'], "line 1: not a record"),
        (["note {}"], "line 1: 'note' where only"),
        (["start {}", "start {}"], "line 2: 'start' where only"),
        (['start {}', 'finish {"status":"COMPLETE"}', "note {}"], "line 2: records follow"),
        (["start {}", "finish {}"], "line 2: not a record"),
        (["start {}", 'finish {"status":"PASS"}'], "line 2: not a record"),
    ],
)  # fmt: skip
def test_a_spool_that_was_edited_is_refused_by_line(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    path = tmp_path / "p-1.ndjson"
    ts = "2026-08-21T10:00:00.000000Z"
    written = []
    for line in lines:
        kind, space, body = line.partition(" ")
        written.append(spool_line(ts, kind, json.loads(body)) if space else line.encode() + b"\n")
    path.write_bytes(b"".join(written))
    with pytest.raises(IntegrityError, match=f"spool/p-1.ndjson: {message}"):
        read_spool(path)


times = st.integers(0, 59).map(lambda s: f"2026-08-21T10:00:{s:02}.000000Z")


@given(st.lists(st.lists(times, max_size=5), max_size=4))
def test_merging_keeps_every_record_and_each_spools_own_order(stamps: list[list[str]]) -> None:
    """Even where a clock was set back; between spools time decides."""
    spools = [
        Spool(f"s{i}", tuple(SpoolRecord(t, "note", {}, f"s{i}", n) for n, t in enumerate(ts)), b"")
        for i, ts in enumerate(stamps)
    ]
    merged = merge(spools)
    assert sorted(r.spool + str(r.line) for r in merged) == sorted(
        r.spool + str(r.line) for s in spools for r in s.records
    )
    for spool in spools:
        assert tuple(r for r in merged if r.spool == spool.name) == spool.records
    if all(list(ts) == sorted(ts) for ts in stamps):
        assert [r.ts for r in merged] == sorted(r.ts for r in merged)


def test_a_run_is_as_its_worst_part_and_nothing_is_incomplete() -> None:
    complete, aborted, incomplete = RunStatus.COMPLETE, RunStatus.ABORTED, RunStatus.INCOMPLETE
    assert overall([]) is incomplete
    assert overall([complete]) is complete
    assert overall([complete, aborted]) is aborted
    assert overall([aborted, incomplete, complete]) is incomplete
