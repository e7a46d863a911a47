"""What is sent to a target and how its answers are read: the same for every worker.

A plan is plain JSON, so that Locust's master can hand it to workers on other machines. It names
the variables that hold credentials and never their values: each worker reads its own environment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jmespath
from pydantic import TypeAdapter

from clinigate.config.target import HttpSpec, OpenAISpec, TargetSpec
from clinigate.config.target_values import to_jmespath
from clinigate.core.case import Turn
from clinigate.core.target import Capability
from clinigate.errors import ConfigError
from clinigate.load.script import Heard
from clinigate.targets.messages import messages_of
from clinigate.targets.template import encode_json, fill_template

__all__ = ["Asking", "asking_for", "from_plain", "to_plain"]

_OPENAI_TEXT = "choices[0].message.content"


@dataclass(frozen=True, slots=True)
class Asking:
    """How to ask one target.

    Attributes:
        spec: its table. base_dir: against which its paths are read.
        method, url: of a request. streamed: whether the reply is asked for piece by piece.
    """

    spec: HttpSpec | OpenAISpec
    base_dir: Path
    method: str
    url: str
    streamed: bool
    _paths: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The target, for a reader."""
        return self.spec.name or self.spec.base_url.partition("://")[2]

    @property
    def flags(self) -> bool:
        """Whether answers hold a crisis flag."""
        return "flag" in self._paths

    def body(self, turns: Sequence[Turn]) -> bytes:
        """Return the body of a request that continues a conversation."""
        if isinstance(self.spec, HttpSpec):
            chat = self.spec.chat
            assert chat is not None
            return encode_json(
                fill_template(chat.request, turns, capability=Capability.CHAT, seed=None)
            )
        request: dict[str, Any] = {"model": self.spec.model, "messages": messages_of(turns)}
        if self.spec.temperature is not None:
            request["temperature"] = self.spec.temperature
        if self.spec.stream:
            request["stream"] = True
        return encode_json(request)

    def read(self, body: bytes) -> Heard:
        """Take in an answer that came in one piece."""
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            return Heard("unparsable")
        return self.read_answer(answer)

    def read_answer(self, answer: Any) -> Heard:
        """Take in a parsed answer: refused, unparsable, empty, or words and maybe a flag."""
        refusal = self._find("refusal", answer)
        if refusal is True or (isinstance(refusal, str) and refusal.strip()):
            return Heard("refused")
        text, flag = self._find("text", answer), self._find("flag", answer)
        if not isinstance(text, str) or not (flag is None or isinstance(flag, bool)):
            return Heard("unparsable")
        return Heard(None, text, flag) if text.strip() else Heard("empty")

    def _find(self, field: str, answer: Any) -> Any:
        path = self._paths.get(field)
        if path is None:
            return None
        try:
            return path.search(answer)
        except (jmespath.exceptions.JMESPathError, ArithmeticError, TypeError, ValueError):
            return None


def asking_for(spec: TargetSpec, base_dir: Path) -> Asking:
    """Return how to ask the target of a `[target]` table.

    Raises:
        ConfigError: a kind that takes no requests over a network, or one without chat.
    """
    if isinstance(spec, OpenAISpec):
        paths = {"text": _OPENAI_TEXT, **spec.answer.model_dump(exclude_none=True)}
        url = f"{spec.base_url}/chat/completions"
        return Asking(spec, base_dir, "POST", url, spec.stream, _compiled(paths))
    if not isinstance(spec, HttpSpec):
        raise ConfigError(
            f"[target] kind is {spec.kind!r}, which takes no requests over a network; load needs "
            "kind = 'http' or 'openai'"
        )
    if spec.chat is None:
        raise ConfigError(
            "[target] offers no chat, and load plays conversations; add [target.chat]"
        )
    paths = spec.chat.answer.model_dump(exclude_none=True)
    url = spec.base_url + spec.chat.path
    streamed = _asks_for_stream(spec.chat.request)
    return Asking(spec, base_dir, spec.chat.method, url, streamed, _compiled(paths))


def to_plain(asking: Asking) -> dict[str, Any]:
    """Return the plan's part about the target as plain JSON."""
    return {
        "spec": json.loads(asking.spec.model_dump_json()),
        "base_dir": str(asking.base_dir.resolve()),
    }


def from_plain(data: Mapping[str, Any]) -> Asking:
    """Return what `to_plain` wrote."""
    adapter: TypeAdapter[Any] = TypeAdapter(TargetSpec)
    spec = adapter.validate_json(json.dumps(data["spec"]))
    return asking_for(spec, Path(data["base_dir"]))


def _compiled(paths: Mapping[str, str]) -> dict[str, Any]:
    used = ("text", "flag", "refusal")
    return {
        field: jmespath.compile(to_jmespath(path)) for field, path in paths.items() if field in used
    }


def _asks_for_stream(template: Any) -> bool:
    return isinstance(template, dict) and template.get("stream") is True
