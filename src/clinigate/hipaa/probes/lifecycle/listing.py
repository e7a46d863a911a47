"""What the store itself says that it holds of a patient: what configured queries list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from clinigate.config.target_values import PLACEHOLDER
from clinigate.errors import ConfigError
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.records.store import Cell, Link, NotDone, linked, linked_to
from clinigate.targets.credentials import read_variable

__all__ = ["can_list", "listed"]

_FIELD = "[hipaa.lifecycle.copy_for_patient] rows"
_DSN_FIELD = "[hipaa] store_dsn_env"


def can_list(premises: Premises) -> bool:
    """Whether the configuration names the store and queries of it."""
    table = premises.table.lifecycle.copy_for_patient
    named = premises.table.records.store or premises.table.store_dsn_env
    return bool(table and table.rows and named)


def listed(premises: Premises, patient: str) -> list[set[str]]:
    """Return the ids that each configured query lists of a patient; nothing is written.

    Raises:
        ConfigError: the file is missing, or a query is none.
        MissingExtraError: psycopg is not installed.
        TargetError: the store cannot be reached.
    """
    table = premises.table.lifecycle.copy_for_patient
    assert table is not None
    with _store(premises) as link:
        try:
            read_alone = "SET default_transaction_read_only = on"
            link.run(read_alone if link.is_postgres else "PRAGMA query_only = ON")
            return [_ids(_rows(link, query, patient)) for query in table.rows]
        except NotDone as error:
            raise ConfigError(f"{_FIELD}: a query is refused ({error}); mend it") from None


@contextmanager
def _store(premises: Premises) -> Iterator[Link]:
    variable = premises.table.store_dsn_env
    if premises.table.records.store is not None or variable is None:
        with linked(premises) as link:
            yield link
        return
    dsn = read_variable(variable, _DSN_FIELD, premises.environ)
    with linked_to(dsn, _DSN_FIELD) as link:
        yield link


def _rows(link: Link, query: str, patient: str) -> list[tuple[Cell, ...]]:
    names = PLACEHOLDER.findall(query)
    if not names or set(names) != {"patient"}:
        raise ConfigError(f"{_FIELD}: a query needs {{{{patient}}}}, and knows nothing else")
    # A percent sign beside a parameter is doubled for psycopg.
    plain = query.replace("%", "%%") if link.is_postgres else query
    return link.rows(PLACEHOLDER.sub("?", plain), *[patient] * len(names))


def _ids(rows: Sequence[tuple[Cell, ...]]) -> set[str]:
    if any(len(row) != 1 for row in rows):
        raise ConfigError(f"{_FIELD}: a query gives more than one column; it must list ids")
    return {str(row[0]) for row in rows}
