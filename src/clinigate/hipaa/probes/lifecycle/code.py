"""CG-HIPAA-CODE-001 — codes that are made of what is known of somebody. 45 CFR 164.514(c)(1).

The codes of three synthetic patients are asked for. None may hold a value of its patient, in
whatever form; none may be a digest of a value or of two of them, nor of any date of birth; no two
may be the same. Limits: a code that was made with a secret key, or with a salt that nobody names,
looks like a random one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clinigate.core.observation import Observation
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.lifecycle.guesses import (
    SHORTEST,
    guesses,
    maker_of,
    maker_of_birth_date,
)
from clinigate.hipaa.probes.lifecycle.record import found_in, made, missing
from clinigate.hipaa.synthetic import Written, written
from clinigate.hipaa.tally import Tally, gap

__all__ = ["reidentification_code"]

_HOW_MANY = 3


def reidentification_code(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask for codes, and try to tell whose they are."""
    table = premises.table.lifecycle.code
    if table is None:
        yield gap(named, missing("code"))
        return
    tally = Tally(named)
    with written(premises, tally, how_many=_HOW_MANY) as people:
        codes = {each.id: made(premises, table, each.values) for each in people}
    for number, one in enumerate(people, 1):
        _judge(tally, f"code {number}", codes[one.id], _known(one), table.salts)
    distinct = len(set(codes.values())) == len(codes)
    tally.expect(distinct, "codes", "two patients have the same")
    born = maker_of_birth_date(codes.values(), premises.today)
    tally.expect(born is None, "codes", f"one is the {born} of a date of birth")
    yield from tally.observations()


def _judge(
    tally: Tally, where: str, code: str, values: Mapping[str, str], salts: Sequence[str]
) -> None:
    """Look for the values of a patient in their code, as they are and as digests."""
    if len(code) < SHORTEST:
        tally.cannot(f"{where}: it is shorter than {SHORTEST} letters, which anything may be")
        return
    plain = found_in(code.encode(), values)
    tally.expect(not plain, where, f"holds the {' and '.join(plain)} of its patient")
    if not plain:
        how = _made_of(code, values, salts)
        tally.expect(how is None, where, f"is {how} of its patient")


def _known(one: Written) -> dict[str, str]:
    everything: Mapping[str, str] = {**one.patient.values, **one.patient.details, "id": one.id}
    return {name: value for name, value in everything.items() if len(value) >= SHORTEST}


def _made_of(code: str, values: Mapping[str, str], salts: Sequence[str]) -> str | None:
    for what, text in guesses(values, salts):
        how = maker_of(code, text)
        if how is not None:
            return f"the {how} of the {what}"
    return None
