"""Times of expiry are told in every form alike, by the clock of the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from clinigate.config.hipaa_call import CallTable
from clinigate.hipaa.probes.rights.asking import mentions, without
from clinigate.hipaa.probes.rights.times import expiry, told_time
from clinigate.targets.service import Answer

IN_WORDS = CallTable(path="/a", body={"until": "{{expires}}"})
IN_SECONDS = CallTable(path="/a", body={"until": "{{expires_epoch}}"})
AHEAD = st.floats(-1e6, 1e6).map(lambda s: timedelta(seconds=s))
OFF = st.floats(-100, 100)


@given(AHEAD, OFF)
def test_every_form_is_the_same_moment(ahead: timedelta, off_s: float) -> None:
    for table in (IN_WORDS, IN_SECONDS):
        end = expiry(ahead, table, off_s=off_s)
        words, seconds = str(end.values["expires"]), int(end.values["expires_epoch"])
        assert abs(datetime.fromisoformat(words) - end.at) < timedelta(milliseconds=1)
        assert 0 <= end.at.timestamp() - seconds < 1
        assert words.startswith(str(end.values["expires_date"]))


@given(AHEAD, OFF)
def test_whole_seconds_end_no_earlier(ahead: timedelta, off_s: float) -> None:
    before = datetime.now(UTC)
    end = expiry(ahead, IN_SECONDS, off_s=off_s)
    assert end.at.microsecond == 0
    assert end.due >= before + ahead
    assert end.due - datetime.now(UTC) <= ahead + timedelta(seconds=1)


@given(AHEAD, OFF)
def test_the_clock_of_the_service_counts_where_it_differs(ahead: timedelta, off_s: float) -> None:
    end = expiry(ahead, IN_WORDS, off_s=off_s)
    lag_s = (end.at - end.due).total_seconds()
    assert lag_s == 0 if abs(off_s) <= 2 else abs(lag_s - off_s - 0.5) < 1e-3


@given(st.integers(0, 4_000_000_000))
def test_the_header_date_is_read(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    said = {"date": format_datetime(moment, usegmt=True)}
    assert told_time(Answer(200, said, None)) == moment
    assert told_time(Answer(200, {**said, "age": "9"}, None)) is None


@given(st.text())
def test_what_is_no_date_is_none(text: str) -> None:
    found = told_time(Answer(200, {"date": text}, None))
    assert found is None or found.tzinfo is not None


@given(st.dictionaries(st.text("abc", min_size=1), st.sampled_from(["{{x}}", "{{y}}", "{{x}}-1"])))
def test_what_is_left_out_is_nowhere(body: dict[str, str]) -> None:
    table = CallTable(path="/a/{{x}}?y={{y}}", body=body, headers={"X-Paper": "{{ x }}"})
    bare = without(table, "x")
    assert (bare.path, bare.headers) == ("/a/?y={{y}}", {"X-Paper": ""})
    assert bare.body == {key: value for key, value in body.items() if value != "{{x}}"}
    assert mentions(table, "x")
    assert mentions(bare, "y")
