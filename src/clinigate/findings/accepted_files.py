"""The two files of acceptances: a baseline of what was there before, and waivers of persons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field

from clinigate.config.table import Table
from clinigate.config.validation import read_toml, validate
from clinigate.errors import ConfigError, UsageError
from clinigate.findings.acceptance import Acceptance, Way, check_term
from clinigate.findings.model import Found, in_order

__all__ = ["BASELINE_HEAD", "baseline_text", "read_baseline", "read_waivers"]

BASELINE_HEAD = """\
# What was found and accepted, each for a reason and until a date; afterwards it counts again.
# Written by `--write-baseline --reason … --until …`; entries may be edited and removed by hand.
"""


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    return text.strip()


_Said = Annotated[str, AfterValidator(_said)]


class _BaselineEntry(Table):
    fingerprint: str = Field(pattern=r"^[0-9a-f]{32}$")
    rule: _Said
    path: _Said
    reason: _Said
    until: date


class _WaiverEntry(Table):
    rule: _Said
    path: _Said
    reason: _Said
    until: date
    requested_by: _Said
    approved_by: _Said


def read_baseline(path: Path, today: date, *, source: str | None = None) -> list[Acceptance]:
    """Read `[[finding]]` entries: fingerprint, rule, path, reason, until.

    Args:
        path: the TOML file.
        today: against which the longest term is measured.
        source: the file as messages name it.

    Raises:
        ConfigError: the file is missing or no TOML, an entry lacks something, says something
            unknown, or reaches too far ahead; file, line and field are named.
    """
    name = source or str(path)
    return [
        Acceptance(
            way=Way.BASELINE,
            rule=entry.rule,
            path=entry.path,
            until=check_term(entry.until, today, where=f"{name}: line {line}: 'until'"),
            reason=entry.reason,
            source=name,
            source_line=line,
            fingerprint=entry.fingerprint,
        )
        for line, entry in _entries(path, "finding", _BaselineEntry, name)
    ]


def read_waivers(path: Path, today: date, *, source: str | None = None) -> list[Acceptance]:
    """Read `[[waiver]]` entries: rule, path (a pattern), reason, until, requested_by, approved_by.

    Args and errors as `read_baseline`; nobody approves what they asked for.
    """
    name = source or str(path)
    return [
        Acceptance(
            way=Way.WAIVER,
            rule=entry.rule,
            path=entry.path,
            until=check_term(entry.until, today, where=f"{name}: line {line}: 'until'"),
            reason=entry.reason,
            source=name,
            source_line=line,
            requested_by=entry.requested_by,
            approved_by=_other_person(entry, where=f"{name}: line {line}"),
        )
        for line, entry in _entries(path, "waiver", _WaiverEntry, name)
    ]


def baseline_text(
    found: Iterable[Found],
    kept: Iterable[Acceptance] = (),
    *,
    reason: str,
    until: date,
    today: date,
) -> str:
    """Return a baseline that accepts all findings that are open.

    Args:
        found: what the scan found.
        kept: entries of the baseline until now; those whose finding is open again are renewed.
        reason: why the open ones are accepted.
        until: their last day.
        today: against which the term is measured.

    Raises:
        UsageError: no reason, or a term that has passed or reaches too far ahead.
    """
    if not reason.strip():
        raise UsageError("--reason says nothing; say why these findings may stay for now")
    if until < today:
        raise UsageError(f"--until {until.isoformat()} has passed; give a day that is still ahead")
    check_term(until, today, where="--until")
    entries = {each.fingerprint: (each.rule, each.path, each.reason, each.until) for each in kept}
    for each in sorted(found, key=in_order):
        flaw = each.flaw
        if each.is_open:
            entries[flaw.fingerprint] = (flaw.rule, flaw.place.uri, reason.strip(), until)
    ordered = sorted(entries.items(), key=lambda item: (item[1][1], item[1][0], item[0] or ""))
    return BASELINE_HEAD + "".join(_entry_text(fp or "", *entry) for fp, entry in ordered)


E_ = TypeVar("E_", bound=Table)


def _entries(path: Path, key: str, model: type[E_], name: str) -> Iterator[tuple[int, E_]]:
    data = _tables(path, key, name)
    lines = _lines_of(path, key)
    for number, entry in enumerate(data):
        line = lines[number] if number < len(lines) else 1
        yield (
            line,
            validate(model, entry, file=f"{name}: line {line}: [[{key}]]", error=ConfigError),
        )


def _tables(path: Path, key: str, name: str) -> list[Any]:
    data = read_toml(path, ConfigError)
    for other in data:
        if other != key:
            raise ConfigError(f"{name}: unknown key {other!r}; this file holds [[{key}]] entries")
    entries = data.get(key, [])
    if not isinstance(entries, list):
        raise ConfigError(f"{name}: '{key}' must be a list of tables, each begun by [[{key}]]")
    return entries


def _lines_of(path: Path, key: str) -> list[int]:
    header = re.compile(rf"\s*\[\[\s*[\"']?{key}[\"']?\s*\]\]")
    lines = path.read_text(encoding="utf-8").split("\n")
    return [number for number, line in enumerate(lines, start=1) if header.match(line)]


def _other_person(entry: _WaiverEntry, *, where: str) -> str:
    if _person(entry.approved_by) == _person(entry.requested_by):
        raise ConfigError(
            f"{where}: 'approved_by' is who asked for it; a risk is accepted by somebody else"
        )
    return entry.approved_by


def _person(name: str) -> str:
    """A name however it is spelled: in capitals, with other spaces, in other code points."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _entry_text(fingerprint: str, rule: str, path: str, reason: str, until: date) -> str:
    fields = {"fingerprint": fingerprint, "rule": rule, "path": path, "reason": reason}
    lines = [f"{key} = {_quoted(value)}" for key, value in fields.items()]
    return "\n".join(["", "[[finding]]", *lines, f"until = {until.isoformat()}", ""])


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL and lone surrogates."""
    import json

    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
