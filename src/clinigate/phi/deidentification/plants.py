"""Identifiers of nobody, letter by letter, that a search has to find before it is believed.

All are made from a seed. They look like somebody's: what is reserved for examples would be
reported as nobody's, and show nothing. None is anybody's but by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from clinigate.phi.deidentification import made
from clinigate.phi.model import Letter

__all__ = ["KINDS", "Kind", "Plant", "plants"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way in which a letter's identifier is written.

    Attributes:
        make: a value, from a source of random numbers.
        headers: columns that would hold it.
        sentences: prose around it, with `{}` where it stands.
        bare: whether the value alone says what it is, without a column's name or a word.
    """

    make: Callable[[Random], str]
    headers: tuple[str, ...]
    sentences: tuple[str, ...]
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Plant:
    """A value and how it is planted.

    Attributes:
        value: what is to be found.
        header: the column that it is planted into; None leaves it to the dataset's own columns.
        text: the cell's content, in which the value stands.
    """

    value: str
    header: str | None
    text: str


KINDS: Mapping[Letter, tuple[Kind, ...]] = MappingProxyType(
    {
        Letter.A: (
            Kind(made.person, ("patient_name", "full_name", "name"),
                 ("Patient {} was seen today.", "Spoke with Mrs. {} after the visit.",
                  "Signed by {} at discharge."), bare=True),
        ),
        Letter.B: (
            Kind(made.address, ("address", "home_address"),
                 ("Lives at {} with a sister.", "Discharged home to {}."), bare=True),
            Kind(made.zip_code, ("zip", "zip_code", "postal_code"), ("Resides in ZIP code {}.",)),
        ),
        Letter.C: (
            Kind(made.day, ("birth_date", "admission_date", "date_of_death"),
                 ("Born on {}.", "Admitted {} for observation."), bare=True),
            Kind(made.great_age, ("age",), ("Patient is {} years old.",)),
        ),
        Letter.D: (
            Kind(made.telephone, ("phone", "mobile_phone"),
                 ("Call back at {} tomorrow.", "Phone: {}."), bare=True),
        ),
        Letter.E: (Kind(made.telephone, ("fax", "fax_number"), ("Results by fax to {}.",)),),
        Letter.F: (
            Kind(made.mail, ("email", "contact"), ("Wrote to {} last week.",), bare=True),
        ),
        Letter.G: (
            Kind(made.social, ("ssn", "social_security_number"), ("SSN {} on file.",), bare=True),
        ),
        Letter.H: (
            Kind(made.digits(8), ("mrn", "medical_record_number"),
                 ("MRN {} reviewed.", "Medical record number: {}.")),
        ),
        Letter.I: (
            Kind(made.member, ("member_id", "health_plan_id", "insurance_number"),
                 ("Member ID {} is active.", "Insurance number: {}.")),
        ),
        Letter.J: (
            Kind(made.digits(10), ("account_number", "account_no"),
                 ("Billed to account number {}.", "Account no: {}.")),
            Kind(made.card, ("credit_card", "card_number"), ("Paid by card {}.",), bare=True),
        ),
        Letter.K: (
            Kind(made.licence, ("license_number", "certificate_number"),
                 ("Driver's license number {} was shown.", "License no: {}.")),
        ),
        Letter.L: (
            Kind(made.vin, ("vin", "vehicle_id"), ("Vehicle VIN {} was towed.",)),
            Kind(made.plate, ("license_plate",), ("License plate: {}.",)),
        ),
        Letter.M: (
            Kind(made.serial, ("device_serial_number", "device_id"),
                 ("Pacemaker serial number {} implanted.", "Device serial no: {}.")),
            Kind(made.mac, ("mac_address",), ("Monitor with MAC address {}.",), bare=True),
        ),
        Letter.N: (
            Kind(made.link, ("url", "profile_url"), ("Chart at {} for review.",), bare=True),
        ),
        Letter.O: (
            Kind(made.host, ("ip_address", "client_ip"), ("Logged in from client IP {}.",)),
        ),
        Letter.P: (
            Kind(made.template, ("fingerprint_id", "voiceprint_id", "retina_scan_id"),
                 ("Fingerprint id: {}.", "Voiceprint id: {}.")),
        ),
        Letter.Q: (
            Kind(made.picture, ("photo", "photo_url", "face_image"),
                 ("Photo: {}.", "Face image: {}.")),
        ),
        Letter.R: (
            Kind(made.npi, ("npi", "provider_npi"), ("Referred by NPI {}.",)),
            Kind(made.passport, ("passport_number",), ("Passport number: {}.",)),
        ),
    }
)  # fmt: skip


def plants(letter: Letter, count: int, seed: int) -> list[Plant]:
    """Return plants of a letter, the kinds and the ways of planting in turn.

    Args:
        letter: whose.
        count: how many.
        seed: the same one makes the same ones.
    """
    random = Random(f"{seed} {letter.name}")  # noqa: S311 - to be repeated, not to be secret
    ways = [(kind, way) for kind in KINDS[letter] for way in _ways(kind)]
    return [_plant(*ways[number % len(ways)], random) for number in range(count)]


def _ways(kind: Kind) -> tuple[str, ...]:
    return ("column", "prose", "bare") if kind.bare else ("column", "prose")


def _plant(kind: Kind, way: str, random: Random) -> Plant:
    value = kind.make(random)
    if way == "column":
        return Plant(value, random.choice(kind.headers), value)
    if way == "prose":
        return Plant(value, None, random.choice(kind.sentences).format(value))
    return Plant(value, None, value)
