"""Asking many addresses: one that hangs, or never ends, is told of once and not asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from clinigate.errors import TargetError
from clinigate.hipaa.interface import Operation
from clinigate.hipaa.tally import Tally
from clinigate.targets.service import Answer, Request, Service

__all__ = ["UNREADABLE", "Asker", "says_why_not"]

UNREADABLE = b'{"clinigate'
"""A body that no service can read as JSON: whoever is let in gets no further with it."""

_FORBIDDEN, _TOO_MANY = 403, 429
_NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Asker:
    """Sends requests for one probe; `silent` are the addresses that gave no whole answer."""

    tally: Tally
    service: Service
    silent: set[tuple[str, str]] = field(default_factory=set)
    _unwanted: dict[str, list[tuple[str, Answer]]] = field(default_factory=dict, init=False)

    def ask(self, request: Request, headers: Mapping[str, str] = _NOBODY) -> Answer | None:
        """Send a request with these headers alone; None where no answer came, or none will."""
        place = self.service.place(request)
        if place in self.silent:
            return None
        try:
            answer = self.service.send_as(request, headers)
        except TargetError as error:
            self.silent.add(place)
            self.tally.cannot(str(error))
            return None
        if answer.cut:
            self.silent.add(place)
        return answer

    def must_refuse(self, request: Request, headers: Mapping[str, str], who: str) -> None:
        """Ask as somebody who may not; `judge_refusals` says what came of it."""
        answer = self.ask(request, headers)
        if answer is not None:
            # What it says is not looked at, and may be long.
            light = replace(answer, body=None, content=b"")
            self._unwanted.setdefault(str(request), []).append((who, light))

    def judge_refusals(self) -> None:
        """Count the answers to those who may not.

        An answer that looks at the request first, as 404 to an id that nobody has, shows nothing by
        itself. Where others who may not were forbidden the same, it shows who was let in.
        """
        for where, answers in self._unwanted.items():
            # 401 would not do: it may be said of a token before the request is looked at.
            asks_first = any(answer.status == _FORBIDDEN for _, answer in answers)
            for who, answer in answers:
                if answer.served or answer.refused:
                    self.tally.expect(answer.refused, where, f"serves {who}")
                elif asks_first and 400 <= answer.status < 500 and answer.status != _TOO_MANY:
                    told = f"lets {who} in: it answers {answer.status}, and refuses others"
                    self.tally.expect(False, where, told)
                else:
                    self.tally.cannot(f"{where} as {who}: {says_why_not(answer)}")
        self._unwanted.clear()

    def must_admit(self, operation: Operation, headers: Mapping[str, str], who: str) -> None:
        """Ask as somebody who may, with nothing that would be carried out.

        What writes is sent a body that cannot be read; without a body it is not tried.
        """
        request = operation.request
        if request.method != "GET":
            if request.body is None and not operation.in_path:
                self.tally.remarks.append(f"{request} as {who}: not tried, it would be carried out")
                return
            if request.body is not None:
                request = Request(request.method, request.path, root=True, raw=UNREADABLE)
        answer = self.ask(request, headers)
        if answer is None:
            return
        if answer.status >= 500 or answer.status == _TOO_MANY or 300 <= answer.status < 400:
            self.tally.cannot(f"{request} as {who}: {says_why_not(answer)}")
        elif answer.status == _FORBIDDEN and not operation.scopes:
            # The document says that one must log in, and nothing of who may then do what.
            self.tally.cannot(
                f"{request} as {who}: it is refused, and the document names no scopes that tell "
                "who is not; name them there"
            )
        else:
            self.tally.expect(
                not answer.refused, str(request), f"refuses {who}, who is declared to use it"
            )


def says_why_not(answer: Answer) -> str:
    """Say why an answer shows nothing of who may ask."""
    if answer.cut:
        return "its answer does not end"
    if 300 <= answer.status < 400:
        return f"it answers {answer.status} and leads elsewhere; name the address it leads to"
    if answer.status == _TOO_MANY:
        return "it answers 429; give the target or the role more requests"
    if answer.status >= 500:
        return f"it answers {answer.status}, which shows nothing of access"
    return f"it answers {answer.status} before it asks who it is"
