"""The rows of the table, by what they are about."""

from __future__ import annotations

from clinigate.phi.recognizer import Recognizer
from clinigate.phi.rows.contacts import ROWS as _CONTACTS
from clinigate.phi.rows.dates import ROWS as _DATES
from clinigate.phi.rows.devices import ROWS as _DEVICES
from clinigate.phi.rows.hl7 import ROWS as _HL7
from clinigate.phi.rows.images import ROWS as _IMAGES
from clinigate.phi.rows.licences import ROWS as _LICENCES
from clinigate.phi.rows.money import ROWS as _MONEY
from clinigate.phi.rows.net import ROWS as _NET
from clinigate.phi.rows.notes import ROWS as _NOTES
from clinigate.phi.rows.others import ROWS as _OTHERS
from clinigate.phi.rows.persons import ROWS as _PERSONS
from clinigate.phi.rows.places import ROWS as _PLACES
from clinigate.phi.rows.records import ROWS as _RECORDS
from clinigate.phi.rows.spanish import ROWS as _SPANISH

__all__ = ["ROWS"]

#: All rows. Where two of equal score lie over each other, the earlier one names the find.
ROWS: tuple[Recognizer, ...] = (
    *_PERSONS, *_PLACES, *_DATES, *_CONTACTS, *_RECORDS, *_MONEY, *_LICENCES, *_DEVICES, *_NET,
    *_IMAGES, *_OTHERS, *_HL7, *_NOTES, *_SPANISH,
)  # fmt: skip
