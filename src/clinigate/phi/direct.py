"""Search from Python: bytes and texts, streams of them, and trees of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clinigate.phi.finding import DEFAULT_THRESHOLD, find, find_bytes, search_for
from clinigate.phi.model import Hit
from clinigate.phi.sweep import Sight, sights_in
from clinigate.phi.tokens import Tokens, configured_tokens

if TYPE_CHECKING:
    from clinigate.phi.canaries import Patient
    from clinigate.phi.scanning import PhiScan

__all__ = ["scan", "scan_stream", "scan_tree"]


def scan(data: bytes | str, *, threshold: float = DEFAULT_THRESHOLD) -> list[Hit]:
    """Return what the table finds, by place; spans count bytes of bytes and letters of a text.

    Args:
        data: UTF-8, or any encoding of which ASCII is a part.
        threshold: least score of a find, from 0 to 1.
    """
    if isinstance(data, str):
        return find(data, threshold=threshold)
    return find_bytes(data, threshold=threshold)


def scan_stream(
    chunks: Iterable[bytes], *, threshold: float = DEFAULT_THRESHOLD
) -> Iterator[Sight]:
    """Yield what the table finds in a stream, in order: the same wherever its chunks were cut.

    Spans count from the first byte; each find has its line and column. Memory stays at a few
    times 8 MB however long the stream is.

    Args:
        chunks: bytes in order, of any sizes.
        threshold: least score of a find, from 0 to 1.
    """
    return sights_in(chunks, [search_for(threshold).hits])


def scan_tree(
    path: Path | str,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    names: bool = False,
    since: str | None = None,
    jobs: int = 1,
    patients: Sequence[Patient] = (),
    exclude: Sequence[str] = (),
    tokens: Tokens | None = None,
) -> PhiScan:
    """Search a file or a folder as `clinigate phi scan` does, without a configuration.

    Args:
        path: of a folder in a git work tree the files that git does not ignore.
        threshold: least score of what counts.
        names: whether names and places in prose are looked for.
        since: a revision of git: only what has changed since is searched.
        jobs: processes; with more than one, call this under `if __name__ == "__main__"`.
        patients: synthetic ones whose data must turn up nowhere.
        exclude: patterns of paths that are left out.
        tokens: what stands for values; by default under a key of this scan alone.

    Raises:
        UsageError: the path or the revision does not exist.
        ConfigError: a comment that accepts a find is malformed.
    """
    from clinigate.phi.policy import Level, Policy
    from clinigate.phi.scanning import ScanOptions
    from clinigate.phi.scanning import scan as scan_files

    top = Path(path).absolute()
    options = ScanOptions(
        base=top if top.is_dir() else top.parent,
        paths=("." if top.is_dir() else top.name,),
        tokens=configured_tokens(None) if tokens is None else tokens,
        today=datetime.now().astimezone().date(),
        policy=Policy(Level(threshold, names)),
        exclude=tuple(exclude),
        patients=tuple(patients),
    )
    return scan_files(replace(options, jobs=jobs, since=since))
