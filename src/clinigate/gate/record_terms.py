"""What each kind of record says: the terms of waivers, attestations, decisions and the like."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clinigate.errors import PolicyError
from clinigate.evidence.times import parse_timestamp

__all__ = [
    "DIGEST",
    "MAX_WAIVER_DAYS",
    "Approval",
    "Attestation",
    "Decision",
    "Meaning",
    "SignOff",
    "Terms",
    "Waiver",
    "folded",
    "moment_of",
    "require",
    "require_text",
]

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
#: For how long a risk may be accepted at most; a policy may say less.
MAX_WAIVER_DAYS = 180


@dataclass(frozen=True, slots=True)
class Waiver:
    """A risk accepted until a date, by someone other than who asked for it.

    Attributes:
        requester, approver: who asked, and who accepts; both sign.
        compensating_measure: what keeps people safe meanwhile.
        criterion, control: what is waived; exactly one of the two.
        owner: who answers for the risk meanwhile; None in records that know no owner.
    """

    requester: str
    approver: str
    compensating_measure: str
    criterion: str | None = None
    control: str | None = None
    owner: str | None = None

    def __post_init__(self) -> None:
        if self.owner is not None:
            require_text(self.owner, "waiver.owner")
        for field in ("requester", "approver", "compensating_measure"):
            require_text(getattr(self, field), f"waiver.{field}")
        covered = [each for each in (self.criterion, self.control) if each is not None]
        if len(covered) != 1:
            raise PolicyError("waiver: name exactly one criterion or one control")
        require_text(covered[0], "waiver.criterion or waiver.control")
        if folded(self.requester) == folded(self.approver):
            raise PolicyError(
                f"waiver: {self.approver!r} is requester and approver; "
                "a risk is accepted by someone other than who asked"
            )

    @property
    def covers(self) -> str:
        """Id of the criterion or control that is waived."""
        return self.criterion or self.control or ""


@dataclass(frozen=True, slots=True)
class Approval:
    """Consent to release what the subject names to an environment."""

    environment: str

    def __post_init__(self) -> None:
        require_text(self.environment, "approval.environment")


@dataclass(frozen=True, slots=True)
class Attestation:
    """A document that satisfies a control until it goes stale.

    Attributes:
        control: the clause. document: digest of the document, `sha256:…`.
        fresh_until: when it goes stale.
    """

    control: str
    document: str
    fresh_until: str

    def __post_init__(self) -> None:
        require_text(self.control, "attestation.control")
        require(DIGEST.fullmatch(self.document), "attestation.document", self.document, "sha256:…")
        moment_of(self.fresh_until, "attestation.fresh_until")


@dataclass(frozen=True, slots=True)
class Decision:
    """An Addressable clause is not implemented, and why (45 CFR 164.306(d)(3)(ii)(B)).

    The record's reason says why it would not be reasonable and appropriate.

    Attributes:
        control: the clause. document: digest of the document, `sha256:…`.
        fresh_until: when it has to be decided again.
        measure: the equivalent measure, or why there can be none.
    """

    control: str
    document: str
    fresh_until: str
    measure: str

    def __post_init__(self) -> None:
        require_text(self.control, "decision.control")
        require(DIGEST.fullmatch(self.document), "decision.document", self.document, "sha256:…")
        moment_of(self.fresh_until, "decision.fresh_until")
        require_text(self.measure, "decision.measure")


class Meaning(StrEnum):
    """What a signature means (21 CFR 11.50(a)(3))."""

    AUTHORSHIP = "authorship"
    REVIEW = "review"
    APPROVAL = "approval"
    RESPONSIBILITY = "responsibility"


@dataclass(frozen=True, slots=True)
class SignOff:
    """A signature by 21 CFR 11.50(a): printed name, date and time, meaning.

    Attributes:
        printed_name, signed_at, meaning: the three that 11.50(a) asks for.
        signed_local: the same moment on the signer's own clock, with the offset of their zone.
        components: by what the signer was known (11.200(a)(1)): two for the first signing of a
            sitting, as `("key file", "passphrase")`; empty in records that do not say.
    """

    printed_name: str
    signed_at: str
    meaning: Meaning
    signed_local: str | None = None
    components: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_text(self.printed_name, "sign-off.printed_name")
        signed = moment_of(self.signed_at, "sign-off.signed_at")
        for component in self.components:
            require_text(component, "sign-off.components")
        if self.signed_local is not None and _with_offset(self.signed_local) != signed:
            raise PolicyError("sign-off: signed_local and signed_at must be the same moment")


Terms = Waiver | Approval | Attestation | Decision | SignOff


def folded(name: str) -> str:
    """Return one spelling for each name, so that no other way to write it makes a second person.

    Blanks, capitals, accents, punctuation and the order of the words make no difference.
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    letters = "".join(each for each in apart if not unicodedata.combining(each))
    words = re.findall(r"\w+", letters)
    return " ".join(sorted(words)) or " ".join(letters.split())


def _with_offset(text: str) -> datetime:
    try:
        moment: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.isoformat(timespec="microseconds") != text:
        raise PolicyError(
            f"sign-off.signed_local: got {text!r}, wanted a time with its offset, as "
            "2026-01-31T00:00:00.000000+01:00"
        )
    return moment


def moment_of(text: str, field: str) -> datetime:
    """Read a time as records write it.

    Raises:
        PolicyError: another form; the field is named.
    """
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise PolicyError(
            f"{field}: got {text!r}, wanted a time in UTC as 2026-01-31T00:00:00.000000Z"
        ) from error


def require_text(value: str, field: str) -> None:
    """Refuse a text that is blank, or that could draw something else on a terminal.

    Raises:
        PolicyError: the field is named; its content is not, since people write anything there.
    """
    if not value.strip() or not value.isprintable():
        raise PolicyError(f"{field}: wanted a printable text on one line")


def require(condition: object, field: str, got: str, wanted: str) -> None:
    """Refuse a value unless the condition holds.

    Raises:
        PolicyError: the field, what it has and what it should have are named.
    """
    if not condition:
        raise PolicyError(f"{field}: got {got!r}, wanted {wanted}")
