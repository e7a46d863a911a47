"""The `[target]` table takes what is meant and refuses the rest in one sentence without secrets."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from clinigate.config.target import TARGET_MODELS, HttpSpec, TargetSpec
from clinigate.config.target_values import to_jmespath

SECTION = {"path": "/c", "request": {"m": "{{messages}}"}, "answer": {"text": "reply"}}
HTTP = {"kind": "http", "base_url": "https://therapy.example", "chat": SECTION}


class Config(BaseModel):
    target: TargetSpec


def load(table: dict[str, Any]) -> Any:
    return Config.model_validate({"target": table}).target


def trouble(table: dict[str, Any]) -> tuple[str, str]:
    """The field and the message of the first thing that is wrong."""
    with pytest.raises(ValidationError) as caught:
        load(table)
    error = caught.value.errors(include_input=False)[0]
    return ".".join(str(part) for part in error["loc"]), error["msg"]


@pytest.mark.parametrize(
    "table",
    [
        HTTP,
        {"kind": "python", "function": "bot:reply", "capabilities": ["chat", "crisis"]},
        {"kind": "openai", "base_url": "http://localhost:8000/v1", "model": "m", "stream": True},
        {"kind": "asgi", "app": "service.main:app", "chat": SECTION},
        {"kind": "replay", "path": "recorded.ndjson"},
    ],
    ids=lambda table: table["kind"],
)
def test_each_kind_loads(table: dict[str, Any]) -> None:
    """Every kind has its model, frozen and with the defaults that the documentation names."""
    spec: Any = load(table)
    assert type(spec) is TARGET_MODELS[table["kind"]]
    with pytest.raises(ValidationError):
        setattr(spec, "name", "other")  # noqa: B010 - the checker knows that it cannot


def test_defaults() -> None:
    """One retry, 30 s, eight at a time, verified TLS."""
    spec = load(HTTP)
    assert (spec.retries, spec.timeout_s, spec.limits.concurrency) == (1, 30.0, 8)
    assert spec.tls.verify


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"base_ur": "x"}, "target.http.base_ur", "Extra inputs"),
        ({"chat": None}, "target.http", "offers nothing"),
        ({"base_url": "therapy.example"}, "target.http.base_url", "http:// or https://"),
        ({"base_url": "https://u:hunter2@h"}, "target.http.base_url", "[target.auth]"),
        ({"base_url": "https://h/?key=1"}, "target.http.base_url", "before any ?"),
        ({"base_url": "https://h:99999"}, "target.http.base_url", "is no URL"),
        ({"base_url": "https://h\n"}, "target.http.base_url", "name a host"),
        ({"retries": 6}, "target.http.retries", "less than or equal to 5"),
        ({"timeout_s": 0}, "target.http.timeout_s", "greater than 0"),
        ({"tls": {"verify": "no"}}, "target.http.tls.verify", "boolean"),
        ({"tls": {"verify": False, "ca_file": "a"}}, "target.http.tls", "drop one"),
        ({"limits": {"concurrency": 0}}, "target.http.limits.concurrency", "greater"),
        ({"limits": {"concurrency": True}}, "target.http.limits.concurrency", "integer"),
        ({"limits": {"requests_per_minute": 0}}, "target.http.limits.requests_per_minute", ""),
        ({"auth": {"bearer_env": "sk-1234"}}, "target.http.auth.bearer_env", "not its value"),
        (
            {"auth": {"bearer_env": "A", "headers": {"Authorization": {"env": "B"}}}},
            "target.http.auth",
            "give one of",
        ),
        ({"auth": {"headers": {"X-Api-Key": "hunter2"}}}, "target.http.auth.headers", "may hold"),
        ({"auth": {"headers": {"X-Team": "a\nb"}}}, "target.http.auth.headers", "printable"),
        ({"auth": {"headers": {"bad name": "a"}}}, "target.http.auth.headers", "no header name"),
        ({"auth": {"headers": {"Host": "a"}}}, "target.http.auth.headers", "cannot be given"),
    ],
)
def test_what_is_refused(change: dict[str, Any], field: str, words: str) -> None:
    """The field is named, the sentence says what is wrong."""
    where, message = trouble(HTTP | change)
    assert where == field
    assert words in message


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"path": "c"}, "path", "start with one /"),
        ({"path": "//evil.example/c"}, "path", "start with one /"),
        ({"path": "/a b"}, "path", "blank"),
        ({"method": "GET"}, "method", "POST"),
        ({"request": {"q": "hello"}}, "request", "neither"),
        ({"request": {"q": "{{txt}}"}}, "request", "unknown placeholder {{txt}}"),
        ({"request": {"q": "say {{messages}}"}}, "request", "whole value"),
        ({"request": {"q": "{{messages}}{{messages}}"}}, "request", "whole value"),
        ({"request": {"{{text}}": "{{text}}"}}, "request", "in a key"),
        ({"request": {"q": "{{text}}", "t": float("nan")}}, "request", "nan"),
        ({"answer": {}}, "answer.text", "required"),
        ({"answer": {"text": "a["}}, "answer.text", "no JMESPath"),
        ({"answer": {"text": "$..a"}}, "answer.text", "write it as JMESPath"),
        ({"answer": {"text": "$.a[*]"}}, "answer.text", "write it as JMESPath"),
        ({"answer": {"text": ""}}, "answer.text", "at least 1"),
    ],
)
def test_what_a_section_refuses(change: dict[str, Any], field: str, words: str) -> None:
    """A section that could not be sent or read is refused when it is loaded."""
    where, message = trouble(HTTP | {"chat": SECTION | change})
    assert where == f"target.http.chat.{field}"
    assert words in message


@pytest.mark.parametrize("capability", ["crisis", "emotion"])
def test_a_section_must_say_where_its_answer_is(capability: str) -> None:
    """A crisis without a flag, an emotion without its name: nothing could be judged."""
    where, _ = trouble({"kind": "http", "base_url": "https://h", capability: SECTION})
    assert where.startswith(f"target.http.{capability}.answer.")


def test_a_secret_in_the_wrong_place_is_not_echoed() -> None:
    """Neither the error nor the model shows what was written where a reference belongs."""
    with pytest.raises(ValidationError) as caught:
        HttpSpec.model_validate(HTTP | {"auth": {"headers": {"X-Api-Key": "hunter2"}}})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", "@"),
        ("$.a.b", '"a"."b"'),
        ("$['a b'][\"c\"]", '"a b"."c"'),
        ("$.a[0].b[-1]", '"a"[0]."b"[-1]'),
        ("$[0]", "[0]"),
        ("a.b[0]", "a.b[0]"),
    ],
)
def test_jsonpath_is_translated(path: str, expected: str) -> None:
    """The steps that name one value have their counterpart in JMESPath."""
    assert to_jmespath(path) == expected


@given(st.lists(st.one_of(st.integers(0, 5), st.text("aä_ -.$@{}", min_size=1)), max_size=5))
def test_a_translated_path_finds_what_the_jsonpath_names(steps: list[int | str]) -> None:
    """Whatever the keys are, the translation looks up the same value."""
    body: Any = "found"
    for step in reversed(steps):
        body = {step: body} if isinstance(step, str) else [None] * step + [body]
    path = "$" + "".join(f"['{s}']" if isinstance(s, str) else f"[{s}]" for s in steps)
    assert jmespath.search(to_jmespath(path), body) == "found"
