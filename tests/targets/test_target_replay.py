"""Recorded replies come back as they were; what was not recorded is never made up."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.config.target import ReplaySpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability, FailedAttempt, Outcome, Reply, Target
from clinigate.errors import ConfigError, TargetError
from clinigate.targets import (
    RecordingTarget,
    ReplayTarget,
    build_target,
    callable_target,
    check_reachable,
)
from clinigate.targets.messages import turns_digest

CHAT, CRISIS = Capability.CHAT, Capability.CRISIS
HELLO = (Turn("user", "hello"),)


class Listed:
    """A target that answers from a list."""

    name = "listed"
    capabilities = frozenset({CHAT, CRISIS})

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.closed = False

    async def ask(self, turns: Any, **how: Any) -> Reply:
        return self.replies.pop(0)

    async def aclose(self) -> None:
        self.closed = True


def record(path: Path, *asked: tuple[Any, Capability, int | None], replies: list[Reply]) -> Listed:
    inner = Listed(*replies)

    async def run() -> None:
        target = RecordingTarget(inner, path)
        try:
            for (turns, capability, seed), reply in zip(asked, list(replies), strict=True):
                given_back = await target.ask(turns, capability=capability, timeout_s=5, seed=seed)
                assert given_back is reply
        finally:
            await target.aclose()
            await target.aclose()

    asyncio.run(run())
    return inner


def replay(target: Target, turns: Any = HELLO, *, seed: int | None = None, **how: Any) -> Reply:
    how.setdefault("capability", CHAT)
    how.setdefault("timeout_s", 30.0)
    asked: Any = target.ask(turns, seed=seed, **how)
    reply: Reply = asyncio.run(asked)
    return reply


REPLIES = st.builds(
    Reply,
    outcome=st.sampled_from(Outcome),
    latency_s=st.floats(0, 20),
    text=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    flag=st.none() | st.booleans(),
    score=st.none() | st.floats(0, 1),
    emotion=st.none() | st.just("joy"),
    attempts=st.integers(1, 3),
    failures=st.lists(
        st.builds(FailedAttempt, st.sampled_from(Outcome), st.just("lost"), st.booleans()),
        max_size=2,
    ).map(tuple),
    error=st.none() | st.just("so it was"),
    raw=st.dictionaries(st.text("ab"), st.none() | st.integers() | st.lists(st.booleans())),
)


@given(reply=REPLIES, seed=st.none() | st.integers())
def test_a_reply_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, reply: Reply, seed: int | None
) -> None:
    """Every field, through the file and back."""
    path = tmp_path_factory.mktemp("recording") / "replies.ndjson"
    inner = record(path, (HELLO, CHAT, seed), replies=[reply])
    assert inner.closed
    assert replay(ReplayTarget(path), seed=seed) == reply


def test_the_key_is_capability_conversation_and_seed(tmp_path: Path) -> None:
    """Another of any of them is another question, and has no answer here."""
    path = tmp_path / "replies.ndjson"
    said = Reply(Outcome.ANSWERED, 0.1, text="hi")
    flagged = Reply(Outcome.ANSWERED, 0.1, flag=True)
    record(path, (HELLO, CHAT, None), (HELLO, CRISIS, 1), replies=[said, flagged])
    target = ReplayTarget(path)
    assert isinstance(target, Target)
    assert target.capabilities == {CHAT, CRISIS}
    assert replay(target) == said
    assert replay(target, capability=CRISIS, seed=1) == flagged
    for missing in (
        replay(target, seed=1),
        replay(target, capability=CRISIS),
        replay(target, (Turn("user", "hello!"),)),
        replay(target, (Turn("system", "hello"),)),
    ):
        assert missing.outcome is Outcome.ERROR
        assert "holds no recording of this conversation" in (missing.error or "")
        assert (missing.text, missing.flag) == (None, None)


def test_repeated_questions_are_answered_in_turn(tmp_path: Path) -> None:
    """Recorded twice, answered in order, and from the top again."""
    path = tmp_path / "replies.ndjson"
    first, second = (Reply(Outcome.ANSWERED, 0.1, text=text) for text in ("one", "two"))
    record(path, (HELLO, CHAT, None), (HELLO, CHAT, None), replies=[first, second])
    target = ReplayTarget(path)
    assert [replay(target).text for _ in range(3)] == ["one", "two", "one"]


def test_a_recorded_reply_can_be_too_late(tmp_path: Path) -> None:
    """A lower limit than when it was recorded makes it a time-out."""
    path = tmp_path / "replies.ndjson"
    record(path, (HELLO, CHAT, None), replies=[Reply(Outcome.ANSWERED, 5.0, text="hi")])
    target = ReplayTarget(path)
    assert replay(target, timeout_s=6).answered
    late = replay(target, timeout_s=4)
    assert late.outcome is Outcome.TIMEOUT
    assert late.text is None


def test_a_capability_that_was_not_recorded(tmp_path: Path) -> None:
    """It is not offered, so that its checks say so."""
    path = tmp_path / "replies.ndjson"
    record(path, (HELLO, CHAT, None), replies=[Reply(Outcome.ANSWERED, 0.1, text="hi")])
    with pytest.raises(TargetError, match="no recording of crisis, only of chat"):
        replay(ReplayTarget(path), capability=CRISIS)


def test_from_the_table(tmp_path: Path) -> None:
    """The path is read against the configuration's folder; a file that was read can be asked."""
    path = tmp_path / "replies.ndjson"
    record(path, (HELLO, CHAT, None), replies=[Reply(Outcome.ANSWERED, 0.1, text="hi")])
    spec = ReplaySpec.model_validate({"kind": "replay", "path": path.name})
    target = build_target(spec, base_dir=tmp_path)
    assert target.name == "replies.ndjson"
    assert replay(target).text == "hi"
    assert asyncio.run(check_reachable(target)) is None
    asyncio.run(target.aclose())


