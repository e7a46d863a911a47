"""What is sent to a target and how its answers are read: the same for every worker.

A plan is plain JSON, so that Locust's master can hand it to workers on other machines. It names
the variables that hold credentials and never their values: each worker reads its own environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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

#: Names and indices alone, as `choices[0].message.content`.
_PLAIN_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*")
_STEP = re.compile(r"([A-Za-z_]\w*)|\[(\d+)\]")
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
    _paths: Mapping[str, Callable[[Any], Any]]
    _frame: tuple[bytes, bytes]

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
        before, after = self._frame
        return b"".join((before, b",".join(map(_message, turns)), after))

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
        find = self._paths.get(field)
        return None if find is None else find(answer)


def asking_for(spec: TargetSpec, base_dir: Path) -> Asking:
    """Return how to ask the target of a `[target]` table.

    Raises:
        ConfigError: a kind that takes no requests over a network, or one without chat.
    """
    if isinstance(spec, OpenAISpec):
        paths = {"text": _OPENAI_TEXT, **spec.answer.model_dump(exclude_none=True)}
        url = f"{spec.base_url}/chat/completions"
        return Asking(spec, base_dir, "POST", url, spec.stream, _compiled(paths), _frame(spec))
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
    method = spec.chat.method
    return Asking(spec, base_dir, method, url, streamed, _compiled(paths), (b"", b""))


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


def _compiled(paths: Mapping[str, str]) -> dict[str, Callable[[Any], Any]]:
    used = ("text", "flag", "refusal")
    return {field: _finder(to_jmespath(path)) for field, path in paths.items() if field in used}


def _finder(path: str) -> Callable[[Any], Any]:
    """A search for one path. Plain steps are walked: a tenth of what JMESPath takes for them."""
    if _PLAIN_PATH.fullmatch(path):
        steps = [int(i) if i else name for name, i in _STEP.findall(path)]
        return lambda answer: _walked(steps, answer)
    compiled = jmespath.compile(path)

    def find(answer: Any) -> Any:
        try:
            return compiled.search(answer)
        except (jmespath.exceptions.JMESPathError, ArithmeticError, TypeError, ValueError):
            return None  # a function of the path met a type that it cannot work on

    return find


def _walked(steps: Sequence[str | int], answer: Any) -> Any:
    for step in steps:
        if isinstance(step, str):
            answer = answer.get(step) if isinstance(answer, dict) else None
        elif isinstance(answer, list) and step < len(answer):
            answer = answer[step]
        else:
            return None
    return answer


def _frame(spec: OpenAISpec) -> tuple[bytes, bytes]:
    """What stands before and after the messages of a completion request."""
    request: dict[str, Any] = {"model": spec.model, "messages": [None]}
    if spec.temperature is not None:
        request["temperature"] = spec.temperature
    if spec.stream:
        request["stream"] = True
    before, _, after = encode_json(request).rpartition(b"[null]")
    return before + b"[", b"]" + after


@lru_cache(maxsize=8192)
def _message(turn: Turn) -> bytes:
    """A message as JSON; a conversation sends its earlier ones again with every new one."""
    return encode_json(messages_of([turn])[0])


def _asks_for_stream(template: Any) -> bool:
    return isinstance(template, dict) and template.get("stream") is True
