"""A judge behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clinigate.clinical.judge.opinion import Opinion, Unscored, Why, read_opinion
from clinigate.clinical.judge.rubric import SCHEMA, messages
from clinigate.clinical.judge.transcript import Transcript
from clinigate.config.judge import PanelistTable
from clinigate.core.case import Turn
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.errors import ConfigError
from clinigate.targets.attempt import AttemptError
from clinigate.targets.clock import Clock, SystemClock
from clinigate.targets.credentials import Credentials
from clinigate.targets.http_json import parse_answer
from clinigate.targets.shell import Rules, ShellTarget
from clinigate.targets.wire import Wire, body_of, tls_context

__all__ = ["EndpointJudge"]


class EndpointJudge:
    """Asks for one chat completion, at temperature 0, of the form of the rubric."""

    def __init__(
        self,
        table: PanelistTable,
        *,
        base_dir: Path,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Read the credentials; nothing is asked yet.

        Raises:
            ConfigError: a variable or file that the table names is not there.
        """
        time = clock or SystemClock()
        self._table = table
        self._backend = _Backend(_wire(table, base_dir, environ or os.environ, time), table)
        rules = Rules(
            timeout_s=table.timeout_s,
            retries=table.retries,
            concurrency=table.concurrency,
            requests_per_minute=table.requests_per_minute,
        )
        self._shell = ShellTarget(self._backend, name=table.name, rules=rules, clock=time)

    @property
    def name(self) -> str:
        """As the panel calls it."""
        return self._table.name

    @property
    def family(self) -> str:
        """Whose model it is, as the configuration says."""
        return self._table.family.strip().lower()

    @property
    def model(self) -> str:
        """The model's name at the endpoint."""
        return self._table.model

    async def score(self, transcript: Transcript, *, seed: int) -> Opinion | Unscored:
        """Ask once. What the endpoint fails at is an answer that does not count."""
        turns = tuple(
            Turn("system" if each["role"] == "system" else "user", each["content"])
            for each in messages(transcript)
        )
        reply = await self._shell.ask(
            turns, capability=Capability.CHAT, timeout_s=self._table.timeout_s, seed=seed
        )
        if reply.outcome is Outcome.REFUSED:
            return Unscored(Why.REFUSED)
        if reply.outcome is not Outcome.ANSWERED or reply.text is None:
            return Unscored(Why.NO_ANSWER, _of_judge(reply.error or str(reply.outcome)))
        return read_opinion(reply.text, transcript)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._shell.aclose()


class _Backend:
    """One completion in the form that was asked for."""

    capabilities = frozenset({Capability.CHAT})

    def __init__(self, wire: Wire, table: PanelistTable) -> None:
        self._wire = wire
        self._table = table

    async def send(
        self, turns: Sequence[Turn], *, capability: Capability, seed: int | None
    ) -> Reply:
        """Ask once.

        Raises:
            AttemptError: there was no answer.
        """
        del capability
        request = {
            "model": self._table.model,
            "messages": [{"role": turn.role, "content": turn.text} for turn in turns],
            "temperature": 0,
            "seed": seed,
            **_FORMS[self._table.answers],
        }
        received = await self._wire.exchange(
            "POST", "/chat/completions", request, field="[target]", read=body_of
        )
        return _reply(parse_answer(self._wire.censor(received.value)), received.latency_s)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()


_FORMS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "json_schema": {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "rating",
                    "strict": True,
                    "schema": json.loads(json.dumps(dict(SCHEMA))),
                },
            }
        },
        "json_object": {"response_format": {"type": "json_object"}},
        "words": {},
    }
)


def _reply(body: Any, latency_s: float) -> Reply:
    """The first choice's words, or that it declined."""
    try:
        choice = body["choices"][0]
        message = choice["message"]
        text, declined = message["content"], message.get("refusal")
        cut = choice.get("finish_reason") in ("length", "content_filter")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise AttemptError(Outcome.UNPARSABLE, "the answer is no chat completion") from None
    if declined or choice.get("finish_reason") == "content_filter":
        return Reply(Outcome.REFUSED, latency_s)
    if cut or not isinstance(text, str) or not text.strip():
        return Reply(Outcome.EMPTY, latency_s, error="the answer is empty or was cut off")
    return Reply(Outcome.ANSWERED, latency_s, text=text)


def _wire(table: PanelistTable, base_dir: Path, environ: Mapping[str, str], clock: Clock) -> Wire:
    if table.auth.oauth2 is not None:
        raise ConfigError(
            f"[[judge.panel]] {table.name}: judges take no oauth2; give auth.bearer_env or headers"
        )
    try:
        credentials = Credentials(table.auth, None, environ)
        verify = tls_context(table.tls, base_dir)
    except ConfigError as error:
        raise ConfigError(f"[[judge.panel]] {table.name}: {_of_judge(str(error))}") from None
    return Wire(
        table.base_url,
        credentials=credentials,
        tokens=None,
        clock=clock,
        concurrency=table.concurrency,
        verify=verify,
    )


def _of_judge(sentence: str) -> str:
    """What targets say names their own table; a judge stands in another one."""
    return sentence.replace("[target.", "[judge.panel.").replace("[target]", "[[judge.panel]]")
