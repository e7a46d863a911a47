"""Fields of HL7 v2 segments as they stand on the wire, by their place in PID, NK1, GT1 and IN1."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits
from clinigate.phi.recognizer import Form, Recognizer, Tier, form
from clinigate.phi.values import is_address_text, is_day

__all__ = ["ROWS"]


def _field(segment: str, number: int, value: str, after: str = "[|^~&\\r\\n]") -> Form:
    """Return the form of a field: so many separators after the segment's name."""
    skipped = r"[^|\r\n]{0,50}\|"
    before = skipped * (number - 1)
    return form(rf"(?:^|[^A-Za-z0-9]){segment}\|{before}(?P<v>{value})(?:$|{after})", 0.9)


_NAME = r"[A-Za-z'\x80-\xff -]{1,40}\^[A-Za-z'\x80-\xff. ^-]{1,60}"
_NUMBER = r"\+?\(?\d[\d ().-]{6,18}\d"
_CODE = r"[A-Za-z]{0,5}-?\d[0-9A-Za-z-]{2,20}"
_WHOLE = r"[|~&\r\n]"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-HL7-NAME",
        Letter.A,
        "A name in a field of an HL7 segment",
        Tier.IDENTIFIER,
        (_field("PID", 5, _NAME, _WHOLE), _field("PID", 6, _NAME, _WHOLE),
         _field("NK1", 2, _NAME, _WHOLE), _field("GT1", 3, _NAME, _WHOLE),
         _field("PID", 9, _NAME, _WHOLE)),
    ),
    Recognizer(
        "CG-PHI-HL7-ADDRESS",
        Letter.B,
        "An address in a field of an HL7 segment",
        Tier.IDENTIFIER,
        (_field("PID", 11, r"[\w.,#'/\x80-\xff ^-]{5,120}", _WHOLE),
         _field("NK1", 4, r"[\w.,#'/\x80-\xff ^-]{5,120}", _WHOLE)),
        accept=is_address_text,
    ),
    Recognizer(
        "CG-PHI-HL7-BIRTH-DATE",
        Letter.C,
        "A date of birth in a field of an HL7 segment",
        Tier.IDENTIFIER,
        (_field("PID", 7, r"(?:18|19|20)\d{6}(?:\d{2,6})?"),),
        accept=lambda value: is_day(value[:8]),
        placeholder=nobody.of_date,
    ),
    Recognizer(
        "CG-PHI-HL7-PHONE",
        Letter.D,
        "A telephone number in a field of an HL7 segment",
        Tier.IDENTIFIER,
        (_field("PID", 13, _NUMBER), _field("PID", 14, _NUMBER), _field("NK1", 5, _NUMBER)),
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-HL7-SSN",
        Letter.G,
        "A social security number in a field of an HL7 segment",
        Tier.IDENTIFIER,
        (_field("PID", 19, r"\d{3}-?\d\d-?\d{4}"),),
        placeholder=nobody.of_ssn,
        severity="critical",
    ),
    Recognizer(
        "CG-PHI-HL7-ID",
        Letter.H,
        "A patient's number in a field of an HL7 segment",
        Tier.IDENTIFIER,
        (_field("PID", 2, _CODE), _field("PID", 3, _CODE), _field("PID", 18, _CODE)),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-HL7-PLAN",
        Letter.I,
        "An insured's number in a field of an HL7 segment",
        Tier.IDENTIFIER,
        (_field("IN1", 2, _CODE),),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
)  # fmt: skip
