"""A service with OpenAI's chat completions as a target, in one piece or streamed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from clinigate.config.target import OpenAISpec
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.targets.answer import Found, keys_of, read_answer
from clinigate.targets.attempt import AttemptError
from clinigate.targets.clock import Clock
from clinigate.targets.http_json import AnswerPaths, parse_answer
from clinigate.targets.messages import messages_of
from clinigate.targets.sse import SseDecoder
from clinigate.targets.wire import Wire, body_of, pieces_of

__all__ = ["OpenAIBackend"]

_PATHS = {"text": "choices[0].message.content", "refusal": "choices[0].message.refusal"}
_DONE = b"[DONE]"


class OpenAIBackend:
    """Asks for a chat completion. Crisis and emotion are offered where the answer holds them."""

    def __init__(self, wire: Wire, spec: OpenAISpec, clock: Clock) -> None:
        self._wire = wire
        self._spec = spec
        self._clock = clock
        self._extras = AnswerPaths(spec.answer)
        offered = {Capability.CHAT}
        if spec.answer.flag is not None:
            offered.add(Capability.CRISIS)
        if spec.answer.emotion is not None:
            offered.add(Capability.EMOTION)
        self._capabilities = frozenset(offered)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Chat, and what `[target.answer]` finds."""
        return self._capabilities

    async def send(
        self, turns: Sequence[Turn], *, capability: Capability, seed: int | None
    ) -> Reply:
        """Ask for one completion; a streamed one is put together as if it had come whole."""
        received = await self._wire.exchange(
            "POST",
            "/chat/completions",
            self._request(turns, seed),
            field="[target]",
            read=self._read,
        )
        body, first = received.value
        raw: dict[str, Any] = {"status": received.status, "body": body}
        if first is not None:
            raw["first_token_s"] = first - received.sent_at
        found = Found(
            values=self._extras.find(body) | _message(body),
            paths=_PATHS | self._extras.shown,
            required=self._required(capability),
            keys=keys_of(body),
            mend="[target.answer], or [target] base_url",
            raw=raw,
        )
        return read_answer(found, capability=capability, latency_s=received.latency_s)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()

    def _required(self, capability: Capability) -> frozenset[str]:
        """The text always; for crisis and emotion what speaks of them too."""
        about = {
            Capability.CHAT: {"events"},
            Capability.CRISIS: {"flag", "score", "events"},
            Capability.EMOTION: {"emotion"},
        }
        return frozenset({"text"} | (about.get(capability, set()) & self._extras.shown.keys()))

    def _request(self, turns: Sequence[Turn], seed: int | None) -> dict[str, Any]:
        request: dict[str, Any] = {"model": self._spec.model, "messages": messages_of(turns)}
        options = {
            "seed": seed,
            "temperature": self._spec.temperature,
            "stream": True if self._spec.stream else None,
        }
        return request | {name: value for name, value in options.items() if value is not None}

    async def _read(self, response: httpx.Response) -> tuple[Any, float | None]:
        """Return the completion and when its first piece of text came, if it came in pieces."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/event-stream":
            return parse_answer(self._wire.censor(await body_of(response))), None
        decoder, completion = SseDecoder(), _Completion()
        async for piece in pieces_of(response):
            for data in decoder.feed(piece):
                if data.strip() == _DONE:
                    completion.done = True
                else:
                    completion.add(parse_answer(self._wire.censor(data)), self._clock.now())
        return completion.whole(), completion.first_text_at


@dataclass(slots=True)
class _Completion:
    """A completion that is being put together from its chunks."""

    done: bool = False
    first_text_at: float | None = None
    _top: dict[str, Any] = field(default_factory=dict)
    _texts: dict[str, list[str]] = field(default_factory=dict)
    _finish_reason: str | None = None

    def add(self, chunk: Any, now: float) -> None:
        """Take in one chunk that arrived at `now`.

        Raises:
            AttemptError: it is no chunk of a completion, or it reports an error.
        """
        if not isinstance(chunk, dict):
            raise AttemptError(Outcome.UNPARSABLE, f"a chunk of the stream has {keys_of(chunk)}")
        if chunk.get("error"):
            raise AttemptError(Outcome.ERROR, "the service reports an error within its stream")
        self._top |= {key: value for key, value in chunk.items() if key != "choices"}
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else {}
        if not isinstance(choice, dict):
            raise AttemptError(Outcome.UNPARSABLE, "a choice within the stream is no object")
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        delta = choice.get("delta")
        for name, text in delta.items() if isinstance(delta, dict) else ():
            if name in ("content", "refusal") and isinstance(text, str):
                self._texts.setdefault(name, []).append(text)
                if text and self.first_text_at is None:
                    self.first_text_at = now

    def whole(self) -> dict[str, Any]:
        """Return it in the form of a completion that came in one piece.

        Raises:
            AttemptError: the stream ended without its end mark, so that part of it may be lost.
        """
        if not self.done and self._finish_reason is None:
            raise AttemptError(
                Outcome.ERROR, "the stream ended before its end mark", retryable=True
            )
        message = {name: "".join(texts) for name, texts in self._texts.items()}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": None} | message,
            "finish_reason": self._finish_reason,
        }
        return self._top | {"choices": [choice]}


def _message(body: Any) -> dict[str, Any]:
    """Return text and refusal of the first choice; a null content is a blank one."""
    try:
        choice = body["choices"][0]
        message = choice["message"]
        text = message["content"]
        refusal = message.get("refusal") or choice.get("finish_reason") == "content_filter"
    except (KeyError, IndexError, TypeError, AttributeError):
        return {"text": None, "refusal": None}
    return {"text": "" if text is None else text, "refusal": refusal}
