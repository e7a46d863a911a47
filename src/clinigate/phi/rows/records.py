"""Numbers that identify a patient to the state, a clinic or an insurer: letters G, H and I."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits, is_hicn, is_nhs, is_ssn
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import (
    BARE,
    CODE,
    END,
    IS,
    NUMBER,
    NUMBER_END,
    led,
    separated,
    words,
)

__all__ = ["ROWS"]

_MBI = "[AC-HJKMNP-RT-Y]"
_MBI_PARTS = (rf"[1-9]{_MBI}[AC-HJKMNP-RT-Y\d]\d", rf"{_MBI}[AC-HJKMNP-RT-Y\d]\d",
              rf"{_MBI}{{2}}\d{{2}}")  # fmt: skip
_DASH = r"(?:-|\xe2\x80[\x90-\x95]|\xe2\x88\x92)"

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
            form(BARE + r"\d{9})" + NUMBER_END, 0.45),
        ),
        context=words("ssn ssns social security socsec"),
        accept=is_ssn,
        placeholder=nobody.of_ssn,
        severity="critical",
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
            form(r"(?:^|[^A-Za-z])(?i:last[ _-]?(?:4|four)(?: digits)?(?: of)?(?: \w{1,5})?"
                 r"[ _-](?:ssn|social))" + IS + r"(?P<v>\d{4})" + END, 0.85),
            form(r"(?:^|[^A-Za-z])(?i:ssn|social)" + IS
                 + r"(?P<v>(?:[*Xx]{3}-?[*Xx]{2}-?)\d{4})" + END, 0.8),
        ),
        accept=is_ssn,
        severity="critical",
    ),
    Recognizer(
        "CG-PHI-MRN",
        Letter.H,
        "A medical record number",
        Tier.IDENTIFIER,
        (
            form(led("mrns?", "mr ?#", f"med[ _-]?rec(?:ord)?{NUMBER}?", "pat(?:ient)?no",
                     "emr[ _-]?(?:id|no|number|#)",
                     "ehr[ _-]?(?:id|no|number|#)", "emrn", "empi", "mpi[ _-]?(?:id|number)?",
                     *(f"{whose}[ _-]?records?{NUMBER}?"
                       for whose in ("medical", "health", "patient", "hospital")),
                     "chart" + NUMBER, r"unit[ _-]?(?:number|no\.?)", "hospital" + NUMBER,
                     r"pat(?:ient)?[ _-]?(?:id|identifier|number|no\.?|num|#)", "nhs" + NUMBER)
                 + IS + CODE, 0.9),
            form(led("patient", "pt", "chart") + r" ?[#:(\[]{1,2} ?" + CODE, 0.8),
        ),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-NHS",
        Letter.H,
        "A number of the British NHS",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.-])(?P<v>" + separated(" -", r"\d{3}", r"\d{3}", r"\d{4}") + ")"
                 + NUMBER_END, 0.45),
            form(BARE + r"\d{10})" + NUMBER_END, 0.45),
        ),
        context=words("nhs national health"),
        accept=is_nhs,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-PLAN",
        Letter.I,
        "A health plan or insurance number",
        Tier.IDENTIFIER,
        (
            form(led(*(f"{whose}{NUMBER}" for whose in
                       ("member(?:ship)?", "subscriber", "beneficiary", "health[ _-]?plan",
                        "insurance(?:[ _-]?(?:policy|card|member))?", "medicare", "medicaid",
                        "insured", "hicn?", "coverage", "enrollee", "policy[ _-]?holder")),
                     r"policy[ _-]?(?:number|no\.?|num)", "hicn", "mbi") + IS + CODE, 0.85),
            form(led("policy") + r"[ _-]?#[ :]{0,3}(?P<v>[A-Z]{0,3}\d{6,16})" + END, 0.85),
            form(led("medicare", "medicaid", "insurance", "policy") + r"[ :]{1,2}#?[ ]?"
                 r"(?P<v>[A-Z]{0,4}[- ]?\d{6,14}[A-Z]?)" + END, 0.8),
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
        "CG-PHI-HICN",
        Letter.I,
        "A Medicare claim number of before 2020: a social security number and a letter",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.-])(?P<v>\d{3}-?\d{2}-?\d{4}-?(?:[A-DFHJKTWM]\d?|[A-Z]{2}))" + END,
                 0.5),
        ),
        context=words("medicare hic hicn beneficiary claim"),
        accept=is_hicn,
        severity="critical",
    ),
    Recognizer(
        "CG-PHI-CLAIM",
        Letter.I,
        "The number of a claim, referral or authorization",
        Tier.IDENTIFIER,
        (
            form(led(f"prior[ _-]?auth(?:orization)?{NUMBER}?", f"pre-?auth(?:orization)?{NUMBER}?",
                     f"medical[ _-]claim{NUMBER}?", f"insurance[ _-]claim{NUMBER}?",
                     "referral" + NUMBER,
                     "icn" + NUMBER) + IS + CODE, 0.8),
            form(led("claim" + NUMBER, "auth(?:orization)?" + NUMBER) + IS + CODE, 0.45),
        ),
        context=words("patient member medical insurance payer denied adjudicated"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
        severity="medium",
    ),
)  # fmt: skip
