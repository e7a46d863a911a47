"""CG-HIPAA-CONSENT-SCOPE-001, CG-HIPAA-CONSENT-EXPIRY-001 — consent that opens too much.

45 CFR 164.506(b), GDPR Art. 7. Consent is given per patient, source and kind of data: it opens that
and nothing else, until it is taken back or its time is over. Limits: how it was asked for, and what
goes on inside the service, is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from clinigate.config.hipaa_rights import ScopedConsentTable
from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.rights.asking import Asking, mentions, observed
from clinigate.hipaa.probes.rights.running_out import expires
from clinigate.hipaa.probes.rights.times import LONG, expiry
from clinigate.hipaa.synthetic import Written, written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["consent_expiry", "consent_scope"]

_WHERE = "[hipaa.rights.consent]"
_MISSING = f"say in {_WHERE} how consent to data of one kind is recorded; docs/hipaa-rights.md"


def consent_scope(named: Named, premises: Premises) -> Iterator[Observation]:
    """Agree to one kind of data of one source, and ask for the others."""
    table = premises.table.rights.consent
    if table is None:
        yield gap(named, _MISSING)
        return
    tally = Tally(named)
    asking = Asking(premises, tally, _WHERE)

    def doing() -> None:
        with written(premises, tally, how_many=2) as (one, other):
            _scope(asking, table, one, other)

    yield from observed(tally, doing)


def _scope(asking: Asking, table: ScopedConsentTable, one: Written, other: Written) -> None:
    agreed, *others = _kinds(table)
    if not others:
        asking.tally.cannot(f"another kind or source; {_WHERE} sources and kinds name one each")
    for each in (agreed, *others):
        answer = asking.ask(table.use, {**one.values, **each})
        asking.shut(answer, "nothing said", "data is served of a patient who said nothing")
    values = {**one.values, **agreed}
    values["consent"] = asking.made(
        table.give, {**values, **expiry(LONG, table.give).values}, "give"
    )
    asking.opens(asking.ask(table.use, values), "what was agreed to")
    for each in others:
        answer = asking.ask(table.use, {**one.values, **each})
        what = "another kind" if each["source"] == agreed["source"] else "another source"
        asking.shut(answer, what, f"consent opens {what} of data")
    answer = asking.ask(table.use, {**other.values, **agreed})
    asking.shut(answer, "another patient", "consent of one patient opens another's data")
    if table.withdraw is None:
        asking.tally.cannot(f"consent that is taken back; give {_WHERE} withdraw")
        return
    withdrawn = asking.ask(table.withdraw, values)
    if not withdrawn.served:
        asking.tally.cannot(f"consent that is taken back; withdraw answers {withdrawn.status}")
        return
    asking.shut(asking.ask(table.use, values), "taken back", "consent that was taken back counts")
    _each_opens(asking, table, one, others)


def _each_opens(
    asking: Asking, table: ScopedConsentTable, one: Written, kinds: list[Mapping[str, str]]
) -> None:
    """Consent of its own opens every kind: one that there is not would be refused in any case."""
    for each in kinds:
        values = {**one.values, **each}
        asking.made(table.give, {**values, **expiry(LONG, table.give).values}, "give")
        what = f"{each['kind']} of {each['source']}, agreed to by itself"
        asking.opens(asking.ask(table.use, values), what)


def consent_expiry(named: Named, premises: Premises) -> Iterator[Observation]:
    """Let consent run out, and ask for the data."""
    table = premises.table.rights.consent
    if table is None:
        yield gap(named, _MISSING)
        return
    if not any(mentions(table.give, name) for name in ("expires", "expires_epoch", "expires_date")):
        yield gap(named, f"{_WHERE} give says nowhere when consent ends; put {{{{expires}}}} there")
        return
    tally = Tally(named)
    asking = Asking(premises, tally, _WHERE)

    def doing() -> None:
        with written(premises, tally) as (one,):
            _expire(asking, table, one)

    yield from observed(tally, doing)


def _expire(asking: Asking, table: ScopedConsentTable, one: Written) -> None:
    values = {**one.values, **_kinds(table)[0]}
    if asking.ask(table.use, values).served:
        asking.tally.cannot("consent that expires; the same data is served without any")
        return
    expires(asking, table.give, values, use=lambda _: asking.ask(table.use, values), what="consent")


def _kinds(table: ScopedConsentTable) -> list[Mapping[str, str]]:
    """Each kind of each source, two of both at most; the first is agreed to."""
    pairs = product(table.sources[:2], table.kinds[:2])
    return [{"source": source, "kind": kind} for source, kind in pairs]
