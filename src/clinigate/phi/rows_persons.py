"""Who and where somebody is: letters A to F."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.fragments import DATE, IS, LED, NAME_WORDS, STATES, STREET, form, words
from clinigate.phi.model import Letter, Recognizer
from clinigate.phi.numbers import is_nanp_phone, is_phone
from clinigate.phi.values import is_day, is_email, is_name

__all__ = ["ROWS"]

_PHONE_WORDS = words(
    "phone phones tel telephone cell cellphone mobile call called sms contact reach dial whatsapp "
    "pager landline telecom"
)
_PHONE_END = r"(?: ?(?:x|ext\.? ?)\d{1,6})?(?!\w|[-.]\d)"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-NAME",
        Letter.A,
        "A patient's name in a field that says so",
        (
            form(LED + r"(?i:(?:patient|pt|subject|client)(?:'?s)?[ _-]?(?:full[ _-]?)?name)"
                 + IS + NAME_WORDS, 0.85),
            form(LED + r"(?i:patient)[\"'\\]{0,2}\s?[:=]\s?[\"'\\]{0,2}" + NAME_WORDS, 0.8),
            form(LED + r"(?i:(?:first|last|given|family|middle|maiden|full)[ _-]?name|surname)"
                 r"[\"'\\]{0,2}\s?[:=]\s?[\"'\\]{1,2}(?P<v>[A-Z][A-Za-z'’-]{1,30}"
                 r"(?: [A-Z][A-Za-z'’-]{1,30}){0,2})(?=[\"'\\])", 0.45),
        ),
        triggers=("name", "patient"),
        context=words("patient patients pt mrn dob ssn birth"),
        accept=is_name,
    ),
    Recognizer(
        "CG-PHI-ADDRESS",
        Letter.B,
        "A street address",
        (
            form(STREET + r",?\s{1,2}[A-Z][A-Za-z.' -]{1,30},?\s{1,2}" + STATES
                 + r"\s{1,2}\d{5}(?:-\d{4})?(?!\w)", 0.9),
            form(STREET, 0.45),
        ),
        context=words("address addr street lives resides residence home mailing shipping billing"),
    ),
    Recognizer(
        "CG-PHI-ZIP",
        Letter.B,
        "A ZIP code",
        (
            form(LED + r"(?i:(?:zip|postal)(?:[ _-]?code)?)" + IS
                 + r"(?P<v>\d{5}(?:-\d{4})?)(?![\w-])", 0.8),
        ),
        triggers=("zip", "postal"),
    ),
    Recognizer(
        "CG-PHI-BIRTH-DATE",
        Letter.C,
        "A date of birth",
        (
            form(LED + r"(?i:dob|d\.o\.b\.?|date[ _-]?of[ _-]?birth|birth[ _-]?dat(?:e|ed)|b-?day"
                 r"|birth[ _-]?day|born(?:[ _]on)?|birth)" + IS + DATE, 0.9),
        ),
        triggers=("dob", "d.o.b", "birth", "born", "bday", "b-day"),
        accept=is_day,
        placeholder=nobody.of_date,
    ),
    Recognizer(
        "CG-PHI-EVENT-DATE",
        Letter.C,
        "A date of admission, discharge, service or death",
        (
            form(LED + r"(?i:admi(?:tted|ssion|t)|discharged?|deceased|died|death|date[ _-]of"
                 r"[ _-](?:service|death|admission)|appointment)(?:[ _-]?(?:date|on|at|dt|time))?"
                 + IS + DATE, 0.8),
        ),
        triggers=("admi", "discharge", "deceased", "died", "death", "service", "appointment"),
        accept=is_day,
        placeholder=nobody.of_date,
    ),
    Recognizer(
        "CG-PHI-AGE",
        Letter.C,
        "An age over 89",
        (
            form(r"(?P<v>[19](?<![\w.,-].)(?:(?<=9)\d|(?<=1)[01]\d))"
                 r"(?:[ -]?(?:years?|yrs?)[ -]?old|[ -]?y[./]?o\b)", 0.85),
            form(r"(?i)(?<![A-Za-z0-9_-])(?:(?:patient|pt|subject)[ _-]?)?age[d]?[\"'\\]{0,2}"
                 r"\s?(?:[:=]|\bis\b|\s)\s?[\"'\\]{0,2}(?P<v>9\d|1[01]\d)"
                 r"(?![\w.%:-]|\s?(?:s\b|sec|min|hour|day|week|month|ms|%))", 0.8),
        ),
        triggers=("age", "old", "yo", "y/o", "y.o"),
    ),
    Recognizer(
        "CG-PHI-FAX",
        Letter.E,
        "A fax number",
        (
            form(r"(?i)(?<![a-z])fax(?:[ _-]?(?:number|no\.?|num))?" + IS
                 + r"(?P<v>\+?\(?\d[\d ().-]{6,18}\d)(?!\w)", 1.0),
        ),
        triggers=("fax",),
        accept=lambda text: is_nanp_phone(text) or is_phone(text),
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-PHONE",
        Letter.D,
        "A telephone number",
        (
            form(r"\((?<![\w.+(-].)[2-9]\d\d\)[-. ]{0,2}[2-9]\d\d[-. ]\d{4}" + _PHONE_END, 0.85),
            form(r"[2-9](?<![\w.+(-].)(?<!\d .)\d\d-[2-9]\d\d-\d{4}" + _PHONE_END, 0.85),
            form(r"[2-9](?<![\w.+-].)\d\d\.[2-9]\d\d\.\d{4}" + _PHONE_END, 0.8),
            form(r"\+1(?<![\w.+-]..)[-. ]?(?:\([2-9]\d\d\)|[2-9]\d\d)[-. ]{0,2}\d{3}[-. ]?\d{4}"
                 + _PHONE_END, 0.85),
            form(r"1(?<![\w.+-].)(?:[-.][2-9]\d\d([-.])[2-9]\d\d\1|[-. ]?\([2-9]\d\d\) ?"
                 r"[2-9]\d\d[-. ])\d{4}" + _PHONE_END, 0.85),
            form(r"[1-9](?<![\w.+-].)(?:(?<=1) [2-9])?\d\d [2-9]\d\d[ -]\d{4}"
                 r"(?!\w|[-.,;]? ?\d)", 0.5),
            form(r"[1-9](?<![\w.+/-].)\d{9,10}(?![\w-]|\.\d)", 0.4),
        ),
        context=_PHONE_WORDS,
        accept=is_nanp_phone,
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-PHONE",
        Letter.D,
        "A telephone number",
        (
            form(r"\+(?<![\w.+-].)[2-9](?:[ ().-]{0,2}\d){7,14}(?!\w|[-.]\d)", 0.85),
            form(r"[(\d](?<![\w.+(,:/-].)(?<!\d .)(?:[ ().-]{0,2}\d){7,14}"
                 r"(?: ?(?:x|ext\.? ?)\d{1,6})?(?!\w|[-.,:/]\d)", 0.4),
        ),
        context=_PHONE_WORDS - {"cell"},
        accept=is_phone,
        placeholder=nobody.of_phone,
    ),
    # Numbers that no exchange has, and everybody writes when a number is to look like one.
    Recognizer(
        "CG-PHI-PHONE",
        Letter.D,
        "A telephone number",
        (
            form(r"\((?<![\w.+(-].)\d{3}\) ?\d{3}-\d{4}" + _PHONE_END, 0.8),
            form(r"\+1(?<![\w.+-]..)[-. ]?\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4}" + _PHONE_END, 0.8),
            form(r"\d{3}[-.](?<![\w.+(-]....)\d{3}[-.]\d{4}" + _PHONE_END, 0.45),
        ),
        context=_PHONE_WORDS,
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-EMAIL",
        Letter.F,
        "An e-mail address",
        (
            form(r"(?<![\w.%+'/\\-])[\w%+][\w.%+'-]{0,63}(?:@|%40)(?:[A-Za-z0-9-]{1,63}\.){1,8}"
                 r"[A-Za-z]{2,24}(?![\w-]|\.\w)", 0.9),
        ),
        triggers=("@", "%40"),
        accept=is_email,
        placeholder=nobody.of_email,
    ),
)  # fmt: skip
