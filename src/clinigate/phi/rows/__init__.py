"""The rows of the table, by what they are about."""

from __future__ import annotations

from clinigate.phi.recognizer import Recognizer
from clinigate.phi.rows.contacts import ROWS as _CONTACTS
from clinigate.phi.rows.dates import ROWS as _DATES
from clinigate.phi.rows.persons import ROWS as _PERSONS
from clinigate.phi.rows.registries import ROWS as _REGISTRIES
from clinigate.phi.rows.things import ROWS as _THINGS

__all__ = ["ROWS"]

#: All rows. Where two of equal score lie over each other, the earlier one names the find.
ROWS: tuple[Recognizer, ...] = (*_PERSONS, *_DATES, *_CONTACTS, *_REGISTRIES, *_THINGS)