def line(**change: Any) -> str:
    reply = {"outcome": "answered", "latency_s": 0.5, "text": "hi"}
    reply |= {"flag": None, "score": None, "emotion": None, "attempts": 1, "failures": []}
    reply |= {"error": None, "raw": {}}
    data = {"capability": "chat", "turns": turns_digest(HELLO), "seed": None, "reply": reply}
    return json.dumps(data | change)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no recording"),
        ("\n\n", "holds no recording"),
        (line() + "\n" + line()[:-9], "line 2: is not JSON, perhaps cut off"),
        (line(capability="telepathy"), "line 1: "),
        (line(reply={"outcome": "answered"}), "line 1: "),
        (line(extra=1), "extra"),
        ("[]", "line 1: "),
        ("\udcff", "line 1: is not JSON"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(
    tmp_path: Path, content: str, words: str
) -> None:
    """Nothing is skipped: a recording that is not understood would be a case that is lost."""
    path = tmp_path / "replies.ndjson"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        ReplayTarget(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(ConfigError, match=r"gone\.ndjson: cannot be read"):
        ReplayTarget(tmp_path / "gone.ndjson")


def test_a_recording_is_its_owner_s_and_is_never_overwritten(tmp_path: Path) -> None:
    """It holds conversations: mode 600, and what is there stays."""
    path = tmp_path / "replies.ndjson"
    record(path, (HELLO, CHAT, None), replies=[Reply(Outcome.ANSWERED, 0.1, text="hi")])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="exists already"):
        RecordingTarget(Listed(), path)
    with pytest.raises(ConfigError, match="cannot be made"):
        RecordingTarget(Listed(), tmp_path / "no" / "folder")


def test_a_reply_that_does_not_go_into_json_stops_the_recording(tmp_path: Path) -> None:
    """A file with a hole would be replayed as if it were whole."""
    reply = Reply(Outcome.ANSWERED, 0.1, text="hi", raw={"when": float("nan")})
    with pytest.raises(TargetError, match="does not go into JSON"):
        record(tmp_path / "replies.ndjson", (HELLO, CHAT, None), replies=[reply])


def test_looking_whether_it_is_there_is_not_recorded(tmp_path: Path) -> None:
    """The greeting is no case."""
    path = tmp_path / "replies.ndjson"

    async def run() -> str | None:
        target = RecordingTarget(callable_target(lambda text: "hi"), path)
        try:
            return await check_reachable(target)
        finally:
            await target.aclose()

    assert asyncio.run(run()) is None
    assert path.read_bytes() == b""
