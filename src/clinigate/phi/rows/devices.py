"""Devices in, on or with somebody: letter M."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits, is_imei
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import BARE, CODE, IS, NUMBER, NUMBER_END, led, separated, words

__all__ = ["ROWS"]

_IMPLANTS = ("implant(?:ed|able)?", "pacemaker", "defibrillator", "insulin[ _-]?pump", "pump",
             "cgm", "ventilator", "medical[ _-]?device", "stent", "prosthesis", "cochlear",
             "glucometer", "hearing[ _-]aid", "wheelchair", "icd", "monitor", "valve", "lead",
             "wearable", "stimulator")  # fmt: skip
_DEVICE_WORDS = words(
    "implant implanted pacemaker defibrillator icd stent pump monitor ventilator cgm "
    "prosthesis infusion insulin meter wearable medical patient hip knee valve glucometer "
    "catheter prosthetic hearing"
)
_HEX = "[0-9A-Fa-f]"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-DEVICE",
        Letter.M,
        "A medical device's serial number",
        Tier.IDENTIFIER,
        (
            form(led(*_IMPLANTS) + rf"[\w ]{{0,16}}(?i:serial{NUMBER}?|s/n|sn|udi|id)" + IS + CODE,
                 0.85),
            form(led("serial" + NUMBER, "s/n", "serial", "udi",
                     "device[ _-]?(?:id|identifier|serial)(?:[ _-]?(?:number|no|#))?")
                 + IS + CODE, 0.45),
        ),
        context=_DEVICE_WORDS,
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-UDI",
        Letter.M,
        "A unique device identifier (UDI) with its serial number",
        Tier.IDENTIFIER,
        (
            form(r"\(01\)\d{14}(?:\(1[017]\)[\w-]{1,20}){0,3}\(21\)(?P<v>[\w-]{3,20})", 0.9),
            form(r"(?:^|[^\w(])(?P<v>\(01\)\d{14}(?:\(1[017]\)[\w-]{1,20}){0,3})(?:$|[^(])", 0.5),
            form(r"(?:^|[^\w+])(?P<v>\+[A-Z]\d{3}[0-9A-Z]{2,18}/\$\$?[+0-9A-Z/-]{4,40})(?:$|[^\w])",
                 0.8),
        ),
        context=_DEVICE_WORDS | {"udi"},
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-IMEI",
        Letter.M,
        "A mobile device's IMEI",
        Tier.IDENTIFIER,
        (
            form(BARE + r"\d{15})" + NUMBER_END, 0.45),
            form(r"(?:^|[^\w.-])(?P<v>\d\d-\d{6}-\d{6}-\d)" + NUMBER_END, 0.8),
        ),
        context=words("imei handset device mobile phone"),
        accept=is_imei,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-HANDSET",
        Letter.M,
        "The identifier of somebody's phone, as applications see it",
        Tier.IDENTIFIER,
        (
            form(led("android[ _-]?id", "idfa", "idfv", "gaid", "advertising[ _-]?id", "imsi",
                     "iccid", "meid", "device[ _-]?token", "apns[ _-]?token", "fcm[ _-]?token")
                 + IS + r"(?P<v>[0-9A-Fa-f]{8}[0-9A-Za-z:_-]{6,160})(?:$|[^\w:-])", 0.8),
        ),
        accept=enough_digits,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-MAC",
        Letter.M,
        "A MAC address",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w:-]|[G-Zg-z_][0-9A-Za-z_]{0,2}[:-])(?P<v>"
                 + separated(":-", *[_HEX + "{2}"] * 6)
                 + r")(?:$|[^\w:-]|[:-](?:$|[^0-9A-Fa-f]))", 0.8),
            form(rf"(?:^|[^\w.])(?P<v>{_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}})(?:$|[^\w.])", 0.5),
        ),
        context=words("mac hwaddr ether device bluetooth wifi"),
        placeholder=nobody.of_mac,
        severity="medium",
    ),
)  # fmt: skip
