"""Where somebody is: every division smaller than a state (letter B)."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import is_sparse_zip
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import END, FIELD, IS, SPACE, STATES, STREET, led, words
from clinigate.phi.values import is_address_text, is_name

__all__ = ["ROWS"]

_TOWN = r"[A-Z\xc3-\xdf][A-Za-z.'\x80-\xff -]{1,30}"
_BEFORE = r"(?:^|[^\w.-])"
_PLACE_WORDS = words("address addr street lives living resides residence home mailing shipping "
                     "billing city zip patient located moved")  # fmt: skip
_DEGREES = r"(?P<v>[+-]?\d{1,3}\.\d{3,15})(?:$|[^\w.])"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-ADDRESS",
        Letter.B,
        "A street address",
        Tier.IDENTIFIER,
        (
            form(rf"{_BEFORE}(?P<v>{STREET},?{SPACE}{{1,2}}{_TOWN},?"
                 rf"{SPACE}{{1,2}}{STATES}{SPACE}{{1,2}}\d{{5}}(?:-\d{{4}})?)(?:$|\W)", 0.9),
            form(rf"{_BEFORE}(?P<v>{STREET})(?:$|\W)", 0.45),
        ),
        context=_PLACE_WORDS,
        placeholder=nobody.of_place,
    ),
    Recognizer(
        "CG-PHI-ADDRESS",
        Letter.B,
        "A street address",
        Tier.IDENTIFIER,
        (
            form(led("address[ _-]?line[ _-]?[1-3]",
                     *(f"{what}[ _-]?addr(?:ess)?(?:[ _-]?(?:line[ _-]?)?[1-3])?" for what in
                       ("home", "street", "mailing", "patient", "postal", "residential")))
                 + FIELD + r"(?P<v>[0-9A-Z][\w.,#'/\x80-\xff -]{5,90}[\w\x80-\xff])"
                 r"(?:$|[^\w.,#'/ -]|[.,#'/ -](?:$|[^\w.,#'/ -]))", 0.8),
            form(led("addr(?:ess)?", "street", "line") + rf"[\"'\\]{{0,3}}[ ]?[:=]{SPACE}?"
                 + r"[\[\"'\\]{0,4}(?P<v>\d{1,6}(?:st|nd|rd|th)?,? [A-Z]"
                 r"[\w.,#'/\x80-\xff -]{3,90}[\w\x80-\xff])"
                 r"(?:$|[^\w.,#'/ -]|[.,#'/ -](?:$|[^\w.,#'/ -]))", 0.8),
        ),
        accept=is_address_text,
    ),
    Recognizer(
        "CG-PHI-PO-BOX",
        Letter.B,
        "A post office box",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^A-Za-z])(?P<v>(?i:p\.? ?o\.? ?box|post office box) ?#?\d{1,6})" + END,
                 0.8),
        ),
    ),
    Recognizer(
        "CG-PHI-ZIP",
        Letter.B,
        "A ZIP code",
        Tier.IDENTIFIER,
        (
            form(led("zip(?:[ _-]?code)?", "postal(?:[ _-]?code)?", "post[ _-]?code") + IS
                 + r"(?P<v>\d{5}(?:-\d{4})?)" + END, 0.8),
            form(rf"[a-z.,] {STATES},?{SPACE}{{1,2}}(?P<v>\d{{5}}(?:-\d{{4}})?){END}", 0.5),
            form(rf"{_BEFORE}(?P<v>\d{{5}}-\d{{4}}){END}", 0.4),
        ),
        context=_PLACE_WORDS | {"zipcode"},
        placeholder=nobody.of_place,
    ),
    Recognizer(
        "CG-PHI-ZIP3",
        Letter.B,
        "Three digits of a ZIP code where 20,000 people or fewer live",
        Tier.IDENTIFIER,
        (
            form(led("zip[ _-]?3", "zip[ _-]?(?:code)?[ _-]?prefix", "postal[ _-]?prefix") + IS
                 + r"(?P<v>\d{3})" + END, 0.8),
            form(led("zip(?:[ _-]?code)?") + IS + r"(?P<v>\d{3})(?:[*Xx]{2}|" + END + ")", 0.8),
        ),
        accept=is_sparse_zip,
    ),
    Recognizer(
        "CG-PHI-POSTCODE",
        Letter.B,
        "A Canadian or British postcode",
        Tier.CONTEXTUAL,
        (
            form(rf"{_BEFORE}(?P<v>[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d)"
                 + END, 0.6),
            form(rf"{_BEFORE}(?P<v>[A-PR-UWYZ][A-HK-Y]?\d[0-9A-HJKPSTUW]? \d[ABD-HJLNP-UW-Z]{{2}})"
                 + END, 0.6),
            form(led("postal[ _-]?code", "post[ _-]?code") + IS
                 + r"(?P<v>[A-Za-z]{1,2}-?\d[0-9A-Za-z]{0,5}(?:[ -][0-9A-Za-z]{1,4})?)" + END, 0.6),
        ),
        context=_PLACE_WORDS | {"postcode", "postal"},
    ),
    Recognizer(
        "CG-PHI-CITY",
        Letter.B,
        "A town or county in a field that says so",
        Tier.IDENTIFIER,
        (
            form(led(*(f"patient[ _-]?{what}" for what in ("city", "town", "county")),
                     *(f"{what}[ _-]of[ _-](?:birth|residence)" for what in
                       ("place", "city", "county", "town")), "birth[ _-]?place", "precinct")
                 + FIELD + rf"(?P<v>{_TOWN})(?:$|[^A-Za-z0-9.'-])", 0.8),
            form(led("city", "town", "county", "parish", "village", "suburb", "district") + FIELD
                 + rf"(?P<v>{_TOWN})(?:$|[^A-Za-z0-9.'-])", 0.45),
        ),
        context=words("address addr street zip postal resides residence lives patient"),
        accept=is_name,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-PLACE",
        Letter.B,
        "A place in prose",
        Tier.NAME,
        (
            form(r"(?:^|[^\w.])(?P<v>[A-Z][a-z'\x80-\xff-]{2,20}(?: [A-Z][a-z]{2,15}){0,2},? "
                 rf"{STATES})(?:,? \d{{5}}|$|[^0-9A-Za-z_])", 0.6),
            form(rf"(?:^|[^\w.])(?P<v>{STREET})(?:$|\W)", 0.55),
        ),
    ),
    Recognizer(
        "CG-PHI-GEO",
        Letter.B,
        "Coordinates that are as good as an address",
        Tier.CONTEXTUAL,
        (
            form(led("lat", "latitude", "lon", "lng", "long", "longitude") + FIELD + _DEGREES, 0.5),
            form(r"(?:^|[^\w.])(?P<v>-?\d{1,2}\.\d{4,15}, ?-?\d{1,3}\.\d{4,15})(?:$|[^\w.])", 0.45),
            form(r"(?i:geo:)(?P<v>-?\d{1,2}\.\d{3,15},-?\d{1,3}\.\d{3,15})(?:$|[^\w.])", 0.8),
        ),
        context=words("patient home address location gps coordinates geo geocode"),
        severity="medium",
    ),
)  # fmt: skip
