"""Rows of one's own: by the configuration, and by packages that are installed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import get_args

from clinigate.config.phi_rows import RecognizerTable
from clinigate.errors import CheckDefinitionError, ConfigError
from clinigate.phi import numbers, placeholders
from clinigate.phi.expressions import linear_form
from clinigate.phi.matching.exact import matches_within
from clinigate.phi.model import Letter
from clinigate.phi.recognizer import ENTRY_POINT_GROUP, Recognizer, Severity, Tier
from clinigate.phi.table import RECOGNIZERS, register

__all__ = ["ENTRY_POINT_GROUP", "all_rows", "row_from"]


def _anything(_text: str) -> bool:
    return True


def _luhn(text: str) -> bool:
    return numbers.luhn(numbers.digits(text))


_CHECKS: Mapping[str, Callable[[str], bool]] = MappingProxyType({
    "none": _anything,
    "digits": numbers.enough_digits,
    "luhn": _luhn,
    "npi": numbers.is_npi,
    "dea": numbers.is_dea,
    "vin": numbers.is_vin,
    "ssn": numbers.is_ssn,
    "iban": numbers.is_iban,
    "nhs": numbers.is_nhs,
})  # fmt: skip


def all_rows(own: Sequence[RecognizerTable] = (), *, source: str = "") -> tuple[Recognizer, ...]:
    """Return the table with the rows of installed packages and of the configuration.

    Where there are none of either it is `RECOGNIZERS` itself.

    Args:
        own: the tables `[[phi.recognizer]]`.
        source: the file of the configuration, for messages.

    Raises:
        ConfigError: a row of the configuration is wrong, or has an id that is taken.
        CheckDefinitionError: an entry point does not load, or gives no recognizers.
        MissingExtraError: google-re2, which runs expressions of users, is not installed.
    """
    installed = [row for point in entry_points(group=ENTRY_POINT_GROUP) for row in _loaded(point)]
    added = (*installed, *(row_from(table, source=source) for table in own))
    if not added:
        return RECOGNIZERS
    taken = Counter(row.id for row in added)
    for row in added[len(installed) :]:
        if taken[row.id] > 1:
            raise ConfigError(
                f"{source}: [[phi.recognizer]] {row.id}: the id is taken; choose another one"
            )
    register(added)
    return (*RECOGNIZERS, *added)


def row_from(table: RecognizerTable, *, source: str = "") -> Recognizer:
    """Return a row of the configuration.

    Raises:
        ConfigError: an expression that no linear engine runs, or an example that is not found.
        MissingExtraError: google-re2 is not installed.
    """
    where = f"{source or 'clinigate.toml'}: [[phi.recognizer]] {table.id}"
    row = Recognizer(
        id=table.id,
        letter=Letter[table.letter],
        title=table.title,
        tier=Tier.IDENTIFIER if table.score >= 0.8 or table.words else Tier.CONTEXTUAL,
        forms=tuple(
            linear_form(pattern, table.score, where=f"{where}, pattern {number}")
            for number, pattern in enumerate(table.pattern, start=1)
        ),
        context=frozenset(table.words),
        accept=_CHECKS[table.check],
        placeholder=placeholders.of_repeated,
        severity=table.severity,
    )
    for number, example in enumerate(table.examples, start=1):
        if not _finds(row, example):
            raise ConfigError(
                f"{where}: example {number} is not found by the expressions and the check "
                f"{table.check!r}; mend one of them"
            )
    return row


def _finds(row: Recognizer, text: str) -> bool:
    data = text.encode()
    return any(
        row.accept(data[slice(*match.span("v"))].decode("utf-8", "replace"))
        for form in row.forms
        for match in matches_within(form, data, 0, len(data))
    )


def _loaded(point: EntryPoint) -> Iterator[Recognizer]:
    named = f"entry point {point.name} = {point.value} of {ENTRY_POINT_GROUP}"
    try:
        given = point.load()
        rows: Iterable[object] = (
            [given]
            if isinstance(given, Recognizer)
            else list(given() if callable(given) else given)
        )
    except Exception as error:
        raise CheckDefinitionError(
            f"{named} does not load ({type(error).__name__}: {error}); mend or uninstall it"
        ) from error
    for row in rows:
        if not isinstance(row, Recognizer):
            raise CheckDefinitionError(
                f"{named} gives a {type(row).__name__}; wanted are rows of "
                "clinigate.phi.recognizer.Recognizer"
            )
        if row.id.startswith("CG-"):
            raise CheckDefinitionError(
                f"{named}: {row.id}: CG- is Clinigate's own; begin the id with a name of yours"
            )
        if row.severity not in get_args(Severity):
            known = ", ".join(get_args(Severity))
            raise CheckDefinitionError(f"{named}: {row.id}: its severity is none of {known}")
        yield _checked(row, named)


def _checked(row: Recognizer, named: str) -> Recognizer:
    """Return a row of a package, with its expressions run by RE2."""
    try:
        forms = tuple(
            linear_form(form.pattern, form.score, where=f"{row.id}, form {number}",
                        accept=form.guard)
            for number, form in enumerate(row.forms, start=1)
        )  # fmt: skip
    except ConfigError as error:
        raise CheckDefinitionError(f"{named}: {error}") from None
    return Recognizer(row.id, row.letter, row.title, row.tier, forms, row.context, row.accept,
                      row.placeholder, row.severity)  # fmt: skip
