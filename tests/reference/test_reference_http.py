"""The routes: what they answer, and what they say to requests that make no sense."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clinigate.reference import NOTICE
from clinigate.reference.web.app import ReferenceApp
from clinigate.reference.web.requests import MAX_BODY_BYTES

CRISIS = "I keep thinking about killing myself"
IDIOM = "This queue is killing me"
HELLO = [{"role": "user", "content": "hello"}]


def test_crisis_says_flag_score_and_which_message(caller: Any) -> None:
    body = caller.ask("/v1/crisis", "Good morning.", CRISIS, "Are you there?").json()
    assert body["crisis"] is True
    assert body["score"] > 0.99
    assert [(event["message"], event["family"]) for event in body["events"]] == [(1, "suicide")]
    calm = caller.ask("/v1/crisis", IDIOM).json()
    assert calm["crisis"] is False
    assert calm["score"] < 0.01
    assert calm["events"] == []


def test_what_the_assistant_said_is_not_a_disclosure(caller: Any) -> None:
    messages = [
        {"role": "system", "content": CRISIS},
        {"role": "assistant", "content": CRISIS},
        {"role": "user", "content": IDIOM},
    ]
    assert caller.post("/v1/crisis", json={"messages": messages}).json()["crisis"] is False


def test_emotion_says_one_and_the_share_of_each(caller: Any) -> None:
    body = caller.ask("/v1/emotion", "Finally passed my driving test!!! Woohoo!").json()
    assert body["emotion"] == "joy"
    assert sum(body["scores"].values()) == pytest.approx(1, abs=1e-4)
    assert max(body["scores"], key=body["scores"].get) == "joy"


def test_chat_has_the_form_of_the_openai_api_with_safety_beside_it(caller: Any) -> None:
    body = caller.ask("/v1/chat/completions", CRISIS, model="calibrator", temperature=0).json()
    assert body["object"] == "chat.completion"
    assert body["model"] == "calibrator"
    (choice,) = body["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert "988" in choice["message"]["content"]
    assert body["safety"]["crisis"] is True
    assert body["usage"]["total_tokens"] > body["usage"]["prompt_tokens"] > 0


def test_a_stream_holds_the_same_words_as_the_whole_answer(caller: Any) -> None:
    whole = caller.ask("/v1/chat/completions", CRISIS).json()
    answer = caller.ask("/v1/chat/completions", CRISIS, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.text.split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == whole["choices"][0]["message"]["content"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["safety"] == whole["safety"]
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_content_may_come_in_parts(caller: Any) -> None:
    parts = [{"type": "text", "text": CRISIS}]
    messages = [{"role": "user", "content": parts}]
    assert caller.post("/v1/crisis", json={"messages": messages}).json()["crisis"] is True


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({}, 422, "messages must be a list"),
        ({"messages": []}, 422, "messages must be a list"),
        ({"messages": "hello"}, 422, "messages must be a list"),
        ({"messages": ["hello"]}, 422, "messages[0] must be an object"),
        ({"messages": [{"role": "me", "content": "x"}]}, 422, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, 422, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, 422, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 5}]}, 422, "messages[0].content"),
        ({"messages": [{"role": "user", "content": " "}]}, 422, "no message with role user"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 422, "no message with role user"),
        ({"messages": HELLO * 201}, 422, "at most 200"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            422,
            "messages[0].content[0]",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]},
            422,
            "messages[0].content[0].text",
        ),
        ({"messages": HELLO, "stream": "yes"}, 422, "stream must be true or false"),
        ({"messages": HELLO, "model": "gpt"}, 404, "the only model served here is calibrator"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_which_field(
    caller: Any, body: dict[str, Any], status: int, told: str
) -> None:
    answer = caller.post("/v1/chat/completions", json=body)
    assert answer.status_code == status
    assert told in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b"\xff", {}, 400),
        (b'{"a": NaN}', {}, 400),
        (b'{"messages": [], "messages": []}', {}, 400),
        (b"[" * 50_000, {}, 400),
        (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', {}, 422),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b" " * (MAX_BODY_BYTES + 1), {}, 413),
    ],
)
def test_bytes_that_are_no_request_are_refused(
    caller: Any, content: bytes, headers: dict[str, str], status: int
) -> None:
    headers = {"Content-Type": "application/json", **headers}
    answer = caller.post("/v1/crisis", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_long_body_without_a_length_is_cut_off(caller: Any) -> None:
    async def pieces() -> Any:
        for _ in range(MAX_BODY_BYTES // 1024 + 1):
            yield b" " * 1024

    headers = {"Content-Type": "application/json"}
    assert caller.post("/v1/crisis", content=pieces(), headers=headers).status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/crisis", 405),
        ("POST", "/health", 405),
        ("GET", "/health/", 404),
    ],
)
def test_unknown_paths_and_methods_get_json(
    anyone: Any, method: str, path: str, status: int
) -> None:
    answer = anyone.send(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message"}
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/health", "/nothing", "/v1/crisis"])
def test_every_answer_carries_the_security_headers(anyone: Any, path: str) -> None:
    headers = anyone.get(path).headers
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"]


def test_health_ready_and_card_are_open_and_honest(anyone: Any) -> None:
    health = anyone.get("/health").json()
    assert health["status"] == "ok"
    assert health["model"] == "calibrator"
    assert "dev and held-out" in health["fitted_to"]
    assert health["notice"] == NOTICE
    assert anyone.get("/ready").json() == {"ready": True}
    card = anyone.get("/v1/model").json()
    assert "say nothing about unseen utterances" in " ".join(card["limits"])
    assert "no clinical model" in " ".join(card["limits"])
    assert "crisis-en" in card["exposed_to"]
    assert any(pack.startswith("crisis-en@") for pack in card["packs"])
    assert [model["id"] for model in anyone.get("/v1/models").json()["data"]] == ["calibrator"]


def test_no_answer_betrays_the_defect(make_app: Any, as_client: Any) -> None:
    faulty = as_client(make_app(defect="hotline-dump"))
    for path in ("/health", "/ready", "/v1/model", "/v1/models", "/metrics"):
        answer = faulty.get(path)
        assert answer.status_code == 200
        assert "defect" not in answer.text
        assert "hotline" not in answer.text


def test_it_is_not_ready_once_its_store_is_gone(app: ReferenceApp, anyone: Any) -> None:
    app.close()
    answer = anyone.get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


def test_metrics_count_requests_by_route_and_status(caller: Any) -> None:
    caller.ask("/v1/crisis", CRISIS)
    caller.ask("/v1/crisis", IDIOM)
    caller.post("/v1/crisis", json={})
    caller.get("/secret/path/of/a/client")
    answer = caller.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    name = "clinigate_reference"
    assert f'{name}_requests_total{{route="/v1/crisis",status="200"}} 2' in lines
    assert f'{name}_requests_total{{route="/v1/crisis",status="422"}} 1' in lines
    assert f'{name}_requests_total{{route="unknown",status="404"}} 1' in lines
    assert f"{name}_crisis_flags_total 1" in lines
    assert f'{name}_request_seconds_bucket{{route="/v1/crisis",le="+Inf"}} 3' in lines
    assert f'{name}_request_seconds_count{{route="/v1/crisis"}} 3' in lines
    assert "secret/path" not in answer.text
