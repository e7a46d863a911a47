"""How somebody is reached: telephone, fax, e-mail (letters D, E and F)."""

from __future__ import annotations

import re

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import is_nanp_phone, is_phone
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import NUMBER_END, OPEN_IS, words
from clinigate.phi.values import is_email

__all__ = ["ROWS"]

_PHONE_WORDS = words(
    "phone phones tel telephone cell cellphone mobile call called sms contact reach dial whatsapp "
    "pager landline telecom"
)
_EXTENSION = r"(?: ?(?:x|ext\.? ?)\d{1,6})?"
_PHONE_END = rf"{_EXTENSION})(?:$|[^\w.-]|[.-](?:$|\D))"
_LINE_END = rf"{_EXTENSION})(?:$|[^\w.,:/-]|[.,:/-](?:$|\D))"

#: Before a number that begins with a digit or a bracket; digits and a blank go on a number.
_ALONE = r"(?:^|[^\w.+( -]|(?:^|[^0-9]) )(?P<v>"
_START = r"(?:^|[^\w.+-])(?P<v>"
_ANY = r"(?:^|[^\w.+(,:/ -]|(?:^|[^0-9])[ ,:])(?P<v>"

#: A line that credits who wrote a program, and marks of comments before an address in brackets.
_CREDIT = re.compile(
    rb"(?i)copyright|\(c\)|\bauthors?\b|_author|author_|maintainer|contributor|contributed by"
    rb"|signed-off-by|written by|patch by|reported by|thanks to|license"
)
_COMMENT = re.compile(rb"[ \t]*(?:#|//|/?\*|;|--|%|\.\. |dnl )")


#: Who is credited in a program's own text, which stands beside what only programs hold.
_MADE = re.compile(
    rb"(?i)\b(?:written|contributed|maintained|created|developed|ported|cloned|implemented|adapted)"
    rb"(?:,? and \w+)?[ \n]by\b|^by [A-Z]",
    re.MULTILINE,
)
_PROGRAM = re.compile(
    rb"\"\"\"|'''|^(?:import|from) \w|__\w+__ ?=|coding[:=]|#include|[Cc]opyright", re.MULTILINE
)
_NEAR = 400
#: One of these is in whatever the expressions above find.
_MARKS = (
    b"by", b"author", b"copyright", b"(c)", b"maintainer", b"contribut", b"thanks to", b"license",
    b"__email__", b"__contact__",
)  # fmt: skip


