"""What a person agreed to: each agreement and each withdrawal is kept, the newest counts.

45 CFR 164.508(b)(5): what was given can be taken back at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Consent"]


@dataclass(frozen=True, slots=True)
class Consent:
    """One agreement or withdrawal.

    Attributes:
        person: a name made with a secret key, so that a copy of the records tells nobody who it is.
        granted: False takes back. text: the version of the text that the person was shown.
        at: seconds since the epoch.
    """

    person: str
    granted: bool
    text: str
    at: float
