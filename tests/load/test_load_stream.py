"""A stream says the same, however the network cuts it, and its times are those of its pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.load.stream import StreamedReply, StreamError


def event(content: str | None, **more: object) -> bytes:
    delta = {} if content is None else {"content": content}
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": None}], **more}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()


DONE = b"data: [DONE]\n\n"


def cut(data: bytes, places: Sequence[int]) -> Iterator[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    for begin, end in pairwise(edges):
        yield data[begin:end]


def ticking() -> StreamedReply:
    ticks = count()
    return StreamedReply(lambda: float(next(ticks)))


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=8),
    st.lists(st.integers(0, 10_000), max_size=30),
    st.booleans(),
)
def test_any_chunking_gives_the_same_reply(
    texts: list[str], places: list[int], comments: bool
) -> None:
    noise = b": keep-alive\n\n" if comments else b""
    data = noise.join([b"", *map(event, texts), event(None, safety={"crisis": True}), DONE])
    reply = ticking()
    for piece in cut(data, places):
        reply.feed(piece)
    whole = reply.whole()
    assert whole["choices"][0]["message"]["content"] == "".join(texts)
    assert whole["safety"] == {"crisis": True}
    said = [text for text in texts if text]
    assert (reply.first_at is None) == (not said)
    assert len(reply.gaps) == max(0, len(said) - 1)


def test_a_character_that_is_split_over_two_pieces_stays_whole() -> None:
    data = event("Grüße 🌱") + DONE
    at = data.index("🌱".encode()) + 2
    reply = ticking()
    reply.feed(data[:at])
    reply.feed(data[at:])
    assert reply.text == "Grüße 🌱"


def test_first_words_are_timed_when_they_come_and_not_when_the_role_does() -> None:
    moments = iter([5.0, 7.0])
    reply = StreamedReply(lambda: next(moments))
    reply.feed(event(None))
    reply.feed(event(""))
    assert reply.first_at is None
    reply.feed(event("Hello"))
    reply.feed(event(" there"))
    assert reply.first_at == 5.0
    assert reply.gaps == [2.0]


def test_a_stream_without_its_end_mark_is_no_reply() -> None:
    reply = ticking()
    reply.feed(event("Hello"))
    with pytest.raises(StreamError, match="ended early"):
        reply.whole()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"data: {broken\n\n", "unparsable"),
        (b"data: [1]\n\n", "unparsable"),
        (b'data: {"error": {"message": "overloaded"}}\n\n', "reports an error"),
    ],
)
def test_what_is_no_piece_of_a_completion_is_told(data: bytes, why: str) -> None:
    with pytest.raises(StreamError, match=why):
        ticking().feed(data)


@pytest.mark.parametrize("choices", [None, [], [1], [{"delta": 3}], [{"delta": {"content": 3}}]])
def test_odd_choices_hold_no_words_and_break_nothing(choices: object) -> None:
    reply = ticking()
    reply.feed(f"data: {json.dumps({'choices': choices})}\n\n".encode() + DONE)
    assert reply.text == ""
    reply.whole()
