"""What presidio's own recognizers and language models find, in our terms."""

from __future__ import annotations

from types import MappingProxyType

from clinigate.phi.recognizer import Recognizer
from clinigate.phi.table import BY_ID

__all__ = ["ADOPTED", "CEILING", "MODELLED", "PROVEN", "row_of"]

#: What presidio's recognizers are believed at most: it takes any nine digits and every date for an
#: identifier, and no form alone may count by default.
CEILING = 0.6

#: What a model is believed at most: names in prose are of the lowest tier, whoever finds them.
MODELLED = 0.75

#: Entities that are believed as presidio scores them: a checksum leaves one accident in 2**32.
PROVEN = frozenset({"CRYPTO"})

#: presidio's entity: the row that names it. Where the table has forms of its own too, presidio adds
#: at low thresholds what only it takes for one. Its e-mail recognizer is left out: it asks
#: publicsuffix.org from the machine that holds the data.
ADOPTED = MappingProxyType({
    "CREDIT_CARD": BY_ID["CG-PHI-CARD"],
    "CRYPTO": BY_ID["CG-PHI-WALLET"],
    "DATE_TIME": BY_ID["CG-PHI-DATE"],
    "IBAN_CODE": BY_ID["CG-PHI-IBAN"],
    "IP_ADDRESS": BY_ID["CG-PHI-IP"],
    "LOCATION": BY_ID["CG-PHI-PLACE"],
    "MAC_ADDRESS": BY_ID["CG-PHI-MAC"],
    "MEDICAL_LICENSE": BY_ID["CG-PHI-DEA"],
    "PERSON": BY_ID["CG-PHI-PERSON"],
    "UK_NHS": BY_ID["CG-PHI-NHS"],
    "URL": BY_ID["CG-PHI-WEB"],
    "US_BANK_NUMBER": BY_ID["CG-PHI-ACCOUNT"],
    "US_DRIVER_LICENSE": BY_ID["CG-PHI-LICENCE"],
    "US_ITIN": BY_ID["CG-PHI-ITIN"],
    "US_PASSPORT": BY_ID["CG-PHI-PASSPORT"],
    "US_SSN": BY_ID["CG-PHI-SSN"],
    "UUID": BY_ID["CG-PHI-UUID"],
})  # fmt: skip


def row_of(rule: str) -> Recognizer:
    """Return the table's row of a rule."""
    return BY_ID[rule]
