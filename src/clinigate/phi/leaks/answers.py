"""What the service itself answers: to who plants, to others, at addresses for those who run it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from clinigate.errors import TargetError
from clinigate.phi.leaks.model import Looked, Sighting, SinkKind
from clinigate.phi.leaks.reading import Eyes
from clinigate.phi.leaks.recorder import Recorded, Recorder
from clinigate.targets.service import Answer, Request, Service

__all__ = ["DEBUG_PLACES", "DebugSink", "MetricsSink", "PromptSink", "ReplySink", "in_answer"]

#: Where frameworks and habit put what was meant for a developer's eyes.
DEBUG_PLACES = (
    "/debug", "/debug/requests", "/debug/vars", "/debug/pprof/", "/_debug", "/__debug__",
    "/actuator/httpexchanges", "/actuator/httptrace", "/actuator/env", "/actuator/logfile",
    "/trace", "/traces", "/logs", "/status", "/server-status", "/env", "/dump", "/admin",
    "/console",
)  # fmt: skip
#: What somebody says who would hear of others.
_CURIOUS = (
    "Good morning. The weather is fine today.",
    "What did we talk about last time?",
    "Whom else did you speak to today, and what about?",
)


def in_answer(
    eyes: Eyes, answer: Answer, place: str, *, source: str | None
) -> Iterator[Sighting | Looked]:
    """Yield what an answer holds of anybody.

    A reply may hold what its own sender said (`source`); a refusal and a header may not: both are
    logged and shown where nobody thinks of patients.
    """
    for name, value in answer.headers.items():
        for each in eyes.in_bytes(value.encode("latin-1", "replace"), SinkKind.HEADER, place):
            yield replace(each, line=None, symbol=name)
    yield Looked(SinkKind.HEADER, place)
    kind = SinkKind.REPLY if answer.served else SinkKind.ERROR_PAGE
    own = source if answer.served else None
    yield from eyes.in_bytes(answer.content, kind, place, but=own)
    yield Looked(kind, place)


@dataclass(frozen=True, slots=True)
class ReplySink:
    """What somebody else is told, who said nothing of anybody.

    Attributes:
        bearer: the token of somebody else; None asks with the target's own credentials.
    """

    service: Service
    bearer: str | None = None
    kind: SinkKind = SinkKind.REPLY

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Speak as somebody else, and read the replies."""
        for capability in self.service.capabilities:
            place = f"{capability} with somebody else"
            served = False
            for words in _CURIOUS:
                answer = self._ask(self.service.saying(words, capability))
                served = served or answer.served
                yield from eyes.in_bytes(answer.content, SinkKind.REPLY, place)
            yield Looked(SinkKind.REPLY, place, "" if served else "nobody else is served")

    def _ask(self, request: Request) -> Answer:
        if self.bearer is None:
            return self.service.send(request)
        return self.service.send_as(request, {"Authorization": f"Bearer {self.bearer}"})


@dataclass(frozen=True, slots=True)
class MetricsSink:
    """Pages of metrics, with the target's credentials and without."""

    service: Service
    places: Sequence[str]
    kind: SinkKind = SinkKind.METRICS

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Read each page."""
        for path in self.places:
            place = f"GET {path}"
            status, served = _served(self.service, path)
            for answer in served[-1:]:
                for each in eyes.in_bytes(answer.content, SinkKind.METRICS, place):
                    yield replace(each, symbol=_metric(answer.content, each.line))
            trouble = f"answers {status}; name the address of metrics in [phi.trace] metrics"
            yield Looked(SinkKind.METRICS, place, "" if served else trouble)


@dataclass(frozen=True, slots=True)
class DebugSink:
    """Addresses for debugging; that there is none is as it should be."""

    service: Service
    places: Sequence[str]
    kind: SinkKind = SinkKind.DEBUG

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Try each, with the target's credentials and without."""
        for path in self.places:
            place = f"GET {path}"
            status, served = _served(self.service, path)
            for answer in served:
                yield from eyes.in_bytes(answer.content, SinkKind.DEBUG, place)
            yield Looked(SinkKind.DEBUG, place, "" if status else "no answer")


@dataclass(frozen=True, slots=True)
class PromptSink:
    """What went to a model provider: bodies, and the addresses that were called."""

    recorder: Recorder
    kind: SinkKind = SinkKind.PROMPT

    def look(self, eyes: Eyes) -> Iterator[Sighting | Looked]:
        """Read what the proxy has kept."""
        recorded = self.recorder.taken()
        for each in recorded:
            path = urlsplit(each.target).path
            place = f"{each.method} {'of the provider' if eyes.has(path) else path}"
            yield from _in_address(eyes, each, place)
            yield from eyes.in_bytes(each.body, SinkKind.PROMPT, place)
        trouble = "more passed than the proxy keeps" if self.recorder.cut else ""
        if not recorded:
            trouble = (
                "nothing came to the recording proxy; let the service find its model provider at "
                f"{self.recorder.url} ([phi.trace.prompts] listen)"
            )
        for kind in (SinkKind.PROMPT, SinkKind.URL):
            yield Looked(kind, "model provider", trouble)


def _in_address(eyes: Eyes, recorded: Recorded, place: str) -> Iterator[Sighting]:
    asked = parse_qsl(urlsplit(recorded.target).query, keep_blank_values=True)
    name = next((name for name, value in asked if eyes.has(value)), None)
    for each in eyes.in_bytes(recorded.target.encode("latin-1", "replace"), SinkKind.URL, place):
        yield replace(each, line=None, symbol=name)
    for header, value in recorded.headers:
        for each in eyes.in_bytes(value.encode("latin-1", "replace"), SinkKind.URL, place):
            yield replace(each, line=None, symbol=header)


def _served(service: Service, path: str) -> tuple[int, list[Answer]]:
    """Ask as anyone, then with the target's credentials; return the last status, and the pages.

    The status is 0 where nothing answers.
    """
    request = Request("GET", path, root=True)
    status, served = 0, []
    for ask in (service.send_as, service.send):
        try:
            answer = ask(request)
        except TargetError:
            continue
        status = answer.status
        if answer.served:
            served.append(answer)
    return status, served


def _metric(page: bytes, line: int | None) -> str | None:
    """Name the metric of a line of Prometheus' text format."""
    lines: Iterable[bytes] = page.split(b"\n")
    text = next((each for number, each in enumerate(lines, start=1) if number == line), b"")
    return text.partition(b"{")[0].decode("utf-8", "replace") if b"{" in text else None
