"""Vehicles, devices, addresses of the net, and the rest: letters L to R."""

from __future__ import annotations

from clinigate.core.flaw import FlawSeverity
from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits, is_address, is_imei, is_npi, is_vin
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import CODE, END, IS, NUMBER, NUMBER_END, led, separated, words
from clinigate.phi.values import is_identifier

__all__ = ["ROWS"]

_IMPLANTS = ("implant(?:ed|able)?", "pacemaker", "defibrillator", "pump", "cgm", "ventilator",
             "medical[ _-]?device", "stent", "prosthesis")  # fmt: skip
_DEVICE_WORDS = words(
    "implant implanted pacemaker defibrillator icd stent pump monitor ventilator cgm "
    "prosthesis infusion insulin meter wearable medical"
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HEX = "[0-9A-Fa-f]"
_BARE = r"(?:^|[^\w.+/-])(?P<v>"
_LAST = r"[A-Za-z0-9._~%@-]{0,80}\d[A-Za-z0-9._~%@-]{0,80}"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-VIN",
        Letter.L,
        "A vehicle identification number",
        Tier.IDENTIFIER,
        (form(r"(?:^|[^\w-])(?P<v>[A-HJ-NPR-Z0-9]{17})" + END, 0.6),),
        context=words("vin vehicle car chassis automobile"),
        accept=is_vin,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-PLATE",
        Letter.L,
        "A licence plate",
        Tier.IDENTIFIER,
        (
            form(led(f"licen[cs]e[ _-]?plate{NUMBER}?", "plate" + NUMBER, "registration[ _-]plate",
                     "tag[ _-]?number") + IS
                 + r"(?P<v>[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,5})" + END, 0.85),
        ),
        accept=is_identifier,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-DEVICE",
        Letter.M,
        "A medical device's serial number",
        Tier.IDENTIFIER,
        (
            form(r"\(01\)\d{14}(?:\(1[017]\)[\w-]{1,20}){0,3}\(21\)(?P<v>[\w-]{3,20})", 0.9),
            form(led(*_IMPLANTS) + rf"[\w ]{{0,16}}(?i:serial{NUMBER}?|s/n|sn|udi|id)" + IS + CODE,
                 0.85),
            form(led("serial" + NUMBER, "s/n", "udi", "device[ _-]?(?:id|identifier|serial)")
                 + IS + CODE, 0.45),
        ),
        context=_DEVICE_WORDS,
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-IMEI",
        Letter.M,
        "A mobile device's IMEI",
        Tier.IDENTIFIER,
        (form(_BARE + r"\d{15})" + NUMBER_END, 0.45),),
        context=words("imei handset device mobile phone"),
        accept=is_imei,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-MAC",
        Letter.M,
        "A MAC address",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w:-])(?P<v>" + separated(":-", *[_HEX + "{2}"] * 6)
                 + r")(?:$|[^\w:-])", 0.8),
        ),
        context=words("mac hwaddr ether device bluetooth wifi"),
        placeholder=nobody.of_mac,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-URL",
        Letter.N,
        "An address that names a person",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w:/])(?P<v>(?i:https?)://[^ \t\r\n\"'<>?]{1,300}/(?i:patients?)/"
                 + _LAST + ")", 0.85),
            form(r"(?:^|[^\w/.:}])(?:/[\w.~-]{1,64}){0,8}/[Pp]atients?/"
                 r"(?P<v>[A-Za-z0-9._~-]{0,80}\d[A-Za-z0-9._~-]{0,80})", 0.45),
        ),
        context=words("get post put patch delete http"),
        accept=is_identifier,
        placeholder=nobody.of_url,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-IP",
        Letter.O,
        "An IP address",
        Tier.CONTEXTUAL,
        (
            form(rf"(?:^|[^\w./]|(?:^|[^A-Za-z])/)(?P<v>{_OCTET}(?:\.{_OCTET}){{3}})"
                 r"(?:$|[^\w./]|[./](?:$|\D))", 0.45),
            form(rf"(?:^|[^\w:.])(?P<v>(?:{_HEX}{{0,4}}:){{3,7}}{_HEX}{{1,4}})(?:$|[^\w:])", 0.45),
        ),
        context=words("client remote visitor patient user caller forwarded"),
        accept=is_address,
        placeholder=nobody.of_address,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-PASSPORT",
        Letter.R,
        "A passport's number",
        Tier.IDENTIFIER,
        (
            form(led(f"passport{NUMBER}?") + IS + r"(?P<v>[A-Z]{0,2}\d{6,9})" + END, 0.85),
        ),
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-NPI",
        Letter.R,
        "A national provider identifier",
        Tier.IDENTIFIER,
        (form(_BARE + r"[12]\d{9})" + NUMBER_END, 0.45),),
        context=words("npi provider prescriber physician nppes"),
        accept=is_npi,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-UUID",
        Letter.R,
        "A UUID",
        Tier.CONTEXTUAL,
        (
            form(rf"(?:^|[^\w-])(?P<v>{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}){END}", 0.1),
        ),
        placeholder=lambda value: "the nil UUID" if set(value) <= set("0-") else None,
        severity=FlawSeverity.LOW,
    ),
)  # fmt: skip
