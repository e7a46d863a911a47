"""CG-HIPAA-RESEARCH-001 — data handed out for research without an approval. 45 CFR 164.512(i).

An export names the approval of a review board, which is for that study, and in force. Limits:
whether a board really approved is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.config.hipaa_call import CallTable
from clinigate.config.hipaa_rights import ResearchTable
from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.rights.asking import MADE_UP, Asking, observed, without
from clinigate.hipaa.probes.rights.times import LONG, PAST, expiry
from clinigate.hipaa.tally import Tally, gap
from clinigate.targets.service import Answer

__all__ = ["research_release"]

_WHERE = "[hipaa.rights.research]"
_NAME = "approval"


def research_release(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask for an export, with approvals of all sorts."""
    table = premises.table.rights.research
    if table is None:
        yield gap(named, f"say in {_WHERE} how data goes out for research; docs/hipaa-rights.md")
        return
    tally = Tally(named)
    yield from observed(tally, _Release(Asking(premises, tally, _WHERE), table).is_tried)


class _Release:
    """One export of the service."""

    def __init__(self, asking: Asking, table: ResearchTable) -> None:
        self._asking, self._table = asking, table

    def is_tried(self) -> None:
        """Without an approval, with a made-up one, and with one that was given."""
        asking, table = self._asking, self._table
        values = {"study": table.study, _NAME: ""}
        bare = asking.ask(without(table.export, _NAME), values)
        self._shut(bare, "without an approval")
        self._shut(self._exported(MADE_UP), "with a made-up approval")
        if table.approve is not None:
            self._is_recorded(table.approve)
        elif table.approval is not None:
            self._is_known(table.approval)
            asking.tally.cannot(f"an approval that expired or was withdrawn; give {_WHERE} approve")
        else:
            asking.tally.cannot(f"an approval in force; give {_WHERE} approve or approval")

    def _is_recorded(self, approve: CallTable) -> None:
        asking, table = self._asking, self._table
        past = expiry(PAST, approve).values
        given = asking.ask(approve, {"study": table.study, **past})
        expired = asking.id_of(approve, given)
        answer = given if expired is None else self._exported(expired)
        self._shut(answer, "with an expired approval")
        lasting = expiry(LONG, approve).values
        held = asking.made(approve, {"study": table.study, **lasting}, "approve")
        self._is_known(held)
        if table.withdraw is None:
            asking.tally.cannot(f"an approval that was withdrawn; give {_WHERE} withdraw")
            asking.tally.remarks.append("approvals of synthetic studies stay on record")
            return
        if expired is not None:
            asking.ask(table.withdraw, {"study": table.study, _NAME: expired})
        withdrawn = asking.ask(table.withdraw, {"study": table.study, _NAME: held})
        if withdrawn.served:
            self._shut(self._exported(held), "with an approval that was withdrawn")
        else:
            asking.tally.cannot(f"an approval that was withdrawn; it answers {withdrawn.status}")

    def _is_known(self, held: str) -> None:
        self._asking.opens(self._exported(held), "with an approval in force")
        other = self._exported(held, study=self._table.other_study)
        self._shut(other, "with an approval of another study")

    def _exported(self, held: str, study: str | None = None) -> Answer:
        values = {"study": study or self._table.study, _NAME: held}
        return self._asking.ask(self._table.export, values)

    def _shut(self, answer: Answer, what: str) -> None:
        self._asking.shut(answer, what, f"data goes out {what}")
