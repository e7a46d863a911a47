r"""What notes in Spanish write otherwise: names of fields, months in words, numbers of the state.

Accents are bytes: UTF-8 (`\xc3\xad`) or Latin-1 (`\xed`), or nobody wrote them.
"""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import enough_digits, is_dni
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import CODE, END, led, words
from clinigate.phi.values import is_day

__all__ = ["ROWS"]

_A, _E, _I, _O, _U = (
    rf"(?:{plain}|\xc3\x{second}|\x{latin})"
    for plain, second, latin in (
        ("a", "a1", "e1"), ("e", "a9", "e9"), ("i", "ad", "ed"), ("o", "b3", "f3"),
        ("u", "ba", "fa"),
    )
)  # fmt: skip
_ORDINAL = r"(?:\xc2[\xba\xb0]|[\xba\xb0])"
#: `nº`, `n.º`, `núm.`, `número`
_COUNT = rf"n(?:\.?{_ORDINAL}|r?o|{_U}m(?:ero)?)\.?"
#: Between the name of a field and its value.
_IS = (
    rf"[\"'\\)\]*]{{0,4}}[ .]{{0,3}}(?i:{_COUNT})?[ ]{{0,2}}(?:[:=#>]{{1,2}}[ \t]{{0,3}})?"
    r"(?i:(?:es|el|de)[ ]{1,2}(?:la[ ])?)?[\"'(\\]{0,3}"
)
_FIELD = r"[\"'\\)\]*]{0,4}[ ]?[:=>][ \t]{0,3}[\"'\\]{0,3}"
_MONTH = (
    r"(?i:enero|febrero|marzo|abril|mayo|junio|julio|agosto|sept?iembre|octubre|noviembre"
    r"|diciembre)"
)
_NUMERIC = r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)"
_YEAR = r"(?:,? (?:del? )?(?i:a\xc3?[\xb1\xf1]o )?(?:19|20)\d\d)"
_WRITTEN = rf"(?:\d{{1,2}}|1{_ORDINAL}|(?i:primero)) (?i:de )?{_MONTH}{_YEAR}?"
_DAY = rf"(?P<v>{_NUMERIC}|{_WRITTEN}|{_MONTH}{_YEAR})(?:$|[^\w])"
_HISTORY = rf"historia(?:l)?(?: m{_E}dic[oa]| cl{_I}nic[oa])?"

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-DNI",
        Letter.R,
        "A Spanish identity number (DNI, NIE)",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.-])(?P<v>(?:\d{8}|\d\d\.\d{3}\.\d{3}|[XYZxyz][- ]?\d{7})[- ]?[A-Za-z])"
                 + END, 0.5),
        ),
        context=words("dni nif nie documento identidad paciente titular"),
        accept=is_dni,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-DNI",
        Letter.R,
        "A Spanish identity number (DNI, NIE)",
        Tier.IDENTIFIER,
        (
            form(led("dni", r"d\.n\.i\.?", "nif", "nie", "documento nacional de identidad") + _IS
                 + r"(?P<v>[XYZxyz]?[- ]?\d[\d.]{5,10}[- ]?[A-Za-z]?)" + END, 0.85),
        ),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-MRN",
        Letter.H,
        "A medical record number",
        Tier.IDENTIFIER,
        (
            form(led("nhc", r"n\. ?h\. ?c\.?", "nhusa", "nuhsa", "cipa",
                     rf"{_COUNT} ?(?:de )?{_HISTORY}", rf"historia(?:l)? cl{_I}nic[oa]",
                     "tarjeta (?:sanitaria|tsi)", "tarjeta sanitaria individual") + _IS + CODE,
                 0.85),
            form(led("cip", "expediente", "registro", "hc") + _IS + CODE, 0.45),
        ),
        context=words("paciente sanitaria sanitario historia hospital ingreso"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-PLAN",
        Letter.I,
        "A health plan or insurance number",
        Tier.IDENTIFIER,
        (
            form(led("nass", r"n\. ?a\. ?s\. ?s\.?", "nuss", r"n\.? ?s\.? ?s\.?",
                     rf"afiliaci{_O}n(?: a la seguridad social)?", "seguridad social",
                     "asegurado") + _IS
                 + r"(?P<v>\d\d[ /-]?\d{7,8}(?:[ /-]?\d\d)?)" + END, 0.85),
            form(led(rf"p{_O}liza", "mutua", "aseguradora") + _IS + CODE, 0.8),
        ),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-LICENCE",
        Letter.K,
        "A licence or certificate number",
        Tier.IDENTIFIER,
        (
            form(led("colegiad[oa]", rf"n\.?{_ORDINAL}? ?col(?:eg)?") + _IS
                 + r"(?P<v>\d{4,10}|\d\d[ /-]\d{6,8}|\d\d[ /-]\d\d[ /-]\d{4,6})" + END, 0.85),
        ),
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-ENCOUNTER",
        Letter.R,
        "The number of an encounter, visit or admission",
        Tier.IDENTIFIER,
        (
            form(led("episodio") + _IS + CODE, 0.8),
            form(led("ingreso", "consulta", "cita") + _IS + CODE, 0.45),
        ),
        context=words("paciente historia hospital servicio episodio"),
        accept=enough_digits,
        placeholder=nobody.of_repeated,
    ),
    Recognizer(
        "CG-PHI-POSTCODE",
        Letter.B,
        "A Spanish post code",
        Tier.CONTEXTUAL,
        (
            form(led(rf"c{_O}digo postal", r"c\. ?p\.?", "cp") + _IS
                 + r"(?P<v>(?:0[1-9]|[1-4]\d|5[0-2])\d{3})" + END, 0.6),
        ),
        context=words("domicilio localidad provincia calle postal paciente"),
    ),
    Recognizer(
        "CG-PHI-BIRTH-DATE",
        Letter.C,
        "A date of birth",
        Tier.IDENTIFIER,
        (
            form(led("fecha de nacimiento", r"f\. ?(?:de )?nac\w{0,8}\.?", "nacid[oa](?: el)?",
                     r"fecha nac\w{0,8}\.?", "nacimiento") + _IS + _DAY, 0.9),
        ),
        accept=is_day,
        placeholder=nobody.of_date,
    ),
    Recognizer(
        "CG-PHI-EVENT-DATE",
        Letter.C,
        "A date of admission, discharge, service or death",
        Tier.IDENTIFIER,
        (
            form(led(r"fecha (?:de )?(?:l[oa]s? )?[A-Za-z\x80-\xff]{3,20}", "fallecid[oa](?: el)?",
                     "ingresad[oa](?: el)?", "ingresa el", "alta el", "citad[oa] (?:para )?el",
                     r"intervenid[oa](?: el)?") + _IS + _DAY, 0.8),
        ),
        accept=is_day,
        placeholder=nobody.of_date,
    ),
    Recognizer(
        "CG-PHI-DATE",
        Letter.C,
        "A date",
        Tier.CONTEXTUAL,
        (form(rf"(?:^|[^\w.-])(?P<v>{_WRITTEN}|{_MONTH}{_YEAR})(?:$|[^\w])", 0.45),),
        accept=is_day,
    ),
    Recognizer(
        "CG-PHI-NAME",
        Letter.A,
        "A patient's name in a field that says so",
        Tier.IDENTIFIER,
        (
            form(led("nombre(?: y apellidos| completo| del paciente)?", "apellidos?", "paciente")
                 + _FIELD + r"(?P<v>[A-Z\xc3-\xdf][A-Za-z\x80-\xff'-]{1,24}"
                 r"(?: (?:de |del |la |los ){0,2}[A-Z\xc3-\xdf][A-Za-z\x80-\xff'-]{1,24}){0,4})"
                 r"(?:$|[^0-9A-Za-z_(\[])", 0.45),
        ),
        context=words("paciente apellidos nhc nacimiento dni"),
    ),
)  # fmt: skip
