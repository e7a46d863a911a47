"""Check digits and ranges of the numbers that have them, and who defines each."""

from __future__ import annotations

import ipaddress
import re

__all__ = [
    "digits",
    "enough_digits",
    "has_luhn",
    "is_address",
    "is_card",
    "is_dea",
    "is_dni",
    "is_hicn",
    "is_iban",
    "is_imei",
    "is_itin",
    "is_led_phone",
    "is_nanp_phone",
    "is_nhs",
    "is_npi",
    "is_phone",
    "is_routing",
    "is_sparse_zip",
    "is_ssn",
    "is_vin",
    "luhn",
]


def digits(text: str) -> str:
    """The ASCII digits of a text."""
    return re.sub(r"[^0-9]", "", text)


def enough_digits(text: str) -> bool:
    """A number, not a word: four digits or more."""
    return len(digits(text)) >= 4


def luhn(number: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(number))]
    return bool(number) and sum(d - 9 * (d > 9) for d in doubled) % 10 == 0


def is_ssn(text: str) -> bool:
    """Nine digits that the Social Security Administration may have issued, or the last four.

    Areas 000, 666 and 900-999, group 00 and serial 0000 are never issued (SSA, POMS RM 10201.035).
    """
    number = digits(text)
    if len(number) == 4:
        return number != "0000"
    area, group, serial = number[:3], number[3:5], number[5:]
    issued = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return len(number) == 9 and issued


def is_itin(text: str) -> bool:
    """A taxpayer's number of nine digits: 9xx, then 50-65, 70-88, 90-92 or 94-99 (IRM 3.21.263)."""
    number = digits(text)
    if len(number) != 9 or number[0] != "9":
        return False
    group = int(number[3:5])
    return 50 <= group <= 65 or (70 <= group <= 99 and group not in (89, 93))


def is_hicn(text: str) -> bool:
    """A social security number that may have been issued, and a letter of the claim's kind."""
    return is_ssn(text[:9] if text[:9].isdigit() else text[:11])


def is_nhs(text: str) -> bool:
    """Ten digits whose last is the check digit modulo 11 (NHS Data Dictionary, NHS NUMBER)."""
    number = digits(text)
    if len(number) != 10 or len(set(number)) == 1:
        return False
    rest = 11 - sum(int(c) * w for c, w in zip(number, range(10, 1, -1), strict=False)) % 11
    return rest != 10 and rest % 11 == int(number[9])


def is_routing(text: str) -> bool:
    """A routing number of the American Bankers Association: weights 3, 7, 1 give a ten."""
    number = digits(text)
    if len(number) != 9 or not ("00" < number[:2] <= "12" or "21" <= number[:2] <= "32"):
        return False
    return sum(int(c) * w for c, w in zip(number, (3, 7, 1) * 3, strict=True)) % 10 == 0


#: First three digits of ZIP codes under which 20,000 people or fewer live: the seventeen of HHS's
#: "Guidance Regarding Methods for De-identification of Protected Health Information" (26 November
#: 2012), from the census of 2000. The rule asks for the current census: later counts may add some.
_SPARSE = frozenset({
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878",
    "879", "884", "890", "893",
})  # fmt: skip


def is_sparse_zip(text: str) -> bool:
    """Three digits that safe harbor has replaced by 000 (45 CFR 164.514(b)(2)(i)(B))."""
    return text[:3] in _SPARSE


def is_dni(text: str) -> bool:
    """A Spanish identity number, whose letter is its rest by 23 (Real Decreto 1553/2005, NIE too).

    An X, Y or Z in front counts as 0, 1 or 2 (Orden INT/2058/2008).
    """
    plain = re.sub(r"[ .-]", "", text).upper()
    number = plain[:-1].translate(str.maketrans("XYZ", "012"))
    return (
        number.isdecimal()
        and len(set(number)) > 1
        and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == plain[-1]
    )


def is_npi(text: str) -> bool:
    """A National Provider Identifier: ten digits, Luhn over 80840 and them (45 CFR 162.406)."""
    number = digits(text)
    return len(number) == 10 and luhn("80840" + number)


