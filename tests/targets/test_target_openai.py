"""Chat completions, whole and streamed: the same answer either way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from clinigate.config.target import OpenAISpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import TargetError
from clinigate.targets import build_target
from clinigate.targets.sse import SseDecoder

CHAT, CRISIS, EMOTION = Capability.CHAT, Capability.CRISIS, Capability.EMOTION
TALK = (Turn("system", "be kind"), Turn("user", "hello"))
SAID = "I\u2028hear you."  # a line separator, which JSON may hold and SSE must not break at


def completion(message: Any, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c1", "object": "chat.completion", "choices": [choice | more]}


def chunks(*deltas: Any, finish: str | None = "stop", **top: Any) -> list[Any]:
    pieces = [{"id": "c1", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    last = {"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    return [*pieces, last, {"choices": [], "usage": {"total_tokens": 3}, **top}]


class Service:
    """Answers whole or in pieces and keeps what it was asked."""

    def __init__(self, answer: Any, *, done: bool = True) -> None:
        self.answer = answer
        self.done = done
        self.bodies: list[Any] = []
        self.app = Starlette(routes=[Route("/v1/chat/completions", self.chat, methods=["POST"])])

    async def chat(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        if isinstance(self.answer, list):
            return StreamingResponse(self.stream(), media_type="text/event-stream")
        return JSONResponse(self.answer)

    async def stream(self) -> Any:
        yield ": hello\n\n"
        for chunk in self.answer:
            yield "data: " + json.dumps(chunk, ensure_ascii=False) + "\n\n"
        if self.done:
            yield "data: [DONE]\n\n"


def ask(serve: Any, service: Service, capability: Capability = CHAT, **table: Any) -> Reply:
    spec = OpenAISpec.model_validate(
        {"kind": "openai", "base_url": serve(service.app) + "/v1/", "model": "m-1", **table}
    )

    async def run() -> Reply:
        target = build_target(spec, base_dir=Path(), environ={})
        try:
            return await target.ask(TALK, capability=capability, timeout_s=20, seed=4)
        finally:
            await target.aclose()

    return asyncio.run(run())


def test_whole_and_streamed_say_the_same(serve: Any) -> None:
    """The pieces are put together into what would have come whole."""
    whole = ask(serve, Service(completion({"role": "assistant", "content": SAID})))
    pieces = [{"role": "assistant"}, {"content": ""}, *({"content": letter} for letter in SAID)]
    service = Service(chunks(*pieces, service_tier="x"))
    streamed = ask(serve, service, stream=True, temperature=0.0)
    assert whole.text == streamed.text == SAID
    assert "first_token_s" not in whole.raw
    assert 0 < streamed.raw["first_token_s"] <= streamed.latency_s
    assert streamed.raw["body"]["usage"] == {"total_tokens": 3}
    assert streamed.raw["body"]["choices"][0]["finish_reason"] == "stop"
    assert service.bodies == [
        {
            "model": "m-1",
            "messages": [
                {"role": "system", "content": "be kind"},
                {"role": "user", "content": "hello"},
            ],
            "seed": 4,
            "temperature": 0.0,
            "stream": True,
        }
    ]


def test_a_service_that_does_not_stream_is_understood(serve: Any) -> None:
    """Asked for pieces, it answers whole: no reason to lose the answer."""
    reply = ask(serve, Service(completion({"content": "hi"})), stream=True)
    assert reply.text == "hi"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (completion({"content": None}), Outcome.EMPTY),
        (completion({"content": "  "}), Outcome.EMPTY),
        (completion({"content": None, "refusal": "I cannot."}), Outcome.REFUSED),
        (completion({"content": "…"}, finish_reason="content_filter"), Outcome.REFUSED),
        (completion({"content": "hi", "refusal": None}), Outcome.ANSWERED),
        (completion({"content": "hi"}, finish_reason="length"), Outcome.ANSWERED),
        (completion({"content": [{"type": "text"}]}), Outcome.UNPARSABLE),
        (completion({}), Outcome.UNPARSABLE),
        (completion("hi"), Outcome.UNPARSABLE),
        ({"choices": []}, Outcome.UNPARSABLE),
        ({"error": "x"}, Outcome.UNPARSABLE),
        (chunks({"content": "hi"}), Outcome.ANSWERED),
        (chunks({"content": ""}), Outcome.EMPTY),
        (chunks(), Outcome.EMPTY),
        (chunks({"refusal": "I "}, {"refusal": "cannot"}), Outcome.REFUSED),
        (chunks({"content": "hi"}, finish="content_filter"), Outcome.REFUSED),
    ],
)
def test_outcomes(serve: Any, answer: Any, outcome: Outcome) -> None:
    """A refusal is told from silence, and silence from nonsense."""
    assert ask(serve, Service(answer)).outcome is outcome


@pytest.mark.parametrize(("finish", "outcome"), [("stop", Outcome.ANSWERED), (None, Outcome.ERROR)])
def test_a_stream_without_its_end_mark(serve: Any, finish: str | None, outcome: Outcome) -> None:
    """With a reason to finish it is whole; without either it may be cut."""
    service = Service(chunks({"content": "hi"}, finish=finish), done=False)
    assert ask(serve, service, retries=0).outcome is outcome


@pytest.mark.parametrize("streamed", [True, False])
def test_crisis_and_emotion_beside_the_text(serve: Any, streamed: bool) -> None:
    """Paths into the completion offer more than chat."""
    extra: dict[str, Any] = {"safety": {"crisis": True, "p": 0.9}, "emotion": "sadness"}
    answer = (
        chunks({"content": "hi"}, **extra) if streamed else completion({"content": "hi"}) | extra
    )
    paths = {"flag": "safety.crisis", "score": "$.safety.p", "emotion": "emotion"}
    for capability in (CHAT, CRISIS, EMOTION):
        reply = ask(serve, Service(answer), capability, answer=paths)
        assert (reply.text, reply.flag, reply.score, reply.emotion) == ("hi", True, 0.9, "sadness")


def test_a_missing_flag_spoils_a_crisis_answer_alone(serve: Any) -> None:
    """For chat it is an extra, for crisis it is the point."""
    service = Service(completion({"content": "hi"}))
    assert ask(serve, service, CHAT, answer={"flag": "crisis"}).answered
    reply = ask(serve, service, CRISIS, answer={"flag": "crisis"})
    assert reply.outcome is Outcome.UNPARSABLE
    assert "flag, looked up as 'crisis', gives nothing" in str(reply.error)


def test_without_a_path_there_is_only_chat(serve: Any) -> None:
    """A crisis flag is never read out of the words."""
    with pytest.raises(TargetError, match="m-1 offers no crisis, only chat"):
        ask(serve, Service(completion({"content": "hi"})), CRISIS)


def decode(stream: bytes, cuts: list[int]) -> list[bytes]:
    decoder, start = SseDecoder(), 0
    events: list[bytes] = []
    for end in [*sorted(cuts), len(stream)]:
        events += decoder.feed(stream[start:end])
        start = max(start, end)
    return events


EVENT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).map(str.encode)


@given(
    st.lists(EVENT, max_size=5),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.data(),
)
def test_events_are_the_same_wherever_the_bytes_are_cut(
    events: list[bytes], end: bytes, bom: bytes, data: Any
) -> None:
    """Cut anywhere, ended by any of the three line ends, with comments between."""
    # One more line keeps the last event from ending in a carriage return that may be half an end.
    body = b"".join(b": note" + end + b"data: " + event + end + end for event in events)
    stream = bom + body + b":"
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))
    assert decode(stream, cuts) == events


def test_lines_of_one_event_are_joined() -> None:
    """And other fields, and data without a blank after the colon, are read as the standard says."""
    assert decode(b"event: x\ndata:a\ndata\ndata: b\nid: 1\n\ndata: lost", []) == [b"a\n\nb"]
