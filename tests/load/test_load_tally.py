"""What many workers counted, merged in any order, is what one worker would have counted."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.errors import UsageError
from clinigate.load.journal import Journal, JournalReader
from clinigate.load.tally import Miss, Signs, Stratum, Tally

#: One thing that can happen, as plain values: persona, bin, seconds, failure, crisis, missed.
HAPPENING = st.tuples(
    st.sampled_from(["a", "b"]),
    st.integers(0, 5),
    st.floats(0, 60),
    st.sampled_from([None, None, "timeout", "status 503"]),
    st.booleans(),
    st.booleans(),
)
Happening = tuple[str, int, float, str | None, bool, bool]


def count(tally: Tally, happening: Happening) -> None:
    persona, number, seconds, failed, crisis, missed = happening
    stratum, stretch = tally.stratum(persona), tally.bin(number)
    tally.due += 1
    tally.lag.record(seconds / 1000)
    stratum.sent += 1
    stretch.done += 1
    stratum.latency.record(seconds)
    stretch.latency.record(seconds)
    if failed is not None:
        stratum.failed += 1
        tally.errors[failed] = tally.errors.get(failed, 0) + 1
    if crisis:
        tally.crises += 1
        if missed:
            tally.miss(Miss(float(number), persona, "disclosure", "late: x", seconds))


def counted(happenings: list[Happening]) -> Tally:
    tally = Tally()
    for happening in happenings:
        count(tally, happening)
    return tally


@given(st.lists(HAPPENING, max_size=60), st.integers(1, 5), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_merging_is_counting_in_one_place(
    happenings: list[Happening], workers: int, rng: random.Random
) -> None:
    parts: list[list[Happening]] = [[] for _ in range(workers)]
    for happening in happenings:
        rng.choice(parts).append(happening)
    tallies = [Tally.from_plain(counted(part).to_plain()) for part in parts]
    rng.shuffle(tallies)
    merged = Tally()
    for tally in tallies:
        merged.merge(tally)
    one = Tally()
    one.merge(counted(happenings))
    assert merged.to_plain() == one.to_plain()


@given(st.lists(HAPPENING, max_size=20))
@settings(max_examples=30)
def test_a_tally_survives_json_and_locusts_messages(happenings: list[Happening]) -> None:
    plain = counted(happenings).to_plain()
    for there_and_back in (json.loads(json.dumps(plain)), msgpack.loads(msgpack.dumps(plain))):
        assert Tally.from_plain(there_and_back).to_plain() == plain


def test_all_misses_are_counted_and_the_earliest_kept() -> None:
    merged = Tally()
    for start in (100, 0):
        part = Tally()
        for number in range(60):
            part.miss(Miss(float(start + number), "a", "s", "late: x", 31.0))
        merged.merge(part)
    assert merged.missed == 120
    assert merged.wrong == {"late": 120}
    assert [miss.at_s for miss in merged.misses] == [float(n) for n in range(40)]


@pytest.mark.parametrize("data", [{}, {"schema": "clinigate.load-tally/1"}, {"schema": "other"}])
def test_what_is_no_tally_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="load tally"):
        Tally.from_plain(data)


def one(crises: int) -> dict[str, object]:
    tally = Tally(crises=crises)
    tally.signs["0"] = Signs(0.1, 1.0, 0.0)
    return tally.to_plain()


def test_a_journal_is_read_while_it_grows_and_a_torn_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    reader = JournalReader(path)
    assert not reader.catch_up()
    journal = Journal(path)
    journal.begun(workers=2, zero_wall=1.5, versions={"locust": "2"})
    journal.delta(0, 0, one(1))
    assert reader.catch_up()
    assert (reader.workers, reader.zero_wall, reader.tally.crises) == (2, 1.5, 1)
    with path.open("ab") as torn:
        torn.write(b'{"kind":"del')
    assert not reader.catch_up()
    assert reader.tally.crises == 1
    assert reader.how is None


def test_reports_of_all_workers_are_merged_and_a_lost_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    journal, reader = Journal(path), JournalReader(path)
    for worker, number in ((0, 0), (1, 0), (1, 1), (0, 1)):
        journal.delta(worker, number, one(1))
    journal.end("complete")
    reader.catch_up()
    assert (reader.tally.crises, reader.how, reader.trouble) == (4, "complete", None)
    journal.delta(1, 3, one(1))
    reader.catch_up()
    assert reader.trouble == "a report of worker 1 was lost"


def test_a_line_that_no_journal_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.ndjson"
    path.write_text('{"kind": "delta"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"journal\.ndjson"):
        JournalReader(path).catch_up()


@pytest.mark.parametrize(
    ("failed", "first_s", "streamed", "replies", "first"),
    [
        (None, 0.5, True, 1, 0.5),
        (None, None, False, 1, None),
        # A stream that hangs is the slowest one there is, not one that nobody timed.
        ("timeout", None, True, 1, 30.0),
        ("timeout", 0.5, True, 1, 0.5),
        ("timeout", None, False, 1, None),
        ("connection lost", None, True, 0, None),
    ],
)
def test_who_timed_out_counts_with_the_time_it_was_given(
    failed: str | None, first_s: float | None, streamed: bool, replies: int, first: float | None
) -> None:
    stratum = Stratum()
    stratum.reply(failed, 30.0, first_s=first_s, streamed=streamed)
    assert (stratum.sent, stratum.failed) == (1, int(failed is not None))
    assert stratum.latency.count == replies
    assert stratum.first.max == (None if first is None else pytest.approx(first, rel=0.001))
