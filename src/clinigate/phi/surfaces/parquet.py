"""Columns of parquet files, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clinigate.phi.surfaces.part import Part, Skipped, TruncatedError
from clinigate.phi.surfaces.rows import Rows, row_parts
from clinigate.phi.surfaces.sources import Source

__all__ = ["SIGNS", "parquet_parts"]

SIGNS = (b"PAR1", b"PARE")
_ROWS = 2_000
_MISSING = "a parquet file, which needs pyarrow: pip install pyarrow"


def parquet_parts(source: Source) -> Iterator[Part | Skipped]:
    """Yield the rows of a parquet file, what its footer says, and the file itself for canaries."""
    try:
        from pyarrow import parquet
    except ImportError:
        yield Skipped(source.name, _MISSING)
        yield Part(source.name, source.again(), media="parquet", literal=True)
        return
    try:
        file = parquet.ParquetFile(source.whole(), memory_map=False)
        names = [str(name) for name in file.schema_arrow.names]
    except TruncatedError as problem:
        yield Skipped(source.name, str(problem))
        yield Part(source.name, source.again(), media="parquet", literal=True)
        return
    except Exception:  # noqa: BLE001 - another library's parser on what may be anything
        yield Skipped(source.name, "a damaged or encrypted parquet file")
        yield Part(source.name, source.again(), media="parquet")
        return
    yield from row_parts(source.name, "parquet", Rows(names, _rows(file)))
    said = file.metadata.metadata or {}
    texts = [b"%b: %b\n" % item for item in said.items() if item[0] != b"ARROW:schema"]
    if texts:
        yield Part(source.within("footer"), iter(texts), media="parquet")
    yield Part(source.name, source.again(), media="parquet", literal=True)


def _rows(file: Any) -> Iterator[tuple[int, list[object]]]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
            columns = [column.to_pylist() for column in batch.columns]
            for row in zip(*columns, strict=True):
                number += 1
                yield number, list(row)
    except Exception:  # noqa: BLE001 - as above
        raise TruncatedError(f"damaged: it cannot be read behind row {number}") from None
