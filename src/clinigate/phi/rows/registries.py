"""Numbers that an authority, a clinic, an insurer or a bank gave somebody: letters G to K."""

from __future__ import annotations

from clinigate.core.flaw import FlawSeverity
from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits, is_card, is_dea, is_iban, is_ssn
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import CODE, END, IS, NUMBER, NUMBER_END, led, separated, words

__all__ = ["ROWS"]

_MBI = "[AC-HJKMNP-RT-Y]"
_MBI_PARTS = (rf"[1-9]{_MBI}[AC-HJKMNP-RT-Y\d]\d", rf"{_MBI}[AC-HJKMNP-RT-Y\d]\d",
              rf"{_MBI}{{2}}\d{{2}}")  # fmt: skip
_DASH = r"(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92)"
_BARE = r"(?:^|[^\w.+/-])(?P<v>"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-SSN",
        Letter.G,
        "A social security number",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^A-Za-z0-9.-]|(?:^|[^0-9])[.-])(?P<v>\d{3}-\d\d-\d{4})"
                 r"(?:$|[^\w.-]|[-.](?:$|\D))", 0.85),
            form(rf"(?:^|[^A-Za-z0-9.-])(?P<v>\d{{3}}{_DASH}\d\d{_DASH}\d{{4}})(?:$|[^\w.-])",
                 0.85),
            form(r"(?:^|[^\w.-])(?P<v>" + separated(" .", r"\d{3}", r"\d\d", r"\d{4}")
                 + r")(?:$|[^\w. -]|[. ](?:$|\D)|-(?:$|\W))", 0.45),
            form(_BARE + r"\d{9})" + NUMBER_END, 0.45),
        ),
        context=words("ssn ssns social security socsec"),
        accept=is_ssn,
        placeholder=nobody.of_ssn,
        severity=FlawSeverity.CRITICAL,
    ),
    Recognizer(
        "CG-PHI-SSN",
        Letter.G,
        "A social security number",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^A-Za-z])(?i:(?:ssn|social(?:[ _-]security)?(?:[ _-]n\w{1,5})?)[ _-]?"
                 r"(?:last[ _-]?(?:4|four)|ending)(?: digits)?(?: in)?)" + IS
                 + r"(?P<v>\d{4})" + END, 0.85),
        ),
        accept=is_ssn,
        severity=FlawSeverity.CRITICAL,
    ),
    Recognizer(
        "CG-PHI-MRN",
        Letter.H,
        "A medical record number",
        Tier.IDENTIFIER,
        (
            form(led("mrn", *(f"{whose}[ _-]?record{NUMBER}?"
                              for whose in ("medical", "health", "patient")), "chart" + NUMBER,
                     r"pat(?:ient)?[ _-]?(?:id|identifier|number|no\.?|num)") + IS + CODE, 0.9),
        ),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-PLAN",
        Letter.I,
        "A health plan or insurance number",
        Tier.IDENTIFIER,
        (
            form(led(*(f"{whose}{NUMBER}" for whose in
                       ("member", "subscriber", "beneficiary", "health[ _-]?plan", "insurance",
                        "medicare", "medicaid", "insured", "hicn?")),
                     r"policy[ _-]?(?:number|no\.?|num)") + IS + CODE, 0.85),
            form(led("policy") + r"[ _-]?#\W{0,3}(?P<v>\d{6,16})" + END, 0.85),
            form(led(*(f"{what}{NUMBER}" for what in
                       ("group", "plan", "policy", "payer", "claim", "authorization")))
                 + IS + CODE, 0.45),
        ),
        context=words("insurance insurer coverage member subscriber payer medicare patient"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-MBI",
        Letter.I,
        "A Medicare beneficiary identifier",
        Tier.IDENTIFIER,
        (
            form(rf"(?:^|[^\w-])(?P<v>{'-'.join(_MBI_PARTS)}|{''.join(_MBI_PARTS)}){END}", 0.85),
        ),
        context=words("medicare mbi beneficiary"),
        placeholder=nobody.of_mbi,
    ),
    Recognizer(
        "CG-PHI-CARD",
        Letter.J,
        "A payment card's number",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.-])(?P<v>"
                 + separated(" -", r"\d{4}", r"\d{4}", r"\d{4}", r"\d{1,7}") + "|"
                 + separated(" -", r"\d{4}", r"\d{6}", r"\d{4,5}") + ")" + NUMBER_END, 0.9),
            form(_BARE + r"\d{13,19})" + NUMBER_END, 0.8),
        ),
        context=words("card visa mastercard amex discover credit debit payment"),
        accept=is_card,
        placeholder=nobody.of_card,
    ),
    Recognizer(
        "CG-PHI-IBAN",
        Letter.J,
        "A bank account's number (IBAN)",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w-])(?P<v>[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)" + END,
                 0.9),
        ),
        accept=is_iban,
    ),
    Recognizer(
        "CG-PHI-ACCOUNT",
        Letter.J,
        "An account number",
        Tier.IDENTIFIER,
        (
            form(led(r"acc(?:oun)?t[ _.-]{0,2}(?:number|no\.?|num|nbr|#)",
                     *(f"{whose}[ _-]?(?:account|acct){NUMBER}?" for whose in
                       ("bank", "patient", "hospital", "guarantor", "billing"))) + IS
                 + r"(?P<v>[A-Za-z]{0,4}-?\d[\d -]{3,22}\d)" + END, 0.85),
            form(led("acct") + IS + r"(?P<v>\d[\d-]{5,20}\d)" + END, 0.8),
            form(led("account(?:[ _-]?id)?") + IS + r"(?P<v>\d[\d-]{5,20}\d)" + END, 0.45),
        ),
        context=words("bank patient billing invoice hospital payment checking savings routing"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-LICENCE",
        Letter.K,
        "A licence or certificate number",
        Tier.IDENTIFIER,
        (
            form(led(*(f"{whose}[ _-]?licen[cs]e{NUMBER}?" for whose in
                       ("driver'?s?", "driving", "medical", "nursing", "professional", "state")),
                     r"licen[cs]e[ _-]?(?:number|no\.?|num|#)",
                     r"certificate[ _-]?(?:number|no\.?|num|#)") + IS + CODE, 0.85),
        ),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-DEA",
        Letter.K,
        "A prescriber's DEA registration",
        Tier.IDENTIFIER,
        (form(r"(?:^|[^\w-])(?P<v>[A-HJ-MPR-UX][A-Z9]\d{7})" + END, 0.6),),
        context=words("dea prescriber physician provider registration license"),
        accept=is_dea,
        severity=FlawSeverity.MEDIUM,
    ),
)  # fmt: skip
