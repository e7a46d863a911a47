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
_TOO_LONG = "an answer is longer, or lasts longer, than is read of it"
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
        header = f"{name}: {value}".encode("latin-1", "replace")
        yield from eyes.in_field(header, SinkKind.HEADER, place, name)
    yield Looked(SinkKind.HEADER, place)
    kind = SinkKind.REPLY if answer.served else SinkKind.ERROR_PAGE
    own = source if answer.served else None
    yield from eyes.in_bytes(answer.content, kind, place, but=own)
    yield Looked(kind, place, _TOO_LONG if answer.cut else "")


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
                yield from in_answer(eyes, answer, place, source=None)
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
            pages = _asked(self.service, path)
            for answer in pages:
                for each in eyes.in_bytes(answer.content, SinkKind.METRICS, place):
                    if isinstance(each, Sighting):
                        yield replace(each, symbol=_metric(answer.content, each.line))
                    else:
                        yield each
            yield Looked(SinkKind.METRICS, place, self._trouble(pages))

    def _trouble(self, pages: Sequence[Answer]) -> str:
        served = [each for each in pages if each.served]
        if not served:
            status = pages[-1].status if pages else 0
            return f"answers {status}; name the address of metrics in [phi.trace] metrics"
        return _TOO_LONG if any(each.cut for each in served) else ""


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
            pages = _asked(self.service, path)
            trouble = "" if pages else "no answer"
            for answer in pages:
                yield from eyes.in_bytes(answer.content, SinkKind.DEBUG, place)
                trouble = _TOO_LONG if answer.cut else trouble
            yield Looked(SinkKind.DEBUG, place, trouble)


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
        trouble = "something passed that the proxy could not keep" if self.recorder.cut else ""
        if not recorded:
            trouble = (
                "nothing came to the recording proxy; let the service find its model provider at "
                f"{self.recorder.url} ([phi.trace.prompts] listen)"
            )
        for kind in (SinkKind.PROMPT, SinkKind.URL):
            yield Looked(kind, "model provider", trouble)


def _in_address(eyes: Eyes, recorded: Recorded, place: str) -> Iterator[Sighting | Looked]:
    asked = parse_qsl(urlsplit(recorded.target).query, keep_blank_values=True)
    name = next((name for name, value in asked if eyes.has(value)), None)
    target = recorded.target.encode("latin-1", "replace")
    yield from eyes.in_field(target, SinkKind.URL, place, name)
    for header, value in recorded.headers:
        whole = f"{header}: {value}".encode("latin-1", "replace")
        yield from eyes.in_field(whole, SinkKind.URL, place, header)


def _asked(service: Service, path: str) -> list[Answer]:
    """Ask as anyone, then with the target's credentials; return what answers, a page once.

    A refusal is an answer too: what goes wrong there is shown as well.
    """
    request = Request("GET", path, root=True)
    pages: dict[tuple[int, bytes], Answer] = {}
    for ask in (service.send_as, service.send):
        try:
            answer = ask(request)
        except TargetError:
            continue
        pages[answer.status, answer.content] = answer
    return list(pages.values())


def _metric(page: bytes, line: int | None) -> str | None:
    """Name the metric of a line of Prometheus' text format."""
    lines: Iterable[bytes] = page.split(b"\n")
    text = next((each for number, each in enumerate(lines, start=1) if number == line), b"")
    return text.partition(b"{")[0].decode("utf-8", "replace") if b"{" in text else None
