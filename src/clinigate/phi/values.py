"""The last word on values without a check digit: is it a date, a name, somebody's address?"""

from __future__ import annotations

import re
from datetime import date

__all__ = [
    "is_address_text",
    "is_day",
    "is_email",
    "is_host",
    "is_identifier",
    "is_name",
    "is_reference",
]

#: Words with a capital that stand where a name may, in code and forms.
_NO_NAMES = frozenset({
    "Any", "Bool", "Boolean", "Char", "Column", "Date", "Decimal", "Enum", "False", "Field",
    "First", "Float", "Full", "Given", "Int", "Integer", "Last", "List", "Literal", "Name",
    "None", "Null", "Number", "Object", "Optional", "Patient", "Required", "Str", "String",
    "Text", "The", "True", "Type", "Union", "Unknown", "Value",
})  # fmt: skip


def is_name(text: str) -> bool:
    """No word of it is one of a program's or a form's."""
    return not _NO_NAMES.intersection(re.split(r"[ ,]+", text.title()))


_YMD = re.compile(r"(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})")
_XYD = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2,4})")
_XD = re.compile(r"(\d{1,2})/(\d{1,2})")


def is_day(text: str) -> bool:
    """A day of the calendar, in either order of day and month."""
    if found := _YMD.fullmatch(re.split("[T ]", text, maxsplit=1)[0]):
        return _exists(*map(int, found.groups()))
    if found := _XYD.fullmatch(text):
        first, second, year = map(int, found.groups())
        year += 0 if year > 99 else 1900
        return _exists(year, first, second) or _exists(year, second, first)
    if found := _XD.fullmatch(text):
        first, second = map(int, found.groups())
        return _exists(2000, first, second) or _exists(2000, second, first)
    return True  # the month is a word


def _exists(year: int, month: int, day: int) -> bool:
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False


#: What ends the name of a file, not of a host: `logo@2x.png`, `core@1.2.tgz`.
_ENDINGS = frozenset({
    "bin", "bz", "cfg", "conf", "css", "csv", "dll", "doc", "docx", "exe", "gif", "go", "gz", "htm",
    "html", "ico", "ini", "jar", "java", "jpeg", "jpg", "js", "json", "jsx", "lock", "log", "map",
    "md", "mjs", "pdf", "php", "png", "py", "pyc", "rb", "rs", "rst", "sh", "sock", "sql", "sum",
    "svg", "tar", "tgz", "toml", "ts", "tsx", "txt", "wav", "webp", "whl", "xml", "yaml", "yml",
    "zip", "local", "internal", "svc", "service", "timer", "target",
})  # fmt: skip


def is_email(text: str) -> bool:
    """An address whose domain may be one: no ending of a file, no host that has only one name."""
    local, _, domain = text.replace("%40", "@").rpartition("@")
    if domain.rpartition(".")[2].casefold() in _ENDINGS:
        return False
    return ".." not in local and not local.endswith(".")


def is_identifier(text: str) -> bool:
    """Somebody's value: a digit in it, and no blank of a template."""
    return any(c.isdigit() for c in text) and not set(text) & set("{}<>$*")


_NUMBERED = re.compile(r"\d.*[A-Za-z]{3}|[A-Za-z]{3}.*\d", re.DOTALL)


def is_address_text(text: str) -> bool:
    """What a field of an address holds when it holds one: a number, and a word."""
    return bool(_NUMBERED.search(text)) and "@" not in text and "." not in text.split()[0][1:]


#: Domains at the top of which hosts of people and companies are; each with two letters is one too.
_DOMAINS = frozenset({
    "academy", "agency", "app", "art", "bank", "bio", "biz", "blog", "business", "care", "center",
    "church", "city", "clinic", "clothing", "cloud", "club", "coffee", "com", "community",
    "company", "consulting", "coop", "dental", "design", "dev", "digital", "doctor", "edu",
    "education", "email", "expert", "family", "finance", "fit", "fitness", "foundation", "fund",
    "fyi", "gallery", "global", "gov", "group", "guide", "guru", "health", "healthcare", "help",
    "hospital", "host", "house", "icu", "info", "ink", "institute", "insure", "int", "jobs",
    "kids", "land", "law", "legal", "life", "link", "live", "ltd", "media", "medical", "men",
    "mil", "mobi", "money", "museum", "name", "net", "network", "news", "ngo", "ninja", "one",
    "online", "org", "page", "partners", "pharmacy", "photo", "photos", "physio", "plus", "press",
    "pro", "rehab", "rip", "rocks", "school", "science", "services", "shop", "site", "social",
    "solutions", "space", "store", "studio", "support", "surgery", "tax", "team", "tech", "tel",
    "tips", "today", "tools", "top", "training", "travel", "university", "vet", "vip", "vision",
    "web", "website", "wedding", "wiki", "work", "works", "world", "xyz", "yoga", "zone",
})  # fmt: skip


def is_host(text: str) -> bool:
    """An address of the net that is not a module of a program, or a file: `os.name`, `a.py`."""
    if "://" in text:
        return True
    host = text.partition("/")[0].partition(":")[0]
    last = host.rpartition(".")[2].casefold()
    return last in _DOMAINS or (len(last) == 2 and last not in _ENDINGS)


def is_reference(text: str) -> bool:
    """A path, a hash, an array, a number: no plain word."""
    return any(c.isdigit() for c in text) and not set(text) & set("{}<>$*()")