def is_dea(text: str) -> bool:
    """A DEA registration: 1st+3rd+5th digit and twice the rest give the 7th (21 CFR 1301.13)."""
    d = [int(c) for c in digits(text[2:])]
    return len(d) == 7 and (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]


_BRANDS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|35\d{14}|62\d{14,17}"
)


def has_luhn(text: str) -> bool:
    """Twelve to nineteen digits with the check digit of ISO/IEC 7812-1, whoever issued them."""
    number = digits(text)
    return 12 <= len(number) <= 19 and len(set(number)) > 1 and luhn(number)


def is_card(text: str) -> bool:
    """Length and prefix of a card brand, and the check digit of ISO/IEC 7812-1."""
    number = digits(text)
    return bool(_BRANDS.fullmatch(number)) and luhn(number)


#: Countries whose accounts have an IBAN (the registry of SWIFT): other letters begin other numbers.
_IBAN_COUNTRIES = frozenset(re.findall("..", (
    "ADAEALATAZBABEBGBHBIBRBYCHCRCYCZDEDJDKDOEEEGESFIFKFOFRGBGEGIGLGRGTHRHUIEILIQISITJOKWKZLB"
    "LCLILTLULVLYMCMDMEMKMNMRMTMUNINLNOOMPKPLPSPTQARORSRUSASCSDSESISKSMSOSTSVTLTNTRUAVAVGXKYE"
)))  # fmt: skip


def is_iban(text: str) -> bool:
    """A country that has IBANs, and modulo 97 gives 1 (ISO 13616)."""
    plain = re.sub(r"[ -]", "", text).upper()
    if not 15 <= len(plain) <= 34 or plain[:2] not in _IBAN_COUNTRIES:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


_VIN_VALUES = {c: int(c) for c in "0123456789"} | dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def is_vin(text: str) -> bool:
    """A vehicle identification number with its check digit in place 9 (49 CFR 565.15)."""
    vin = text.upper()
    if len(vin) != 17 or not set(vin) <= _VIN_VALUES.keys() or vin.isdigit() or vin.isalpha():
        return False
    rest = sum(_VIN_VALUES[c] * w for c, w in zip(vin, _VIN_WEIGHTS, strict=True)) % 11
    return vin[8] == "0123456789X"[rest]


def is_imei(text: str) -> bool:
    """Fifteen digits with Luhn (3GPP TS 23.003, annex B)."""
    number = digits(text)
    return len(number) == 15 and luhn(number) and len(set(number)) > 2


_NANP = re.compile(r"1?[2-9](?!11)\d\d[2-9](?!11)\d\d\d{4}")


def is_nanp_phone(text: str) -> bool:
    """A number of the North American Numbering Plan: no area or exchange starts with 0 or 1."""
    return bool(_NANP.fullmatch(digits(re.split(r"(?i)\s*(?:x|ext)", text, maxsplit=1)[0])))


_DATE = re.compile(r"\(?(?:19|20)\d\d([-./])(?:0\d|1[0-2])\1[0-3]\d")

#: Where numbers without a country code are looked up; presidio's own list.
_REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")


def is_phone(text: str) -> bool:
    """A number that a country has: phonenumbers decides where it is installed, else the length."""
    if _DATE.match(text):
        return False
    try:
        import phonenumbers
    except ImportError:
        return 8 <= len(digits(text)) <= 15
    regions: tuple[str | None, ...] = (None,) if text.startswith("+") else _REGIONS
    for region in regions:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return True
    return False


_NO_PHONE = re.compile(
    r"\(?(?:19|20)\d\d[-./][01]\d[-./]|\d{1,2}-\d{1,2}-\d{4}|\d+\.\d+$|\d{1,3}(?:\.\d{1,3}){3}$"
)


def is_led_phone(text: str) -> bool:
    """What follows the word `phone` and may be one: no day, no address of the net."""
    number = digits(text)
    return 7 <= len(number) <= 15 and len(set(number)) > 2 and not _NO_PHONE.match(text)


def is_address(text: str) -> bool:
    """An IPv4 or IPv6 address that is more than an accident of its form."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # `a::b` in a program's text is an address too, by form alone.
    return address.version == 4 or (any(c.isdigit() for c in text) and text.count(":") >= 3)
