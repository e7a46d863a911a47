"""Any other unique identifying number, characteristic or code: letter R."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits, is_itin, is_npi
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import BARE, CODE, END, IS, NUMBER, NUMBER_END, led, words

__all__ = ["ROWS"]

_COUNTED = ("reference", "tracking", "person", "record", "case", "customer", "client", "user",
            "identification", "registration", "file", "order", "document")  # fmt: skip
_HEX = "[0-9A-Fa-f]"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-PASSPORT",
        Letter.R,
        "A passport's number",
        Tier.IDENTIFIER,
        (
            form(led(f"passport{NUMBER}?") + IS + r"(?P<v>[A-Z]{0,2}\d{6,9})" + END, 0.85),
            form(r"(?:^|[^\w-])(?P<v>[A-Z]\d{8})" + END, 0.4),
        ),
        context=words("passport"),
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-NPI",
        Letter.R,
        "A national provider identifier",
        Tier.IDENTIFIER,
        (form(BARE + r"[12]\d{9})" + NUMBER_END, 0.45),),
        context=words("npi provider prescriber physician nppes"),
        accept=is_npi,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-ITIN",
        Letter.R,
        "A taxpayer's number (ITIN)",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^A-Za-z0-9.-])(?P<v>9\d\d-\d\d-\d{4})(?:$|[^\w.-]|[-.](?:$|\D))", 0.5),
            form(BARE + r"9\d{8})" + NUMBER_END, 0.4),
        ),
        context=words("itin taxpayer tax tin"),
        accept=is_itin,
    ),
    Recognizer(
        "CG-PHI-ENCOUNTER",
        Letter.R,
        "The number of an encounter, visit or admission",
        Tier.IDENTIFIER,
        (
            form(led("csn", "fin", "har", *(f"{what}{NUMBER}" for what in
                     ("encounter", "visit", "admission", "episode", "appointment", "case",
                      "hospital[ _-]?account", "contact[ _-]serial"))) + IS + CODE, 0.45),
            form(led(*(f"patient[ _-]?{what}{NUMBER}?" for what in
                       ("encounter", "visit", "admission", "episode", "appointment", "case")))
                 + IS + CODE, 0.8),
        ),
        context=words("patient admitted clinic hospital discharge mrn visit encounter chart"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-ACCESSION",
        Letter.R,
        "The number of a specimen, study or order",
        Tier.IDENTIFIER,
        (
            form(led(f"accession{NUMBER}?", f"specimen{NUMBER}", f"tissue{NUMBER}",
                     f"lab[ _-]?order{NUMBER}?", f"blood[ _-]?bag{NUMBER}?", f"donor{NUMBER}",
                     f"biobank{NUMBER}?", f"pathology{NUMBER}", "sample[ _-]?barcode")
                 + IS + CODE, 0.8),
        ),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-PRESCRIPTION",
        Letter.R,
        "A prescription's number",
        Tier.IDENTIFIER,
        (
            form(led(r"rx[ _-]?(?:number|no\.?|num|id|#)", f"prescription{NUMBER}",
                     f"script{NUMBER}") + IS + CODE, 0.8),
        ),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-SUBJECT",
        Letter.R,
        "The code of a participant in a study",
        Tier.IDENTIFIER,
        (
            form(led(*(f"{who}{NUMBER}" for who in ("subject", "participant", "enrollee",
                                                    "study[ _-]?(?:subject|participant|patient)")),
                     "randomi[sz]ation[ _-]?(?:number|no|code|id)", "screening[ _-]?(?:number|no)",
                     "patient[ _-]?code", "pseudonym", "study[ _-]?(?:id|number)")
                 + IS + CODE, 0.8),
        ),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-UNIQUE",
        Letter.R,
        "A number, code or mark that stands for somebody",
        Tier.IDENTIFIER,
        (
            form(led(f"unique[ _-]?(?:patient[ _-]?)?{NUMBER}", "uid", "upi", "barcode",
                     "wristband", "identifier", *(f"{what}{NUMBER}" for what in _COUNTED))
                 + IS + CODE, 0.4),
        ),
        context=words("patient patients wristband"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-LOGIN",
        Letter.R,
        "A patient's user name",
        Tier.IDENTIFIER,
        (
            form(led(*(f"{whose}[ _-]?(?:login|user[ _-]?(?:name|id)?|username|account[ _-]?name)"
                       for whose in ("patient", "portal", "member", "mychart")), "mychart[ _-]?id")
                 + r"[\"'\\]{0,3}[ ]?[:=]?[ ]?[\"'\\]{0,3}"
                 r"(?P<v>[A-Za-z][\w.-]{2,30}[A-Za-z0-9])(?:$|[^\w.(-])", 0.8),
        ),
        accept=lambda value: any(c.isdigit() for c in value),
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-EMPLOYEE",
        Letter.R,
        "The number of an employee, student or member of the forces",
        Tier.IDENTIFIER,
        (
            form(led(*(f"{who}{NUMBER}" for who in ("employee", "student", "military", "veteran",
                                                    "badge", "dod", "national", "citizen",
                                                    "inmate", "alien", "green[ _-]?card",
                                                    "visa"))) + IS + CODE, 0.45),
            form(led("edipi", r"a-?number", r"alien[ _-]?registration(?:[ _-]?number)?") + IS
                 + r"(?P<v>A?-?\d{8,10})" + END, 0.8),
        ),
        context=words("patient employer insured veteran tricare badge ssn"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-UUID",
        Letter.R,
        "A UUID",
        Tier.CONTEXTUAL,
        (
            form(led("patient", "pt", "member", "subject", "person")
                 + r"[ _-]?(?i:id|uuid|guid|ref|reference|key)?[\"'\\]{0,3}[ ]?[:=/]?[ ]?"
                 r"[\"'\\]{0,3}"
                 rf"(?P<v>{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}){END}", 0.8),
            form(rf"(?:^|[^\w-])(?P<v>{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}){END}", 0.4),
        ),
        placeholder=nobody.of_uuid,
        severity="low",
    ),
)  # fmt: skip
