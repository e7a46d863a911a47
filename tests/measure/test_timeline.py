"""A timeline holds what happened, in memory and in a file that outlives the process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.exhibit import Mark, Span
from clinigate.errors import EvidenceError, UsageError
from clinigate.measure.timeline import Second, Timeline
from clinigate.measure.timelinefile import Sample, TimelineFile, read_samples

TIMES = st.floats(-1e6, 1e6)
SAMPLES = st.builds(Sample, TIMES, TIMES, TIMES, st.booleans(), st.text(), st.text())
HEAD = '["clinigate.timeline/1",{"zero":5.0}]\n'


def sample(at: float, *, took: float = 0.01, ok: bool = True) -> Sample:
    return Sample(at, at, at + took, ok, "ok" if ok else "refused")


@given(st.lists(SAMPLES, max_size=5), st.text(), TIMES)
def test_what_is_written_is_what_is_read(tmp_path_factory, samples, name, at):
    path = tmp_path_factory.mktemp("timeline") / "run.jsonl"
    with Timeline(path) as written:
        for each in samples:
            written.add(each)
        written.mark(name, at)
        written.span(name, at, at + 1)
    read = Timeline.read(path)
    assert read.samples == tuple(samples) == written.samples
    assert (read.marks, read.spans) == ((Mark(name, at),), (Span(name, at, at + 1),))
    assert (read.zero, read.latencies) == (written.zero, written.latencies)


def test_tallies_count_each_second_in_which_requests_were_due():
    timeline = Timeline()
    for each in (sample(0.1), sample(0.9, took=0.5), sample(1.2, ok=False), sample(3.0)):
        timeline.add(each)
    assert timeline.seconds == {
        0: Second(2, 0, pytest.approx(0.5)),
        1: Second(0, 1, pytest.approx(0.01)),
        3: Second(1, 0, pytest.approx(0.01)),
    }
    assert timeline.outcomes == {"ok": 3, "refused": 1}
    assert (timeline.count, timeline.lags.max) == (4, 0.0)


def test_latency_counts_from_when_the_request_was_due():
    late = Sample(1.0, 1.5, 1.75, True, "ok")
    assert (late.latency_s, late.lag_s) == (0.75, 0.5)


def test_memory_is_bounded_where_a_file_holds_the_rest(tmp_path):
    everything = tuple(sample(at / 10) for at in range(95))
    with Timeline(tmp_path / "long.jsonl", keep=10) as timeline:
        for each in everything:
            timeline.add(each)
        assert len(timeline._samples) <= 20
        assert timeline.samples == everything
        assert timeline.since(9.2) == everything[92:]
    assert timeline.samples == everything
    assert timeline.latencies.count == 95


def test_without_a_file_nothing_is_forgotten():
    timeline = Timeline(keep=2)
    for at in range(9):
        timeline.add(sample(at))
    assert len(timeline.samples) == 9


def test_another_process_marks_on_the_same_clock(tmp_path):
    path = tmp_path / "run.jsonl"
    with Timeline(path) as timeline:
        timeline.mark("before")
        mark = "import sys, pathlib; from clinigate.measure.timeline import Timeline\n"
        mark += "with Timeline.join(pathlib.Path(sys.argv[1])) as t: t.mark('fault applied')"
        subprocess.run([sys.executable, "-c", mark, path], check=True)
        timeline.mark("after")
    before, fault, after = Timeline.read(path).marks
    assert (before.name, fault.name, after.name) == ("before", "fault applied", "after")
    assert 0 <= before.at <= fault.at <= after.at


def test_what_a_killed_process_saw_can_be_read(tmp_path):
    path = tmp_path / "run.jsonl"
    program = (
        "import os, signal, sys, pathlib\n"
        "from clinigate.measure.timeline import Timeline\n"
        "from clinigate.measure.timelinefile import Sample\n"
        "timeline = Timeline(pathlib.Path(sys.argv[1]))\n"
        "for n in range(50): timeline.add(Sample(n, n, n + 0.5, True, 'ok'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, path], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(Timeline.read(path).samples) == 50


@pytest.mark.parametrize("kept", [1, 5, 20])
def test_a_torn_last_line_is_left_out(tmp_path, kept):
    path = tmp_path / "run.jsonl"
    with Timeline(path) as timeline:
        timeline.add(sample(1.0))
        timeline.add(sample(2.0))
    whole = path.read_bytes()
    path.write_bytes(whole[:-kept])
    assert Timeline.read(path).samples == (sample(1.0),)


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "nonsense",
        '["sample",1,2,3,true,"ok"]',
        '["sample",1,2,true,true,"ok",""]',
        '["sample",1,2,NaN,true,"ok",""]',
        '["mark","m"]',
        '["mark",1,1]',
        '["other",1]',
        "[]",
        "[" * 5000,
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(tmp_path, line):
    path = tmp_path / "run.jsonl"
    path.write_text(HEAD + line + "\n" + '["mark","m",1]\n')
    with pytest.raises(EvidenceError, match="line 2: no line of a timeline"):
        Timeline.read(path)


@pytest.mark.parametrize(
    "text", ["", '["mark","m",1]\n', '["clinigate.timeline/1",{"zero":"now"}]\n', HEAD[:-1]]
)
def test_a_file_without_its_head_is_no_timeline(tmp_path, text):
    path = tmp_path / "run.jsonl"
    path.write_text(text)
    for read in (Timeline.read, Timeline.join, lambda path: list(read_samples(path))):
        with pytest.raises(EvidenceError, match="no timeline"):
            read(path)


def test_a_file_is_never_written_over_and_one_that_is_missing_is_named(tmp_path):
    path = tmp_path / "run.jsonl"
    Timeline(path).close()
    with pytest.raises(EvidenceError, match="File exists"):
        Timeline(path)
    with pytest.raises(EvidenceError, match="cannot be read"):
        Timeline.read(tmp_path / "none.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_file_that_cannot_be_written_is_told_and_memory_goes_on():
    timeline = Timeline(keep=1)
    timeline.path = Path("/dev/full")
    timeline._file = TimelineFile(timeline.path)
    for at in range(9):
        timeline.add(sample(at))
    assert len(timeline.samples) == 9
    with pytest.raises(EvidenceError, match="incomplete, writing it failed"):
        timeline.close()


def test_waiting_ends_when_the_predicate_holds_and_else_at_the_deadline():
    timeline = Timeline()
    other = threading.Thread(target=lambda: [timeline.add(sample(n)) for n in range(3)])
    other.start()
    assert timeline.wait_for(lambda t: t.count == 3, 30)
    other.join()
    assert not timeline.wait_for(lambda t: t.count > 3, 0.01)


def test_a_moment_that_no_clock_shows_is_refused():
    timeline = Timeline()
    with pytest.raises(UsageError, match="mark fault"):
        timeline.mark("fault", float("nan"))
    with pytest.raises(UsageError, match="span fault"):
        timeline.span("fault", 0.0, float("inf"))
