"""What presidio's own recognizers find, in our terms."""

from __future__ import annotations

from types import MappingProxyType

from clinigate.core.flaw import FlawSeverity
from clinigate.phi.model import Letter, Recognizer
from clinigate.phi.table import BY_ID

__all__ = ["ADOPTED", "CEILING", "PROVEN", "row_of"]

#: What presidio's recognizers are believed at most: it takes any nine digits and every date for an
#: identifier, and no form alone may count by default.
CEILING = 0.6

#: Entities that are believed as presidio scores them: a checksum leaves one accident in 2**32.
PROVEN = frozenset({"CRYPTO"})


def _alone(name: str, letter: Letter, title: str) -> Recognizer:
    """A row of the table without forms of its own: presidio has them."""
    return Recognizer(name, letter, title, (), severity=FlawSeverity.MEDIUM)


#: presidio's entity: the row that names it. Where the table has forms of its own too, presidio adds
#: at low thresholds what only it takes for one. Its e-mail recognizer is left out: it asks
#: publicsuffix.org from the machine that holds the data.
ADOPTED = MappingProxyType({
    "CREDIT_CARD": BY_ID["CG-PHI-CARD"],
    "CRYPTO": _alone("CG-PHI-WALLET", Letter.J, "A wallet's address"),
    "DATE_TIME": _alone("CG-PHI-DATE", Letter.C, "A date"),
    "IBAN_CODE": BY_ID["CG-PHI-IBAN"],
    "IP_ADDRESS": BY_ID["CG-PHI-IP"],
    "MAC_ADDRESS": BY_ID["CG-PHI-MAC"],
    "MEDICAL_LICENSE": BY_ID["CG-PHI-DEA"],
    "UK_NHS": _alone("CG-PHI-NHS", Letter.H, "A number of the British NHS"),
    "URL": BY_ID["CG-PHI-URL"],
    "US_BANK_NUMBER": BY_ID["CG-PHI-ACCOUNT"],
    "US_DRIVER_LICENSE": BY_ID["CG-PHI-LICENCE"],
    "US_ITIN": _alone("CG-PHI-ITIN", Letter.R, "A taxpayer's number (ITIN)"),
    "US_PASSPORT": BY_ID["CG-PHI-PASSPORT"],
    "US_SSN": BY_ID["CG-PHI-SSN"],
    "UUID": BY_ID["CG-PHI-UUID"],
})  # fmt: skip

_ALONE = {row.id: row for row in ADOPTED.values() if not row.forms}


def row_of(rule: str) -> Recognizer:
    """Return the row of a rule, the table's or presidio's."""
    return BY_ID.get(rule) or _ALONE[rule]
