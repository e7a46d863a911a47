"""The probes of records of care, as they declare themselves."""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.hipaa.named import ASKED_FOR, NAMED, Named
from clinigate.hipaa.probes import access, accounts, lifecycle, records, rights, traffic

__all__ = ["hipaa_probes"]

#: Area, which is the name of its page too, and the probes that stand on it.
_AREAS = (
    ("accounts", "people, their sessions and passwords", accounts.DECLARED),
    ("access", "who sees what", access.DECLARED),
    ("records", "how records are kept", records.DECLARED),
    ("rights", "what patients agreed to", rights.DECLARED),
    ("lifecycle", "the life of a record", lifecycle.DECLARED),
    ("traffic", "what comes in and goes out", traffic.DECLARED),
)


def hipaa_probes() -> str:
    """One table an area: what must hold, by which clauses, and what the probe does."""
    told = [named.name for _, _, declared in _AREAS for named in declared]
    assert {*told, *ASKED_FOR} == set(NAMED), "an area of probes has no page"
    return "\n\n".join("\n".join(_area(*each)) for each in _AREAS)


def _area(name: str, title: str, declared: tuple[Named, ...]) -> Iterator[str]:
    yield f"**[{title[0].upper()}{title[1:]}](hipaa-{name}.md)**"
    yield ""
    yield "| criterion | check | clauses | what must hold | effect |"
    yield "|---|---|---|---|---|"
    for named in declared:
        clauses = ", ".join(named.controls).replace("Art.", "Art. ")
        yield (
            f"| `{named.metric}` | `{named.check}` | {clauses} | {named.title} | {named.effect} |"
        )
