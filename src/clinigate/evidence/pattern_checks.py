"""The last word on what a pattern found: check digits, ranges, lengths."""

from __future__ import annotations

import ipaddress
import re
import unicodedata

__all__ = [
    "always",
    "has_digit",
    "has_two_digits",
    "is_address",
    "is_card",
    "is_personal_phone",
    "is_ssn_length",
    "looks_random",
]


def always(_: str) -> bool:
    """Whatever the pattern found."""
    return True


def _digits(text: str) -> str:
    """The digits of a text, whatever script writes them, in ASCII."""
    return "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())


def has_digit(text: str) -> bool:
    """A digit anywhere."""
    return any(character.isdecimal() for character in text)


def looks_random(text: str) -> bool:
    """Not a word of a sentence: it has a digit, or is longer than words are."""
    return has_digit(text) or len(text) >= 24


_TOLL_FREE = re.compile(r"1?8(?:00|33|44|55|66|77|88)\d{7}")


def is_personal_phone(text: str) -> bool:
    """As many digits as a phone number has, and none that anybody may call free of charge."""
    found = _digits(text)
    abroad = text.startswith("+") and not text.startswith("+1")
    return 7 <= len(found) <= 15 and (abroad or not _TOLL_FREE.fullmatch(found))


_BRANDS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|35\d{14}|62\d{14,17}"
)


def is_card(text: str) -> bool:
    """A length and prefix that a card brand uses, and the check digit of ISO/IEC 7812-1 (Luhn)."""
    found = _digits(text)
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(found))]
    return bool(_BRANDS.fullmatch(found)) and sum(d - 9 * (d > 9) for d in doubled) % 10 == 0


def is_address(text: str) -> bool:
    """An address of form and meaning: in range, and neither loopback nor unspecified."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # `a::b` in a program's text is an address too, by form alone.
    spelled = address.version == 4 or (has_digit(text) and len(text.replace(":", "")) > 2)
    return spelled and not address.is_loopback and not address.is_unspecified


def has_two_digits(text: str) -> bool:
    """A number, not a word."""
    return len(_digits(text)) >= 2


def is_ssn_length(text: str) -> bool:
    """Nine digits, or the last four."""
    return len(_digits(text)) in (4, 9)