def _no_credit(data: bytes, start: int, end: int) -> bool:
    """No address of who wrote a program, in a comment or a notice of it."""
    line = data.rfind(b"\n", max(0, start - 300), start) + 1
    comment = _COMMENT.match(data, line, start)
    if comment and data[start - 1 : start] in (b"<", b"(") and data[end : end + 1] in (b">", b")"):
        return False
    paragraph = data[max(0, start - _NEAR) : start].rpartition(b"\n\n")[2]
    small = paragraph.lower()
    # Most texts hold none of these: a look for letters is a hundredth of one for an expression.
    if not any(mark in small for mark in _MARKS):
        return True
    if any(name in paragraph for name in (b"__author", b"__email__", b"__contact__")):
        return False
    if (comment or b"opyright" in data[line:start]) and _CREDIT.search(paragraph):
        return False
    return not (
        _MADE.search(paragraph) and _PROGRAM.search(data, max(0, start - _NEAR), end + _NEAR)
    )


ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-FAX",
        Letter.E,
        "A fax number",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^A-Za-z])(?i:fax(?:[ _-]?(?:number|no\.?|num))?)" + OPEN_IS
                 + r"(?P<v>\+?\(?\d[\d ().-]{6,18}\d)(?:$|\W)", 1.0),
        ),
        accept=lambda text: is_nanp_phone(text) or is_phone(text),
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-PHONE",
        Letter.D,
        "A telephone number",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.+(-])(?P<v>\([2-9]\d\d\)[-. ]{0,2}[2-9]\d\d[-. ]\d{4}" + _PHONE_END,
                 0.85),
            form(_ALONE + r"[2-9]\d\d-[2-9]\d\d-\d{4}" + _PHONE_END, 0.85),
            form(_START + r"[2-9]\d\d\.[2-9]\d\d\.\d{4}" + _PHONE_END, 0.8),
            form(_START + r"\+1[-. ]?(?:\([2-9]\d\d\)|[2-9]\d\d)[-. ]{0,2}\d{3}[-. ]?\d{4}"
                 + _PHONE_END, 0.85),
            form(_START + r"(?:00)?1(?:-[2-9]\d\d-[2-9]\d\d-|\.[2-9]\d\d\.[2-9]\d\d\."
                 r"|[-. ]?\([2-9]\d\d\) ?[2-9]\d\d[-. ])\d{4}" + _PHONE_END, 0.85),
            form(_START + r"(?:1 )?[2-9]\d\d [2-9]\d\d[ -]\d{4})"
                 r"(?:$|[^\w .,;-]|[ .,;-](?:$|[^ \d])|[.,;-] (?:$|\D)|  )", 0.5),
            form(r"(?:^|[^\w.+/-])(?P<v>[1-9]\d{9,10})" + NUMBER_END, 0.4),
        ),
        context=_PHONE_WORDS,
        accept=is_nanp_phone,
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-PHONE",
        Letter.D,
        "A telephone number",
        Tier.IDENTIFIER,
        (
            form(_START + r"\+[2-9](?:[ ().-]{0,3}\d){7,14}" + _PHONE_END, 0.85),
            form(_ANY + r"(?:\(|0|[3-9]|1[ ().-]{0,2}[0-8]|2[ ().-]{0,2}[1-9])"
                 r"(?:[ ().-]{0,2}\d){6,14}" + _LINE_END, 0.4),
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
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.+(-])(?P<v>\(\d{3}\) ?\d{3}-\d{4}" + _PHONE_END, 0.8),
            form(_START + r"\+1[-. ]?\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4}" + _PHONE_END, 0.8),
            form(r"(?:^|[^\w.+(-])(?P<v>\d{3}[-.]\d{3}[-.]\d{4}" + _PHONE_END, 0.45),
        ),
        context=_PHONE_WORDS,
        placeholder=nobody.of_phone,
    ),
    Recognizer(
        "CG-PHI-EMAIL",
        Letter.F,
        "An e-mail address",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.%+'/\\-])(?P<v>[\w%+][\w.%+'-]{0,63}(?:@|%40)"
                 r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})(?:$|[^\w.]|\.(?:$|\W))", 0.9,
                 _no_credit),
        ),
        accept=is_email,
        placeholder=nobody.of_email,
    ),
    Recognizer(
        "CG-PHI-EMAIL",
        Letter.F,
        "An e-mail address",
        Tier.IDENTIFIER,
        (
            form(r"(?:^|[^\w.%+'/\\-])(?P<v>[\w%+][\w.%+'-]{0,63} ?(?:\[at\]|\(at\)|\{at\}) ?"
                 r"[A-Za-z0-9-]{1,63}(?: ?(?:\[dot\]|\(dot\)|\.) ?[A-Za-z0-9-]{2,63}){1,4})"
                 r"(?:$|[^\w.-]|\.(?:$|\W))", 0.8),
            form(r"(?:^|[^\w.%+'/\\@-])(?P<v>[\w\x80-\xff][\w.%+'\x80-\xff-]{0,63}@"
                 r"(?:[A-Za-z0-9\x80-\xff-]{1,63}\.){1,8}[A-Za-z\x80-\xff]{2,24})"
                 r"(?:$|[^\w.-]|\.(?:$|\W))", 0.45, _no_credit),
        ),
        context=words("mail email e-mail contact address mailto"),
        accept=is_email,
        placeholder=nobody.of_email,
    ),
)  # fmt: skip
