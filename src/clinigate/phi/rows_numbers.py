"""Numbers that an authority, a clinic, an insurer or a bank gave somebody: letters G to K."""

from __future__ import annotations

from clinigate.core.flaw import FlawSeverity
from clinigate.phi import placeholders as nobody
from clinigate.phi.fragments import CODE, IS, LED, NUMBER, form, words
from clinigate.phi.model import Letter, Recognizer
from clinigate.phi.numbers import enough_digits, is_card, is_dea, is_iban, is_ssn

__all__ = ["ROWS"]

_MBI_LETTER = "[AC-HJKMNP-RT-Y]"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-SSN",
        Letter.G,
        "A social security number",
        (
            form(r"\d{3}([-\u2010-\u2015\u2212])(?<![A-Za-z0-9]....)(?<!\d[-.]....)\d\d\1\d{4}(?!\w)"
                 r"(?![-.]\d)", 0.85),
            form(r"\d(?<![\w.-].)\d\d([ .])\d\d\1\d{4}(?![\w-]|[. ]\d)", 0.45),
            form(r"\d(?<![\w.+/-].)\d{8}(?![\w-]|\.\d)", 0.45),
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
        (
            form(r"(?i)(?<![a-z])(?:ssn|social(?:[ _-]security)?(?:[ _-]n\w{1,5})?)[ _-]?"
                 r"(?:last[ _-]?(?:4|four)|ending)(?: digits)?(?: in)?" + IS
                 + r"(?P<v>\d{4})(?![\w-])", 0.85),
        ),
        triggers=("ssn", "social"),
        accept=is_ssn,
        severity=FlawSeverity.CRITICAL,
    ),
    Recognizer(
        "CG-PHI-MRN",
        Letter.H,
        "A medical record number",
        (
            form(LED + r"(?i:mrn|(?:medical|health|patient)[ _-]?record" + NUMBER + "?"
                 + r"|chart" + NUMBER + r"|patient[ _-]?(?:id|identifier|number|no\.?|num)"
                 r"|pat[ _-]?(?:id|no))" + IS + CODE, 0.9),
        ),
        triggers=("mrn", "record", "chart", "patient", "pat"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-PLAN",
        Letter.I,
        "A health plan or insurance number",
        (
            form(LED + r"(?i:(?:member|subscriber|beneficiary|health[ _-]?plan|insurance|medicare"
                 r"|medicaid|insured|hicn?)" + NUMBER + r"|policy[ _-]?(?:number|no\.?|num"
                 r"|#(?=\W{0,3}\d{6})))" + IS + CODE, 0.85),
            form(LED + r"(?i:(?:group|plan|policy|payer|claim|authorization)" + NUMBER + ")"
                 + IS + CODE, 0.45),
        ),
        triggers=("member", "subscriber", "beneficiary", "plan", "insur", "medica", "policy",
                 "group", "payer", "claim", "authorization", "hic"),
        context=words("insurance insurer coverage member subscriber payer medicare patient"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-MBI",
        Letter.I,
        "A Medicare beneficiary identifier",
        (
            form(rf"[1-9](?<![\w-].){_MBI_LETTER}(?:{_MBI_LETTER}|\d)\d(-?){_MBI_LETTER}"
                 rf"(?:{_MBI_LETTER}|\d)\d\1{_MBI_LETTER}{{2}}\d{{2}}(?![\w-])", 0.85),
        ),
        context=words("medicare mbi beneficiary"),
        placeholder=nobody.of_mbi,
    ),
    Recognizer(
        "CG-PHI-CARD",
        Letter.J,
        "A payment card's number",
        (
            form(r"\d(?<![\w.-].)\d{3}(?:([ -])\d{4}\1\d{4}\1\d{1,7}|([ -])\d{6}\2\d{4,5})"
                 r"(?![\w-]|\.\d)", 0.9),
            form(r"\d(?<![\w.+/-].)\d{12,18}(?![\w-]|\.\d)", 0.8),
        ),
        context=words("card visa mastercard amex discover credit debit payment"),
        accept=is_card,
        placeholder=nobody.of_card,
    ),
    Recognizer(
        "CG-PHI-IBAN",
        Letter.J,
        "A bank account's number (IBAN)",
        (
            form(r"[A-Z](?<![\w-].)[A-Z]\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w-])",
                 0.9),
        ),
        accept=is_iban,
    ),
    Recognizer(
        "CG-PHI-ACCOUNT",
        Letter.J,
        "An account number",
        (
            form(LED + r"(?i:(?:account|acct)[ _.-]{0,2}(?:number|no\.?|num|nbr|#)|(?:bank|patient"
                 r"|hospital|guarantor|billing)[ _-]?(?:account|acct)" + NUMBER + "?)" + IS
                 + r"(?P<v>[A-Za-z]{0,4}-?\d[\d -]{3,22}\d)(?![\w-])", 0.85),
            form(LED + r"(?i:acct)" + IS
                 + r"(?P<v>\d[\d-]{5,20}\d)(?![\w-])", 0.8),
            form(LED + r"(?i:account(?:[ _-]?id)?)" + IS
                 + r"(?P<v>\d[\d-]{5,20}\d)(?![\w-])", 0.45),
        ),
        triggers=("account", "acct"),
        context=words("bank patient billing invoice hospital payment checking savings routing"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-LICENCE",
        Letter.K,
        "A licence or certificate number",
        (
            form(LED + r"(?i:(?:driver'?s?|driving|medical|nursing|professional|state)[ _-]?"
                 r"licen[cs]e" + NUMBER + r"?|(?:licen[cs]e|certificate)[ _-]?(?:number|no\.?|num"
                 r"|#))" + IS + CODE, 0.85),
        ),
        triggers=("licen", "certificate"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity=FlawSeverity.MEDIUM,
    ),
    Recognizer(
        "CG-PHI-DEA",
        Letter.K,
        "A prescriber's DEA registration",
        (form(r"[A-HJ-MPR-UX](?<![\w-].)[A-Z9]\d{7}(?![\w-])", 0.6),),
        context=words("dea prescriber physician provider registration license"),
        accept=is_dea,
        severity=FlawSeverity.MEDIUM,
    ),
)  # fmt: skip
