"""CG-HIPAA-OFFICER-001 and its like — safeguards that people attest. 45 CFR 164.308, 164.310.

Whether somebody was trained or a door is locked no program sees. What shows it is a dated word of a
named person, not older than it says itself, on a document that is still the one attested.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.attestations import find, read_attestations, state_of
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.tally import Tally, gap

__all__ = ["attested"]


def attested(named: Named, premises: Premises) -> Iterator[Observation]:
    """Hold the attestation of each control against today and its document."""
    file = premises.path(premises.table.attestations)
    entries = read_attestations(file)
    tally = Tally(named)
    for control in named.controls:
        entry = find(entries, control)
        state = state_of(entry, control, file=file, today=premises.today)
        if state.open_reason is not None:
            # One clause that nobody speaks for leaves the whole test open.
            yield gap(named, state.open_reason)
            return
        tally.expect(state.broken is None, control, state.broken or "")
    yield from tally.observations()
