"""What must not be written: one row for each kind of identifier or secret that needs no library.

A row finds what has a form of its own (an e-mail address, a card number with its check digit) or
stands beside a word that says what it is (`MRN: …`, `password=…`). Names, addresses and free dates
have no such form; finding those is the business of the PHI checks.

What is left alone on purpose: toll-free numbers, since a crisis line belongs in the evidence of a
crisis reply; loopback addresses, which identify nobody; nine digits in a row without a word beside
them, since measurements look like that too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from clinigate.evidence.pattern_checks import (
    always,
    has_digit,
    has_two_digits,
    is_address,
    is_card,
    is_personal_phone,
    is_ssn_length,
    looks_random,
)

__all__ = ["ANY_DIGIT", "RULES", "Kind", "Rule", "key_rule"]


#: The trigger of what has digits and nothing else to go by.
ANY_DIGIT = "0"


class Kind(StrEnum):
    """What a token says that it replaced."""

    PHI = "PHI"
    SECRET = "SECRET"  # noqa: S105 - the word itself


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of identifier.

    Attributes:
        name: what reports call it.
        kind: identifier of a person, or secret of a system.
        pattern: finds it; the group `v` is what goes, or all of the match where there is none.
        triggers: texts of which one must occur (in lower case) for the pattern to be worth trying;
            `ANY_DIGIT` stands for all ten digits.
        accept: the last word on what the pattern found (check digits, ranges).
    """

    name: str
    kind: Kind
    pattern: re.Pattern[str]
    triggers: tuple[str, ...]
    accept: Callable[[str], bool] = always


def _rule(
    name: str,
    kind: Kind,
    pattern: str,
    triggers: str,
    accept: Callable[[str], bool] = always,
) -> Rule:
    return Rule(name, kind, re.compile(pattern), tuple(triggers.split()), accept)


_SAYS = r"[\"']?\s*(?:[:=#]|is\b|was\b)?\s*[\"']?"
_IS = r"\\?[\"']?\s*[:=]\s*\\?[\"']?"
_VALUE = r"(?P<v>(?<=\")[^\"\r\n]+(?=\")|(?<=')[^'\r\n]+(?=')|[^\s\"'&,;<>{}\[\]]{4,})"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{2,4}}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{2,4}})"
)
_NUMBER_WORD = r"(?:[ _-]?(?:id|number|no\.?|identifier))"

