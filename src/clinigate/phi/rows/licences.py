"""Licences, certificates and vehicles: letters K and L."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits, is_dea, is_vin
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import CODE, END, IS, NUMBER, led, words
from clinigate.phi.values import is_identifier

__all__ = ["ROWS"]

_LICENSED = ("driver'?s?", "driving", "medical", "nursing", "professional", "state", "pharmacy",
             "physician", "provider", "marriage")  # fmt: skip

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-LICENCE",
        Letter.K,
        "A licence or certificate number",
        Tier.IDENTIFIER,
        (
            form(led(*(f"{whose}[ _-]?licen[cs]e{NUMBER}?" for whose in _LICENSED),
                     r"licen[cs]e[ _-]?(?:number|no\.?|num|#)", "lic[ _-]?(?:number|no\\.?|num|#)",
                     r"dl[ _-]?(?:number|no\.?|num|#)", "dln",
                     r"certificate[ _-]?(?:number|no\.?|num|#)", r"cert[ _-]?(?:number|no\.?|#)",
                     r"birth[ _-]certificate", r"death[ _-]certificate", "board[ _-]certification")
                 + IS + CODE, 0.85),
            form(r"(?:^|[^\w-])(?P<v>[A-Z]{1,2}\d{5,8}|[A-Z]\d{3}-\d{3,4}-\d{2,4}(?:-\d{3})?|"
                 r"[A-Z]\d{12,14})" + END, 0.4),
        ),
        context=words("driver drivers driving licence license licensed dmv dl"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-DEA",
        Letter.K,
        "A prescriber's DEA registration",
        Tier.IDENTIFIER,
        (form(r"(?:^|[^\w-])(?P<v>[A-HJ-MPR-UX][A-Z9]\d{7})" + END, 0.6),),
        context=words("dea prescriber physician provider registration license"),
        accept=is_dea,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-VIN",
        Letter.L,
        "A vehicle identification number",
        Tier.IDENTIFIER,
        (form(r"(?:^|[^\w-])(?P<v>[A-HJ-NPR-Z0-9]{17})" + END, 0.6),),
        context=words("vin vehicle car chassis automobile"),
        accept=is_vin,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-VEHICLE",
        Letter.L,
        "A vehicle's number in a field that says so",
        Tier.IDENTIFIER,
        (
            form(led(f"vin{NUMBER}?", f"vehicle[ _-]?(?:identification[ _-]?)?{NUMBER}",
                     "vehicle[ _-]?serial", f"chassis{NUMBER}")
                 + IS + r"(?P<v>[A-HJ-NPR-Z0-9]{11,17})" + END, 0.8),
        ),
        accept=enough_digits,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-PLATE",
        Letter.L,
        "A licence plate",
        Tier.IDENTIFIER,
        (
            form(led(f"licen[cs]e[ _-]?plate{NUMBER}?", "plate" + NUMBER, "registration[ _-]plate",
                     "number[ _-]plate", "tag[ _-]?number", "plates?", "vehicle[ _-]tag") + IS
                 + r"(?P<v>[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,7})" + END, 0.85),
        ),
        accept=is_identifier,
        severity="medium",
    ),
)  # fmt: skip
