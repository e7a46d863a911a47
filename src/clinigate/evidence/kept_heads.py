"""Heads of the log that witnesses cosigned, kept beside it: a memory that outlives a rollback.

::

    ledger/cosig/000000000042-5b1f….note   the head of 42 records, cosigned by the key 5b1f…
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinigate.errors import IntegrityError
from clinigate.evidence.checkpoint import Checkpoint, parse_checkpoint, verify_checkpoint
from clinigate.evidence.cosignature import cosignatures
from clinigate.evidence.files import naming, read_bytes
from clinigate.evidence.trust import TrustStore

__all__ = ["COSIGNED", "head_name", "kept_heads", "told_of"]

#: Folder, within the ledger's.
COSIGNED = "cosig"


def head_name(head: Checkpoint, keyid: str) -> str:
    """Return the name of the file that keeps a head cosigned by a key; names sort by size."""
    return f"{head.size:012d}-{keyid[:16]}.note"


def kept_heads(ledger: Path, trust: TrustStore | None) -> Iterator[tuple[str, Checkpoint]]:
    """Yield the kept heads, each with the name of its file, smallest first.

    Args:
        ledger: the log's directory.
        trust: the keys that count; a head that none of them signed is left out, since anybody could
            have put it there. None takes all as they are.

    Raises:
        IntegrityError: a file is no such head, or a signature by a known key is missing or does
            not hold.
    """
    for path in _files(ledger / COSIGNED):
        name = f"{ledger.name}/{COSIGNED}/{path.name}"
        with told_of(name):
            head = parse_checkpoint(read_bytes(path) or b"")
            if trust is None or _is_known(path.name, head, trust):
                yield name, head


@contextmanager
def told_of(name: str) -> Iterator[None]:
    """Name the file in what is said of its content."""
    try:
        yield
    except IntegrityError as error:
        raise IntegrityError(f"{name}: {error}") from error


def _files(folder: Path) -> list[Path]:
    with naming(folder, "read"):
        return sorted(folder.glob("*.note")) if folder.is_dir() else []


def _is_known(name: str, head: Checkpoint, trust: TrustStore) -> bool:
    """Whether log and witness of a head are known; of one without the other, a part was changed."""
    keys = {key.keyid: key.public for key in trust.keys}
    log = verify_checkpoint(head, keys)
    witnesses = [each.key.keyid for each in cosignatures(head, keys.values())]
    if witnesses and not log:
        raise IntegrityError("the log's own signature is missing, or of no key of the trust file")
    if not witnesses and any(name.endswith(f"-{each[:16]}.note") for each in keys):
        raise IntegrityError("is not cosigned by the key that its name says; it was changed")
    if witnesses and name not in [head_name(head, each) for each in witnesses]:
        raise IntegrityError("its name is that of another head; it was renamed")
    return bool(log)
