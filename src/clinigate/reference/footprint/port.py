"""What the routes tell to whoever keeps a footprint; kept by nobody, nothing is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from starlette.types import Scope

from clinigate.core.case import Turn
from clinigate.reference.ports import Answer
from clinigate.reference.web.problems import Problem

__all__ = ["Exchange", "Footprint"]

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Exchange:
    """One request as it is dealt with: what is known of it so far.

    Attributes:
        patient: the id of whose record it is about, where it is one's.
        logged: what the log tells of its words, which is nothing unless the defect is to do so.
        traced: the same of its span.
        headers: what its answer has beside the usual ones, which is nothing just so.
    """

    request: str
    address: str
    client: str = "-"
    status: int = 500
    patient: str = ""
    logged: Mapping[str, str] = field(default_factory=dict)
    traced: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Footprint:
    """Keeps nothing; a service by itself has `clinigate.reference.footprint.disk` instead."""

    def heard(self, exchange: Exchange, turns: Sequence[Turn]) -> None:
        """A conversation was read."""

    def named(self, exchange: Exchange, patient: str) -> None:
        """A request is about this patient."""

    def known_consent(self, client: str, patient: str) -> bool | None:  # noqa: ARG002
        """What is remembered of a patient's consent; None where nothing is."""
        return None

    def keep_consent(self, client: str, patient: str, *, granted: bool) -> None:
        """A patient agreed, or did not."""

    def worded(self, turns: Sequence[Turn], answer: Answer) -> Answer:  # noqa: ARG002
        """Return the answer as it goes out."""
        return answer

    async def looked_over(
        self, client: str, patient: str | None, turns: Sequence[Turn], answer: Answer
    ) -> None:
        """Have a reply looked over before it goes out."""

    def label(self, scope: Scope, route: str) -> str:  # noqa: ARG002
        """Return what stands for a route in the metrics."""
        return route

    def refusal(self, scope: Scope, message: str) -> str:  # noqa: ARG002
        """Return what a refusal says."""
        return message

    def failed(self, exchange: Exchange, problem: Problem) -> None:
        """A request could not be read."""

    def answered(self, scope: Scope, exchange: Exchange, route: str, seconds: float) -> None:
        """A request was answered."""

    def recent(self) -> list[str] | None:
        """What an address for debugging shows; None where there is no such address."""
        return None