#: All rows, in the order in which they are tried: what contains another comes first.
RULES: tuple[Rule, ...] = (
    _rule(
        "private-key",
        Kind.SECRET,
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
        r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
        "-----begin",
    ),
    _rule(
        "url-credentials",
        Kind.SECRET,
        r"(?i)\b[a-z][a-z0-9+.-]{0,20}://(?P<v>[^\s/?#\"'<>\[\]]{1,200})@",
        "://",
    ),
    _rule(
        "url-secret",
        Kind.SECRET,
        r"(?i)[?&;](?:[a-z]+[_-])?(?:token|api_?key|key|sig|signature|secret|password|passwd|pwd"
        r"|auth|code|session|sessionid|sid|jwt)=(?P<v>[^&#\s\"'<>\[\]]+)",
        "=",
    ),
    _rule(
        "url-identifier",
        Kind.PHI,
        r"(?i)[?&;](?:patient[_-]?)?(?:ssn|mrn|dob|birthdate|email|phone|name|first_?name"
        r"|last_?name|patient|patient_?id)=(?P<v>[^&#\s\"'<>\[\]]+)",
        "=",
    ),
    _rule("jwt", Kind.SECRET, r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*", "eyj"),
    _rule(
        "api-key",
        Kind.SECRET,
        r"\b(?:sk-[\w-]{16,}|[rs]k_(?:live|test)_\w{10,}|A[KS]IA[0-9A-Z]{16}"
        r"|gh[oprsu]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}"
        r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|hf_\w{20,}|SG\.[\w-]{16,}\.[\w-]{16,}"
        r"|npm_\w{30,}|pypi-[\w-]{30,})",
        "sk- sk_ rk_ akia asia gh github_pat_ glpat- xox aiza ya29. hf_ sg. npm_ pypi-",
        looks_random,
    ),
    _rule(
        "authorization",
        Kind.SECRET,
        rf"(?i)\bauthorization{_IS}(?P<v>(?:basic|bearer|digest|token|apikey|negotiate|aws4\S*)"
        r"\s+[^\s\"'\[\]]{8,}|[^\s\"',;\[\]]{16,})",
        "authorization",
        looks_random,
    ),
    _rule(
        "bearer-token",
        Kind.SECRET,
        r"(?i)\bbearer\s+(?P<v>[\w.~+/-]{8,}=*)",
        "bearer",
        looks_random,
    ),
    _rule("cookie", Kind.SECRET, r"(?i)\bcookie\s*:\s*(?P<v>[^\s=;]+=[^\r\n\"\[\]]+)", "cookie"),
    _rule(
        "password",
        Kind.SECRET,
        r"(?i)(?:password|passwd|passphrase|pwd|client[_-]?secret|api[_-]?key|access[_-]?key"
        r"|secret[_-]?key|private[_-]?key|account[_-]?key|signing[_-]?key|encryption[_-]?key"
        r"|(?:auth|access|refresh|id|bearer|session)[_-]?token)" + _IS + _VALUE,
        "passw pwd passphrase secret key token",
    ),
    _rule(
        "password",
        Kind.SECRET,
        r"(?i)\b(?:password|passphrase|pass ?code|api[ _-]?key)\s+(?:is|was)\s+[\"']?"
        r"(?P<v>[^\s\"'<>{}\[\]]{5,})",
        "passw passphrase pass key",
        has_digit,
    ),
    _rule(
        "environment-secret",
        Kind.SECRET,
        r"\b[A-Z][A-Z0-9_]{0,60}_(?:KEY|SECRET|TOKEN|PASSWORD|CREDENTIALS)=[\"']?" + _VALUE,
        "_key= _secret= _token= _password= _credentials=",
    ),
    _rule(
        "token",
        Kind.SECRET,
        r"(?i)\b(?:secret|token|credential)s?" + _IS + r"(?P<v>[^\s\"'&,;<>{}\[\]]{8,})",
        "secret token credential",
        lambda text: has_digit(text) and not text.isdecimal(),
    ),
    _rule(
        "email",
        Kind.PHI,
        r"[\w.%+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}",
        "@",
    ),
    _rule(
        "ssn",
        Kind.PHI,
        r"(?<!\d)(?<!\d[-.])\d{3}([-\u2010-\u2015\u2212])\d{2}\1\d{4}(?!\d)(?![-.]\d)",
        "0",
    ),
    _rule(
        "ssn",
        Kind.PHI,
        r"(?i)\b(?:ssn|social[ _-]security)"
        + _NUMBER_WORD
        + "?"
        + _SAYS
        + r"(?:ending\s+(?:in\s+)?)?(?P<v>\d{3}[ .-]?\d{2}[ .-]?\d{4}|\d{4})(?!\d)",
        "ssn social",
        is_ssn_length,
    ),
    _rule(
        "ssn",
        Kind.PHI,
        r"(?i)\bsocial" + _NUMBER_WORD + "?" + _SAYS + r"(?P<v>\d{3}[ .-]?\d{2}[ .-]?\d{4})(?!\d)",
        "social",
    ),
    _rule(
        "card-number",
        Kind.PHI,
        r"(?<![\w.-])(?:\d{13,19}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|\d{4}[ -]\d{6}[ -]\d{4,5})"
        r"(?![\w-])(?!\.\d)",
        "0",
        is_card,
    ),
    _rule(
        "phone",
        Kind.PHI,
        r"(?<![\w.])(?:\+?1[-. ])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-.])[2-9]\d{2}[-.]\d{4}(?![\w])"
        r"(?![-.]\d)|(?<![\w.+])\+1[-. ]?[2-9]\d{2}[-. ]?\d{3}[-. ]?\d{4}(?!\w)"
        # With blanks alone, a row of measurements looks the same: only where no number is beside.
        r"|(?<![\w.])(?<!\d[ ,;])[2-9]\d{2} [2-9]\d{2}[ -]\d{4}(?!\w)(?![-.,;]? ?\d)",
        "0",
        is_personal_phone,
    ),
    _rule(
        "phone",
        Kind.PHI,
        r"(?<![\w+.])\+[2-9](?:[ ()-]{0,2}\d){7,14}(?!\w)",
        "+",
        is_personal_phone,
    ),
    _rule(
        "phone",
        Kind.PHI,
        r"(?i)\b(?:phone|tel|telephone|mobile|(?<!blood )(?<!white )(?<!red )cell|fax)"
        r"(?:[ _-]?(?:number|no\.?))?[\"']?(?:\s*[:=]\s*|\s+is\s+|\s+(?=\+?(?:\(?\d\D?){10}))"
        r"[\"']?(?P<v>\+?\(?\d[\d ().-]{5,18}\d)",
        "phone tel mobile cell fax",
        is_personal_phone,
    ),
    _rule(
        "mac-address",
        Kind.PHI,
        r"(?i)(?<![\w:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![\w:-])",
        ": -",
    ),
    _rule(
        "ip-address",
        Kind.PHI,
        r"(?<![\w.])(?<![A-Za-z]/)(?<!==)(?<!version )\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)",
        "0",
        is_address,
    ),
    _rule(
        "ip-address",
        Kind.PHI,
        r"(?i)(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])",
        ":",
        is_address,
    ),
    _rule(
        "record-number",
        Kind.PHI,
        r"(?i)\b(?:mrn|npi|medical[ _-]record" + _NUMBER_WORD + "?"
        r"|(?:patient|member|health[ _-]plan|insurance|policy|account|nhs|passport"
        r"|driver'?s?[ _-]licen[cs]e)"
        + _NUMBER_WORD
        + ")"
        + _SAYS
        + r"(?P<v>[A-Z\d](?:[A-Z\d]|-(?=[A-Z\d])){3,24})",
        "mrn npi medical patient member plan insurance policy account nhs passport driver",
        has_two_digits,
    ),
    _rule(
        "birth-date",
        Kind.PHI,
        r"(?i)\b(?:dob|d\.o\.b\.?|date[ _-]of[ _-]birth|birth[ _-]?date|birthday|born(?: on)?)"
        + _SAYS
        + rf"(?:on\s+)?(?P<v>{_DATE})(?!\d)",
        "dob d.o.b birth born",
    ),
)

_SECRET_KEYS = re.compile(
    r".*(?:password|passwd|passphrase|secret|apikey|accesskey|privatekey|accesstoken"
    r"|refreshtoken|idtoken|authtoken)|pwd|token|credentials?|(?:proxy)?authorization"
    r"|(?:set)?cookie|signingkey|encryptionkey|accountkey"
)
_PHI_KEYS = re.compile(
    r"(?:patient)?(?:ssn|socialsecuritynumber|mrn|medicalrecordnumber|dob|dateofbirth|birthdate"
    r"|phone|phonenumber|telephone|mobile|fax|email|emailaddress|firstname|lastname|fullname"
    r"|givenname|familyname|middlename|maidenname|surname|streetaddress)"
    r"|patient(?:name|id)|(?:member|insurance)id|(?:client|remote)ip|ipaddress"
)


@cache
def key_rule(key: str) -> tuple[str, Kind] | None:
    """Return name and kind of what a field of this name holds, None for an ordinary field."""
    plain = re.sub(r"[-_ .]", "", key.casefold())
    if _SECRET_KEYS.fullmatch(plain):
        return "secret-field", Kind.SECRET
    if _PHI_KEYS.fullmatch(plain):
        return "identifier-field", Kind.PHI
    return None
