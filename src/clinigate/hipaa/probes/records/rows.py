"""The row of one synthetic patient in the store."""

from __future__ import annotations

from clinigate.config.hipaa_records import RecordStoreTable
from clinigate.errors import ConfigError
from clinigate.hipaa.probes.records.store import Cell, Link, NotDone, quoted

__all__ = ["Row"]


class Row:
    """A row, found by the id that the service gave."""

    def __init__(self, link: Link, table: RecordStoreTable, patient: str) -> None:
        self._link, self._table, self._patient = link, table, patient
        self._where = f"{quoted(table.key)} = ?"

    def sealed(self) -> dict[str, Cell]:
        """Return the columns with ciphertext; one that holds nothing is left out.

        Raises:
            ConfigError: there is no such row, table or column.
        """
        names = ", ".join(quoted(each) for each in self._table.sealed)
        try:
            found = self._link.rows(
                f"SELECT {names} FROM {quoted(self._table.table)} WHERE {self._where}",  # noqa: S608
                self._patient,
            )
        except NotDone as error:
            raise ConfigError(
                f"[hipaa.records.store]: the store refuses to tell sealed of table ({error}); mend "
                "them"
            ) from None
        if len(found) != 1:
            raise ConfigError(
                f"[hipaa.records.store]: {len(found)} rows in place of 1 have the id of a synthetic"
                " patient in key; is it the store that the service writes to?"
            )
        cells = dict(zip(self._table.sealed, found[0], strict=True))
        return {name: cell for name, cell in cells.items() if cell is not None}

    def put(self, column: str, value: Cell) -> None:
        """Write one column.

        Raises:
            NotDone: the store refuses.
        """
        self._link.run(
            f"UPDATE {quoted(self._table.table)} SET {quoted(column)} = ? WHERE {self._where}",  # noqa: S608
            value,
            self._patient,
        )
