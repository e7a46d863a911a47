"""Words of SARIF 2.1.0 that reading and writing share: levels, severities, addresses."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from clinigate.core.flaw import FlawSeverity

__all__ = [
    "FINGERPRINT_KEY",
    "LEVELS",
    "OWN_RUN",
    "SCHEMA",
    "SCORES",
    "VERSION",
    "from_sarif_uri",
    "severity_of_score",
    "to_address",
    "to_sarif_uri",
]

VERSION = "2.1.0"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT_KEY = "clinigate/v1"
#: Begins the id of each run that we write.
OWN_RUN = "clinigate/"

LEVELS = {
    FlawSeverity.CRITICAL: "error",
    FlawSeverity.HIGH: "error",
    FlawSeverity.MEDIUM: "warning",
    FlawSeverity.LOW: "note",
    FlawSeverity.INFO: "note",
}

#: `security-severity`, by which code hosts sort: a number within the CVSS band of the severity.
SCORES = {
    FlawSeverity.CRITICAL: "9.5",
    FlawSeverity.HIGH: "8.0",
    FlawSeverity.MEDIUM: "5.5",
    FlawSeverity.LOW: "2.0",
    FlawSeverity.INFO: "0.0",
}

#: CVSS 3.1, section 5: the least score of each severity.
_BANDS = (
    (9.0, FlawSeverity.CRITICAL),
    (7.0, FlawSeverity.HIGH),
    (4.0, FlawSeverity.MEDIUM),
    (0.1, FlawSeverity.LOW),
)
_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def severity_of_score(score: float) -> FlawSeverity:
    """Return the severity of a CVSS base score."""
    return next((severity for least, severity in _BANDS if score >= least), FlawSeverity.INFO)


def to_sarif_uri(uri: str) -> str:
    """Return a place as SARIF writes it: a relative reference, percent-encoded.

    The colon of `https:/v1/chat` or `k8s://staging/...` is encoded too: a code host refuses a whole
    log for one place with a scheme ("did not match the checkout URI scheme").
    """
    return quote(uri, safe="/@!$&'()*+,;=~", errors="surrogateescape")


def to_address(uri: str) -> str:
    """Return an address as SARIF writes it, whose scheme is meant."""
    return quote(uri, safe="/:@!$&'()*+,;=?#%[]~", errors="surrogateescape")


def from_sarif_uri(uri: str) -> str:
    """Return a place as findings name it: decoded, or an address as somebody else wrote it."""
    if _HAS_SCHEME.match(uri) and not uri.startswith("file:"):
        return uri
    return unquote(uri.removeprefix("file://"), errors="surrogateescape")
