"""Values of identifiers that nobody has, made from random numbers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

__all__ = [
    "address",
    "card",
    "day",
    "digits",
    "great_age",
    "host",
    "licence",
    "link",
    "mac",
    "mail",
    "member",
    "npi",
    "passport",
    "person",
    "picture",
    "plate",
    "serial",
    "social",
    "telephone",
    "template",
    "vin",
    "zip_code",
]


def _listed(text: str) -> list[str]:
    return text.split()


_GIVEN = _listed(
    "Maria Joseph Linda Robert Susan Ahmed Karen Daniel Nancy Carlos Betty Kevin Sandra Brian "
    "Ashley George Emily Timothy Donna Ronald Michelle Jason Carol Edward Amanda Jeffrey Melissa "
    "Ryan Deborah Jacob Stephanie Gary Rebecca Nicholas Laura Eric Sharon Jonathan Cynthia Stephen"
)
_FAMILY = _listed(
    "Garcia Miller Nguyen Anderson Thompson Martinez Robinson Walker Ramirez Campbell Mitchell "
    "Phillips Sanchez Edwards Morales Peterson Ortiz Gutierrez Kowalski Hernandez Schneider Patel "
    "Sullivan Castillo Fitzgerald Jenkins Okafor Larsson Bennett Yamamoto Hughes Foster Delgado "
    "Silva Meyer Dunn Carpenter Vasquez Harrington Nakamura"
)
_STREETS = _listed(
    "Maple Cedar Walnut Highland Jefferson Lakeview Chestnut Franklin Sycamore Willow"
)
_WAYS = _listed("Street Avenue Road Drive Lane Boulevard")
_CITIES = (
    ("Springfield", "IL", "627"), ("Columbus", "OH", "432"), ("Portland", "OR", "972"),
    ("Rochester", "NY", "146"), ("Fresno", "CA", "937"), ("Tulsa", "OK", "741"),
    ("Savannah", "GA", "314"), ("Madison", "WI", "537"),
)  # fmt: skip
_MONTHS = _listed(
    "January February March April May June July August September October November December"
)
_AREAS = (212, 312, 415, 503, 617, 713, 206, 404, 602, 303)
_HOSTS = ("mailkestrel.net", "postbird.org", "healthpost.net", "inboxlane.com")
_VIN = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_VIN_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def person(random: Random) -> str:
    """Return a given and a family name."""
    return f"{random.choice(_GIVEN)} {random.choice(_FAMILY)}"


def address(random: Random) -> str:
    """Return a street address with city, state and ZIP code."""
    city, state, area = random.choice(_CITIES)
    street = f"{random.randint(11, 9899)} {random.choice(_STREETS)} {random.choice(_WAYS)}"
    return f"{street}, {city}, {state} {area}{random.randint(1, 99):02}"


def zip_code(random: Random) -> str:
    """Return a ZIP code of five digits."""
    return f"{random.choice(_CITIES)[2]}{random.randint(1, 99):02}"


def day(random: Random) -> str:
    """Return a day of the past, in one of the usual forms."""
    year, month, date = random.randint(1931, 2019), random.randint(1, 12), random.randint(1, 28)
    forms = (
        f"{month:02}/{date:02}/{year}",
        f"{year}-{month:02}-{date:02}",
        f"{_MONTHS[month - 1]} {date}, {year}",
    )
    return random.choice(forms)


def great_age(random: Random) -> str:
    """Return an age over 89."""
    return str(random.randint(90, 108))


def telephone(random: Random) -> str:
    """Return a telephone number of an exchange that examples don't use."""
    area, exchange, line = random.choice(_AREAS), random.randint(556, 989), _digits(random, 4)
    return random.choice((f"({area}) {exchange}-{line}", f"{area}-{exchange}-{line}"))


def mail(random: Random) -> str:
    """Return an e-mail address."""
    given, family = random.choice(_GIVEN).lower(), random.choice(_FAMILY).lower()
    return f"{given}.{family}{random.randint(1, 99)}@{random.choice(_HOSTS)}"


def social(random: Random) -> str:
    """Return a social security number of an area that is in use."""
    return f"{random.randint(101, 649)}-{random.randint(11, 98)}-{random.randint(1001, 9898)}"


def digits(count: int) -> Callable[[Random], str]:
    """Return a maker of numbers of so many digits."""

    def make(random: Random) -> str:
        return str(random.randint(1, 9)) + _digits(random, count - 1)

    return make


def member(random: Random) -> str:
    """Return a member number of a health plan."""
    return f"{_letters(random, 3)}{_digits(random, 9)}"


def card(random: Random) -> str:
    """Return a card number with its check digit, of a range that no issuer's test cards are of."""
    body = "4" + _digits(random, 14)
    return body + _luhn_digit(body)


def licence(random: Random) -> str:
    """Return a driver's licence number: a letter and digits, as several states write it."""
    return f"{_letters(random, 1)}{_digits(random, 8)}"


def vin(random: Random) -> str:
    """Return a vehicle identification number with its check digit (49 CFR 565.15)."""
    body = [random.choice(_VIN) for _ in range(17)]
    total = sum(_VIN_VALUES[char] * weight for char, weight in zip(body, _VIN_WEIGHTS, strict=True))
    body[8] = "0123456789X"[total % 11]
    return "".join(body)


def plate(random: Random) -> str:
    """Return a licence plate."""
    return f"{_letters(random, 3)}-{_digits(random, 4)}"


def serial(random: Random) -> str:
    """Return a device's serial number."""
    return f"{_letters(random, 2)}{_digits(random, 8)}"


def mac(random: Random) -> str:
    """Return the address of a network card."""
    return ":".join(f"{each:02x}" for each in _bytes(random, 6))


def link(random: Random) -> str:
    """Return a web address that ends in a patient."""
    return f"https://portal.{random.choice(_HOSTS)}/patients/{random.randint(10000, 99999)}"


def host(random: Random) -> str:
    """Return a public address of the net."""
    return ".".join(str(each) for each in (random.randint(60, 99), *_bytes(random, 3)))


def template(random: Random) -> str:
    """Return the number of a biometric template."""
    return f"{_letters(random, 2)}-{_digits(random, 7)}"


def picture(random: Random) -> str:
    """Return the name of a picture's file."""
    return f"IMG_{_digits(random, 5)}.jpg"


def npi(random: Random) -> str:
    """Return a provider's number with its check digit (Luhn over 80840 and the number)."""
    body = "1" + _digits(random, 8)
    return body + _luhn_digit("80840" + body)


def passport(random: Random) -> str:
    """Return a passport's number."""
    return f"{_letters(random, 1)}{_digits(random, 8)}"


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(count))


def _bytes(random: Random, count: int) -> list[int]:
    return [random.randint(1, 254) for _ in range(count)]


def _letters(random: Random, count: int) -> str:
    return "".join(random.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(count))


def _luhn_digit(body: str) -> str:
    total = 0
    for place, char in enumerate(reversed(body)):
        number = int(char) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)
