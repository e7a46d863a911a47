"""Vehicles, devices, addresses of the net, and the rest: letters L to R."""

from __future__ import annotations

from clinigate.core.flaw import FlawSeverity
from clinigate.phi import placeholders as nobody
from clinigate.phi.fragments import CODE, IS, LED, NUMBER, form, words
from clinigate.phi.model import Letter, Recognizer
from clinigate.phi.numbers import enough_digits, is_address, is_imei, is_npi, is_vin
from clinigate.phi.values import is_identifier

__all__ = ["ROWS"]

_DEVICE_WORDS = words(
    "implant implanted pacemaker defibrillator icd stent pump device monitor ventilator cgm "
    "prosthesis infusion insulin meter wearable udi medical"
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-VIN",
        Letter.L,
        "A vehicle identification number",
        (form(r"[A-HJ-NPR-Z0-9](?<![\w-].)[A-HJ-NPR-Z0-9]{16}(?![\w-])", 0.6),),
        context=words("vin vehicle car chassis automobile"),
        accept=is_vin,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-PLATE",
        Letter.L,
        "A licence plate",
        (
            form(LED + r"(?i:licen[cs]e[ _-]?plate" + NUMBER + r"?|plate" + NUMBER
                 + r"|registration[ _-]plate|tag[ _-]?number)" + IS
                 + r"(?P<v>[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,5})(?![\w-])", 0.85),
        ),
        triggers=("plate", "tag"),
        accept=is_identifier,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-DEVICE",
        Letter.M,
        "A medical device's serial number",
        (
            form(r"\(01\)\d{14}(?:\(1[017]\)[\w-]{1,20}){0,3}\(21\)(?P<v>[\w-]{3,20})", 0.9),
            form(LED + r"(?i:(?:implant(?:ed|able)?|pacemaker|defibrillator|pump|cgm|ventilator"
                 r"|medical[ _-]?device|stent|prosthesis)[\w ]{0,16}?(?:serial" + NUMBER
                 + r"?|s/n|sn|udi|id))" + IS + CODE, 0.85),
            form(LED + r"(?i:serial" + NUMBER + r"|s/n|udi|device[ _-]?(?:id|identifier|serial))"
                 + IS + CODE, 0.45),
        ),
        triggers=("implant", "pacemaker", "defibrillator", "pump", "cgm", "ventilator", "stent",
                 "prosthesis", "device", "serial", "s/n", "udi", "(01)"),
        context=_DEVICE_WORDS - {"device", "udi"},
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-IMEI",
        Letter.M,
        "A mobile device's IMEI",
        (form(r"\d(?<![\w.+/-].)\d{14}(?![\w-]|\.\d)", 0.45),),
        context=words("imei handset device mobile phone"),
        accept=is_imei,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-MAC",
        Letter.M,
        "A MAC address",
        (
            form(r"[0-9A-Fa-f](?<![\w:-].)[0-9A-Fa-f]([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}"
                 r"(?![\w:-])", 0.8),
        ),
        context=words("mac hwaddr ether device bluetooth wifi"),
        placeholder=nobody.of_mac,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-URL",
        Letter.N,
        "An address that names a person",
        (
            form(r"(?i)(?<![\w:/])https?://[^\s/\"'<>?]{1,253}/(?:[\w.~-]{1,64}/){0,8}?patients?/"
                 r"[A-Za-z0-9._~%@-]{0,80}\d[A-Za-z0-9._~%@-]{0,80}", 0.85),
            form(r"(?<![\w/.:}])/(?:[\w.~-]{1,64}/){0,8}?[Pp]atients?/(?P<v>[A-Za-z0-9._~-]{0,80}"
                 r"\d[A-Za-z0-9._~-]{0,80})", 0.45),
        ),
        triggers=("patient",),
        context=words("get post put patch delete http"),
        accept=is_identifier,
        placeholder=nobody.of_url,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-IP",
        Letter.O,
        "An IP address",
        (
            form(rf"(?<![\w.])(?<![A-Za-z]/){_OCTET}(?:\.{_OCTET}){{3}}(?!\w|\.\d|/\d)", 0.45),
            form(r"(?i)(?<![\w:.])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{1,4}(?![\w:])", 0.45),
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
        (
            form(LED + r"(?i:passport" + NUMBER + "?)" + IS
                 + r"(?P<v>[A-Z]{0,2}\d{6,9})(?![\w-])", 0.85),
        ),
        triggers=("passport",),
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-NPI",
        Letter.R,
        "A national provider identifier",
        (form(r"[12](?<![\w.+/-].)\d{9}(?![\w-]|\.\d)", 0.45),),
        context=words("npi provider prescriber physician nppes"),
        accept=is_npi,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-UUID",
        Letter.R,
        "A UUID",
        (
            form(r"(?i)(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
                 r"(?![\w-])", 0.1),
        ),
        placeholder=lambda value: "the nil UUID" if set(value) <= set("0-") else None,
        severity=FlawSeverity.LOW,
    ),
)  # fmt: skip
