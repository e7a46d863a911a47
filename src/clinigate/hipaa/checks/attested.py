"""CG-HIPAA-OFFICER-001 and its like — safeguards that people attest. 45 CFR 164.308, 164.310.

Whether somebody was trained or a door is locked no program sees. What shows it is a dated and
signed word of a named person, not older than it says itself, on a document that is still the one
attested. An Addressable clause that is not implemented is shown by the documented decision of 45
CFR 164.306(d)(3) alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.attestations import read_book
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.tally import Tally, gap

__all__ = ["attested"]


def attested(named: Named, premises: Premises) -> Iterator[Observation]:
    """Hold the attestation of each control against today, its signature and its document."""
    book = read_book(premises.path(premises.table.attestations))
    tally = Tally(named)
    for control in named.controls:
        state = book.state_of(control, today=premises.today)
        if state.open_reason is not None:
            # One clause that nobody speaks for leaves the whole test open.
            yield gap(named, state.open_reason)
            return
        if state.remark:
            tally.remarks.append(state.remark)
        tally.expect(state.broken is None, control, state.broken or "")
    yield from tally.observations()
