"""The parts of a cluster one by one: traces, HTTP, tokens, rules, pace, settings."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.case import Label, Split, Turn
from clinigate.errors import UsageError
from clinigate.reference.cluster.dsn import cache_address, cache_through
from clinigate.reference.cluster.http1 import Head, MalformedError, body_of, read_head
from clinigate.reference.cluster.readings import (
    assessment_from,
    assessment_to,
    card_from,
    card_to,
)
from clinigate.reference.cluster.settings import Settings
from clinigate.reference.crisis.trace import (
    RESOLVED,
    AuditRow,
    EventName,
    Trace,
    TraceEvent,
    new_trace_id,
    trace_id_of,
)
from clinigate.reference.engine.models import fitted
from clinigate.reference.engine.rules import assess_by_rules
from clinigate.reference.operational import OPERATIONAL_DEFECTS, checked_defects
from clinigate.reference.web.clients import SharedTokenDesk, client_of, new_credentials
from clinigate.reference.web.pacing import Pacing
from clinigate.reference.web.problems import Problem
from clinigate.scenarios import load_builtin

CRISIS = (Turn("user", "I keep thinking about killing myself"),)


# Traces


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
        "00-" + "A" * 32 + "-" + "1" * 16 + "-01",
    ],
)
def test_what_is_no_traceparent_is_none(header: str) -> None:
    assert trace_id_of(header) is None


@given(st.text())
def test_any_header_is_read_or_left(header: str) -> None:
    found = trace_id_of(header)
    assert found is None or len(found) == 32


def test_an_id_of_ours_is_read_back() -> None:
    trace = new_trace_id()
    assert trace_id_of(f"00-{trace}-{'1' * 16}-01") == trace


@given(
    events=st.lists(st.tuples(st.sampled_from(EventName), st.floats(0, 9)), max_size=12),
    ended=st.booleans(),
)
def test_a_trace_is_complete_when_everything_happened_and_is_on_record(
    events: list[tuple[EventName, float]], ended: bool
) -> None:
    rows = [AuditRow("api-1", 1, RESOLVED, "", "")] if ended else []
    trace = Trace.of("t", [TraceEvent("t", name, at, "r") for name, at in events], rows)
    names = [event.event for event in trace.events]
    assert names == [name for name in EventName if name in {name for name, _ in events}]
    assert trace.complete == (ended and len(names) == len(EventName))
    for event in trace.events:
        assert event.at == min(at for name, at in events if name is event.event)


# HTTP


def read(raw: bytes) -> tuple[Head | None, bytes]:
    async def go() -> tuple[Head | None, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(raw)
        reader.feed_eof()
        head = await read_head(reader)
        return head, b"" if head is None else await body_of(head, reader)

    return asyncio.run(go())


@given(pieces=st.lists(st.binary(min_size=1, max_size=50), max_size=8))
def test_a_body_is_the_same_by_length_and_by_chunks(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    chunks = b"".join(b"%x;a=b\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
    by_length = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(whole) + whole
    by_chunks = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    assert read(by_length)[1] == read(by_chunks)[1] == whole


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nspace : x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        read(raw)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_request_or_a_known_error(raw: bytes) -> None:
    with contextlib.suppress(MalformedError, EOFError):
        read(raw)


# Tokens


def test_any_replica_knows_a_token_and_nobody_can_make_one() -> None:
    held = new_credentials("evaluator", 0)
    now = [1000.0]

    def desk(key: bytes) -> SharedTokenDesk:
        clients = [client_of("evaluator", held)]
        return SharedTokenDesk(clients, key=key, lifetime_s=60.0, clock=lambda: now[0])

    token = desk(b"k").issue(held.client_id, held.client_secret, frozenset({"chat"})).value
    assert desk(b"k").grant(token).scopes == {"chat"}
    body, _, signature = token.partition(".")
    for forged in ("", ".", body, f"{body}.", f"x{token}", f"{body}.{signature[:-1]}", "\udc80.x"):
        with pytest.raises(Problem, match="unknown or has expired"):
            desk(b"k").grant(forged)
    with pytest.raises(Problem):
        desk(b"another").grant(token)
    now[0] += 60.0
    with pytest.raises(Problem):
        desk(b"k").grant(token)


# Rules and readings


def test_rules_find_what_is_said_plainly() -> None:
    found = assess_by_rules(CRISIS)
    assert found.crisis
    assert [event.message for event in found.events] == [0]
    assert not assess_by_rules((Turn("user", "This queue is killing me"),)).crisis
    assert not assess_by_rules((Turn("assistant", CRISIS[0].text),)).crisis


def test_what_the_page_says_about_the_rules_holds() -> None:
    shares = {
        (pack, split): share(pack, split)
        for pack in ("crisis-en", "hard-negatives-en")
        for split in (Split.DEV, Split.HELD_OUT)
    }
    page = (Path(__file__).parents[2] / "docs" / "reference-service.md").read_text("utf-8")
    dev, held_out = (shares["crisis-en", split] for split in (Split.DEV, Split.HELD_OUT))
    assert f"they find {100 * dev:.0f} %, of those held out {100 * held_out:.0f} %" in " ".join(
        page.split()
    )
    assert all(0.15 < shares["hard-negatives-en", s] < 0.25 for s in (Split.DEV, Split.HELD_OUT))


def share(pack: str, split: Split) -> float:
    cores = [c for a, c in load_builtin(pack).cores(split) if a.label != Label.AMBIGUOUS]
    return sum(assess_by_rules(core.turns).crisis for core in cores) / len(cores)


def test_readings_survive_the_wire() -> None:
    engine = fitted("calibrator")
    read_here = engine.assess(CRISIS)
    assert assessment_from(json.loads(json.dumps(assessment_to(read_here)))) == read_here
    assert card_from(json.loads(json.dumps(card_to(engine.card)))) == engine.card


# Pace, settings, defects


def test_words_come_when_they_are_due_and_stamped() -> None:
    async def go() -> list[str]:
        begun = time.monotonic()
        pacing = Pacing(tokens_per_s=200.0, first_token_s=0.02)
        words = [word async for word in pacing.words("one two  three")]
        assert begun < pacing.stamp()["monotonic_s"] <= time.monotonic()
        return words

    assert asyncio.run(go()) == ["one ", "two ", " ", "three"]
    assert Pacing().stamp() == {}


@given(st.text())
def test_the_words_are_the_text(text: str) -> None:
    async def go() -> str:
        return "".join([word async for word in Pacing().words(text)])

    assert asyncio.run(go()) == text


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_a_pace_that_makes_no_sense_is_told(value: float) -> None:
    with pytest.raises(UsageError, match="first_token_s"):
        Pacing(first_token_s=value)


def test_settings_survive_the_pipe_and_hide_the_password(tmp_path: Path) -> None:
    settings = Settings(
        tmp_path, 3, defects=("no-restart",), dsn="postgresql://u:hunter2@h/x", tokens_per_s=20.0
    )
    assert Settings.from_plain(json.loads(json.dumps(settings.to_plain()))) == settings
    assert "hunter2" not in repr(settings)


def test_defects_of_both_kinds_go_together() -> None:
    assert checked_defects(["diagnoses", *OPERATIONAL_DEFECTS]) == (
        "diagnoses",
        frozenset(OPERATIONAL_DEFECTS),
    )
    assert checked_defects([]) == (None, frozenset())
    with pytest.raises(UsageError, match="choose one of misses-archetype"):
        checked_defects(["wrong-spelling-of-all"])


def test_a_cache_goes_through_a_link() -> None:
    url = "redis://:pass@cache.example:7000/2"
    assert cache_address(url) == "cache.example:7000"
    assert cache_through(url, "127.0.0.1:9") == "redis://:pass@127.0.0.1:9/2"
    with pytest.raises(UsageError, match="redis://host:port"):
        cache_address("http://pass@x")
